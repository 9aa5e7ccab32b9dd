//! Checks who owns a file and the directories above it, and who else can change them.

#[cfg(unix)]
mod roots;

#[cfg(unix)]
use std::fs::Metadata;
use std::path::{Path, PathBuf};

use modelforge_credential_protocol::{Error, Result};

use crate::error;

/// Links on the way: followed where people keep their own files elsewhere, refused below our directories.
#[cfg(unix)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Links {
    Followed,
    Refused,
}

/// Why a path is not safe. Each names the place: the file itself, a directory above it, or a link on the way.
#[derive(Debug)]
pub enum Unsafe {
    /// It belongs to another user.
    Foreign(PathBuf),
    /// Every user can write to it.
    OpenToAll(PathBuf),
    /// A group of users can write to it.
    OpenToAGroup(PathBuf),
    /// It could not be checked, for this reason.
    Unclear(Error),
}

impl Unsafe {
    /// Converts it into the error that `asked` is not used.
    #[must_use]
    pub fn into_error(self, asked: &Path) -> Error {
        match self {
            #[cfg(unix)]
            Self::Foreign(place) => error::belongs_to_another(asked, &place),
            #[cfg(unix)]
            Self::OpenToAll(place) | Self::OpenToAGroup(place) => error::others_can_write(asked, &place),
            #[cfg(not(unix))]
            Self::Foreign(place) | Self::OpenToAll(place) | Self::OpenToAGroup(place) => {
                error::others_can_change(asked, &place)
            }
            Self::Unclear(problem) => problem,
        }
    }
}

#[cfg(unix)]
impl From<Error> for Unsafe {
    fn from(problem: Error) -> Self {
        Self::Unclear(problem)
    }
}

/// Which groups may write to a place on the way.
#[cfg(unix)]
#[derive(Clone, Copy, PartialEq, Eq)]
enum Groups {
    /// The owner's private group.
    Private,
    /// That one, and groups that an administrator chose for a directory of root's.
    Chosen,
}

/// More links than any path of a person has, and as many as Linux follows.
#[cfg(unix)]
const MOST_LINKS: usize = 40;

/// Checks `path`, every directory above it, and every link on the way, from the root downwards, and returns the real path. Only this user
/// and root can change each of them, so the result stays valid. What does not exist is not checked.
///
/// # Errors
/// If another user owns one of them, or can write to a directory on the way. Access for the owner's [private group](is_private_group) does
/// not count.
#[cfg(unix)]
pub fn check(path: &Path) -> Result<PathBuf> {
    let path = std::path::absolute(path).map_err(error::failed("find", path))?;
    walk(PathBuf::new(), &path, &path, Links::Followed, Groups::Private).map_err(|problem| problem.into_error(&path))
}

/// On Windows, the file and its directory are checked. In the user's profile both are private by inheritance.
#[cfg(not(unix))]
pub fn check(path: &Path) -> Result<PathBuf> {
    check_lists(path).map(|()| path.to_path_buf()).map_err(|problem| problem.into_error(path))
}

/// Checks that nobody else can change the file or replace it. What does not exist is not checked.
#[cfg(not(unix))]
fn check_lists(path: &Path) -> std::result::Result<(), Unsafe> {
    let places = std::iter::once(path).chain(path.parent()).filter(|place| place.symlink_metadata().is_ok());
    for place in places {
        // Some disks (FAT, a share) have no access lists.
        if crate::access::of(place).is_ok_and(|list| crate::access::lets_others_change(&list)) {
            return Err(Unsafe::OpenToAll(place.to_owned()));
        }
    }
    Ok(())
}

/// The real path of a program, after the same checks as for a file.
///
/// # Errors
/// See [`Unsafe`].
#[cfg(not(unix))]
pub fn check_program(path: &Path) -> std::result::Result<PathBuf, Unsafe> {
    check_lists(path).map(|()| path.to_path_buf())
}

/// The same for a directory in which programs are looked up.
///
/// # Errors
/// See [`Unsafe`].
#[cfg(not(unix))]
pub fn check_folder_of_programs(path: &Path) -> std::result::Result<PathBuf, Unsafe> {
    match crate::access::of(path) {
        Ok(list) if crate::access::lets_others_change(&list) => Err(Unsafe::OpenToAll(path.to_owned())),
        _ => Ok(path.to_path_buf()),
    }
}

