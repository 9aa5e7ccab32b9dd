//! Files that are believed, and files that are refused: real ones, with links and owners.

#![cfg(unix)]

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use modelforge_credential_files::{Own, Trust, check, read};
use modelforge_credential_protocol::Error;

const STRANGER: u32 = 61_002;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a file can be made"))
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn file(&self, path: &str) -> PathBuf {
        let path = self.at(path);
        fs::create_dir_all(path.parent().expect("a file can be made")).expect("a file can be made");
        fs::write(&path, "text").expect("a file can be made");
        mode(&path, 0o600);
        path
    }
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a file can be made");
}

#[track_caller]
fn assert_refused<T>(outcome: Result<T, Error>, reason: &str) {
    let problem = outcome.err().expect("it is refused").to_string();
    assert!(problem.contains(reason), "{problem}");
}

#[test]
fn a_file_that_others_can_change_is_not_believed_and_the_hint_fixes_it() {
    let folder = Folder::new();
    let file = folder.file("a folder/config.toml");
    for bits in [0o602, 0o666] {
        mode(&file, bits);
        let problem = read(&file, 100, Trust::Believed).unwrap_err();
        assert!(problem.to_string().starts_with("others can change `"), "{problem}");
        #[expect(clippy::disallowed_methods, reason = "a person pastes the hint into a shell")]
        let shell = std::process::Command::new("sh").args(["-c", problem.hint_text().unwrap()]).status();
        assert!(shell.unwrap().success());
        assert!(read(&file, 100, Trust::Believed).unwrap().is_some());
    }
}

#[test]
fn a_secret_that_others_can_read_is_refused() {
    let folder = Folder::new();
    let file = folder.file("identity.txt");
    mode(&file, 0o640);
    assert!(read(&file, 100, Trust::Believed).unwrap().is_some());
    assert_refused(read(&file, 100, Trust::Private), "other users can access");
}

#[test]
fn a_file_below_a_folder_that_others_can_change_is_not_believed() {
    let folder = Folder::new();
    let file = folder.file("shared/below/config.toml");
    for bits in [0o777, 0o757] {
        mode(&folder.at("shared"), bits);
        assert_refused(read(&file, 100, Trust::Believed), "/shared`");
        assert!(read(&file, 100, Trust::Named).unwrap().is_some());
    }
    // As in /tmp, where others cannot rename what is not theirs.
    mode(&folder.at("shared"), 0o1777);
    assert!(read(&file, 100, Trust::Believed).unwrap().is_some());
}

#[test]
#[ignore = "needs root"]
fn the_owners_private_group_may_write_to_what_is_believed_and_to_no_secret_and_no_other_group_may_as_root() {
    let folder = Folder::new();
    let file = folder.file("shared/below/config.toml");
    let own = Own::new(folder.at("shared"));
    for place in ["shared", "shared/below"] {
        mode(&folder.at(place), 0o775);
        assert!(read(&file, 100, Trust::Believed).unwrap().is_some());
        assert!(own.read("below/config.toml".as_ref(), 100, Trust::Private).unwrap().is_some());
        chown(folder.at(place), None, Some(STRANGER)).unwrap();
        assert_refused(read(&file, 100, Trust::Believed), &format!("/{place}`"));
        assert_refused(own.read("below/config.toml".as_ref(), 100, Trust::Private), &format!("/{place}`"));
        chown(folder.at(place), None, Some(0)).unwrap();
    }
    mode(&file, 0o664);
    assert!(read(&file, 100, Trust::Believed).unwrap().is_some());
    chown(&file, None, Some(STRANGER)).unwrap();
    assert_refused(read(&file, 100, Trust::Believed), "others can change");
    chown(&file, None, Some(0)).unwrap();
    assert_refused(own.read("below/config.toml".as_ref(), 100, Trust::Private), "other users can access");
}

