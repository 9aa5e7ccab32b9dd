use std::fs;

use super::*;

fn file(content: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.json");
    fs::write(&path, content).unwrap();
    (folder, path)
}

#[test]
fn a_file_that_changed_underneath_is_not_replaced() {
    type Change = fn(&Path) -> io::Result<()>;
    let changes: [Change; 5] = [
        |path| fs::write(path, "new"),
        // The same length, and almost the same time.
        |path| {
            let time = fs::metadata(path).unwrap().modified().unwrap();
            fs::write(path, "OLD").unwrap();
            File::options().write(true).open(path).unwrap().set_modified(time)
        },
        // The same content, but another file.
        |path| {
            fs::write(path.with_extension("tmp"), "old").unwrap();
            fs::rename(path.with_extension("tmp"), path)
        },
        |path| {
            fs::remove_file(path)?;
            // wine keeps it until it is closed everywhere.
            if path.exists() { Err(io::ErrorKind::Other.into()) } else { Ok(()) }
        },
        |path| {
            fs::rename(path, path.with_extension("moved")).unwrap();
            #[cfg(unix)]
            std::os::unix::fs::symlink("config.moved", path).unwrap();
            Ok(())
        },
    ];
    for change in changes {
        let (folder, path) = file("old");
        let opened = open_locked(&path, None).unwrap().unwrap();
        // If the system cannot replace an open file (Windows before 10, wine), that is safe already.
        match change(&path) {
            Err(_) if cfg!(windows) => continue,
            outcome => outcome.unwrap(),
        }
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
        // A process that waited sees the new file, not the one that it waited for.
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

#[cfg(target_os = "linux")]
#[test]
fn who_was_let_in_by_a_list_stays_the_only_one() {
    use rustix::fs::{XattrFlags, fgetxattr, fsetxattr};
    use std::os::unix::fs::MetadataExt;
    let (_folder, path) = file("old");
    let name = "system.posix_acl_access";
    // Version 2; owner rw, user 1234 rw, group none, mask rw, others none.
    let none = u32::MAX;
    let entries = [(1_u16, 6_u16, none), (2, 6, 1234), (4, 0, none), (16, 6, none), (32, 0, none)];
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in entries {
        list.extend(tag.to_le_bytes());
        list.extend(permissions.to_le_bytes());
        list.extend(id.to_le_bytes());
    }
    if fsetxattr(File::open(&path).unwrap(), name, &list, XattrFlags::empty()).is_err() {
        return; // A disk without such lists.
    }
    open_locked(&path, None).unwrap().unwrap().replace(b"new").unwrap();
    let mut kept = [0_u8; 4096];
    let length = fgetxattr(File::open(&path).unwrap(), name, &mut kept[..]).unwrap();
    assert_eq!(&kept[..length], list);
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o660);
}

#[test]
fn what_a_killed_process_left_beside_a_file_does_not_stop_the_next_that_makes_it() {
    let (folder, path) = file("");
    let new = path.with_file_name("new.json");
    let left = |name: String| fs::write(folder.path().join(format!(".new.json.modelforge-credential-{name}")), "a key");
    // In a container, the killed process had the same id as this one.
    left(std::process::id().to_string()).unwrap();
    left("0123456789abcdef".to_owned()).unwrap();
    create(&new, None, b"content").unwrap();
    assert_eq!(fs::read(&new).unwrap(), b"content");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}