/// The same for a path below `root`, one of our directories: no link may lead out of it.
#[cfg(unix)]
pub fn check_below(root: &Path, path: &Path) -> Result<PathBuf> {
    let root = std::path::absolute(root).map_err(error::failed("find", root))?;
    let below = path.strip_prefix(&root).unwrap_or(path);
    walk(PathBuf::new(), &root, path, Links::Followed, Groups::Private)
        .and_then(|place| walk(place, below, path, Links::Refused, Groups::Private))
        .map_err(|problem| problem.into_error(path))
}

#[cfg(not(unix))]
pub fn check_below(_: &Path, path: &Path) -> Result<PathBuf> {
    check(path)
}

/// The real path of a program, after the same checks, also of the program itself: nobody else can have put it there.
///
/// There is one exception: a group may write where root owns the place, or if it is the owner's private group. Debian gives
/// `/usr/local/bin` to the group `staff`, which is empty until an administrator adds somebody. And where each user has a private group, it
/// can write to everything that they create. Without the exception, most machines would have no usable helper.
///
/// # Errors
/// See [`Unsafe`].
#[cfg(unix)]
pub fn check_program(path: &Path) -> std::result::Result<PathBuf, Unsafe> {
    let real = check_folder_of_programs(path)?;
    // This also applies if the sticky bit protects it from being replaced: anyone could have put it there before, as a hard link to another
    // program of the user.
    let folder = real.parent().unwrap_or(&real);
    if !roots::is_known(folder) {
        refuse_open(folder, &folder.symlink_metadata().map_err(error::failed("read", path))?, Groups::Chosen)?;
    }
    Ok(real)
}

/// The same for a directory in which programs are looked up.
///
/// # Errors
/// See [`Unsafe`].
#[cfg(unix)]
pub fn check_folder_of_programs(path: &Path) -> std::result::Result<PathBuf, Unsafe> {
    let real = walk(PathBuf::new(), path, path, Links::Followed, Groups::Chosen)?;
    if !roots::is_known(&real) {
        refuse_open(&real, &real.symlink_metadata().map_err(error::failed("read", path))?, Groups::Chosen)?;
    }
    Ok(real)
}

/// Walks from `place`, a real path, along `way`. `asked` is the path for messages.
#[cfg(unix)]
fn walk(
    mut place: PathBuf,
    way: &Path,
    asked: &Path,
    links: Links,
    groups: Groups,
) -> std::result::Result<PathBuf, Unsafe> {
    use std::path::Component;
    let mut left = parts(way);
    let mut followed = 0;
    let mut in_a_shared_folder = is_shared(&place);
    while let Some(part) = left.pop() {
        match part.components().next() {
            Some(Component::Normal(_) | Component::RootDir) => place.push(&part),
            Some(Component::ParentDir) => {
                place.pop();
                in_a_shared_folder = is_shared(&place);
                continue;
            }
            _ => continue,
        }
        if roots::is_known(&place) {
            in_a_shared_folder = false;
            continue;
        }
        let metadata = match place.symlink_metadata() {
            Err(problem) if error::is_absent(&problem) => {
                place.extend(left.into_iter().rev());
                return Ok(place);
            }
            metadata => metadata.map_err(error::failed("read", asked))?,
        };
        check_one(&place, &metadata, in_a_shared_folder, groups)?;
        roots::note(&place, &metadata);
        in_a_shared_folder = can_be_written_by_others(&metadata);
        if metadata.is_symlink() {
            followed += 1;
            if links == Links::Refused {
                return Err(error::is_a_link(&place).into());
            } else if followed > MOST_LINKS {
                return Err(error::has_too_many_links(asked).into());
            }
            left.extend(parts(&place.read_link().map_err(error::failed("read", asked))?));
            place.pop();
            in_a_shared_folder = is_shared(&place);
        }
    }
    Ok(place)
}

