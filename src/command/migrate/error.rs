//! Messages for problems when credentials are moved.

use std::path::Path;

use modelforge_credential_protocol::{Error, Record, Shell, visible};

pub use crate::chain::migration_conflict;
pub use crate::error::{
    PROGRAM, cannot_list, cannot_write, helper_failed, list_not_whole, name_of, no_state_folder, not_in_the_chain,
    not_kept, not_utf_8, still_answers, tilde,
};
use crate::sources::DEFAULT_SOURCES;

pub fn migration_not_confirmed() -> Error {
    Error::new("cannot ask whether to continue: there is no terminal").hint(format!("{PROGRAM} migrate --yes"))
}

pub fn rollback_not_confirmed(id: &str) -> Error {
    Error::new("cannot ask whether to continue: there is no terminal")
        .hint(format!("{PROGRAM} migrate --rollback {} --yes", quoted(id)))
}

/// For two sources with different keys.
pub fn comes_after(request: &Record, first: &str, place: &str) -> Error {
    Error::new(format!(
        "another key for {} is in `{}`, which comes first, so the one in `{}` stays",
        name_of(request),
        visible(first),
        visible(place)
    ))
}

pub fn of_different_keys(request: &Record, may_have_accounts: bool) -> String {
    let provider = quoted(request.text("provider").unwrap_or("PROVIDER"));
    match may_have_accounts {
        true => {
            format!("{PROGRAM} migrate --account-per-tool  # stores them all, each in an account named after its tool")
        }
        false => format!("{PROGRAM} migrate --provider {provider} --prefer target  # erases the other keys"),
    }
}

pub fn came_with_the_folder(file: &str) -> Error {
    Error::new(format!(
        "the keys in `{}` came with this directory; after the move they are used everywhere, unless you have another key for the same provider",
        shown(file)
    ))
}

pub fn came_with_the_repository(file: &str, top: &Path) -> Error {
    Error::new(format!(
        "the keys in `{}` came with the git repository `{}`; after the move they are used everywhere, unless you have another key for the same provider",
        shown(file),
        tilde(top)
    ))
}

/// For a tool's key whose URL belongs to no known provider.
pub fn no_provider_for(url: &str) -> Error {
    let url = visible(url);
    Error::new(format!("no provider has the URL `{url}`, so its key was not moved"))
        .hint(format!("{PROGRAM} login NAME --url {}", quoted(&url)))
}

pub fn not_a_folder(path: &Path) -> Error {
    Error::new(format!("there is no file or directory `{}`", tilde(path)))
}

pub fn left_in_plain_text(count: usize) -> Error {
    Error::new(format!("{count} stayed in plain text")).hint(format!("{PROGRAM} migrate --dry-run"))
}

pub fn left_at_the_source(count: usize) -> Error {
    Error::new(format!("{count} stayed where they were"))
}

pub fn not_all_looked_at() -> Error {
    Error::new("some places could not be searched, so there may be more to move")
}

pub fn expired_and_left(request: &Record) -> Error {
    Error::new(format!("the token for {} has expired and cannot be refreshed, so it was not moved", name_of(request)))
        .hint(format!("{PROGRAM} migrate --drop-expired"))
}

pub fn gone_meanwhile(request: &Record) -> Error {
    Error::new(format!("the key for {} is no longer at its source", name_of(request)))
}

pub fn changed_since_the_plan(request: &Record) -> Error {
    Error::new(format!("{} was changed after the plan was made, so it was not moved", name_of(request)))
        .hint(format!("{PROGRAM} migrate"))
}

pub fn another_is_left(request: &Record, place: &str) -> Error {
    let name = name_of(request);
    Error::new(format!("{name} was moved, and another key for it is still in `{}`", shown(place))).hint(format!(
        "{PROGRAM} migrate --provider {} --prefer target  # erases it",
        quoted(request.text("provider").unwrap_or("PROVIDER"))
    ))
}

pub fn bad_helper(problem: String) -> Error {
    Error::new(problem).hint(format!("{PROGRAM} migrate --from age --to keyring"))
}

