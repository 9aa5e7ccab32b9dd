//! The reports of a migration: its plan and its outcome, for people and as JSON (docs/json.md).

use std::path::PathBuf;

use anyhow::Result;
use modelforge_credential_protocol::{Error, visible};
use serde::Serialize;

use super::backup;
use super::item::{Item, Outcome, Step};
use super::journal::{Noted, State};
use super::migration::Migration;
use crate::command::migrate::error::{self, tilde};
use crate::config;
use crate::terminal::{Paint, columns};

/// `migrate --json`. The format is stable: fields are only added.
#[derive(Serialize)]
struct Report {
    version: u32,
    dry_run: bool,
    /// The argument of `--rollback`.
    migration: Option<String>,
    from: Vec<String>,
    to: Option<String>,
    credentials: Vec<Line>,
    /// Sources that could not be asked.
    failed: Vec<String>,
}

#[derive(Serialize)]
struct Line {
    provider: Option<String>,
    url: String,
    account: String,
    from: String,
    file: Option<String>,
    plan: &'static str,
    outcome: Option<&'static str>,
    kept_by: Vec<String>,
    problem: Option<String>,
}

/// The report or the plan of a rollback.
#[derive(Default)]
pub struct Rollback {
    pub id: String,
    pub files: Vec<PutBack>,
    /// How many credentials were removed from the chain.
    pub taken_back: usize,
    /// The directories of projects whose variables were removed from the configuration.
    pub folders: Vec<PathBuf>,
    pub failed: Vec<Error>,
}

/// A file that was restored.
pub struct PutBack {
    pub file: String,
    /// True if it is the same byte for byte; `None` if it could not be restored.
    pub exactly: Option<bool>,
    /// How many keys were moved out of it, and how many of these are back.
    pub moved: usize,
    pub again: usize,
}

/// A provider and account.
#[derive(Serialize)]
pub struct Row {
    pub provider: Option<String>,
    pub url: String,
    pub account: String,
    /// `plain text`, `migrated`, `both, equal`, `both, DIFFERENT`, `both` (they could not be compared) or `none`.
    pub state: &'static str,
    /// The plain-text files that have it.
    pub files: Vec<String>,
    /// The helpers that store it.
    pub kept_by: Vec<String>,
}

/// Everything that `--status` reports.
#[derive(Serialize)]
pub struct Survey {
    pub version: u32,
    pub credentials: Vec<Row>,
    /// A migration that was interrupted.
    pub unfinished: Option<String>,
    /// The command that continues it.
    #[serde(skip)]
    pub command: Option<String>,
    /// A rollback that was interrupted.
    pub rollback_unfinished: Option<String>,
    /// The migration that `--rollback` would undo.
    pub can_be_rolled_back: Option<String>,
    pub failed: Vec<String>,
}

/// The plan as a table.
pub fn plan(migration: &Migration) -> String {
    let mut lines = vec![["PROVIDER", "ACCOUNT", "FROM", "PLAN"].map(String::from).to_vec()];
    for item in &migration.items {
        let record = &item.request.record;
        let mut name = record.text("provider").map_or_else(|| record.url(), visible);
        let mut account = record.shown("username").unwrap_or_default();
        if let Some((id, file)) = backup::of(record) {
            (name, account) = (format!("backup of {id}"), file);
        }
        let plan = match item.step {
            Step::Move => "move",
            Step::Erase => "stored already: erase here",
            Step::Drop => "another key is stored: erase here",
            Step::DropExpired => "expired: erase here",
            Step::Conflict if item.comes_after.is_some() => "conflict: another key comes first",
            Step::Conflict => "conflict: another key is stored",
            Step::Expired => "leave: expired (--drop-expired erases it)",
            Step::Unusable => "leave: not usable",
        };
        lines.push(vec![name, account, migration.place(item), plan.to_owned()]);
    }
    columns(&lines, &vec![Paint::Plain; lines.len()])
}

