//! Backups of the files from which credentials are moved, in an encrypted store. Each is a record: its `path` is the migration, its
//! `username` the file.

use std::collections::BTreeMap;

use modelforge_credential_protocol::{Error, Record, Result, visible};
use sha2::{Digest, Sha256};

use super::journal::Journal;
use super::route::{Route, Source};
use crate::chain::{Chain, Erase};
use crate::command::migrate::error;

const PROTOCOL: &str = "backup";
const HOST: &str = crate::error::PROGRAM;

/// A backup of a file in a helper.
pub struct Backup {
    pub file: String,
    pub helper: String,
}

/// Backups, by migration.
pub type Backups = BTreeMap<String, Vec<Backup>>;

/// Describes the backups of a migration, or the backup of one of its files.
fn description(id: &str, file: Option<&str>) -> Result<Record> {
    let mut record = Record::of([("protocol", PROTOCOL), ("host", HOST), ("path", id)])?;
    if let Some(file) = file {
        record.set("username", file)?;
    }
    Ok(record)
}

/// True if a listed record is a backup.
pub fn is_one(record: &Record) -> bool {
    record.text("protocol") == Some(PROTOCOL) && record.text("host") == Some(HOST)
}

/// The migration and the file of a backup, for messages; `None` if the record is not a backup.
pub fn of(record: &Record) -> Option<(String, String)> {
    is_one(record).then(|| {
        let [id, file] = ["path", "username"].map(|key| record.text(key).unwrap_or_default());
        (visible(id), error::tilde(file.as_ref()))
    })
}

/// Backs up a file as it is now, unless this migration did so before it was interrupted. Returns the content.
pub fn keep(journal: &Journal, route: &Route, source: &Source, file: &str) -> Result<Record> {
    // Even if one helper cannot be asked, another one may store the file.
    if let (Some(noted), Ok(Some(found))) = (journal.noted(file), find(route, journal.id(), file)) {
        if noted.digest.as_ref().is_some_and(|noted| *noted != digest(&found)) {
            return Err(error::no_backup(file, &error::backup_is_another(file)));
        }
        return Ok(found);
    }
    let content = source.file(file).map_err(|problem| error::no_backup(file, &problem))?;
    let Some(content) = content else { return Err(error::no_backup(file, &error::file_is_gone())) };
    let record = with_content(description(journal.id(), Some(file))?, &content)?;
    let chain = route.target(None);
    let kept = chain.store_moved(&record, true)?;
    // Storing reads back only the first piece. A helper that stores only passwords would lose the rest of a long file.
    let is_long = record.has("content[]");
    let whole = !kept.kept_by.is_empty()
        && (!is_long || find(route, journal.id(), file)?.is_some_and(|found| is_same_content(&found, &content)));
    if !whole {
        let reason = kept.remarks.into_iter().next().unwrap_or_else(error::backup_not_whole);
        // The backups of other files stay, because keys may already have been removed from those files.
        for chain in route.targets() {
            chain.erase(Erase::of_no_provider(&description(journal.id(), Some(file))?))?;
        }
        return Err(error::no_backup(file, &reason));
    }
    journal.kept(file, &source.words, digest(&content))?;
    Ok(content)
}

/// The checksum of a backup in the journal: its SHA-256, in hexadecimal.
pub fn digest(content: &Record) -> String {
    let mut hash = Sha256::new();
    content.all("content[]").for_each(|piece| hash.update(piece));
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The content of a backed-up file. It is an error if a helper could not be asked.
pub fn find(route: &Route, id: &str, file: &str) -> Result<Option<Record>> {
    let description = description(id, Some(file))?;
    let mut problem = None;
    for chain in route.targets() {
        let mut copies = chain.copies(&description, &Record::new(), true)?;
        problem = problem.or(copies.problem());
        if !copies.found.is_empty() {
            return content_of(&copies.found.swap_remove(0).1).map(Some);
        }
    }
    problem.or(route.left_out().cloned()).map_or(Ok(None), Err)
}

/// True if two records have the same file.
pub fn is_same_content(one: &Record, other: &Record) -> bool {
    one.all("content[]").eq(other.all("content[]"))
}

/// A backup to store. Every helper can store a password, so that is the first piece of the file.
fn with_content(mut record: Record, content: &Record) -> Result<Record> {
    for (at, piece) in content.all("content[]").enumerate() {
        record.push(if at == 0 { "password" } else { "content[]" }, piece)?;
    }
    Ok(record)
}

/// The file in a backup.
fn content_of(backup: &Record) -> Result<Record> {
    let mut content = Record::new();
    for piece in backup.get("password").into_iter().chain(backup.all("content[]")) {
        content.push("content[]", piece)?;
    }
    Ok(content)
}

/// Every backup that the helpers list, by migration, and why there may be more.
pub fn list<'a>(chains: impl Iterator<Item = &'a Chain>) -> Result<(Backups, Vec<Error>)> {
    let (mut backups, mut failed) = (Backups::new(), Vec::new());
    let consent = Record::of([("consent", "1")])?;
    for chain in chains {
        let listed = chain.list(&consent)?;
        failed.extend(listed.failed.iter().map(Error::from));
        for record in listed.records.iter().filter(|record| is_one(record)) {
            let [id, file, helper] =
                ["path", "username", "helper"].map(|key| record.text(key).unwrap_or_default().to_owned());
            // Anyone who can write to the store can choose this name.
            if !super::id::is_one(&id) {
                continue;
            }
            let files = backups.entry(id).or_default();
            if !files.iter().any(|known| known.file == file) {
                files.push(Backup { file, helper });
            }
        }
    }
    Ok((backups, failed))
}

/// Erases the backups of a migration from every helper. Returns the errors.
pub fn erase<'a>(chains: impl Iterator<Item = &'a Chain>, id: &str) -> Result<Vec<Error>> {
    let description = description(id, None)?;
    let mut failed = Vec::new();
    for chain in chains {
        failed.extend(chain.erase(Erase::of_no_provider(&description))?.failed.iter().map(Error::from));
        if left_in(chain, &description)? {
            failed.push(error::backup_still_there(id));
        }
    }
    Ok(failed)
}

fn left_in(chain: &Chain, description: &Record) -> Result<bool> {
    Ok(!chain.copies(description, &Record::new(), false)?.found.is_empty())
}
