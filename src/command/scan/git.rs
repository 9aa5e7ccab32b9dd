//! Searches every object of a git repository: its whole history, and objects that no branch contains any more.
//!
//! git reads the objects, and nothing else of the repository: it gets an empty repository of ours with the other's object directory. So the
//! repository's configuration, which could name programs to start, is not obeyed.

mod places;
mod running;

use std::collections::HashMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use modelforge_credential_client::{command, expect_children, on_path};

use super::elsewhere::is_on_a_disk;
use super::error;
use super::stream::{Lines, Seen};
use super::{Object, Scan, Standing};
use running::{Running, empty_repository};

/// How many levels of repositories may borrow objects from each other. This is git's own limit.
const DEEPEST: usize = 5;

/// The longest line that is not the content of an object.
const LONGEST_LINE: u64 = 1 << 16;

/// True for a directory that git would take for a repository: `.git`, or a bare one.
pub fn is_repository(folder: &Path) -> bool {
    let is_folder = |name| folder.join(name).symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
    folder.join("HEAD").symlink_metadata().is_ok() && is_folder("objects") && is_folder("refs")
}

/// Searches all objects of a repository.
pub fn look(scan: &mut Scan, repository: &Path) {
    let program = match on_path("git".as_ref()) {
        Ok(program) => program,
        Err(failure) => return scan.fail(error::no_git(repository, &failure)),
    };
    let looked = Git::new(program, repository).and_then(|git| {
        scan.counts.repositories += 1;
        let found = git.look_at_objects(scan)?;
        // An object without a commit is reported by its own name, and so are all objects if git cannot tell.
        let mut standing = if found.is_empty() { HashMap::new() } else { git.standing_of(&found) };
        for (id, Found { seen, .. }) in found {
            let standing = standing.remove(&id).unwrap_or(Standing::Nowhere);
            scan.note(repository, Some(Object { id, standing }), seen);
        }
        Ok(())
    });
    if let Err(problem) = looked {
        scan.fail(error::history_unread(repository, &problem.to_string()));
    }
}

/// An object that contains keys.
struct Found {
    kind: Kind,
    seen: Seen,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Blob,
    Commit,
    Tree,
    Tag,
}

impl Kind {
    fn from_name(name: &str) -> Self {
        match name {
            "commit" => Self::Commit,
            "tree" => Self::Tree,
            "tag" => Self::Tag,
            _ => Self::Blob,
        }
    }
}

struct Git {
    program: PathBuf,
    repository: PathBuf,
    objects: PathBuf,
    /// True if the names of objects are the long ones, of SHA-256.
    is_long: bool,
    shallow: Option<PathBuf>,
}

impl Git {
    fn new(program: PathBuf, repository: &Path) -> io::Result<Self> {
        let repository = std::path::absolute(repository)?;
        let objects = repository.join("objects");
        let is_long = look_over(&objects, DEEPEST)?;
        let shallow = repository.join("shallow");
        let shallow = Some(shallow).filter(|file| file.symlink_metadata().is_ok_and(|metadata| metadata.is_file()));
        Ok(Self { program, repository, objects, is_long, shallow })
    }

    fn start(&self, arguments: &[&str], stdin: Stdio) -> io::Result<Running> {
        self.start_with(arguments, stdin, None)
    }

    /// The same with an index, git's list of staged paths.
    fn start_with(&self, arguments: &[&str], stdin: Stdio, index: Option<&Path>) -> io::Result<Running> {
        let empty = empty_repository(self.is_long)?;
        let mut command: Command = command(&self.program);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
            command.env_remove(name);
        }
        command.env("GIT_DIR", empty.path()).env("GIT_OBJECT_DIRECTORY", &self.objects);
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_ATTR_NOSYSTEM", "1");
        command.env("GIT_NO_LAZY_FETCH", "1").env("GIT_TERMINAL_PROMPT", "0");
        command.envs(index.map(|file| ("GIT_INDEX_FILE", file)));
        command.envs(self.shallow.as_ref().map(|file| ("GIT_SHALLOW_FILE", file)));
        command.args(["--no-pager", "--no-optional-locks", "--no-replace-objects"]).args(arguments);
        expect_children();
        Running::of(command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?, empty)
    }

    /// The objects that contain keys.
    fn look_at_objects(&self, scan: &mut Scan) -> io::Result<HashMap<String, Found>> {
        let arguments = ["cat-file", "--batch-all-objects", "--batch", "--unordered", "--buffer"];
        let mut running = self.start(&arguments, Stdio::null())?;
        let mut found = HashMap::new();
        while let Some(line) = running.line()? {
            let words: Vec<&str> = line.split(' ').collect();
            let [id, kind, size] = words.as_slice() else { return Err(io::Error::other(format!("git: {line}"))) };
            let size: u64 = size.parse().map_err(io::Error::other)?;
            let mut content = (&mut running.output).take(size);
            let mut seen = Seen::new();
            scan.look(&mut content, &mut seen)?;
            if content.limit() > 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            running.output.read_exact(&mut [0])?;
            scan.counts.objects += 1;
            if !seen.is_empty() {
                let kind = Kind::from_name(kind);
                if kind == Kind::Tree {
                    // A tree is a list of names.
                    seen.values_mut().for_each(|lines| *lines = Lines::of_a_name());
                }
                found.insert((*id).to_owned(), Found { kind, seen });
            }
        }
        running.finish()?;
        Ok(found)
    }
}

/// Checks a directory of objects before git opens it: it must have only regular files, because git would wait forever for a FIFO. Returns
/// whether the names of objects are the long ones, of SHA-256.
fn look_over(objects: &Path, depth: usize) -> io::Result<bool> {
    let mut is_long = false;
    for entry in objects.read_dir()?.flatten() {
        let name = entry.file_name();
        let kind = entry.file_type()?;
        if !kind.is_dir() {
            check(&entry.path(), kind.is_file())?;
            continue;
        }
        for entry in entry.path().read_dir()?.flatten() {
            let kind = entry.file_type()?;
            check(&entry.path(), kind.is_file() || kind.is_dir() && name != "pack")?;
            let length = entry.file_name().len();
            is_long |= match name.len() {
                2 => length == 62,
                _ => name == "pack" && length >= "pack-.idx".len() + 64,
            };
        }
    }
    // It may borrow the objects of another repository. Lines that git reads differently from this code are refused.
    let borrowed = std::fs::File::open(objects.join("info/alternates"));
    let mut names = String::new();
    if let Ok(file) = borrowed {
        file.take(LONGEST_LINE + 1).read_to_string(&mut names)?;
    }
    if names.len() as u64 > LONGEST_LINE {
        return Err(io::Error::other("its list of other repositories is too long"));
    }
    for name in names.split('\n').filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if name.starts_with('"') {
            return Err(io::Error::other("a path in its list of other repositories is in quotation marks"));
        }
        let other = objects.join(name);
        if !is_on_a_disk(&other) {
            return Err(io::Error::other("it uses objects of another machine"));
        }
        if other.is_dir() && depth > 0 {
            look_over(&other, depth - 1)?;
        }
    }
    Ok(is_long)
}

fn check(path: &Path, is_expected: bool) -> io::Result<()> {
    let name = error::tilde(path);
    if is_expected { Ok(()) } else { Err(io::Error::other(format!("`{name}` is neither a file nor a directory"))) }
}
