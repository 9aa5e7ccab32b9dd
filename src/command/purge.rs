//! `logout --all --purge`: signs out everywhere, and deletes this program's files: backups, the stores of age and their identities, notes,
//! the log and the configuration. It names other programs' files and leaves them.

pub mod error;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::Result;
use modelforge_credential_client::Entry;
use modelforge_credential_files::{Own, kept};
use modelforge_credential_protocol::{Error, Record};

use crate::command::logout::{Everything, is_of_a_variable};
use crate::command::migrate;
use crate::config;
use crate::person::{Person, person};
use crate::session::{Session, program};
use crate::state;
use crate::terminal::{self, warning};

/// The paths to remove.
struct Places {
    data: PathBuf,
    state: PathBuf,
    config: Option<PathBuf>,
}

/// Erases everything. Asks once, unless `yes` is true.
pub fn purge(yes: bool) -> Result<()> {
    let session = Session::start(person())?;
    let places = Places::find()?;
    terminal::tell(&places.plan())?;
    let is_identity = |path: &&PathBuf| path.file_name().and_then(OsStr::to_str).is_some_and(kept::is_identity);
    for identity in kept::all(&places.data).iter().filter(is_identity) {
        warning(&error::identity_goes_too(identity));
    }
    for store in kept::shared(&places.data) {
        match unsent(&store) {
            Some(0) => {}
            unsent => warning(&error::shared_store_goes_too(&store, unsent)),
        }
    }
    match session.person {
        _ if yes => {}
        Person::Terminal if terminal::confirm("delete all this? [y/N] ")? => {}
        Person::Terminal => return Ok(terminal::done("nothing was changed")?),
        _ => return Err(error::purge_not_confirmed().into()),
    }
    // Delete them first, as a whole: if single keys were erased, the next synchronisation would erase them for the other members.
    let mut failed = places.remove_shared_stores();
    failed.iter().for_each(warning);
    if !Everything::find(&session)?.erase(&session)? {
        failed.push(error::not_everything_erased());
    }
    let mut problems = migrate::erase_what_was_moved_elsewhere(&session)?;
    problems.extend(migrate::erase_every_backup(&session)?);
    problems.iter().for_each(warning);
    failed.extend(problems);
    if failed.is_empty() {
        tell_of_others(&session, &places)?;
        failed = places.remove();
        failed.iter().for_each(warning);
    } else {
        // Without the identity or the configuration, what is left could not be found any more.
        warning(&error::files_stay());
    }
    if !failed.is_empty() {
        return Err(error::not_everything_purged().into());
    }
    if let Some(left_out) = session.left_out(None)? {
        warning(&error::not_purged_from(left_out));
    }
    Ok(terminal::done("only the programs, manual pages and completions of modelforge-credential are left on the disk")?)
}

/// Credentials of other programs in the same stores, such as git's or Python's, must not be erased.
fn tell_of_others(session: &Session, places: &Places) -> Result<()> {
    for opened in session.all_chains()? {
        for (helper, listed) in opened.chain.list_each(&session.providers.context_of_all()?) {
            let records = listed.ok().flatten().unwrap_or_default();
            let is_other = |record: &&Record| !is_of_a_variable(record) && !is_below(&places.data, record);
            for record in records.iter().filter(is_other) {
                warning(&error::somebody_elses(&helper, record));
            }
        }
    }
    Ok(())
}

fn is_below(folder: &Path, record: &Record) -> bool {
    record.text("file").is_some_and(|file| Path::new(file).starts_with(folder))
}

/// How many changes of a shared store were not sent, from the helper `age`, even if it is not configured. `None`: unknown.
fn unsent(store: &str) -> Option<u64> {
    let words = [kept::STORE, "--store", store].map(str::to_owned).to_vec();
    let entry = Entry { words, ..Entry::helper(kept::STORE) };
    let request = Record::of([("action", "list")]).ok()?;
    program(&entry).ok()?.members(&request).ok()??.text("unsent")?.parse().ok()
}

impl Places {
    fn find() -> Result<Self> {
        let data = state::data().ok_or_else(error::no_state_folder)?;
        Ok(Self {
            data,
            state: state::folder().ok_or_else(error::no_state_folder)?,
            config: config::path().map(|(path, _)| path),
        })
    }

    fn plan(&self) -> String {
        let mut text = String::from("deletes the credentials in every helper, the backups of migrations, and:\n");
        let kept = kept::all(&self.data);
        let all = kept.iter().chain([&self.state]).chain(&self.config);
        for path in all.filter(|path| path.exists()) {
            text.push_str(&format!("  {}\n", error::tilde(path)));
        }
        text
    }

    fn remove_shared_stores(&self) -> Vec<Error> {
        let folders = [kept::SHARED_STORES, kept::REPOSITORIES].map(|name| self.data.join(name));
        folders.iter().filter_map(|path| why_not(path, std::fs::remove_dir_all(path))).collect()
    }

    /// Removes the files. Returns the errors.
    fn remove(&self) -> Vec<Error> {
        let mut failed = Vec::new();
        let mut attempt = |path: &Path, outcome| failed.extend(why_not(path, outcome));
        for path in kept::all(&self.data) {
            let is_folder = path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
            attempt(&path, if is_folder { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) });
        }
        // Also removes temporary files of a process that was killed.
        Own::new(&self.data).clean();
        attempt(&self.state, std::fs::remove_dir_all(&self.state));
        if let Some(config) = &self.config {
            attempt(config, std::fs::remove_file(config));
        }
        // A directory with other files in it stays, and is reported.
        let folders = [Some(self.data.as_path()), self.config.as_deref().and_then(Path::parent)];
        for folder in folders.into_iter().flatten().filter(|folder| folder.ends_with(error::PROGRAM)) {
            attempt(folder, std::fs::remove_dir(folder));
        }
        failed
    }
}

/// A file that does not exist counts as removed.
fn why_not(path: &Path, outcome: std::io::Result<()>) -> Option<Error> {
    let problem = outcome.err().filter(|problem| problem.kind() != std::io::ErrorKind::NotFound)?;
    Some(error::cannot_remove(path, &problem))
}
