//! `scan`: searches for stored keys where they should not be: in histories, transcripts, logs, copies, and git histories.

mod elsewhere;
mod error;
mod files;
mod git;
mod keys;
mod needles;
mod places;
mod report;
mod stream;

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::Result;
use modelforge_credential_protocol::Error;

use crate::command::keys::session;
use crate::terminal::{self, Meter};
use elsewhere::Elsewhere;
use keys::{Key, Keys};
use needles::Needles;
use report::Report;
use stream::{Lines, Reader, Seen};

/// The options of `scan`.
pub struct Options {
    pub paths: Vec<PathBuf>,
    pub json: bool,
}

/// The most files that cannot be read and are named. The rest are counted.
const MOST_FAILURES: usize = 20;

/// How much was searched.
#[derive(Clone, Copy, Default)]
pub struct Counts {
    pub files: u64,
    pub bytes: u64,
    pub repositories: u64,
    pub objects: u64,
}

/// An object in a git repository.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Object {
    pub id: String,
    pub standing: Standing,
}

/// Where an object is in a repository.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// The oldest commit that has it, and its path there; `None` if it is the commit's message.
    Committed { commit: String, path: Option<String> },
    /// It was staged for this path, and no commit has it.
    Staged { path: String },
    /// It is the text of a tag.
    Tag { name: String },
    /// No commit, index or annotated tag contains it.
    Nowhere,
}

impl Standing {
    pub fn commit(&self) -> Option<&str> {
        match self {
            Self::Committed { commit, .. } => Some(commit),
            _ => None,
        }
    }

    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Committed { path, .. } => path.as_deref(),
            Self::Staged { path } => Some(path),
            _ => None,
        }
    }

    pub fn tag(&self) -> Option<&str> {
        match self {
            Self::Tag { name } => Some(name),
            _ => None,
        }
    }
}

/// A file or an object, and the index of the key in it.
pub type Place = (PathBuf, Option<Object>, usize);

/// A search of many files.
pub struct Scan<'a> {
    keys: &'a [Key],
    needles: &'a Needles,
    reader: Reader<'a>,
    places: BTreeMap<Place, Lines>,
    failed: Vec<Error>,
    more_failed: usize,
    visited: HashSet<PathBuf>,
    elsewhere: Elsewhere,
    counts: Counts,
    meter: Meter,
}

/// Searches everything, and reports the place of each key and what to do. If a key was found, the exit status is 1.
pub fn scan(options: &Options) -> Result<()> {
    let progress = terminal::Progress::start("getting the keys");
    let Keys { keys, needles, failed } = keys::gather(&session()?)?;
    drop(progress);
    failed.iter().for_each(terminal::warn_once);
    if keys.is_empty() {
        return Err(error::no_key().into());
    }
    let mut scan = Scan::new(&keys, &needles);
    scan.failed = failed;
    let told = scan.failed.len();
    let missing = scan.look_at_places(&options.paths)?;
    scan.meter.end();
    if scan.more_failed > 0 {
        scan.failed.push(error::more_unreadable(scan.more_failed));
    }
    scan.failed[told..].iter().for_each(terminal::warning);
    let report = Report::new(&scan);
    match options.json {
        true => terminal::answer(&report.to_json()?)?,
        false => {
            terminal::answer(report.to_text().as_bytes())?;
            terminal::tell(&report.advice())?;
        }
    }
    match (missing, scan.places.len()) {
        (Some(problem), _) => Err(problem.into()),
        (None, 0) => Ok(()),
        (None, places) => Err(error::found(places).into()),
    }
}

impl<'a> Scan<'a> {
    fn new(keys: &'a [Key], needles: &'a Needles) -> Self {
        Self {
            keys,
            needles,
            reader: Reader::new(needles),
            places: BTreeMap::new(),
            failed: Vec::new(),
            more_failed: 0,
            visited: HashSet::new(),
            elsewhere: Elsewhere::default(),
            counts: Counts::default(),
            meter: Meter::start(),
        }
    }

    /// Searches the named paths, or the usual ones. Returns the error if a named path could not be searched.
    fn look_at_places(&mut self, named: &[PathBuf]) -> Result<Option<Error>> {
        let mut missing = None;
        for path in named {
            if let Err(problem) = files::look_at_named(self, path) {
                let problem = self.without_keys(&problem);
                self.failed.extend(missing.replace(problem));
            }
        }
        if named.is_empty() {
            let home = places::home().ok_or_else(error::nowhere)?;
            for (path, is_flat) in places::usual(&home) {
                match is_flat {
                    true => files::look_in(self, &path),
                    false => files::look_at_usual(self, &path),
                }
            }
        }
        for folder in std::mem::take(&mut self.elsewhere).left_out() {
            self.fail(error::history_elsewhere(&folder));
        }
        Ok(missing)
    }

    /// Searches a stream.
    fn look(&mut self, stream: &mut dyn Read, seen: &mut Seen) -> io::Result<()> {
        let (counts, meter) = (&mut self.counts, &mut self.meter);
        self.reader.look(stream, seen, &mut |count| {
            counts.bytes += count;
            meter.show(|| report::looked_at(*counts));
        })
    }

    /// A key may also be in the name of a file.
    fn look_at_name(&mut self, path: &Path, seen: &mut Seen) {
        let name = path.file_name().unwrap_or_default();
        self.needles.find(name.as_encoded_bytes(), |hit| seen.entry(hit.key).or_default().is_in_name = true);
    }

    fn note(&mut self, file: &Path, object: Option<Object>, seen: Seen) {
        self.places.extend(seen.into_iter().map(|(key, lines)| ((file.to_path_buf(), object.clone(), key), lines)));
    }

    /// Records what could not be searched.
    fn fail(&mut self, problem: Error) {
        match self.failed.len() < MOST_FAILURES {
            true => self.failed.push(self.without_keys(&problem)),
            false => self.more_failed += 1,
        }
    }

    fn is_first_visit(&mut self, folder: &Path) -> bool {
        self.visited.insert(folder.to_path_buf())
    }

    /// A text with each key replaced by its name, because names of files may contain keys.
    fn redacted(&self, text: &str) -> String {
        let mut hits = Vec::new();
        self.needles.find(text.as_bytes(), |hit| hits.push(hit));
        hits.sort_unstable_by_key(|hit| hit.start);
        let (mut seen, mut shown) = (0, String::with_capacity(text.len()));
        for hit in hits.iter().filter(|hit| text.is_char_boundary(hit.start) && text.is_char_boundary(hit.end)) {
            if hit.start >= seen {
                shown.push_str(&text[seen..hit.start]);
                shown.push_str(&format!("<{} key>", self.keys[hit.key].name()));
            }
            seen = seen.max(hit.end);
        }
        shown + &text[seen..]
    }

    fn without_keys(&self, problem: &Error) -> Error {
        let error = Error::new(self.redacted(&problem.to_string()));
        problem.hint_text().into_iter().fold(error, |error, hint| error.hint(self.redacted(hint)))
    }
}
