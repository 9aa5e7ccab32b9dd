//! The program that asks: the parent of this process, and the parents of that, as the system reports them.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::line::{Process, name as name_of};

/// The most processes that a record names.
const MOST: usize = 5;

/// The asking program and its parents. They do not change while this process runs.
pub fn asker() -> &'static [Process] {
    static ASKER: OnceLock<Vec<Process>> = OnceLock::new();
    ASKER.get_or_init(look)
}

#[cfg(target_os = "linux")]
fn look() -> Vec<Process> {
    let mut processes = Vec::with_capacity(MOST);
    let mut pid = std::os::unix::process::parent_id();
    // 0: the parent is outside this container. 1 is the system's own process.
    while pid != 0 && processes.len() < MOST {
        let (name, parent) = name_and_parent(pid).unwrap_or_default();
        processes.push(process(pid, std::fs::read_link(format!("/proc/{pid}/exe")).ok(), &name));
        pid = parent;
    }
    processes
}

/// Windows reuses the number of a process that has exited, and other processes may still have it as their parent. A process that started
/// later than its child is not its parent.
/// its child is not its parent.
#[cfg(any(windows, target_os = "macos"))]
fn look() -> Vec<Process> {
    use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};
    let kind = ProcessRefreshKind::nothing().with_exe(UpdateKind::Always);
    let mut system = System::new();
    let mut see = |pid: Pid| {
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), false, kind);
        let seen = system.process(pid)?;
        let program = seen.exe().map(Path::to_path_buf);
        Some((seen.parent(), seen.start_time(), process(pid.as_u32(), program, &seen.name().to_string_lossy())))
    };
    let mut processes = Vec::with_capacity(MOST);
    let own = see(Pid::from_u32(std::process::id()));
    let (mut next, mut start) = own.map_or((None, 0), |(parent, start, _)| (parent, start));
    while let Some((parent, started, seen)) = next.filter(|_| processes.len() < MOST).and_then(&mut see) {
        if started > start {
            break;
        }
        processes.push(seen);
        (next, start) = (parent, started);
    }
    processes
}

#[cfg(all(unix, not(any(target_os = "linux", target_os = "macos"))))]
fn look() -> Vec<Process> {
    vec![process(std::os::unix::process::parent_id(), None, "")]
}

/// A process. The name is left out if it is that of its program, or the beginning of it.
fn process(pid: u32, program: Option<PathBuf>, name: &str) -> Process {
    let own_name = program.as_deref().and_then(Path::file_name).map(std::ffi::OsStr::to_string_lossy);
    // Linux cuts a name after 15 bytes.
    let says_more =
        own_name.is_none_or(|own| own != name && own.as_bytes().get(..15.min(own.len())) != Some(name.as_bytes()));
    Process {
        pid,
        program: program.map(|path| name_of(&path.to_string_lossy())),
        name: Some(name).filter(|name| says_more && !name.is_empty()).map(name_of),
    }
}

/// Parses `PID (NAME) STATE PARENT …`. The name may contain anything, also parentheses.
#[cfg(target_os = "linux")]
fn name_and_parent(pid: u32) -> Option<(String, u32)> {
    use std::io::Read;
    let mut buffer = [0; 256];
    let count = std::fs::File::open(format!("/proc/{pid}/stat")).ok()?.read(&mut buffer).ok()?;
    let (start, end) =
        (buffer[..count].iter().position(|b| *b == b'(')?, buffer[..count].iter().rposition(|b| *b == b')')?);
    let name = String::from_utf8_lossy(buffer.get(start + 1..end)?).into_owned();
    let rest = std::str::from_utf8(buffer.get(end + 1..count)?).ok()?;
    Some((name, rest.split_ascii_whitespace().nth(1)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg_attr(windows, ignore = "needs a parent, which a program that wine starts has not")]
    #[test]
    fn the_parents_of_this_process_are_named_up_to_a_limit() {
        let processes = look();
        assert!((1..=MOST).contains(&processes.len()));
        #[cfg(unix)]
        assert_eq!(processes[0].pid, std::os::unix::process::parent_id());
        assert!(processes[0].program.as_deref().is_some_and(|path| Path::new(path).is_absolute()));
    }

    #[test]
    fn a_name_is_kept_where_it_says_more_than_the_program() {
        let name = |program: Option<&str>, name: &str| process(7, program.map(PathBuf::from), name).name;
        assert_eq!(name(Some("/usr/bin/python3.11"), "aider").as_deref(), Some("aider"));
        assert_eq!(name(Some("/opt/a-program-with-a-long-name"), "a-program-with-"), None);
        assert_eq!(name(Some("/opt/a-program-with-a-long-name"), "a-program-with-a-long-name"), None);
        assert_eq!(name(None, "sshd").as_deref(), Some("sshd"));
        assert_eq!(name(None, ""), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_the_name_and_parent_that_the_system_says() {
        let (name, parent) = name_and_parent(std::process::id()).unwrap();
        assert!(!name.is_empty());
        assert_eq!(parent, std::os::unix::process::parent_id());
        assert!(name_and_parent(0).is_none());
    }
}
