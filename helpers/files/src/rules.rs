//! Who owns a file and the folders above it, and who else can change them.

#[cfg(unix)]
mod roots;

#[cfg(unix)]
use std::fs::Metadata;
use std::path::{Path, PathBuf};

use modelforge_credential_protocol::{Error, Result};

use crate::error;

/// A link on the way: followed where people keep their own files elsewhere, refused below a folder of ours.
#[cfg(unix)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Links {
    Followed,
    Refused,
}

/// Why a path is not to be trusted. Each names the place: the file itself, a folder above it, or a link on the way.
#[derive(Debug)]
pub enum Unsafe {
    /// It belongs to another user.
    Foreign(PathBuf),
    /// Every user can write to it.
    OpenToAll(PathBuf),
    /// A group of users can write to it.
    OpenToAGroup(PathBuf),
    /// It could not be looked at, for this reason.
    Unclear(Error),
}

impl Unsafe {
    /// The same as an error about `asked`, which is not used.
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

/// Which groups may write on the way.
#[cfg(unix)]
#[derive(Clone, Copy, PartialEq, Eq)]
enum Groups {
    /// The owner's private group.
    Private,
    /// That, and those that an administrator chose for a place of root's.
    Chosen,
}

/// More than any way of a person has, and as many as Linux follows.
#[cfg(unix)]
const MOST_LINKS: usize = 40;

/// The real path of `path`, after every folder above it, itself, and every link on the way was checked, from the root downwards: each
/// can be changed by nobody but this user and root, so what was found stays true. What does not exist is not checked.
///
/// # Errors
/// If another user owns one of them, or can write to a folder on the way. A folder that is open to its owner's
/// [private group](is_private_group) is not open to another user.
#[cfg(unix)]
pub fn check(path: &Path) -> Result<PathBuf> {
    let path = std::path::absolute(path).map_err(error::failed("find", path))?;
    walk(PathBuf::new(), &path, &path, Links::Followed, Groups::Private).map_err(|problem| problem.into_error(&path))
}

/// Elsewhere the file and its folder are checked: in the user's profile both are private by inheritance.
#[cfg(not(unix))]
pub fn check(path: &Path) -> Result<PathBuf> {
    check_lists(path).map(|()| path.to_path_buf()).map_err(|problem| problem.into_error(path))
}

/// Nobody else can change the file, or put another in its place. What is not there is not checked.
#[cfg(not(unix))]
fn check_lists(path: &Path) -> std::result::Result<(), Unsafe> {
    let places = std::iter::once(path).chain(path.parent()).filter(|place| place.symlink_metadata().is_ok());
    for place in places {
        // On some disks (FAT, a share) there are no lists to ask for.
        if crate::access::of(place).is_ok_and(|list| crate::access::lets_others_change(&list)) {
            return Err(Unsafe::OpenToAll(place.to_owned()));
        }
    }
    Ok(())
}

/// The real path of a program, after the same checks as of a file.
///
/// # Errors
/// See [`Unsafe`].
#[cfg(not(unix))]
pub fn check_program(path: &Path) -> std::result::Result<PathBuf, Unsafe> {
    check_lists(path).map(|()| path.to_path_buf())
}

/// The same for a folder in which programs are looked for.
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

/// The same for what is below `root`, a folder of ours: no link leads out of it.
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

/// The real path of a program, after the same checks, and of the program itself: nobody else can have put it there.
///
/// One thing is left to others: a group may write where root owns the place, or where it is the owner's private group. Debian gives
/// `/usr/local/bin` to the group `staff`, which is empty until an administrator puts somebody in; and where each user has a group of
/// their own, all that they make is open to it. To refuse these would leave most machines without a helper.
///
/// # Errors
/// See [`Unsafe`].
#[cfg(unix)]
pub fn check_program(path: &Path) -> std::result::Result<PathBuf, Unsafe> {
    let real = check_folder_of_programs(path)?;
    // Even where the sticky bit keeps it from being replaced: anyone could have put it there in the first place, as a second name
    // of another program of the user's.
    let folder = real.parent().unwrap_or(&real);
    if !roots::is_known(folder) {
        refuse_open(folder, &folder.symlink_metadata().map_err(error::failed("read", path))?, Groups::Chosen)?;
    }
    Ok(real)
}

/// The same for a folder in which programs are looked for.
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

/// Goes from `place`, a real path, along `way`. `asked` is what messages name.
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

/// The parts of a path, the first at the end.
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

/// A file, a folder or a link on the way to what was asked for. The mode of a file is checked where it is open.
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
    // Anyone can give a file of root's a second name in a shared folder, but no folder.
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

/// True if the group has its owner's number, as where each user has a group of their own (Debian, Fedora). Nobody else is in it, and
/// with the umask of such a system (002) every folder is open to it, `~/.config` too: to refuse these would refuse every command.
/// Where there is an access list, the mode does not say that it is the group alone that can write.
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

/// Elsewhere the bits of a mode are the group's alone.
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

/// True if nobody expects this program to keep anything in a folder: its disk, or that where it would be made, cannot be written to
/// at all, or it would have to be made where only somebody else may write, as in a container whose user has no home of its own.
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
