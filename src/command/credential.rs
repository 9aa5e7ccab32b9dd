//! The operations of the protocol, in both roles: `fill`, `approve` and `reject` for a tool, `get`, `store` and `erase` where
//! this program is itself somebody's helper.

use std::ffi::OsString;

use anyhow::Result;
use modelforge_credential_protocol::Record;

use crate::audit::Event;
use crate::chain::{Answer, is_expired};
use crate::cli;
use crate::config::{Config, closest};
use crate::error;
use crate::providers::Providers;
use crate::request::{self, Request};
use crate::session::{Chains, open};
use crate::terminal::{self, Person};

fn read() -> Result<(Providers, Request)> {
    let input = modelforge_credential_protocol::stdin()?;
    terminal::tell_what_is_awaited(&input);
    let record = Record::read_from(input)?;
    let providers = Providers::new(Config::load()?);
    let request = request::expand(record, &providers)?;
    if request.record.is_of_a_migration() {
        return Err(error::for_migrations_alone().into());
    }
    Ok((providers, request))
}

/// Looks, and where nothing is found asks a person. Ends in an error if there is still nothing.
pub fn fill() -> Result<()> {
    look("fill", search_and_ask)
}

/// Looks, asks nobody, and says nothing if there is nothing.
pub fn get() -> Result<()> {
    look("get", search)
}

/// What finds an answer, or none, and tells the log.
type Look = fn(&Providers, &Request, &mut Event) -> Result<Option<Record>>;

/// Reads a request, answers it, and logs it: before the answer is given.
fn look(operation: &'static str, look: Look) -> Result<()> {
    let (providers, request) = read()?;
    if let Some(answer) = answered_already(&request) {
        return write(&answer, &request.record);
    }
    let mut event = Event::start(operation, &providers, &request.record);
    let answer = look(&providers, &request, &mut event);
    drop(event);
    answer?.map_or(Ok(()), |answer| write(&answer, &request.record))
}

fn search_and_ask(providers: &Providers, request: &Request, event: &mut Event) -> Result<Option<Record>> {
    let person = terminal::person();
    let opened = open(providers, &request.record, &person)?;
    let mut answer = opened.chain.get(request)?;
    if !answer.complete && answer.quit.is_none() && !matches!(person, Person::Nobody) {
        answer = opened.chain.get_attended(request)?;
    }
    event.answered(&answer);
    tell(&answer);
    if answer.complete {
        return Ok(Some(answer.record));
    }
    if let Some(helper) = &answer.quit {
        return Err(error::told_to_quit(&request.record, helper).into());
    }
    opened.left_out.iter().for_each(terminal::warning);
    if matches!(person, Person::Nobody) {
        return Err(error::no_credential(&request.record).into());
    }
    let mut entered = request.record.clone();
    if let (Some(username), false) = (answer.record.get("username"), entered.has("username")) {
        entered.set("username", username)?;
    }
    person.complete(&mut entered, request.provider.is_none())?;
    if request.provider.is_some() && !entered.has("username") {
        entered.set("username", modelforge_credential_protocol::DEFAULT_ACCOUNT)?;
    }
    event.outcome("entered");
    Ok(Some(entered))
}

fn search(providers: &Providers, request: &Request, event: &mut Event) -> Result<Option<Record>> {
    let opened = open(providers, &request.record, &Person::Nobody)?;
    let answer = opened.chain.get(request)?;
    event.answered(&answer);
    tell(&answer);
    let quit = answer.quit.is_some();
    if answer.complete || quit || answer.record.iter().any(|(key, _)| !request.record.has(key)) {
        let mut record = answer.record;
        if quit {
            record.set("quit", "1")?;
        }
        return Ok(Some(record));
    }
    if !answer.failed.is_empty() {
        return Err(error::could_not_look(&request.record).into());
    }
    Ok(None)
}

/// Keeps a credential; `operation` is what the caller calls that.
pub fn approve(operation: &'static str, person: &Person) -> Result<()> {
    let (providers, request) = read()?;
    let mut record = request.record;
    if record.is_true("ephemeral") {
        return Ok(());
    }
    if !record.announces("authtype") {
        record.retain(|key| !matches!(key, "authtype" | "credential"));
    }
    record.refuse_empty_secrets()?;
    if !record.has_secret() {
        return Err(error::nothing_to_keep().into());
    }
    if is_expired(&record) && !record.has("oauth_refresh_token") {
        return Err(error::already_expired(&record).into());
    }
    let mut event = Event::start(operation, &providers, &record);
    let opened = open(&providers, &record, person)?;
    let stored = opened.chain.store(&record)?;
    event.stored(&record, &stored);
    stored.remarks.iter().for_each(terminal::warning);
    if stored.kept_by.is_empty() {
        return Err(error::not_kept(&record).into());
    }
    let kept_by = stored.kept_by.join(", ");
    for helper in &stored.shadowed_by {
        terminal::warning(&error::answers_first(helper, &kept_by));
    }
    terminal::trace(&format!("kept by {kept_by}"));
    Ok(())
}

