//! Files that cannot be read, never end, or are links.

use std::fs;
use std::os::unix::fs::symlink;

use super::files::{scan, test_path};
use super::{FOUND, one, signed_in};
use crate::support::SECRET;

#[test]
fn links_fifos_and_sockets_are_not_followed_and_nothing_waits() {
    let test = signed_in().file("elsewhere/key", SECRET).file("log/key", SECRET);
    symlink(test.home().join("elsewhere"), test.home().join("log/folder")).expect("a link");
    symlink(test.home().join("elsewhere/key"), test.home().join("log/file")).expect("a link");
    symlink(".", test.home().join("log/loop")).expect("a link");
    symlink("/dev/zero", test.home().join("log/zero")).expect("a link");
    let fifo = test.home().join("log/fifo");
    assert!(test.run(&["mkfifo".as_ref(), fifo.as_os_str()], "").status.success());
    let _socket = std::os::unix::net::UnixListener::bind(test.home().join("log/socket")).expect("a socket");
    let expected = one("~/log/key", "1", "plain text", "1 file, 28 bytes");
    scan(test, &["log"]).stdout(&expected).stderr(FOUND).failure();
}

#[test]
fn a_link_a_device_and_nothing_at_all_are_errors_where_they_were_named() {
    let test = signed_in();
    symlink("/etc", test.home().join("link")).expect("a link");
    let nothing = "no stored key was found; searched 0 files, 0 bytes\n";
    let test = test.args(["scan", "/dev/zero"]).stdout(nothing);
    let test = test.stderr("error: `/dev/zero` is a device, a socket or a FIFO, so it was skipped\n").failure();
    let link = test_path(&test, "link");
    let said = format!(
        "error: `~/link` is a link, so it was skipped\nhint: modelforge-credential scan \"$(realpath {})\"\n",
        "~/link"
    );
    let test = test.args(["scan", &link]).stdout(nothing).stderr(&said).failure();
    let none = test_path(&test, "none");
    let said = "error: there is no file or directory `~/none`\n";
    let test = test.args(["scan", &none]).stdout(nothing).stderr(said).failure();
    // All are looked at, and each is told of.
    let said = "warning: `/dev/zero` is a device, a socket or a FIFO, so it was skipped\n\
                error: there is no file or directory `~/none`\n";
    test.args(["scan", "/dev/zero", &none]).stdout(nothing).stderr(said).failure();
}

#[test]
fn what_cannot_be_read_is_named_up_to_a_limit_and_then_counted() {
    let test = (0..30).fold(signed_in(), |test, at| test.file(&format!("log/{at:02}.gz"), b"\x1f\x8b\x08"));
    let output = scan(test, &["log"]).output();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(said.lines().count(), 21, "{said}");
    assert!(said.ends_with("warning: 10 more files or directories could not be read\n"), "{said}");
}

#[test]
fn a_file_of_another_user_is_named_in_one_line() {
    let test = signed_in().file("log/mine", SECRET).file("log/other", "x");
    fs::set_permissions(test.home().join("log/other"), std::os::unix::fs::PermissionsExt::from_mode(0o000))
        .expect("a mode");
    let output = scan(test, &["log"]).output();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // Root reads it all the same.
    let warning = format!("warning: cannot open `~/log/other`: permission denied\n{FOUND}");
    assert!(said == FOUND || said == warning, "{said}");
}

#[test]
fn the_search_of_a_file_that_grows_ends() {
    let test = signed_in().file("log/growing", "start\n");
    let path = test.home().join("log/growing");
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = fs::OpenOptions::new().append(true).open(&path).expect("a file");
            // No disk is filled should the search never end.
            for _ in 0..1 << 12 {
                if stop.load(std::sync::atomic::Ordering::Relaxed) {
                    return;
                }
                std::io::Write::write_all(&mut file, &[b'a'; 1 << 16]).expect("written");
            }
        });
        let output = scan(test, &["log"]).output();
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    });
}
