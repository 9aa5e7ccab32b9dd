//! Looks at every object of a git repository: all of its history, and what no branch names any more.
//!
//! git reads the objects, and nothing else of the repository: it is given an empty repository of ours, with the other's folder of objects.
//! So no configuration of the repository is obeyed: it could name programs to start.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use modelforge_credential_client::{command, expect_children, on_path};

use super::error;
use super::stream::Seen;
use super::{Object, Scan};

/// Bytes of git's output that are read at a time.
const BUFFER: usize = 256 << 10;

/// How many repositories one may borrow objects from in turn, as git has it.
const DEEPEST: usize = 5;

/// The longest line that is not the content of an object.
const LONGEST_LINE: u64 = 1 << 16;

/// True for a folder that git would take for a repository: `.git`, or a bare one.
pub fn is_repository(folder: &Path) -> bool {
    let is_folder = |name| folder.join(name).symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
    folder.join("HEAD").symlink_metadata().is_ok() && is_folder("objects") && is_folder("refs")
}

/// Looks at all objects of a repository.
pub fn look(scan: &mut Scan, repository: &Path) {
    let program = match on_path("git".as_ref()) {
        Ok(program) => program,
        Err(failure) => return scan.fail(error::no_git(repository, &failure)),
    };
    let looked = Git::new(program, repository).and_then(|git| {
        scan.counts.repositories += 1;
        let found = git.look_at_objects(scan)?;
        // What no commit has is named by itself, and so is all else if git cannot tell.
        let places = if found.is_empty() { HashMap::new() } else { git.places_of(&found) };
        for (id, seen) in found {
            let (commit, path) = places.get(&id).cloned().unzip();
            scan.note(repository, Some(Object { id, commit, path }), seen);
        }
        Ok(())
    });
    if let Err(problem) = looked {
        scan.fail(error::history_unread(repository, &problem.to_string()));
    }
}

struct Git {
    program: PathBuf,
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
        Ok(Self { program, objects, is_long, shallow })
    }

    fn start(&self, arguments: &[&str], stdin: Stdio) -> io::Result<Running> {
        let empty = empty_repository(self.is_long)?;
        let mut command: Command = command(&self.program);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
            command.env_remove(name);
        }
        command.env("GIT_DIR", empty.path()).env("GIT_OBJECT_DIRECTORY", &self.objects);
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_ATTR_NOSYSTEM", "1");
        command.env("GIT_NO_LAZY_FETCH", "1").env("GIT_TERMINAL_PROMPT", "0");
        command.envs(self.shallow.as_ref().map(|file| ("GIT_SHALLOW_FILE", file)));
        command.args(["--no-pager", "--no-optional-locks", "--no-replace-objects"]).args(arguments);
        expect_children();
        Running::of(command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?, empty)
    }

    /// The objects that hold keys.
    fn look_at_objects(&self, scan: &mut Scan) -> io::Result<HashMap<String, Seen>> {
        let arguments = ["cat-file", "--batch-all-objects", "--batch", "--unordered", "--buffer"];
        let mut running = self.start(&arguments, Stdio::null())?;
        let mut found = HashMap::new();
        while let Some(line) = running.line()? {
            let words: Vec<&str> = line.split(' ').collect();
            let [id, _, size] = words.as_slice() else { return Err(io::Error::other(format!("git: {line}"))) };
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
                found.insert((*id).to_owned(), seen);
            }
        }
        running.finish()?;
        Ok(found)
    }

    /// The oldest commit that has each of these contents, and its path there. A message is in the commit itself.
    fn places_of(&self, wanted: &HashMap<String, Seen>) -> HashMap<String, (String, String)> {
        let mut places = HashMap::new();
        let _ = self.read_log(wanted, &mut places);
        places
    }

    fn read_log(
        &self,
        wanted: &HashMap<String, Seen>,
        places: &mut HashMap<String, (String, String)>,
    ) -> io::Result<()> {
        let all = ["cat-file", "--batch-all-objects", "--batch-check", "--unordered", "--buffer"];
        let mut all = self.start(&all, Stdio::null())?;
        let log = ["log", "--stdin", "--raw", "--root", "--no-renames", "--no-abbrev", "--format=commit %H"];
        let mut log = self.start(&log, Stdio::piped())?;
        let commits = log.child.stdin.take();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let mut commits = io::BufWriter::new(commits?);
                while let Ok(Some(line)) = all.line() {
                    if let Some((id, "commit")) = line.rsplit_once(' ').and_then(|(rest, _)| rest.split_once(' ')) {
                        writeln!(commits, "{id}").ok()?;
                    }
                }
                commits.flush().ok()
            });
            let mut commit = String::new();
            while let Some(line) = log.line()? {
                if let Some(id) = line.strip_prefix("commit ") {
                    commit = id.to_owned();
                    if wanted.contains_key(id) {
                        places.insert(commit.clone(), (commit.clone(), String::new()));
                    }
                } else if let Some((about, path)) = line.strip_prefix(':').and_then(|rest| rest.split_once('\t'))
                    && let Some(id) = about.split(' ').nth(3).filter(|id| wanted.contains_key(*id))
                {
                    // The newest comes first.
                    places.insert(id.to_owned(), (commit.clone(), path.to_owned()));
                }
            }
            log.finish()
        })
    }
}

