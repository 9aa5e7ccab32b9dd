use super::*;

fn file(content: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.json");
    fs::write(&path, content).unwrap();
    (folder, path)
}

#[test]
fn a_file_that_changed_underneath_is_not_replaced() {
    type Change = fn(&Path);
    let changes: [Change; 5] = [
        |path| fs::write(path, "new").unwrap(),
        // The same length, and as good as the same time.
        |path| {
            let time = fs::metadata(path).unwrap().modified().unwrap();
            fs::write(path, "OLD").unwrap();
            File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
        },
        // The same content, but another file.
        |path| {
            fs::write(path.with_extension("tmp"), "old").unwrap();
            fs::rename(path.with_extension("tmp"), path).unwrap();
        },
        |path| fs::remove_file(path).unwrap(),
        |path| {
            fs::rename(path, path.with_extension("moved")).unwrap();
            #[cfg(unix)]
            std::os::unix::fs::symlink("config.moved", path).unwrap();
        },
    ];
    for change in changes {
        let (folder, path) = file("old");
        let opened = open_locked(&path, None).unwrap().unwrap();
        change(&path);
        let now = fs::read(&path).ok();
        let names = fs::read_dir(folder.path()).unwrap().count();
        assert!(opened.replace(b"edited").unwrap_err().to_string().ends_with("changed while it was being edited"));
        assert_eq!(fs::read(&path).ok(), now);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), names);
    }
}

#[test]
fn one_at_a_time_edits_a_file() {
    let (_folder, path) = file("1");
    let first = open_locked(&path, None).unwrap().unwrap();
    std::thread::scope(|scope| {
        let second = scope.spawn(|| open_locked(&path, None).unwrap().unwrap().text().unwrap().to_owned());
        std::thread::sleep(Duration::from_millis(50));
        assert!(!second.is_finished());
        first.replace(b"2").unwrap();
        drop(first);
        // Who waited sees what was put there meanwhile, not what it waited for.
        assert_eq!(second.join().unwrap(), "2");
    });
}

#[test]
fn what_is_absent_is_none_and_a_dangling_link_is_absent() {
    let (folder, path) = file("");
    assert!(open(&folder.path().join("x"), None).unwrap().is_none());
    assert!(open(&path.join("x"), None).unwrap().is_none());
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", folder.path().join("link")).unwrap();
        assert!(open(&folder.path().join("link"), None).unwrap().is_none());
        std::os::unix::fs::symlink("loop", folder.path().join("loop")).unwrap();
        assert!(open(&folder.path().join("loop"), None).is_err());
    }
}