#[test]
#[cfg(target_os = "linux")]
fn a_folder_whose_access_list_lets_another_user_write_is_refused_though_its_group_is_private() {
    use rustix::fs::{XattrFlags, setxattr};
    let folder = Folder::new();
    let file = folder.file("shared/config.toml");
    // As `setfacl -m u:61002:rwx` writes it: version 2; the owner, a user, the group, the mask, and all others.
    let mut list = 2_u32.to_le_bytes().to_vec();
    let nobody = u32::MAX;
    for (tag, rights, id) in [(1, 7, nobody), (2, 7, STRANGER), (4, 5, nobody), (16, 7, nobody), (32, 5, nobody)] {
        list.extend([tag, 0, rights, 0]);
        list.extend(id.to_le_bytes());
    }
    if setxattr(folder.at("shared"), "system.posix_acl_access", &list, XattrFlags::empty()).is_err() {
        return; // a disk without access lists
    }
    assert_eq!(fs::metadata(folder.at("shared")).unwrap().permissions().mode() & 0o777, 0o775);
    assert_refused(read(&file, 100, Trust::Believed), "/shared`");
}

#[test]
#[ignore = "needs root"]
fn what_a_stranger_owns_is_not_believed_be_it_the_file_or_a_folder_above_it_as_root() {
    let folder = Folder::new();
    let file = folder.file("theirs/below/config.toml");
    for place in ["theirs/below/config.toml", "theirs/below", "theirs"] {
        chown(folder.at(place), Some(STRANGER), None).unwrap();
        assert_refused(read(&file, 100, Trust::Believed), "belongs to another user");
        chown(folder.at(place), Some(0), None).unwrap();
    }
    assert!(read(&file, 100, Trust::Believed).unwrap().is_some());
}

#[test]
#[ignore = "needs root"]
fn a_strangers_link_in_a_shared_folder_is_not_followed_as_root() {
    let folder = Folder::new();
    let file = folder.file("own/config.toml");
    fs::create_dir(folder.at("shared")).unwrap();
    mode(&folder.at("shared"), 0o1777);
    let link = folder.at("shared/link");
    symlink(folder.at("own"), &link).unwrap();
    assert_eq!(check(&link.join("config.toml")).unwrap(), file.canonicalize().unwrap());
    std::os::unix::fs::lchown(&link, Some(STRANGER), None).unwrap();
    assert_refused(read(&link.join("config.toml"), 100, Trust::Believed), "belongs to another user");
}

#[test]
fn a_link_of_the_users_own_is_followed_if_both_ends_pass_the_rules() {
    let folder = Folder::new();
    let file = folder.file("dotfiles/forge.toml");
    fs::create_dir(folder.at("config")).unwrap();
    let link = folder.at("config/config.toml");
    symlink("../dotfiles/forge.toml", &link).unwrap();
    assert!(read(&link, 100, Trust::Believed).unwrap().is_some());
    mode(&file, 0o666);
    assert_refused(read(&link, 100, Trust::Believed), "others can change");
    mode(&file, 0o600);
    mode(&folder.at("dotfiles"), 0o777);
    assert_refused(read(&link, 100, Trust::Believed), "/dotfiles`");
}

#[test]
fn links_that_lead_round_and_round_are_refused() {
    let folder = Folder::new();
    symlink("second", folder.at("first")).unwrap();
    symlink("first", folder.at("second")).unwrap();
    assert_refused(read(&folder.at("first"), 100, Trust::Believed), "too many links");
}

#[test]
fn no_link_is_followed_below_a_folder_of_ours() {
    let folder = Folder::new();
    let target = folder.file("elsewhere/file");
    let own = Own::new(folder.at("ours"));
    own.make_folder("".as_ref()).unwrap();
    symlink(folder.at("elsewhere"), folder.at("ours/link")).unwrap();
    symlink(&target, folder.at("ours/file")).unwrap();
    for path in ["link/file", "file"].map(Path::new) {
        assert_refused(own.read(path, 100, Trust::Believed), "is a link");
        assert_refused(own.write(path, b"planted", true), "is a link");
        assert_refused(own.open_or_make(path, OpenOptions::new().append(true)), "is a link");
        assert_refused(own.lock(path, Duration::ZERO), "is a link");
        assert_refused(own.remove(path), "is a link");
    }
    assert_refused(own.make_folder("link/new".as_ref()), "is a link");
    assert_refused(own.below("link").exists(), "is a link");
    assert_eq!(fs::read(&target).unwrap(), b"text");
    assert_eq!(fs::read_dir(folder.at("elsewhere")).unwrap().count(), 1);
}

