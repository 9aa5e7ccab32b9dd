use super::*;

fn record(lines: &[(&str, &str)]) -> Record {
    let url = [("protocol", "https"), ("host", "h")];
    Record::of(url.iter().chain(lines).copied()).unwrap()
}

fn url(host: &str) -> Record {
    Record::of([("protocol", "https"), ("host", host)]).unwrap()
}

/// A store with these credentials. Their content does not matter here.
fn store(folder: &Path, credentials: &[&[(&str, &str)]]) -> Store {
    let store = Store::new(Own::new(folder.join("data")).below("age"));
    for lines in credentials {
        assert!(store.write(&record(lines), b"content", || Ok(true)).unwrap());
    }
    store
}

fn found(store: &Store, request: &Record) -> Option<Record> {
    Listing::of(store).find(request).unwrap().map(|entry| entry.description)
}

#[test]
fn the_usual_request_never_reads_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path(), &[&[("username", "default")], &[("path", "p"), ("username", "u")]]);
    // This is a file where a listing would have to read a directory.
    let request = record(&[("username", "nobody"), ("path", "p")]);
    fs::remove_dir_all(store.own.path().join("https/h/p")).unwrap();
    fs::write(store.own.path().join("https/h/p"), "").unwrap();
    assert!(found(&store, &request).is_none());
    assert!(found(&store, &url("h")) == Some(record(&[("username", "default")])));
}

#[test]
fn no_path_comes_first_then_the_default_account_then_the_order_of_the_names() {
    let folder = tempfile::tempdir().unwrap();
    let entries: &[&[(&str, &str)]] = &[
        &[("path", "b"), ("username", "default")],
        &[("path", "a"), ("username", "z")],
        &[("path", "a"), ("username", "default")],
        &[("username", "B")],
        &[("username", "a")],
        &[("username", "")],
    ];
    let store = store(folder.path(), entries);
    for expected in [5, 3, 4, 2, 1, 0] {
        let entry = Listing::of(&store).find(&url("h")).unwrap().unwrap();
        assert!(entry.description == record(entries[expected]), "{expected}");
        store.remove(&entry).unwrap();
    }
    assert!(found(&store, &url("h")).is_none());
}

#[test]
fn a_host_whose_name_begins_like_another_is_not_that_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path(), &[&[("username", "u")]]);
    for host in ["", "h.", "hh", "H", "%68", ".", "..", "h/u"] {
        assert!(store.matching(&url(host)).unwrap().is_empty(), "{host}");
    }
}

#[test]
fn removing_the_last_credential_of_a_host_removes_its_folders_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path(), &[&[("path", "p"), ("username", "u")], &[("username", "u")]]);
    for (path, left) in [("p", "https/h"), ("", "")] {
        let mut entries = store.matching(&url("h")).unwrap();
        entries.retain(|entry| entry.description.text("path").unwrap_or_default() == path);
        store.remove(&entries[0]).unwrap();
        assert!(store.own.path().join(left).exists());
    }
    assert!(!store.own.path().join("https").exists());
}

#[test]
fn a_link_to_a_folder_is_not_followed_by_a_listing() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path(), &[&[("username", "u")]]);
    #[cfg(unix)]
    std::os::unix::fs::symlink(store.own.path(), store.own.path().join("https/loop")).unwrap();
    assert_eq!(store.matching(&Record::new()).unwrap().len(), 1);
}

#[test]
fn an_older_credential_is_replaced_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path(), &[&[("username", "u")]]);
    store.write(&record(&[("username", "u")]), b"new", || Ok(true)).unwrap();
    let entry = Listing::of(&store).find(&url("h")).unwrap().unwrap();
    assert_eq!(store.read(&entry).unwrap().unwrap().as_slice(), b"new");
    assert_eq!(fs::read_dir(store.own.path().join("https/h")).unwrap().count(), 1);
}

#[test]
fn a_file_too_large_to_be_a_credential_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path(), &[&[("username", "u")]]);
    let entry = Listing::of(&store).find(&url("h")).unwrap().unwrap();
    File::options().write(true).open(&entry.file).unwrap().set_len(1 << 40).unwrap();
    assert!(store.read(&entry).unwrap_err().to_string().ends_with("is larger than 8 MiB"));
}

#[test]
fn a_name_too_long_for_the_disk_is_not_there_and_cannot_be_stored() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path(), &[]);
    let long = "x".repeat(20_000);
    let credential = record(&[("username", &long)]);
    assert!(found(&store, &credential).is_none());
    assert!(store.write(&credential, b"content", || Ok(true)).is_err());
    assert!(!store.own.path().exists());
}
