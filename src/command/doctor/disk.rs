//! Checks the disk: space for the store and the log.

use super::finding::Finding;

#[cfg(unix)]
const CHECK: &str = "disk";

#[cfg(unix)]
pub fn check() -> Vec<Finding> {
    let (mut findings, mut disks) = (Vec::new(), Vec::new());
    for folder in places() {
        // A missing directory will be created below the nearest one that exists.
        let Some(place) = folder.ancestors().find(|place| place.is_dir()) else { continue };
        let Ok(metadata) = place.metadata() else { continue };
        let disk = std::os::unix::fs::MetadataExt::dev(&metadata);
        if !disks.contains(&disk)
            && let Ok(state) = rustix::fs::statvfs(place)
        {
            disks.push(disk);
            findings.push(judge(place, &Room::of(&state)));
        }
    }
    findings
}

/// The paths of our directories, whether they exist or not.
#[cfg(unix)]
fn places() -> impl Iterator<Item = std::path::PathBuf> {
    let data = crate::state::data().and_then(|folder| folder.parent().map(std::path::Path::to_path_buf));
    data.into_iter().chain(crate::state::folder())
}

#[cfg(not(unix))]
pub fn check() -> Vec<Finding> {
    Vec::new()
}

#[cfg(unix)]
struct Room {
    /// In bytes. Some systems cannot tell.
    free: Option<u64>,
    /// The number of free files.
    files: Option<u64>,
    read_only: bool,
}

#[cfg(unix)]
impl Room {
    fn of(state: &rustix::fs::StatVfs) -> Self {
        Self {
            free: (state.f_blocks > 0).then(|| state.f_bavail.saturating_mul(state.f_frsize)),
            files: (state.f_files > 0).then_some(state.f_favail),
            read_only: state.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY),
        }
    }
}

/// Below this many bytes, a store may fail at any moment.
#[cfg(unix)]
const TOO_LITTLE: u64 = 1 << 20;
#[cfg(unix)]
const LITTLE: u64 = 50 << 20;

#[cfg(unix)]
fn judge(place: &std::path::Path, room: &Room) -> Finding {
    use crate::command::doctor::error;
    match *room {
        Room { read_only: true, .. } => Finding::error(CHECK, &error::disk_is_read_only(place)),
        Room { free: Some(free), .. } if free < TOO_LITTLE => Finding::error(CHECK, &error::disk_is_full(place, free)),
        Room { files: Some(files), .. } if files < 16 => {
            Finding::error(CHECK, &error::disk_has_no_inodes(place, files))
        }
        Room { free: Some(free), .. } if free < LITTLE => Finding::warning(CHECK, &error::disk_is_full(place, free)),
        _ => Finding::ok(CHECK, format!("there is free space in `{}`", error::tilde(place))),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::super::finding::Level;
    use super::*;

    fn level(free: Option<u64>, files: Option<u64>, read_only: bool) -> Level {
        judge(std::path::Path::new("/"), &Room { free, files, read_only }).level
    }

    #[test]
    fn a_full_or_read_only_disk_is_an_error_and_a_nearly_full_one_a_warning() {
        assert_eq!(level(Some(0), Some(1000), false), Level::Error);
        assert_eq!(level(Some(10 << 20), Some(1000), false), Level::Warning);
        assert_eq!(level(Some(1 << 30), Some(1000), false), Level::Ok);
        assert_eq!(level(Some(1 << 30), Some(1000), true), Level::Error);
    }

    #[test]
    fn a_disk_without_inodes_is_an_error_and_one_that_counts_none_is_fine() {
        assert_eq!(level(Some(1 << 30), Some(0), false), Level::Error);
        assert_eq!(level(Some(1 << 30), None, false), Level::Ok);
        assert_eq!(level(None, None, false), Level::Ok);
    }
}
