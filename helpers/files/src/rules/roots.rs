//! Remembers directories that only root can change, all the way up. They need no second check, and most paths begin with the same ones.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

static SEEN: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

pub(super) fn is_known(folder: &Path) -> bool {
    SEEN.lock().is_ok_and(|seen| seen.iter().any(|one| one == folder))
}

pub(super) fn note(place: &Path, metadata: &Metadata) {
    let is_roots = metadata.is_dir() && metadata.uid() == 0 && metadata.mode() & 0o022 == 0;
    if is_roots
        && place.parent().is_none_or(is_known)
        && let Ok(mut seen) = SEEN.lock()
    {
        seen.push(place.to_owned());
    }
}

/// In a sandbox that knows only this user (a user namespace, as in bubblewrap), root's directories belong to the number that stands for all
/// other users.
#[cfg(target_os = "linux")]
pub(super) fn is_out_of_sight(owner: u32) -> bool {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let stands_for_others = read("/proc/sys/kernel/overflowuid").trim() == owner.to_string();
    let maps = read("/proc/self/uid_map");
    let knows = |id: u32| {
        maps.lines().any(|line| {
            let mut numbers = line.split_ascii_whitespace().map(|word| word.parse::<u32>().unwrap_or(0));
            let (inside, _, count) = (numbers.next(), numbers.next(), numbers.next());
            inside.zip(count).is_some_and(|(first, count)| id >= first && id - first < count)
        })
    };
    stands_for_others && !maps.is_empty() && !knows(owner)
}

#[cfg(all(unix, not(target_os = "linux")))]
pub(super) fn is_out_of_sight(_: u32) -> bool {
    false
}
