//! `logout --all --purge`: signs out everywhere, and removes what this program has written to the disk: backups, the age store and its
//! identity, the journal, the log and the configuration. Credentials of other programs are named and stay.

pub mod error;

use std::path::{Path, PathBuf};

use anyhow::Result;
use modelforge_credential_files::Own;
use modelforge_credential_protocol::{Error, Record};

use crate::command::logout::{Everything, is_of_a_variable};
use crate::command::migrate;
use crate::config;
use crate::person::{Person, person};
use crate::session::Session;
use crate::state;
use crate::terminal::{self, warning};

/// The paths to remove.
struct Places {
    store: PathBuf,
    identity: PathBuf,
    state: PathBuf,
    config: Option<PathBuf>,
}

/// Erases everything. Asks once, unless `yes` is true.
pub fn purge(yes: bool) -> Result<()> {
    let session = Session::start(person())?;
    let places = Places::find()?;
    terminal::tell(&places.plan())?;
    if places.identity.exists() {
        warning(&error::identity_goes_too(&places.identity));
    }
    match session.person {
        _ if yes => {}
        Person::Terminal if terminal::confirm("delete all this? [y/N] ")? => {}
        Person::Terminal => return Ok(terminal::done("nothing was changed")?),
        _ => return Err(error::purge_not_confirmed().into()),
    }
    let mut failed = Vec::new();
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
            let is_other = |record: &&Record| !is_of_a_variable(record) && !is_below(&places.store, record);
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

impl Places {
    fn find() -> Result<Self> {
        let data = state::data().ok_or_else(error::no_state_folder)?;
        Ok(Self {
            store: data.join("age"),
            identity: data.join("identity.txt"),
            state: state::folder().ok_or_else(error::no_state_folder)?,
            config: config::path().map(|(path, _)| path),
        })
    }

    fn plan(&self) -> String {
        let mut text = String::from("deletes the credentials in every helper, the backups of migrations, and:\n");
        let all = [&self.store, &self.identity, &self.state].into_iter().chain(&self.config);
        for path in all.filter(|path| path.exists()) {
            text.push_str(&format!("  {}\n", error::tilde(path)));
        }
        text
    }

    /// Removes the files. Returns the errors.
    fn remove(&self) -> Vec<Error> {
        let mut failed = Vec::new();
        let mut attempt = |path: &Path, outcome: std::io::Result<()>| match outcome {
            Err(problem) if problem.kind() != std::io::ErrorKind::NotFound => {
                failed.push(error::cannot_remove(path, &problem));
            }
            _ => {}
        };
        attempt(&self.store, std::fs::remove_dir_all(&self.store));
        attempt(&self.identity, std::fs::remove_file(&self.identity));
        // Also removes temporary files of a process that was killed.
        if let Some(folder) = self.identity.parent() {
            Own::new(folder).clean();
        }
        attempt(&self.state, std::fs::remove_dir_all(&self.state));
        if let Some(config) = &self.config {
            attempt(config, std::fs::remove_file(config));
        }
        // A directory with other files in it stays, and is named.
        let folders = [self.identity.parent(), self.config.as_deref().and_then(Path::parent)];
        for folder in folders.into_iter().flatten().filter(|folder| folder.ends_with(error::PROGRAM)) {
            attempt(folder, std::fs::remove_dir(folder));
        }
        failed
    }
}
