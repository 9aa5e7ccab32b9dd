//! The helper `plaintext`: finds keys in plain-text files of other programs, and removes them.

mod entries;
#[cfg(test)]
#[path = "../../../fuzz/support.rs"]
mod fuzz_support;
mod ini;
mod json;
mod once;
mod put_back;
mod source;
mod table;
mod time;
mod whole;

use std::process::ExitCode;
use std::rc::Rc;

use modelforge_credential_files::foreign::is_whole;
use modelforge_credential_files::tilde;
use modelforge_credential_protocol::{
    About, Capabilities, DEFAULT_ACCOUNT, Error, Helper, Record, Result, list_problems, serve, warn,
};

use crate::entries::Entry;
use crate::once::ReadOnce;
use crate::source::{Held, Place};

#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

const HELP: &str = include_str!("help.txt");

const ABOUT: About = About { program: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION"), help: HELP };

struct PlainText;

impl Helper for PlainText {
    fn capabilities(&self) -> Capabilities {
        Capabilities { foreign: true, ..Capabilities::default() }
    }

    fn get(&self, request: &Record) -> Result<Option<Record>> {
        if is_whole(request) {
            return whole::get(request);
        }
        find(request, |place| place.held())
    }

    fn get_each(&self, requests: &[Record]) -> Vec<Result<Option<Record>>> {
        let files = ReadOnce::default();
        let get =
            |request| if is_whole(request) { whole::get(request) } else { find(request, |place| files.held(place)) };
        requests.iter().map(get).collect()
    }

    fn store(&self, credential: &Record) -> Result<()> {
        if is_whole(credential) { whole::put_back(credential) } else { put_back::put_back(credential) }
    }

    fn erase(&self, description: &Record) -> Result<()> {
        self.erase_each(std::slice::from_ref(description)).into_iter().collect()
    }

    fn erase_each(&self, descriptions: &[Record]) -> Vec<Result<()>> {
        source::erase_each(descriptions)
    }

    /// A file that cannot be read must not hide the others: it is a warning, or a separate record for a caller with `capability[]=problem`.
    fn list(&self, request: &Record) -> Result<Option<Vec<Record>>> {
        let (mut records, mut problems) = (Vec::new(), Vec::new());
        for held in source::all(request) {
            let held = match held {
                Ok(held) => held,
                Err(problem) => {
                    problems.push(problem);
                    continue;
                }
            };
            problems.extend(held.homeless.iter().cloned());
            problems.extend(held.entries.iter().filter_map(|entry| entry.secret.as_ref().err().cloned()));
            for (entry, others) in held.in_use() {
                held.problems(entry, others).for_each(|problem| warn(&problem));
                if let Ok(Some(secret)) = &entry.secret {
                    secret.unused.iter().for_each(warn);
                    records.push(held.listed(entry, secret)?);
                }
            }
        }
        list_problems(&problems, request, &mut records)?;
        Ok(Some(records))
    }
}

/// Looks for a credential in the files, reading one after the other.
fn find(request: &Record, read: impl Fn(Place) -> Option<Result<Rc<Held>>>) -> Result<Option<Record>> {
    let (mut failed, mut found) = (Vec::new(), None);
    for held in source::that_answer(request, read) {
        match held.and_then(|held| best(held, request)) {
            Ok(one) => found = closer(found, one, request),
            Err(problem) => failed.push(problem),
        }
        if found.as_ref().is_some_and(|(held, at)| is_closest_of_all(&held.entries[*at], request)) {
            break;
        }
    }
    match (found, failed.into_iter().next()) {
        (Some((held, at)), failed) => {
            failed.iter().for_each(warn);
            answer(&held, &held.entries[at], request)
        }
        // A file could not be read, so it is not known whether the key exists.
        (None, Some(problem)) => Err(problem),
        (None, None) => Ok(None),
    }
}

/// The best matching entry of a file.
fn best(held: Rc<Held>, request: &Record) -> Result<Option<Found>> {
    match held.best(request) {
        Some(at) => held.entries[at].secret.as_ref().map(|_| ()).map_err(Clone::clone).map(|()| Some((held, at))),
        None => Ok(None),
    }
}

/// An entry of a file.
type Found = (Rc<Held>, usize);

/// The better one of two matches: without a user name, first the default account, then the closer path, then the first file.
fn closer(first: Option<Found>, second: Option<Found>, request: &Record) -> Option<Found> {
    let rank = |(held, at): &Found| (is_of_the_account(&held.entries[*at], request), held.entries[*at].depth());
    if second.as_ref().map(rank) > first.as_ref().map(rank) { second } else { first }
}

/// True if no later file can have a closer one.
fn is_closest_of_all(entry: &Entry, request: &Record) -> bool {
    let asked = request.text("path").map_or(0, |path| path.trim_matches('/').len());
    is_of_the_account(entry, request) && entry.depth() >= asked
}

fn is_of_the_account(entry: &Entry, request: &Record) -> bool {
    request.has("username") || entry.account == DEFAULT_ACCOUNT
}

/// The answer, with a warning: anybody who can read the file has the key.
fn answer(held: &Held, entry: &Entry, request: &Record) -> Result<Option<Record>> {
    let Ok(Some(secret)) = &entry.secret else { return Ok(None) };
    let (file, name) = (tilde(&held.file.path), request.text("provider").unwrap_or(&entry.name));
    if std::env::var_os("MODELFORGE_CREDENTIAL_WARN_PLAINTEXT").is_none_or(|value| value != "0") {
        let readers = held.file.readers().map(|readers| format!(", {readers}")).unwrap_or_default();
        let message = format!("the key for `{name}` is in plain text in `{file}`{readers}");
        warn(&Error::new(message).hint("modelforge-credential migrate"));
    }
    if secret.trimmed {
        warn(&format!("`{file}`: the key in `{}` has whitespace around it, which is removed", entry.place).into());
    }
    held.duplicates(entry).for_each(|problem| warn(&problem));
    secret.unused.iter().for_each(warn);
    held.answer(entry, secret).map(Some)
}

/// A caller starts its helpers elsewhere, and passes on the user's working directory: one of the files is there.
fn go_to_the_users_folder() {
    let folder = std::env::var_os("MODELFORGE_CREDENTIAL_FOLDER").map(std::path::PathBuf::from);
    if let Some(folder) = folder.filter(|folder| folder.is_absolute()) {
        let _ = std::env::set_current_dir(folder);
    }
}

fn main() -> ExitCode {
    go_to_the_users_folder();
    match ABOUT.switches(&[]) {
        Ok(_) => serve(PlainText),
        Err(ended) => ended,
    }
}