/// The parts of a path, the first one at the end.
#[cfg(unix)]
fn parts(path: &Path) -> Vec<PathBuf> {
    path.components().rev().map(|part| PathBuf::from(part.as_os_str())).collect()
}

#[cfg(unix)]
fn is_shared(folder: &Path) -> bool {
    !folder.as_os_str().is_empty() && folder.metadata().is_ok_and(|metadata| can_be_written_by_others(&metadata))
}

#[cfg(unix)]
fn can_be_written_by_others(metadata: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::mode(metadata) & 0o022 != 0
}

/// Checks a file, a directory or a link on the way. The mode of a file is checked after it is opened.
#[cfg(unix)]
fn check_one(
    place: &Path,
    metadata: &Metadata,
    in_a_shared_folder: bool,
    groups: Groups,
) -> std::result::Result<(), Unsafe> {
    use std::os::unix::fs::MetadataExt;
    const STICKY: u32 = 0o1000;
    let owner = metadata.uid();
    // In a shared directory, anyone can create a hard link to a file of root's, but not to a directory.
    let is_roots = owner == 0 && (metadata.is_dir() || !in_a_shared_folder);
    let may_be_roots = || metadata.is_dir() && !in_a_shared_folder && roots::is_out_of_sight(owner);
    if !(owner == user() || is_roots || may_be_roots()) {
        return Err(Unsafe::Foreign(place.to_owned()));
    }
    if metadata.is_dir() && metadata.mode() & STICKY == 0 { refuse_open(place, metadata, groups) } else { Ok(()) }
}

#[cfg(unix)]
fn refuse_open(place: &Path, metadata: &Metadata, groups: Groups) -> std::result::Result<(), Unsafe> {
    use std::os::unix::fs::MetadataExt;
    let is_chosen = || groups == Groups::Chosen && metadata.uid() == 0;
    match metadata.mode() & 0o022 {
        0 => Ok(()),
        mode if mode & 0o002 != 0 => Err(Unsafe::OpenToAll(place.to_owned())),
        _ if is_private_group(place, metadata) || is_chosen() => Ok(()),
        _ => Err(Unsafe::OpenToAGroup(place.to_owned())),
    }
}

/// True if the group has the same number as the owner, as on systems where each user has a private group (Debian, Fedora). Nobody else is
/// in it, and with the umask of such a system (002) it can write to every directory, also `~/.config`. Refusing these would make every
/// command fail. If there is an access list, the mode bits of the group may stand for others, too.
#[cfg(unix)]
pub fn is_private_group(place: &Path, metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.gid() == metadata.uid() && !has_access_list(place)
}

#[cfg(target_os = "linux")]
fn has_access_list(place: &Path) -> bool {
    use rustix::io::Errno;
    let length = rustix::fs::lgetxattr(place, "system.posix_acl_access", &mut [0_u8; 0][..]);
    !matches!(length, Err(Errno::NODATA | Errno::NOTSUP))
}

/// On other systems, the mode bits of the group are only the group's.
#[cfg(all(unix, not(target_os = "linux")))]
fn has_access_list(_: &Path) -> bool {
    false
}

/// The user whose rights this process has. Nothing here changes them.
#[cfg(unix)]
pub fn user() -> u32 {
    static USER: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    *USER.get_or_init(|| rustix::process::geteuid().as_raw())
}

/// True if nobody expects this program to store anything in a directory: its disk is read-only, or it would have to be created where only
/// another user may write, as in a container whose user has no home.
pub fn is_out_of_reach(folder: &Path) -> bool {
    #[cfg(unix)]
    let is_out_of_reach = |place: &Path| {
        use std::os::unix::fs::MetadataExt;
        let is_anothers = place.metadata().ok()?.uid() != user();
        let is_closed = || rustix::fs::access(place, rustix::fs::Access::WRITE_OK).is_err();
        let is_read_only =
            || rustix::fs::statvfs(place).is_ok_and(|disk| disk.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY));
        Some((is_anothers && is_closed()) || is_read_only())
    };
    #[cfg(not(unix))]
    let is_out_of_reach = |_: &Path| Some(false);
    folder.ancestors().find_map(is_out_of_reach).unwrap_or(false)
}
