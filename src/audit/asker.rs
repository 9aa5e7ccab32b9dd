//! Which program asks: this process's parent, and its parents, as the system reports them.

use std::sync::OnceLock;

use super::line::Process;
#[cfg(target_os = "linux")]
use super::line::name as name_of;

/// The most processes that a record names.
#[cfg(target_os = "linux")]
const MOST: usize = 5;

/// The asking program and those that started it. They stay the same while this process lives.
pub fn asker() -> &'static [Process] {
    static ASKER: OnceLock<Vec<Process>> = OnceLock::new();
    ASKER.get_or_init(look)
}

#[cfg(target_os = "linux")]
fn look() -> Vec<Process> {
    let mut processes = Vec::with_capacity(MOST);
    let mut pid = std::os::unix::process::parent_id();
    // 0: it lies outside of what this container sees. 1 is the system's own.
    while pid != 0 && processes.len() < MOST {
        let (name, parent) = name_and_parent(pid).unwrap_or_default();
        let program = std::fs::read_link(format!("/proc/{pid}/exe")).ok();
        let own_name = program.as_deref().and_then(std::path::Path::file_name).map(std::ffi::OsStr::to_string_lossy);
        // The system cuts a name off after 15 bytes.
        let says_more = own_name.is_none_or(|own| own.as_bytes().get(..15.min(own.len())) != Some(name.as_bytes()));
        processes.push(Process {
            pid,
            program: program.map(|path| name_of(&path.to_string_lossy())),
            name: Some(name).filter(|name| says_more && !name.is_empty()).map(|name| name_of(&name)),
        });
        pid = parent;
    }
    processes
}

/// From `PID (NAME) STATE PARENT …`; the name may hold anything, parentheses as well.
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

/// Other systems tell more only at a price.
#[cfg(all(unix, not(target_os = "linux")))]
fn look() -> Vec<Process> {
    vec![Process { pid: std::os::unix::process::parent_id(), program: None, name: None }]
}

#[cfg(not(unix))]
fn look() -> Vec<Process> {
    Vec::new()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_parents_of_this_process_are_named_up_to_a_limit() {
        let processes = look();
        assert!((1..=MOST).contains(&processes.len()));
        assert_eq!(processes[0].pid, std::os::unix::process::parent_id());
        assert!(processes[0].program.as_deref().is_some_and(|path| path.starts_with('/')));
    }

    #[test]
    fn this_process_has_the_name_and_parent_that_the_system_says() {
        let (name, parent) = name_and_parent(std::process::id()).unwrap();
        assert!(!name.is_empty());
        assert_eq!(parent, std::os::unix::process::parent_id());
        assert!(name_and_parent(0).is_none());
    }
}
