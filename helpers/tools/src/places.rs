//! The paths of the files: those in the table, and those of projects in the directories that a person names.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use modelforge_credential_files::foreign::{self, Opened};
use modelforge_credential_files::tilde;
use modelforge_credential_protocol::{Error, Record, Result, visible};

use crate::found::{self, Content};
use crate::table::{File, PROJECT, TOOLS, Tool, of_project};

/// A file that may exist.
pub struct Place {
    pub tool: &'static Tool,
    pub file: &'static File,
    pub path: PathBuf,
}

/// A file that was read.
pub struct Held {
    pub place: Place,
    pub opened: Opened,
    pub content: Content,
}

/// The most files for one pattern in a directory, and in one project.
pub const MOST: usize = 1_000;

/// The files that a request may mean. If it has `file`, only that one.
pub fn places(request: &Record) -> Vec<Place> {
    let of_tools = TOOLS.iter().flat_map(|tool| tool.files.iter().flat_map(move |file| of_row(tool, file)));
    let Some(wanted) = request.text("file") else {
        let mut places: Vec<Place> = match request.has("folder[]") {
            true => Vec::new(),
            false => of_tools.collect(),
        };
        if request.is_true("consent") {
            request.all("folder[]").for_each(|folder| places.extend(of_folder(folder)));
        }
        return places;
    };
    let mut found: Vec<Place> = of_tools.filter(|place| shown(&place.path) == wanted).take(1).collect();
    if found.is_empty() && request.is_true("consent") {
        found.extend(of_file(Path::new(wanted)));
    }
    found
}

fn shown(path: &Path) -> String {
    visible(&path.display().to_string())
}

/// The paths of a file in the table on this machine.
fn of_row(tool: &'static Tool, file: &'static File) -> Vec<Place> {
    let Some(path) = file.paths.iter().find_map(|path| resolve(path)) else { return Vec::new() };
    let folders = match path.parent().filter(|folder| pattern(folder).is_some()) {
        Some(folder) => matching(folder),
        None => path.parent().map(Path::to_owned).into_iter().collect(),
    };
    let name = path.file_name().unwrap_or_default();
    let paths = folders.iter().flat_map(|folder| matching(&folder.join(name))).take(MOST);
    paths.map(|path| Place { tool, file, path }).collect()
}

/// The parts before and after the `*` in the last part of a path.
fn pattern(path: &Path) -> Option<(&str, &str)> {
    path.file_name().and_then(OsStr::to_str).and_then(|name| name.split_once('*'))
}

/// The path itself; if its last part has a `*`, the existing paths that match.
fn matching(path: &Path) -> Vec<PathBuf> {
    let Some((begin, end)) = pattern(path) else { return vec![path.to_owned()] };
    let is_one = |name: &str| name.len() >= begin.len() + end.len() && name.starts_with(begin) && name.ends_with(end);
    let folder = path.parent().unwrap_or(path);
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let mut names: Vec<_> = names.filter(|name| name.to_str().is_some_and(is_one)).take(MOST).collect();
    names.sort();
    names.into_iter().map(|name| folder.join(name)).collect()
}

/// `~/…` or `$VARIABLE/…`
fn resolve(path: &str) -> Option<PathBuf> {
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    let base = match first.strip_prefix('$') {
        Some(name) => std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)?,
        None => modelforge_credential_files::home()?,
    };
    let path = if rest.is_empty() { base } else { base.join(rest) };
    path.is_absolute().then_some(path)
}

/// The files of projects in a directory. Files that git ignores are included, because `.env` is among them; directories of dependencies are
/// not.
fn of_folder(folder: &[u8]) -> Vec<Place> {
    const FOREIGN: [&str; 8] =
        [".git", "node_modules", "vendor", "venv", ".venv", "site-packages", "target", "__pycache__"];
    let Some(folder) = std::str::from_utf8(folder).ok().map(Path::new).filter(|path| path.is_absolute()) else {
        return Vec::new();
    };
    if folder.is_file() {
        return of_file(folder).into_iter().collect();
    }
    let is_ours =
        |entry: &ignore::DirEntry| entry.depth() == 0 || !FOREIGN.iter().any(|name| entry.file_name() == *name);
    let mut walk = ignore::WalkBuilder::new(folder);
    walk.standard_filters(false).follow_links(false).max_depth(Some(32)).filter_entry(is_ours);
    walk.sort_by_file_name(OsStr::cmp);
    let top = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    // A link to a file outside is opened as well, to report why its key stays.
    let leads_out = |path: &Path| path.canonicalize().is_ok_and(|real| real.is_file() && !real.starts_with(&top));
    let is_meant = |entry: &ignore::DirEntry| {
        let kind = entry.file_type();
        kind.is_some_and(|kind| kind.is_file() || kind.is_symlink() && leads_out(entry.path()))
    };
    walk.build().flatten().filter(is_meant).filter_map(|entry| of_file(entry.path())).take(MOST).collect()
}

fn of_file(path: &Path) -> Option<Place> {
    let file = of_project(&path.file_name()?.to_string_lossy()).filter(|_| path.is_absolute())?;
    Some(Place { tool: &PROJECT, file, path: path.to_owned() })
}

impl Place {
    /// The project's directory: a link in it must not make a file outside look like part of the project.
    pub fn within(&self) -> Option<&Path> {
        (self.tool.name == PROJECT.name).then(|| self.path.parent()).flatten()
    }

    /// True if somebody is signed in to claude.ai: a key helper would take precedence over that, and cost money.
    pub fn is_signed_in_otherwise(&self) -> bool {
        let beside = self.path.with_file_name(".credentials.json");
        // A file that cannot be read may be such a sign-in.
        let is_signed_in = || match foreign::open(&beside, None) {
            Ok(Some(opened)) => opened.text().map_or(true, |text| text.contains("claudeAiOauth")),
            Ok(None) => false,
            Err(_) => true,
        };
        self.tool.name == "claude" && is_signed_in()
    }

    pub fn name(&self) -> String {
        shown(&self.path)
    }

    /// Refuses a file that a request cannot name: the request would mean no file, or another one.
    fn can_be_named(&self) -> Result<()> {
        match self.path.to_str().is_some_and(|path| !path.contains(char::is_control)) {
            true => Ok(()),
            false => Err(Error::new(format!(
                "the name of `{}` does not fit in a request, so its keys stay",
                tilde(&self.path)
            ))),
        }
    }

    pub fn open(self) -> Result<Option<Held>> {
        let Some(opened) = foreign::open(&self.path, self.within())? else { return Ok(None) };
        self.can_be_named()?;
        self.read(opened).map(Some)
    }

    /// Opens and reads the file for a caller that will replace it.
    pub fn open_locked(self) -> Result<Option<Held>> {
        let Some(opened) = foreign::open_locked(&self.path, self.within())? else { return Ok(None) };
        opened.clean();
        self.read(opened).map(Some)
    }

    fn read(self, opened: Opened) -> Result<Held> {
        let content = found::read(self.tool, self.file, &tilde(&self.path), opened.text()?)?;
        Ok(Held { place: self, opened, content })
    }
}
