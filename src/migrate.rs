//! Moves keys out of plain-text files: each is got there, stored in the chain, read back, and only then erased at its source.
//! Stopped anywhere, every key is in one of the two places, and running it again finishes the job.

use anyhow::Result;
use modelforge_credential_protocol::Record;

use crate::chain::{Chain, Link};
use crate::config::{Config, Entry, Helpers};
use crate::links;
use crate::program::Program;
use crate::providers::{Provider, Providers};
use crate::request::{self, Request};
use crate::terminal::{self, Paint, Person};
use crate::{error, rules};

/// What `migrate` was asked to do.
pub struct Migrate {
    pub provider: Option<String>,
    pub account: Option<String>,
    /// Which key stays where two differ.
    pub prefer: Option<Prefer>,
    pub dry_run: bool,
    pub yes: bool,
}

/// Which of two keys stays: the one in the file, or the one that the chain keeps.
#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
pub enum Prefer {
    Source,
    Target,
}

#[derive(PartialEq, Clone, Copy)]
enum Step {
    /// Store it, then erase it at its source.
    Move,
    /// The chain holds the same already: only erase it at its source.
    Erase,
    /// The chain holds another one, which is the one to keep: only erase it at its source.
    Drop,
    /// The chain holds another one: both stay.
    Conflict,
    /// It could not be read, or can be nobody's key: it stays.
    Keep,
}

struct Item {
    request: Request,
    /// The credential as the file has it.
    credential: Record,
    file: String,
    step: Step,
}

const SOURCE: &str = "plaintext";

/// Shows the plan, asks once, does it, and reports. A key that stays where it was makes the exit status 1.
pub fn migrate(asked: &Migrate) -> Result<()> {
    let providers = Providers::new(Config::load()?);
    let only = asked.provider.as_deref().map(|name| providers.by_name(name)).transpose()?;
    let person = terminal::person();
    let source = source()?;
    let items = plan(&providers, &source, only.as_ref(), asked, &person)?;
    if items.is_empty() {
        return Ok(terminal::done("no key was found in a plain-text file")?);
    }
    terminal::answer(table(&items).as_bytes())?;
    let moves = items.iter().filter(|item| matches!(item.step, Step::Move | Step::Erase | Step::Drop)).count();
    if asked.dry_run {
        return Ok(terminal::done("nothing was changed")?);
    }
    if moves > 0 && !asked.yes {
        match person {
            Person::Terminal if terminal::confirm(&format!("take {moves} out of plain text? [y/N] "))? => {}
            Person::Terminal => return Ok(terminal::done("nothing was changed")?),
            _ => return Err(error::migration_not_confirmed().into()),
        }
    }
    let mut left = items.len() - moves;
    for item in &items {
        match item.step {
            Step::Move | Step::Erase | Step::Drop if !carry_out(&providers, &source, item, &person)? => left += 1,
            Step::Conflict => terminal::warning(&error::migration_conflict(&item.request.record)),
            _ => {}
        }
    }
    if moves > 0 {
        terminal::done(
            "keys that others could read may have been read: make new ones, and look through shell histories, dotfile repositories and backups",
        )?;
    }
    if left == 0 { Ok(()) } else { Err(error::left_in_plain_text(left).into()) }
}

/// The helper that finds the files, without its warnings: here they are what is dealt with.
fn source() -> Result<Chain> {
    let entry = Entry { words: vec![SOURCE.to_owned()], is_command: false, timeout: None };
    let program = Program::find(&entry)?.without_warnings();
    Ok(Chain::new(vec![Link { name: SOURCE.to_owned(), helper: Ok(Box::new(program)), attended: None }], false))
}

/// Where the keys go: the provider's chain, without the files that they come from.
fn target(providers: &Providers, request: &Record, person: &Person) -> Result<Chain> {
    let Helpers { mut entries, automatic } = providers.helpers_for(request)?;
    entries.retain(|entry| entry.words.first().is_none_or(|word| word != SOURCE));
    Ok(links::of(&Helpers { entries, automatic }, person, providers.store_in_all()))
}