/// One line about the outcome of a credential.
pub fn outcome(migration: &Migration, item: &Item) -> Option<String> {
    let name_of_backup = backup::of(&item.request.record).map(|(id, file)| format!("the backup of {id}, `{file}`,"));
    let name = name_of_backup.unwrap_or_else(|| error::name_of(&item.request.record));
    let from = migration.place(item);
    Some(match (item.outcome.as_ref()?, item.step) {
        (Outcome::Moved(helpers) | Outcome::Uncovered(helpers, _), _) if !helpers.is_empty() => {
            format!("moved {name} to `{}`", helpers.join("`, `"))
        }
        (Outcome::Left(_), _) => return None,
        (_, Step::Erase) => format!("removed {name} from `{from}`; it was stored already"),
        (_, Step::Drop) => format!("removed {name} from `{from}`; another key is stored"),
        _ => format!("erased {name} in `{from}`; it had expired"),
    })
}

/// The plan, and the outcome if it was carried out.
pub fn json(migration: &Migration, id: Option<&str>, dry_run: bool) -> Result<String> {
    let mut credentials = Vec::new();
    for item in &migration.items {
        let text = |key| item.request.record.shown(key);
        let (outcome, kept_by, problem) = match &item.outcome {
            None => (None, Vec::new(), item.why()),
            Some(Outcome::Moved(helpers)) => (Some("moved"), helpers.clone(), None),
            Some(Outcome::Erased) => (Some("erased"), Vec::new(), None),
            Some(Outcome::Uncovered(helpers, another)) => {
                (Some(if helpers.is_empty() { "erased" } else { "moved" }), helpers.clone(), Some(another.clone()))
            }
            Some(Outcome::Left(problem)) => (Some("left"), Vec::new(), problem.clone().or_else(|| item.why())),
        };
        credentials.push(Line {
            provider: text("provider"),
            url: item.request.record.url(),
            account: text("username").unwrap_or_default(),
            from: migration.route.sources.get(item.source).map(|source| source.words.clone()).unwrap_or_default(),
            file: item.file.clone(),
            plan: match item.step {
                Step::Move => "move",
                Step::Erase => "erase",
                Step::Drop => "drop",
                Step::DropExpired => "drop_expired",
                Step::Conflict => "conflict",
                Step::Expired => "expired",
                Step::Unusable => "unusable",
            },
            outcome,
            kept_by,
            problem: problem.as_ref().map(ToString::to_string),
        });
    }
    pretty(&Report {
        version: 1,
        dry_run,
        migration: id.map(str::to_owned),
        from: migration.route.from(),
        to: migration.route.to.clone(),
        credentials,
        failed: migration.failed.iter().map(ToString::to_string).collect(),
    })
}

/// `--status`.
pub fn survey(survey: &Survey, json: bool) -> Result<String> {
    if json {
        return pretty(survey);
    }
    let mut lines = vec![["PROVIDER", "ACCOUNT", "STATE", "IN PLAIN TEXT", "KEPT BY"].map(String::from).to_vec()];
    let mut paints = vec![Paint::Plain];
    for row in &survey.credentials {
        let name = visible(row.provider.as_ref().unwrap_or(&row.url));
        let files: Vec<String> = row.files.iter().map(|file| tilde(file.as_ref())).collect();
        lines.push(vec![
            name,
            visible(&row.account),
            row.state.into(),
            files.join(", "),
            visible(&row.kept_by.join(", ")),
        ]);
        paints.push(if row.files.is_empty() { Paint::Plain } else { Paint::Alarm });
    }
    let mut text = columns(&lines, &paints);
    if survey.credentials.is_empty() {
        text = match survey.failed.is_empty() {
            true => "there are no credentials in plain text or in the chain\n".into(),
            false => "no credential was found, but some places could not be searched\n".into(),
        };
    }
    let program = error::PROGRAM;
    let mut add = |line: String| text.push_str(&format!("{line}\n"));
    if let (Some(id), Some(command)) = (&survey.unfinished, &survey.command) {
        add(format!("migration {} was interrupted; `{}` finishes it", visible(id), visible(command)));
    }
    let [unfinished, whole] =
        [&survey.rollback_unfinished, &survey.can_be_rolled_back].map(|id| id.as_deref().map(visible));
    if let Some(id) = &unfinished {
        add(format!("the rollback of {id} was interrupted; `{program} migrate --rollback {id}` finishes it"));
    }
    if let Some(id) = whole.filter(|id| unfinished.as_ref() != Some(id)) {
        add(format!("`{program} migrate --rollback {id}` undoes the last migration"));
    }
    Ok(text)
}

