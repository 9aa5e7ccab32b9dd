//! List, get, erase, and stores that meet, fail or are killed.

use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;

use super::{Home, SECRET, credential, set_mode, text};

#[test]
fn list_names_every_credential_without_opening_one() {
    let home = Home::new();
    assert_eq!(home.ask(&["list"], ""), "count=0\n");
    home.ask(&["store"], &format!("{}path=A/b\n", credential("h", "Me")));
    fs::write(home.store("https/h/A.age"), "foreign").unwrap();
    fs::write(home.store(".new-left"), "left over").unwrap();
    let file = home.store("https/h/%41%2fb/%4de.age");
    fs::remove_file(home.identity()).unwrap();
    let created = fs::metadata(&file).unwrap().mtime();
    let (identity, file) = (home.identity(), file.display().to_string());
    let expected = format!(
        "protocol=https\nhost=h\npath=A/b\nusername=Me\ncreated_utc={created}\nstorage=encrypted file\nplain_text=0\nidentity={}\nfile={file}\n\ncount=1\n",
        identity.display()
    );
    assert_eq!(home.ask(&["list"], ""), expected);
}

#[test]
fn get_prefers_no_path_and_the_default_account_and_then_the_first_name() {
    let home = Home::new();
    let ask = |request: &str| home.ask(&["get"], &format!("protocol=https\nhost=h\n{request}"));
    assert_eq!(ask(""), "");
    home.ask(&["store"], &format!("{}path=p\n", credential("h", "a")));
    assert_eq!(ask(""), format!("{}path=p\n", credential("h", "a")));
    assert_eq!(ask("username=a\n"), format!("{}path=p\n", credential("h", "a")));
    home.ask(&["store"], &credential("h", "c"));
    home.ask(&["store"], &credential("h", "b"));
    assert_eq!(ask(""), credential("h", "b"));
    home.ask(&["store"], &credential("h", ""));
    assert_eq!(ask(""), credential("h", ""));
    home.ask(&["store"], "protocol=https\nhost=h\npassword=p\n");
    assert_eq!(ask(""), "protocol=https\nhost=h\npassword=p\nusername=default\n");
    assert_eq!(ask("username=c\n"), credential("h", "c"));
    assert_eq!(ask("path=p\n"), format!("{}path=p\n", credential("h", "a")));
    assert_eq!(ask("path=\n"), "");
    assert_eq!(ask("username=d\n"), "");
}

#[test]
fn erase_takes_what_is_described_and_spares_another_secret() {
    let home = Home::new();
    home.ask(&["erase"], "protocol=https\nhost=h\n");
    assert!(!home.store("").exists());
    for (host, username) in [("h", "a"), ("h", "b"), ("other", "a")] {
        home.ask(&["store"], &credential(host, username));
    }
    home.ask(&["store"], &format!("{}path=p\n", credential("h", "a")));
    home.ask(&["erase"], "protocol=https\nhost=h\npassword=another\n");
    assert!(home.ask(&["list"], "").ends_with("count=4\n"));
    home.ask(&["erase"], &credential("h", "b"));
    assert!(home.ask(&["list"], "").ends_with("count=3\n"));
    home.ask(&["erase"], "protocol=https\nhost=h\n");
    assert!(home.ask(&["list"], "").ends_with("count=1\n"));
    assert!(!home.store("https/h").exists() && home.store("https/other/a.age").exists());
}

#[test]
fn an_erase_that_cannot_compare_the_secret_fails_and_erases_the_others() {
    let home = Home::new();
    home.ask(&["store"], &credential("h", "a"));
    home.ask(&["store"], &credential("h", "b"));
    fs::write(home.store("https/h/a.age"), "damaged").unwrap();
    let complaint = home.complaint(&["erase"], &format!("protocol=https\nhost=h\npassword={SECRET}\n"));
    assert!(complaint.ends_with("/a.age` is damaged or not an age file\n"), "{complaint}");
    assert!(home.store("https/h/a.age").exists() && !home.store("https/h/b.age").exists());
    home.ask(&["erase"], "protocol=https\nhost=h\n");
    assert!(!home.store("https/h").exists());
}

#[test]
fn fifty_first_stores_at_once_make_one_identity_and_lose_nothing() {
    let home = Home::new();
    let children: Vec<_> = (0..50)
        .map(|i| {
            let mut child = home.command(env!("CARGO_BIN_EXE_modelforge-credential-age")).arg("store").spawn().unwrap();
            let input = credential("h", &format!("user{}", i % 25));
            child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
            child
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    for i in 0..25 {
        let request = format!("protocol=https\nhost=h\nusername=user{i}\n");
        assert_eq!(home.ask(&["get"], &request), credential("h", &format!("user{i}")));
    }
    assert!(home.ask(&["list"], "").ends_with("count=25\n"));
}

#[test]
fn what_a_killed_store_left_is_never_listed_and_is_removed_by_the_next() {
    let home = Home::new();
    home.ask(&["store"], &credential("h", "u"));
    let left = home.store(".new-Xyz123");
    fs::write(&left, "half").unwrap();
    assert!(home.ask(&["list"], "").ends_with("count=1\n"));
    home.ask(&["store"], &credential("g", "u"));
    assert!(!left.exists());
}

#[test]
fn a_store_that_fails_leaves_the_older_credential() {
    let home = Home::new();
    home.ask(&["store"], &credential("h", "u"));
    fs::rename(home.identity(), home.path("kept")).unwrap();
    fs::write(home.identity(), "no identity").unwrap();
    set_mode(&home.identity(), 0o600);
    let complaint = home.complaint(&["store"], &credential("h", "u").replace(SECRET, "newer"));
    assert!(
        complaint.starts_with("error: `~/data/modelforge-credential/identity.txt` has no identity that age can use\n")
    );
    fs::rename(home.path("kept"), home.identity()).unwrap();
    assert_eq!(home.ask(&["get"], "protocol=https\nhost=h\n"), credential("h", "u"));
}

#[test]
fn a_link_planted_in_the_store_leads_nothing_out_of_it() {
    let home = Home::new();
    home.ask(&["store"], &credential("h", "u"));
    let outside = home.path("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("u.age"), "somebody's").unwrap();
    std::os::unix::fs::symlink(&outside, home.store("https/planted")).unwrap();
    let request = "protocol=https\nhost=planted\nusername=u\n";
    let store = credential("planted", "u");
    for (operation, request) in [("get", request), ("store", &*store), ("erase", request)] {
        let complaint = home.complaint(&[operation], request);
        let expected = "error: `~/data/modelforge-credential/age/https/planted` is a link\nhint: ls -l ";
        assert!(complaint.starts_with(expected), "{operation}: {complaint}");
    }
    assert_eq!(fs::read_to_string(outside.join("u.age")).unwrap(), "somebody's");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
    assert_eq!(home.ask(&["get"], "protocol=https\nhost=h\n"), credential("h", "u"));
}

#[test]
fn a_limit_of_the_size_of_files_is_an_error_that_leaves_nothing_over() {
    let home = Home::new();
    home.ask(&["store"], &credential("h", "u"));
    let program = env!("CARGO_BIN_EXE_modelforge-credential-age");
    let output = home.run("sh", &["-c", &format!("ulimit -f 0; {program} store")], &credential("h", "new"));
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).starts_with("error: cannot write `"), "{}", text(&output.stderr));
    let names = fs::read_dir(home.store("")).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(names.into_iter().all(|name| !name.to_string_lossy().starts_with(".new-")));
    assert_eq!(home.ask(&["get"], "protocol=https\nhost=h\n"), credential("h", "u"));
}
