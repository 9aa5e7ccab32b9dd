use std::path::Path;
use std::process::Stdio;

use modelforge_credential_client::{command, on_path};
use modelforge_credential_files::Own;

use super::*;

/// Runs git in a directory as another person.
fn git(folder: &Path, words: &[&str]) -> String {
    let mut command = command(&on_path("git".as_ref()).unwrap());
    command.arg("-C").arg(folder).args(["-c", "user.name=m", "-c", "user.email=m@example.com"]).args(words);
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// A remote with a commit of one file, and ours.
fn remote_of(content: &[u8]) -> (tempfile::TempDir, String, Git) {
    let folder = tempfile::tempdir().unwrap();
    let theirs = folder.path().join("theirs");
    std::fs::create_dir(&theirs).unwrap();
    git(&theirs, &["init", "--quiet", "--initial-branch=main"]);
    add(&theirs, content);
    let ours = Git::open(&Own::new(folder.path().join("ours"))).unwrap();
    (folder, theirs.display().to_string(), ours)
}

fn add(theirs: &Path, content: &[u8]) {
    std::fs::write(theirs.join("file"), content).unwrap();
    git(theirs, &["add", "file"]);
    git(theirs, &["commit", "--quiet", "-m", "x"]);
}

/// Data that cannot be compressed.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(&mut next).flatten().take(length).collect()
}

#[test]
fn a_remote_that_sends_more_than_a_store_can_have_is_cut_off_and_nothing_of_it_stays() {
    let (_folder, remote, ours) = remote_of(&noise(8 << 20));
    let before = ours.size();
    let said = ours.fetch_at_most(&remote, 1 << 20).unwrap_err().to_string();
    assert_eq!(said, "the remote sends more than a store can have, so nothing was fetched");
    assert!(ours.size() < before + (1 << 10), "{} {before}", ours.size());
    assert!(ours.fetch(&remote).unwrap().is_some());
}

/// git's own server for a directory, which is stopped after the test.
struct Daemon(std::process::Child, u16);

impl Daemon {
    fn of(folder: &Path) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut daemon = command(&on_path("git".as_ref()).unwrap());
        daemon.args(["daemon", "--export-all", "--listen=127.0.0.1", &format!("--port={port}")]);
        daemon.arg(format!("--base-path={}", folder.display()));
        let daemon = daemon.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let daemon = Self(daemon, port);
        for _ in 0..600 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return daemon;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the server does not start");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_server_that_sends_more_than_a_store_can_have_is_cut_off_as_well() {
    let (folder, _, ours) = remote_of(&noise(8 << 20));
    let server = Daemon::of(folder.path());
    let remote = format!("git://127.0.0.1:{}/theirs", server.1);
    let before = ours.size();
    let said = ours.fetch_at_most(&remote, 1 << 20).unwrap_err();
    assert_eq!(said.to_string(), "the remote sends more than a store can have, so nothing was fetched");
    assert!(said.cause::<Refused>().is_some());
    assert!(ours.size() < before + (1 << 10), "{} {before}", ours.size());
    // The commit of the remote can still be requested.
    assert_eq!(ours.ask(&remote).unwrap(), ours.fetch(&remote).unwrap());
}

#[test]
fn a_small_difference_that_makes_a_large_object_takes_no_more_memory_than_there_may_be() {
    let (_folder, remote, ours) = remote_of(b"x");
    let there = Path::new(&remote);
    // Two files of zeros. Both are small when they are sent, and one is a difference to the other.
    let mut zeros = vec![0; 80 << 20];
    add(there, &zeros);
    zeros.push(1);
    add(there, &zeros);
    drop(zeros);
    git(there, &["-c", "pack.threads=1", "repack", "-a", "-d", "-f", "-q", "--window=2"]);
    let before = ours.size();
    let said = ours.fetch(&remote).unwrap_err();
    assert_eq!(
        said.to_string(),
        "the remote sends an object that is larger than a store can have, so nothing was fetched"
    );
    assert!(said.cause::<Refused>().is_some());
    assert!(ours.size() < before + (1 << 10), "{} {before}", ours.size());
}

#[test]
fn what_was_fetched_and_not_taken_is_removed_and_what_was_verified_stays() {
    let (_folder, remote, ours) = remote_of(b"verified");
    let verified = ours.fetch(&remote).unwrap().unwrap();
    ours.keep(&verified);
    ours.tidy();
    let before = ours.size();
    add(Path::new(&remote), &noise(1 << 20));
    let refused = ours.fetch(&remote).unwrap().unwrap();
    assert!(ours.size() > before + (1 << 20));
    ours.forget();
    assert!(ours.size() < before + (1 << 10), "{} {before}", ours.size());
    assert!(ours.run(&["cat-file", "-e", &refused], b"").is_err());
    assert_eq!(ours.run(&["cat-file", "blob", &format!("{verified}:file")], b"").unwrap().as_slice(), b"verified");
    // It is fetched again when it is needed.
    assert_eq!(ours.fetch(&remote).unwrap().as_deref(), Some(&*refused));
}