/// The plan of a rollback.
pub fn rollback_plan(migration: &Noted) -> String {
    let mut text = format!("migration {}:\n", visible(&migration.id));
    for kept in &migration.files {
        text.push_str(&format!("  restore the file {}\n", tilde(kept.file.as_ref())));
    }
    for assignment in &migration.assigned {
        let (file, folder) = (config::shown_path(), tilde(&assignment.folder));
        text.push_str(&format!("  remove the variables of {folder} from {file}\n"));
    }
    if !migration.moved.is_empty() {
        let names = migration.moved.len();
        let (noun, verb) = if names == 1 { ("credential", "it") } else { ("credentials", "them") };
        text.push_str(&format!("  remove {names} {noun} from the chain after the source has {verb} again\n"));
    }
    text
}

/// The report of a rollback.
pub fn rollback(rollback: &Rollback, json: bool) -> Result<String> {
    #[derive(Serialize)]
    struct File<'a> {
        file: &'a str,
        /// Null if it could not be restored.
        exactly: Option<bool>,
    }
    #[derive(Serialize)]
    struct Report<'a> {
        version: u32,
        migration: &'a str,
        files: Vec<File<'a>>,
        taken_back: usize,
        failed: Vec<String>,
    }
    let files = || rollback.files.iter().map(|put| File { file: &put.file, exactly: put.exactly });
    if json {
        let failed = rollback.failed.iter().map(ToString::to_string).collect();
        let (migration, taken_back) = (rollback.id.as_str(), rollback.taken_back);
        return pretty(&Report { version: 1, migration, files: files().collect(), taken_back, failed });
    }
    let mut text = String::new();
    for put in &rollback.files {
        let file = tilde(put.file.as_ref());
        let again = match put {
            PutBack { exactly: None, .. } => continue,
            PutBack { exactly: Some(true), .. } => {
                text.push_str(&format!("restored `{file}`, byte for byte\n"));
                continue;
            }
            PutBack { moved: 0, .. } => "the keys that could be restored".to_owned(),
            PutBack { moved: 1, again: 1, .. } => "the key again".to_owned(),
            PutBack { moved, again, .. } if moved == again => format!("all {moved} keys again"),
            PutBack { moved, again, .. } => format!("{again} of {moved} keys again"),
        };
        text.push_str(&format!("`{file}` has {again}; its other changes were kept\n"));
    }
    for folder in &rollback.folders {
        let (file, folder) = (config::shown_path(), tilde(folder));
        text.push_str(&format!("removed the variables of `{folder}` from {file}\n"));
    }
    if rollback.taken_back > 0 {
        text.push_str(&format!("removed {} from the chain\n", rollback.taken_back));
    }
    if text.is_empty() && rollback.failed.is_empty() {
        text.push_str("there was nothing left to restore\n");
    }
    Ok(text)
}

/// `--backups`: each with its files, its helper, and the state of its migration. Also says if the list is incomplete.
pub fn backups(
    rows: &[(String, Vec<super::backup::Backup>, Option<State>)],
    whole: bool,
    json: bool,
) -> Result<String> {
    let state = |state: &Option<State>| match state {
        Some(State::Begun) => "cut short",
        Some(State::Finished) => "migrated",
        Some(State::RollbackBegun) => "rollback cut short",
        Some(State::RolledBack) => "rolled back",
        None => "unknown",
    };
    if json {
        let rows: Vec<_> = rows
            .iter()
            .flat_map(|(id, files, at)| {
                files.iter().map(move |backup| {
                    serde_json::json!({"migration": id, "file": backup.file, "helper": backup.helper, "state": state(at)})
                })
            })
            .collect();
        return pretty(&serde_json::json!({"version": 1, "backups": rows}));
    }
    if rows.is_empty() {
        return Ok(if whole {
            "there is no backup\n"
        } else {
            "no backup was found, but some helpers could not be queried\n"
        }
        .into());
    }
    let mut lines = vec![["MIGRATION", "FILE", "KEPT BY", "STATE"].map(String::from).to_vec()];
    for (id, files, at) in rows {
        for backup in files {
            lines.push(vec![visible(id), tilde(backup.file.as_ref()), visible(&backup.helper), state(at).to_owned()]);
        }
    }
    Ok(columns(&lines, &vec![Paint::Plain; lines.len()]))
}

pub fn pretty(report: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string_pretty(report)? + "\n")
}