/// A git that is read from, and ended when it is dropped.
struct Running {
    child: Child,
    output: BufReader<ChildStdout>,
    /// Needed until it says something.
    empty: Option<tempfile::TempDir>,
}

/// What git takes for a repository that it was started for.
fn empty_repository(is_long: bool) -> io::Result<tempfile::TempDir> {
    let empty = tempfile::Builder::new().prefix("modelforge-credential-scan-").tempdir()?;
    for folder in ["objects", "refs"] {
        std::fs::create_dir(empty.path().join(folder))?;
    }
    std::fs::write(empty.path().join("HEAD"), "ref: refs/heads/none\n")?;
    let (version, format) = if is_long { (1, "[extensions]\n\tobjectFormat = sha256\n") } else { (0, "") };
    let config = format!("[core]\n\trepositoryFormatVersion = {version}\n\tbare = true\n\tquotePath = false\n{format}");
    std::fs::write(empty.path().join("config"), config)?;
    Ok(empty)
}

impl Running {
    fn of(mut child: Child, empty: tempfile::TempDir) -> io::Result<Self> {
        let output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Self { output: BufReader::with_capacity(BUFFER, output), child, empty: Some(empty) })
    }

    /// The next line, or what fits in memory of one that is longer.
    fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        (&mut self.output).take(LONGEST_LINE).read_until(b'\n', &mut line)?;
        self.empty = None;
        if line.is_empty() {
            return Ok(None);
        }
        Ok(Some(String::from_utf8_lossy(&line).trim_end_matches('\n').to_owned()))
    }

    fn finish(mut self) -> io::Result<()> {
        let status = self.child.wait()?;
        if status.success() { Ok(()) } else { Err(io::Error::other(format!("git: {status}"))) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Looks over a folder of objects before git opens what is in it: there are only files, for a FIFO would never be read to its end.
/// Returns whether the names of objects are the long ones, of SHA-256.
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
    // It may borrow the objects of another repository.
    let borrowed = std::fs::File::open(objects.join("info/alternates"));
    let mut names = String::new();
    if let Ok(file) = borrowed {
        file.take(LONGEST_LINE).read_to_string(&mut names)?;
    }
    for name in names.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let other = objects.join(name);
        if other.is_dir() && depth > 0 {
            look_over(&other, depth - 1)?;
        }
    }
    Ok(is_long)
}

fn check(path: &Path, is_expected: bool) -> io::Result<()> {
    let name = error::tilde(path);
    if is_expected { Ok(()) } else { Err(io::Error::other(format!("`{name}` is neither a file nor a folder"))) }
}