#[test]
fn no_branch_but_that_of_the_store_is_fetched_and_one_that_is_not_there_is_no_error() {
    let (_folder, remote, ours) = remote_of(b"x");
    git(Path::new(&remote), &["branch", "main-2"]);
    ours.fetch(&remote).unwrap();
    let all = text(&ours.run(&["for-each-ref", "--format=%(refname)"], b"").unwrap());
    assert_eq!(all, "refs/incoming/main\n");
    git(Path::new(&remote), &["branch", "-m", "main", "other"]);
    assert_eq!(ours.fetch(&remote).unwrap(), None);
    assert!(ours.run(&["for-each-ref"], b"").unwrap().is_empty());
}

#[test]
fn an_address_with_a_token_in_it_is_refused_and_one_with_a_name_is_not() {
    for remote in
        ["https://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@github.com/a/keys.git", "https://ann:x@host/keys.git"]
    {
        let said = check_remote(remote).unwrap_err().to_string();
        assert_eq!(said, "the address of the remote has a password, which git would show");
    }
    for remote in ["https://ann@host/keys.git", "git@host:0f3c9a7e41d84b1f0f3c9a7e41d84b1f.git", "/srv/keys.git"] {
        check_remote(remote).unwrap();
    }
}

/// A server that accepts every connection and sends nothing.
fn silent() -> (std::net::TcpListener, String) {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let remote = format!("git://{}/theirs", server.local_addr().unwrap());
    (server, remote)
}

#[test]
fn a_remote_that_does_not_answer_is_given_up_and_said_in_each_step() {
    let (_folder, remote, mut ours) = remote_of(b"x");
    let commit = ours.fetch(&remote).unwrap().unwrap();
    let (_server, slow) = silent();
    ours.patience = Duration::from_secs(1);
    let start = Instant::now();
    let fetched = ours.fetch(&slow).unwrap_err();
    assert_eq!(fetched.to_string(), "the remote was not fetched within 1 s, so nothing was changed");
    let hint = format!("try again; if the network is fast, {LEAVE_IT_OUT}");
    assert_eq!(fetched.hint_text(), Some(hint.as_str()));
    assert!(fetched.cause::<Refused>().is_some());
    for said in [ours.ask(&slow).unwrap_err(), ours.push(&slow, &commit, None).unwrap_err()] {
        assert_eq!(said.to_string(), "the remote did not answer within 1 s");
        assert_eq!(said.hint_text(), Some("modelforge-credential sync  # tries again"));
        assert!(matches!(said.cause(), Some(Failure::TooSlow(_))));
    }
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn a_remote_that_sends_byte_by_byte_is_given_up_and_nothing_of_it_stays() {
    use std::io::{Read, Write};
    let (folder, _, mut ours) = remote_of(&noise(8 << 20));
    let daemon = Daemon::of(folder.path());
    let (slow, port) = (std::net::TcpListener::bind("127.0.0.1:0").unwrap(), daemon.1);
    let remote = format!("git://{}/theirs", slow.local_addr().unwrap());
    // Passes on the server's output, at 100 KB a second.
    std::thread::spawn(move || {
        for client in slow.incoming().flatten() {
            let server = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
            let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut from, &mut to));
            std::thread::spawn(move || {
                let (mut server, mut client, mut piece) = (server, client, [0; 10_000]);
                while let Ok(length @ 1..) = server.read(&mut piece) {
                    if client.write_all(&piece[..length]).is_err() {
                        return;
                    }
                    std::thread::sleep(Duration::from_millis(100));
                }
            });
        }
    });
    ours.patience = Duration::from_secs(3);
    let before = ours.size();
    let said = ours.fetch(&remote).unwrap_err();
    assert_eq!(said.to_string(), "the remote was not fetched within 3 s, so nothing was changed");
    assert!(ours.size() < before + (1 << 10), "{} {before}", ours.size());
}

#[test]
fn settings_of_a_repository_that_was_put_in_our_place_start_nothing_and_lead_nowhere() {
    let (folder, remote, ours) = remote_of(b"x");
    let commit = ours.fetch(&remote).unwrap().unwrap();
    ours.keep(&commit);
    let (place, trap) = (folder.path().join("ours"), folder.path().join("trap"));
    let touches = format!("touch '{}';:", trap.display());
    let elsewhere = folder.path().join("elsewhere.git").display().to_string();
    git(folder.path(), &["init", "--quiet", "--bare", &elsewhere]);
    for (key, value) in [
        ("core.sshCommand", touches.as_str()),
        ("core.gitProxy", &touches),
        ("credential.helper", &format!("!{touches}")),
        (&format!("url.{elsewhere}.insteadOf"), &remote),
        ("include.path", "/nowhere"),
    ] {
        git(&place, &["config", key, value]);
    }
    std::fs::create_dir_all(place.join("objects/info")).unwrap();
    std::fs::write(place.join("objects/info/alternates"), format!("{elsewhere}/objects\n")).unwrap();
    std::fs::create_dir_all(place.join("info")).unwrap();
    std::fs::write(place.join("info/grafts"), format!("{commit} {commit}\n")).unwrap();
    std::fs::write(place.join("shallow"), format!("{commit}\n")).unwrap();
    let ours = Git::open(&Own::new(&place)).unwrap();
    assert!(ours.fetch("ssh://127.0.0.1:1/x").is_err() && ours.fetch("git://127.0.0.1:1/x").is_err());
    assert!(!trap.exists());
    assert!(ours.has(&commit).unwrap());
    assert_eq!(ours.fetch(&remote).unwrap(), Some(commit));
    for left in ["shallow", "info/grafts", "objects/info/alternates"] {
        assert!(!place.join(left).exists(), "{left}");
    }
}