fn plan(
    providers: &Providers,
    source: &Chain,
    only: Option<&Provider>,
    asked: &Migrate,
    person: &Person,
) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    for mut listed in source.list(&providers.context_of_all()?)?.records {
        let Some(provider) = providers.by_location(&listed)? else { continue };
        let is_meant = only.is_none_or(|only| only.name == provider.name)
            && asked.account.as_deref().is_none_or(|account| listed.text("username") == Some(account));
        if !is_meant {
            continue;
        }
        let file = listed.text("file").unwrap_or_default().to_owned();
        listed.retain(|key| matches!(key, "protocol" | "host" | "path" | "username"));
        let request = request::expand(listed, providers)?;
        let mut question = request.context.clone();
        question.merge(&Record::of([("file", &file)])?);
        let (credential, step) = match source.copy_in(SOURCE, &request.record, &question) {
            Ok(Some(found)) => {
                let step = step(&target(providers, &request.record, person)?, &request, &found, asked.prefer)?;
                (found, step)
            }
            Ok(None) => (Record::new(), Step::Keep),
            Err(problem) => {
                terminal::warning(&error::helper_failed(SOURCE, &problem));
                (Record::new(), Step::Keep)
            }
        };
        items.push(Item { request, credential, file, step });
    }
    Ok(items)
}

fn step(target: &Chain, request: &Request, found: &Record, prefer: Option<Prefer>) -> Result<Step> {
    let name = request.record.text("provider").unwrap_or_default();
    if let Some(key) = found.text("password")
        && let Err(problem) = rules::check(name, key)
    {
        terminal::warning(&problem);
        return Ok(Step::Keep);
    }
    let kept = target.copies(&request.record, &request.context)?;
    let mut kept = kept.iter().map(|(_, copy)| copy).filter(|copy| !copy.is_true("ephemeral"));
    let same = |copy: &Record| ["password", "oauth_refresh_token"].iter().all(|key| copy.get(key) == found.get(key));
    Ok(match kept.next() {
        None => Step::Move,
        Some(copy) if same(copy) => Step::Erase,
        Some(_) => match prefer {
            Some(Prefer::Source) => Step::Move,
            Some(Prefer::Target) => Step::Drop,
            None => Step::Conflict,
        },
    })
}

/// Moves one key; false where it stays in the file.
fn carry_out(providers: &Providers, source: &Chain, item: &Item, person: &Person) -> Result<bool> {
    let mut record = item.request.record.clone();
    record.merge(&item.credential);
    let name = error::name_of(&record);
    let mut done = format!("took {name} out of `{}`; another key is kept", error::tilde(item.file.as_ref()));
    if item.step != Step::Drop {
        // Stored again where it is there already: what is erased at its source was read back a moment before.
        let stored = target(providers, &record, person)?.store_durably(&record, None)?;
        stored.remarks.iter().for_each(terminal::warning);
        if stored.kept_by.is_empty() {
            terminal::warning(&error::not_kept(&record));
            return Ok(false);
        }
        done = format!("moved {name} to `{}`", stored.kept_by.join("`, `"));
    }
    let mut taken = item.request.record.clone();
    taken.set("file", &item.file)?;
    if let Some(password) = item.credential.get("password") {
        taken.set("password", password)?;
    }
    let erased = source.erase_exactly(&taken)?;
    if let Some(problem) = erased {
        terminal::warning(&error::helper_failed(SOURCE, &problem));
        return Ok(false);
    }
    terminal::done(&done)?;
    Ok(true)
}

fn table(items: &[Item]) -> String {
    let mut lines = vec![["PROVIDER", "ACCOUNT", "FILE", "PLAN"].map(String::from).to_vec()];
    for item in items {
        let text = |key| modelforge_credential_protocol::visible(item.request.record.text(key).unwrap_or_default());
        let plan = match item.step {
            Step::Move => "move",
            Step::Erase => "kept already: erase here",
            Step::Drop => "another key is kept: erase here",
            Step::Conflict => "conflict: another key is kept",
            Step::Keep => "leave: it cannot be used",
        };
        lines.push(vec![text("provider"), text("username"), error::tilde(item.file.as_ref()), plan.to_owned()]);
    }
    terminal::columns(&lines, &vec![Paint::Plain; lines.len()])
}