#[test]
fn a_folder_of_ours_may_be_a_link_that_the_user_made() {
    let folder = Folder::new();
    fs::create_dir(folder.at("other-disk")).unwrap();
    symlink(folder.at("other-disk"), folder.at("ours")).unwrap();
    let own = Own::new(folder.at("ours"));
    own.write("a/file".as_ref(), b"text", false).unwrap();
    assert_eq!(fs::read(folder.at("other-disk/a/file")).unwrap(), b"text");
    own.remove("a/file".as_ref()).unwrap();
    assert_eq!(fs::read_dir(folder.at("other-disk")).unwrap().count(), 0);
}

#[test]
#[ignore = "needs root"]
fn nothing_is_made_in_a_strangers_folder_as_root() {
    let folder = Folder::new();
    fs::create_dir(folder.at("home")).unwrap();
    chown(folder.at("home"), Some(STRANGER), None).unwrap();
    let own = Own::new(folder.at("home/.local/state/modelforge-credential"));
    assert_refused(own.make_folder("".as_ref()), "belongs to another user");
    assert_refused(own.write("file".as_ref(), b"", true), "belongs to another user");
    assert_refused(own.open_or_make("file".as_ref(), OpenOptions::new().append(true)), "belongs to another user");
    // A missing file is missing, even in another user's folder.
    assert!(own.read("file".as_ref(), 100, Trust::Believed).unwrap().is_none());
    assert_eq!(fs::read_dir(folder.at("home")).unwrap().count(), 0);
}

#[test]
fn what_is_made_is_for_its_owner_alone() {
    let folder = Folder::new();
    let own = Own::new(folder.at("a/b"));
    own.write("c/file".as_ref(), b"text", false).unwrap();
    own.lock("lock".as_ref(), Duration::ZERO).unwrap();
    let bits = |path| fs::metadata(folder.at(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(["a", "a/b", "a/b/c"].map(bits), [0o700; 3]);
    assert_eq!(["a/b/c/file", "a/b/lock"].map(bits), [0o600; 2]);
}

// rustix makes no FIFO on Apple's systems.
#[test]
#[cfg(not(target_vendor = "apple"))]
fn a_fifo_a_device_or_a_folder_in_the_place_of_a_file_is_refused_at_once() {
    let folder = Folder::new();
    let fifo = folder.at("fifo");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let start = std::time::Instant::now();
    for path in [&*fifo, Path::new("/dev/zero"), folder.0.path()] {
        for trust in [Trust::Named, Trust::Believed] {
            assert_refused(read(path, 100, trust), "is not a file");
        }
    }
    assert_refused(Own::new(folder.0.path()).lock("fifo".as_ref(), Duration::ZERO), "is not a file");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_file_over_the_limit_is_not_read() {
    let folder = Folder::new();
    let file = folder.file("large");
    fs::OpenOptions::new().write(true).open(&file).unwrap().set_len(1 << 40).unwrap();
    assert_refused(read(&file, 1 << 20, Trust::Named), "is larger than 1 MiB");
}

#[test]
fn a_write_that_fails_leaves_nothing_over() {
    let folder = Folder::new();
    let own = Own::new(folder.at("ours"));
    own.write("file".as_ref(), b"old", false).unwrap();
    assert_refused(own.write("file".as_ref(), b"new", false), "cannot write");
    fs::create_dir(folder.at("ours/folder")).unwrap();
    assert_refused(own.write("folder".as_ref(), b"new", true), "cannot write");
    assert_eq!(fs::read(folder.at("ours/file")).unwrap(), b"old");
    assert_eq!(fs::read_dir(folder.at("ours")).unwrap().count(), 2);
}

#[test]
fn a_lock_that_is_held_is_waited_for_as_long_as_the_patience_lasts() {
    let folder = Folder::new();
    let own = Own::new(folder.at("ours"));
    let held = own.lock("lock".as_ref(), Duration::ZERO).unwrap();
    assert_refused(own.lock("lock".as_ref(), Duration::from_millis(20)), "another process has locked `");
    std::thread::scope(|scope| {
        let second = scope.spawn(|| own.lock("lock".as_ref(), Duration::from_secs(30)).map(drop));
        std::thread::sleep(Duration::from_millis(50));
        assert!(!second.is_finished());
        drop(held);
        second.join().unwrap().unwrap();
    });
}