pub fn same_helper(name: &str) -> Error {
    Error::new(format!("`{}` is both the source and the target", visible(name)))
}

pub fn one_store(source: &str, target: &str) -> Error {
    let (source, target) = (visible(source), visible(target));
    Error::new(format!(
        "helpers `{source}` and `{target}` store their credentials in the same place, so nothing was moved"
    ))
}

pub fn no_copy_of_its_own(request: &Record, is_back: bool) -> Error {
    let name = name_of(request);
    let kept = format!("no helper has its own copy of {name}, only the source had one");
    match is_back {
        true => Error::new(format!("{kept}, so it was restored there")).hint(format!("{PROGRAM} helpers")),
        false => {
            Error::new(format!("{kept}, and it could not be restored")).hint(format!("{PROGRAM} migrate --rollback"))
        }
    }
}

pub fn no_backup(file: &str, reason: &Error) -> Error {
    reason.reworded(format!(
        "the backup of `{}` could not be stored, so nothing was removed from the file: {reason}",
        shown(file)
    ))
}

pub fn backup_not_whole() -> Error {
    Error::new("no helper returned all of it")
}

pub fn backup_still_there(id: &str) -> Error {
    Error::new(format!("the backup of {} could not be erased everywhere", visible(id)))
        .hint(format!("{PROGRAM} migrate --forget-backup {}", quoted(id)))
}

pub fn backup_is_gone(file: &str) -> Error {
    Error::new(format!("no helper has the backup of `{}` any more", shown(file)))
}

pub fn backup_is_another(file: &str) -> Error {
    Error::new(format!("the backup of `{}` was changed or replaced", shown(file)))
}

pub fn nobody_vouches(id: &str) -> Error {
    Error::new(format!("the backup of {id} may be forged: your notes have no checksum of it"))
}

pub fn not_vouched_for(id: &str) -> Error {
    Error::new(format!("cannot ask whether to restore the backup of {id}, which may be forged: there is no terminal"))
        .hint(format!("{PROGRAM} migrate --rollback {id}  # at a terminal"))
}

/// The command that undoes a migration. It names the helpers, because none is started only because the journal names it.
pub fn rollback_command(id: &str, from: &[String], to: Option<&str>) -> String {
    let mut command = format!("{PROGRAM} migrate --rollback {}", quoted(id));
    let from = from.iter().map(String::as_str).filter(|words| !DEFAULT_SOURCES.contains(words));
    for (option, words) in from.map(|words| ("--from", words)).chain(to.map(|words| ("--to", words))) {
        command.push_str(&format!(" {option} {}", quoted(words)));
    }
    command
}

pub fn not_among_your_helpers(words: &str, command: String) -> Error {
    let words = visible(words);
    Error::new(format!("helper `{words}` is in your notes but not in your configuration, so it is not started"))
        .hint(command)
}

pub fn not_asked_for_backups(to: &str) -> Error {
    Error::new(format!("helper `{}` is not in your configuration and was not queried for backups", visible(to)))
        .hint(format!("{PROGRAM} migrate --backups --to {}", visible(&shell_words::quote(to))))
}

pub fn not_asked_to_erase(to: &str) -> Error {
    Error::new(format!(
        "helper `{}` has keys that were moved to it; it is not in your configuration and was not queried",
        visible(to)
    ))
    .hint(format!(
        "{PROGRAM} migrate --from {}  # or add it to `helpers` in config.toml",
        visible(&shell_words::quote(to))
    ))
}

pub fn file_is_gone() -> Error {
    Error::new("the file is not there")
}

pub fn source_not_known() -> Error {
    Error::new("the source of the file is unknown")
}

pub fn not_put_back_in(file: &str, reason: &Error) -> Error {
    reason.reworded(format!("`{}` could not be restored: {reason}", shown(file)))
}

pub fn not_put_back_at(request: &Record, source: &str) -> Error {
    Error::new(format!("{} could not be restored to `{source}`, and stays in the chain", name_of(request)))
        .hint(format!("if the file has something else in its place, delete that, then: {PROGRAM} migrate --rollback"))
}

