//! Messages of `doctor`.

use std::path::Path;

use modelforge_credential_client::Failure;
use modelforge_credential_protocol::{Error, Record, Shell, visible};

use crate::command::plain_files::PlainFile;
use crate::error::name_of;
pub use crate::error::{PROGRAM, helper_failed, tilde};

fn quoted(path: &Path) -> String {
    Shell::of_the_person().word(&path.to_string_lossy())
}

/// ` and 3 more`.
fn more(count: usize) -> String {
    if count == 0 { String::new() } else { format!(" and {count} more") }
}

pub fn checks_failed(count: usize) -> Error {
    Error::new(if count == 1 { "one check failed".to_owned() } else { format!("{count} checks failed") })
}

pub fn canary_locked_out() -> Error {
    Error::new("helpers were not tested: another process has been storing for some seconds")
        .hint(Shell::of_the_person().processes(PROGRAM))
}

pub fn helper_mistyped(name: &str, meant: &str) -> Error {
    Error::new(format!("there is no helper `{}`", visible(name))).hint(format!("did you mean `{meant}`?"))
}

pub fn helper_hidden(name: &str, used: &Path, other: &Path) -> Error {
    Error::new(format!("helper `{}` is `{}`, which hides `{}`", visible(name), tilde(used), tilde(other)))
        .hint(format!("{}  # if it is the older one", Shell::of_the_person().remove(quoted(other))))
}

/// If the helper gives no hint, its conformance test shows what is wrong.
pub fn helper_is_broken(name: &str, entry: &[String], reason: &Error) -> Error {
    let error = crate::error::helper_failed(name, reason);
    match error.hint_text() {
        Some(_) => error,
        None => error.hint(format!("{PROGRAM} helpers test {}", shell_words::quote(&shell_words::join(entry)))),
    }
}

pub fn helper_cannot_list(name: &str, reason: &Failure) -> Error {
    Error::from(reason.clone()).reworded(format!("helper `{}` cannot list its credentials: {reason}", visible(name)))
}

pub fn not_returned() -> Error {
    Error::new("it lists the credential but does not return it")
}

/// A credential that the helper lists but cannot decrypt, and the number of others like it.
pub fn unreadable(helper: &str, record: &Record, others: usize, reason: &Error) -> Error {
    let more = if others == 0 { String::new() } else { format!(" and {others} more") };
    let helper = visible(helper);
    reason.reworded(format!("helper `{helper}` cannot decrypt its credential for {}{more}: {reason}", name_of(record)))
}

pub fn nobody_stores() -> Error {
    let has_a_folder = modelforge_credential_files::data().is_some();
    Error::new("no helper in the chain can store credentials").hint(match has_a_folder {
        true => "helpers = [\"env\", \"keyring\", \"age\"]  # in config.toml",
        false => "set HOME to a directory that exists, or XDG_DATA_HOME to an absolute path",
    })
}

pub fn path_is_open(folder: &Path, is_shared: bool) -> Error {
    let error = Error::new(format!("anyone can write to `{}`, so no helper is started from it", tilde(folder)));
    error.hint(match is_shared {
        true => format!("remove {} from PATH", quoted(folder)),
        false => Shell::of_the_person().close(quoted(folder)),
    })
}

#[cfg(unix)]
pub fn path_is_foreign(folder: &Path, place: &Path) -> Error {
    let problem = match folder == place {
        true => format!("`{}` belongs to another user, so no helper is started from it", tilde(folder)),
        false => {
            format!("`{}` belongs to another user, so no helper is started from `{}`", tilde(place), tilde(folder))
        }
    };
    Error::new(problem).hint(format!("remove {} from PATH", quoted(folder)))
}

#[cfg(unix)]
pub fn path_is_open_to_a_group(folder: &Path, group: u32) -> Error {
    Error::new(format!("the members of group {group} can put a helper into `{}`", tilde(folder)))
        .hint(format!("getent group {group}  # who that is; chmod g-w {}", quoted(folder)))
}

pub fn keys_in_file(file: &PlainFile) -> Error {
    Error::new(file.to_text()).hint(format!("{PROGRAM} migrate --dry-run"))
}

pub fn variable_hides(variable: &str, helper: &str, copy: &Record) -> Error {
    let (variable, helper) = (visible(variable), visible(helper));
    Error::new(format!("`{variable}` takes precedence over the key in `{helper}` for {}", name_of(copy)))
        .hint(Shell::of_the_person().unset(variable))
}

pub fn variable_set(variable: &str, effect: &str) -> Error {
    Error::new(format!("`{variable}` is set: it {effect}"))
        .hint(format!("{}  # if that is not meant", Shell::of_the_person().unset(variable)))
}

pub fn variable_unknown(variable: &str, meant: Option<&str>) -> Error {
    let error = Error::new(format!("`{}` is set, but it is not a known variable", visible(variable)));
    match meant {
        Some(meant) => error.hint(format!("did you mean `{meant}`?")),
        None => error,
    }
}

pub fn belongs_to_another(path: &Path, others: usize, folder: &Path) -> Error {
    Error::new(format!("`{}`{} belongs to another user", tilde(path), more(others)))
        .hint(format!("sudo chown -R \"$(id -un)\" {}", quoted(folder)))
}

pub fn others_can_reach(path: &Path, others: usize, folder: &Path, is_private: bool) -> Error {
    let (can, mode) = if is_private { ("read or change", "go=") } else { ("change", "go-w") };
    let error = Error::new(format!("others can {can} `{}`{}", tilde(path), more(others)));
    error.hint(match cfg!(windows) {
        true => Shell::of_the_person().leave_to_the_user(quoted(path), path.is_dir()),
        false => format!("chmod -R {mode} {}", quoted(folder)),
    })
}

pub fn clock_is_behind(time: &str) -> Error {
    Error::new(format!("the system clock is wrong: {time} is before this program's first release"))
        .hint(if cfg!(target_os = "linux") { "sudo timedatectl set-ntp true" } else { "set the clock" })
}

pub fn file_from_the_future(path: &Path, time: &str) -> Error {
    Error::new(format!(
        "the modification time of `{}` is in the future ({time}): the system clock is or was wrong",
        tilde(path)
    ))
    .hint(format!("date; touch {}  # if the clock is right now", quoted(path)))
}

pub fn lock_is_held(path: &Path, holder: Option<u32>) -> Error {
    let error = Error::new(match holder {
        Some(pid) => format!("process {pid} has been holding the lock `{}` for more than a second", tilde(path)),
        None => format!("a process has been holding the lock `{}` for more than a second", tilde(path)),
    });
    match holder {
        Some(pid) => error.hint(Shell::of_the_person().process(pid)),
        None => error.hint(Shell::of_the_person().processes(PROGRAM)),
    }
}

#[cfg(unix)]
pub fn disk_is_read_only(place: &Path) -> Error {
    Error::new(format!("the disk of `{}` is read-only", tilde(place))).hint(match cfg!(target_os = "macos") {
        true => "mount".to_owned(),
        false => format!("findmnt -T {}", quoted(place)),
    })
}

#[cfg(unix)]
pub fn disk_is_full(place: &Path, free: u64) -> Error {
    Error::new(format!("the disk of `{}` has only {} KiB left", tilde(place), free >> 10))
        .hint(format!("df -h {}", quoted(place)))
}

#[cfg(unix)]
pub fn disk_has_no_inodes(place: &Path, files: u64) -> Error {
    Error::new(format!("the disk of `{}` has space for only {files} more files", tilde(place)))
        .hint(format!("df -i {}", quoted(place)))
}