/// Erases a credential everywhere; `operation` is what the caller calls that.
pub fn reject(operation: &'static str, person: &Person) -> Result<()> {
    let (providers, request) = read()?;
    let mut event = Event::start(operation, &providers, &request.record);
    let opened = open(&providers, &request.record, person)?;
    let erased = opened.chain.erase(&request.record, providers.share_the_host_of(&request.record))?;
    event.erased(&erased);
    erased.remarks.iter().chain(&erased.failed).for_each(terminal::warning);
    if erased.failed.is_empty() { Ok(()) } else { Err(error::not_erased(&request.record).into()) }
}

/// Names what the helpers hold. It reads nothing: a script's own standard input is not touched.
pub fn list() -> Result<()> {
    let providers = Providers::new(Config::load()?);
    let mut event = Event::start("list", &providers, &Record::new());
    let context = providers.context_of_all()?;
    let chains = Chains::open(&providers, &Person::Nobody)?;
    let mut lines = zeroize::Zeroizing::new(Vec::new());
    let (mut count, mut is_whole, mut failed) = (0, true, Vec::new());
    for opened in chains.each() {
        let listed = opened.chain.list(&context)?;
        is_whole &= listed.is_whole();
        for mut record in listed.records {
            // A provider with helpers of its own is never asked for in the others.
            let provider = providers.by_location(&record)?;
            let asked = chains.of(provider.as_ref().map_or("", |provider| &provider.name));
            if !std::ptr::eq(asked, opened) {
                continue;
            }
            if let Some(provider) = provider.filter(|_| !record.has("provider")) {
                record.set("provider", &provider.name)?;
            }
            lines.extend_from_slice(&record.to_lines());
            lines.push(b'\n');
            count += 1;
        }
        failed.extend(listed.failed);
    }
    if is_whole {
        lines.extend_from_slice(format!("count={count}\n").as_bytes());
    }
    if failed.is_empty() {
        event.outcome("listed");
    }
    drop(event);
    terminal::answer(&lines)?;
    failed.iter().for_each(terminal::warning);
    if failed.is_empty() { Ok(()) } else { Err(error::list_not_whole().into()) }
}

/// Names what this program understands beyond the basic protocol.
pub fn capability() -> Result<()> {
    Ok(terminal::answer(b"version 0\ncapability authtype\ncapability state\n")?)
}

/// An operation that a later protocol may have is ignored, as the protocol asks of helpers; a command that was mistyped, or has
/// arguments, is an error.
pub fn unknown(words: &[OsString]) -> Result<()> {
    let word = words.first().map(|word| word.to_string_lossy()).unwrap_or_default();
    let names = cli::names();
    let similar = closest(&word, names.iter().map(String::as_str));
    let is_operation = word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-' || b == b'_');
    let is_typed = std::io::IsTerminal::is_terminal(&std::io::stdin());
    if words.len() != 1 || similar.is_some() || is_typed || !is_operation {
        return Err(error::unknown_command(&word, similar).into());
    }
    Ok(())
}

/// Requests that need no helper: as in git, one that is complete is the answer; and where no sign-in is needed, that is it.
fn answered_already(request: &Request) -> Option<Record> {
    let record = &request.record;
    // git takes an empty password for one; for a provider it is none.
    let has = |key| if request.provider.is_some() { record.holds(key) } else { record.has(key) };
    if has("credential") || (record.has("username") && has("password")) {
        return Some(record.clone());
    }
    let provider = request.provider.as_ref().filter(|provider| provider.sign_in == "none")?;
    let mut answer = record.clone();
    answer.set("sign_in", &provider.sign_in).ok()?;
    Some(answer)
}

fn tell(answer: &Answer) {
    answer.remarks.iter().for_each(terminal::warning);
    for problem in &answer.failed {
        terminal::warning(problem);
    }
}

/// Writes an answer, without what the caller did not say it understands.
fn write(answer: &Record, request: &Record) -> Result<()> {
    let mut lines = Record::new();
    let gates: [(&str, &[&str]); 2] =
        [("authtype", &["authtype", "credential", "ephemeral"]), ("state", &["state[]", "continue"])];
    let mut answer = answer.clone();
    answer.retain(|key| key != "capability[]" && key != "wwwauth[]");
    for (capability, keys) in gates {
        if !request.announces(capability) {
            answer.retain(|key| !keys.contains(&key));
        } else if keys.iter().any(|key| answer.has(key)) {
            lines.push("capability[]", capability)?;
        }
    }
    for key in ["protocol", "host", "path", "provider", "username", "password"] {
        if let Some(value) = answer.get(key) {
            lines.set(key, value)?;
        }
    }
    lines.merge(&answer);
    Ok(terminal::answer(&lines.to_lines())?)
}