/// For a source that can only restore whole files, after the backup is gone.
pub fn backup_was_erased(request: &Record, file: &str) -> Error {
    let file = tilde(file.as_ref());
    Error::new(format!(
        "the backup of `{file}` was erased, so {} cannot be restored to it, and stays in the chain",
        name_of(request)
    ))
}

/// Nothing of it can be restored.
pub fn backup_was_forgotten(id: &str) -> Error {
    Error::new(format!("the backup of migration {} was erased, so its keys stay in the chain", visible(id)))
        .hint(format!("{PROGRAM} status"))
}

pub fn variable_stays(record: &Record) -> Error {
    let variable = visible(record.text("variable").unwrap_or_default());
    let quoted = shell_words::quote(&variable);
    let provider = visible(record.text("provider").unwrap_or("PROVIDER"));
    let provider = shell_words::quote(&provider);
    Error::new(format!("`{variable}` was not moved: whatever sets the variable has the key")).hint(format!(
        "printenv {quoted} | {PROGRAM} login {provider} --force  # then remove it from your shell's profile"
    ))
}

/// It is not known which of them was moved.
pub fn helpers_differ(request: &Record) -> Error {
    Error::new(format!("helpers have different keys for {}, so none was restored", name_of(request)))
        .hint(format!("{PROGRAM} status -v  # delete the wrong one, and roll back again"))
}

pub fn in_neither_place(request: &Record) -> Error {
    Error::new(format!("{} is neither at its source nor in the chain any more", name_of(request)))
}

pub fn differs_now(request: &Record) -> Error {
    Error::new(format!("{} was replaced since, so the source and the chain each keep their key", name_of(request)))
}

pub fn back_to_plain_text() -> Error {
    Error::new("a rollback restores keys to files that any program of yours can read")
}

pub fn rollback_not_whole(id: &str) -> Error {
    Error::new(format!("the rollback of {} is incomplete; what was not restored is still stored", visible(id)))
        .hint(format!("{PROGRAM} migrate --rollback {}", quoted(id)))
}

pub fn rolled_back_already(id: &str) -> Error {
    Error::new(format!("migration {} is already rolled back", visible(id)))
}

pub fn no_such_migration(id: &str) -> Error {
    Error::new(format!("there is no migration `{}`", visible(id))).hint(format!("{PROGRAM} migrate --backups"))
}

pub fn no_backup_of(id: &str) -> Error {
    Error::new(format!("no helper has a backup of migration {}", visible(id)))
        .hint(format!("{PROGRAM} migrate --backups"))
}

pub fn no_backup_seen(id: &str) -> Error {
    Error::new(format!("no helper that could be queried has a backup of migration {}", visible(id)))
        .hint(format!("{PROGRAM} migrate --backups"))
}

pub fn nothing_to_roll_back() -> Error {
    Error::new("there is no migration to roll back").hint(format!("{PROGRAM} migrate --status"))
}

pub fn migrations_not_all_known() -> Error {
    Error::new("some helpers could not be queried, so older migrations may be missing")
        .hint(format!("{PROGRAM} migrate --backups"))
}

pub fn bad_journal(path: &Path, line: usize) -> Error {
    let from = path.to_string_lossy();
    let to = format!("{from}.old");
    Error::new(format!("`{}`, line {line}: this is not a record of a migration", tilde(path))).hint(format!(
        "{}  # the records in it are then unknown",
        Shell::of_the_person().rename(quoted(&from), quoted(&to))
    ))
}

pub fn migration_cut_short(id: &str, command: &str) -> Error {
    Error::new(format!("migration {} was interrupted", visible(id))).hint(visible(command))
}

pub fn rollback_cut_short(id: &str) -> Error {
    Error::new(format!("the rollback of {} was interrupted", visible(id)))
        .hint(format!("{PROGRAM} migrate --rollback {}", quoted(id)))
}

pub fn migrated_meanwhile() -> Error {
    Error::new("another migration has moved them in the meantime").hint(format!("{PROGRAM} migrate --status"))
}

fn quoted(word: &str) -> String {
    visible(&Shell::of_the_person().word(word))
}

fn shown(file: &str) -> String {
    tilde(file.as_ref())
}
