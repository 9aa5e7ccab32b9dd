//! The operations of the protocol, in both roles: `fill`, `approve` and `reject` for tools, `get`, `store` and `erase` when this program is
//! a helper itself.

mod error;

use std::io::IsTerminal;

use anyhow::Result;
use modelforge_credential_client::leave_the_folder;
use modelforge_credential_protocol::{Error, Reason, Record, announced_answer, retain_announced};
use modelforge_credential_providers::{Flaw, SignIn};

use crate::accounts::Held;
use crate::audit::{Event, Operation, Outcome};
use crate::chain::{Chain, Erase, is_expired, reason_of};
use crate::person::{Person, person};
use crate::request::{self, Request};
use crate::session::{Help, Session, tell};
use crate::terminal;

/// Reads a request and does the operation. After an error, a caller that announced `reason` is told the kind of problem.
fn answer(operation: impl FnOnce(Record) -> Result<()>) -> Result<()> {
    let input = modelforge_credential_protocol::stdin()?;
    terminal::tell_what_is_awaited(&input);
    let record = Record::read_from(input)?;
    let wants_reason = record.announces("reason");
    let outcome = operation(record);
    if let (Err(problem), true) = (&outcome, wants_reason) {
        terminal::protocol(error::reason(problem).to_line().as_bytes())?;
    }
    outcome
}

/// Prepares the answer to a request. `person` says who may be prompted.
fn begin(record: Record, person: Person) -> Result<(Session, Request)> {
    let session = Session::start(person)?;
    let request = request::expand(record, &session.providers)?;
    if request.record.is_of_a_migration() {
        return Err(error::for_migrations_alone().into());
    }
    leave_the_folder();
    Ok((session, request))
}

/// Looks for the credential, and prompts a person if there is none. It is an error if there is still none.
pub fn fill() -> Result<()> {
    answer(|request| look(request, Operation::Fill, person(), search_and_ask))
}

/// Looks for the credential, prompts nobody, and prints nothing if there is none.
pub fn get() -> Result<()> {
    answer(|request| look(request, Operation::Get, Person::Nobody, search))
}

/// A search that records its result in the log.
type Look = fn(&Session, &Request, &mut Event) -> Result<Option<Record>>;

/// Answers a request. It is logged before the answer is given.
fn look(record: Record, operation: Operation, person: Person, look: Look) -> Result<()> {
    let (session, request) = begin(record, person)?;
    if let Some(answer) = answered_already(&request) {
        return write(&answer, &request.record);
    }
    let mut event = session.event(operation, &request.record);
    let answer = look(&session, &request, &mut event);
    drop(event);
    answer?.map_or(Ok(()), |answer| write(&answer, &request.record))
}

fn search_and_ask(session: &Session, request: &Request, event: &mut Event) -> Result<Option<Record>> {
    let answer = session.ask("fill", request, Help::ToSignIn)?;
    event.answered(&answer);
    tell(&answer);
    if answer.complete {
        return Ok(Some(answer.record));
    }
    if let Some(helper) = &answer.quit {
        return Err(error::told_to_quit(&request.record, helper).into());
    }
    session.tell_what_was_left_out(&request.record)?;
    if !session.has_a_person() {
        let missing = error::no_credential(&request.record);
        return Err(
            if answer.failed.is_empty() { missing } else { missing.with_reason(reason_of(&answer.failed)) }.into()
        );
    }
    let mut entered = request.record.clone();
    if let (Some(username), false) = (answer.record.get("username"), entered.has("username")) {
        entered.set("username", username)?;
    }
    session.person.complete(&mut entered, request.provider.is_none())?;
    if request.provider.is_some() && !entered.has("username") {
        entered.set("username", modelforge_credential_protocol::DEFAULT_ACCOUNT)?;
    }
    event.outcome(Outcome::Entered);
    Ok(Some(entered))
}

fn search(session: &Session, request: &Request, event: &mut Event) -> Result<Option<Record>> {
    let answer = session.ask("get", request, Help::ToUnlock)?;
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
        return Err(error::could_not_look(&request.record).with_reason(reason_of(&answer.failed)).into());
    }
    Ok(None)
}

/// Stores a credential; `operation` is the name by which it was called.
pub fn approve(operation: Operation, person: Person) -> Result<()> {
    answer(|record| keep(record, operation, person))
}

fn keep(record: Record, operation: Operation, person: Person) -> Result<()> {
    let (session, request) = begin(record, person)?;
    let mut record = request.record;
    if record.is_true("ephemeral") {
        return Ok(());
    }
    let announced = record.clone();
    retain_announced(&mut record, &announced);
    record.refuse_empty_secrets(&record)?;
    if !record.has_something_to_store() {
        return Err(error::nothing_to_keep().into());
    }
    if let (Some(provider), Some(key)) = (&request.provider, record.text("password"))
        && key.chars().any(char::is_control)
    {
        return Err(error::bad_key(&provider.name, Flaw::Control).into());
    }
    if is_expired(&record) && !record.has("oauth_refresh_token") {
        return Err(error::already_expired(&record).into());
    }
    let mut event = session.event(operation, &record);
    let stored = session.chain(&record)?.store(&record)?;
    event.stored(&record, &stored);
    stored.remarks.iter().for_each(terminal::warning);
    if stored.kept_by.is_empty() {
        session.tell_what_was_left_out(&record)?;
        let reason = Reason::of_all(stored.remarks.iter().map(Error::reason));
        return Err(error::not_kept(&record).with_reason(reason).into());
    }
    let kept_by = stored.kept_by.join(", ");
    for helper in &stored.shadowed_by {
        terminal::warning(&error::answers_first(helper, &kept_by));
    }
    terminal::trace(&format!("stored in {kept_by}"));
    Ok(())
}

/// Erases a credential everywhere; `operation` is the name by which it was called.
pub fn reject(operation: Operation, person: Person) -> Result<()> {
    answer(|record| erase(record, operation, person))
}

fn erase(record: Record, operation: Operation, person: Person) -> Result<()> {
    let (session, request) = begin(record, person)?;
    let mut event = session.event(operation, &request.record);
    let chain = session.chain(&request.record)?;
    // Only a person wants to know what was erased: it costs two more lists.
    let is_watched = std::io::stderr().is_terminal();
    let before = if is_watched { stored(chain, &request)? } else { Vec::new() };
    let erased = chain.erase(Erase::of(&request.record, &session.providers))?;
    event.erased(&erased);
    erased.remarks.iter().for_each(terminal::warning);
    erased.failed.iter().for_each(|failed| terminal::warning(&failed.into()));
    if is_watched {
        tell_what_went(&request, &before, &stored(chain, &request)?);
    }
    let is_done = erased.failed.is_empty();
    if is_done { Ok(()) } else { Err(error::not_erased(&request.record).with_reason(reason_of(&erased.failed)).into()) }
}

/// The stored credentials that a request describes, whatever their secrets are.
fn stored(chain: &Chain, request: &Request) -> Result<Vec<Record>> {
    let description = request.record.description();
    let copies = Held::look(chain, request)?.copies.into_iter().filter(|copy| !copy.has("variable"));
    Ok(copies.map(|copy| copy.description()).filter(|copy| copy.matches(&description)).collect())
}

fn tell_what_went(request: &Request, before: &[Record], after: &[Record]) {
    let gone: Vec<&Record> = before.iter().filter(|copy| !after.iter().any(|left| left.matches(copy))).collect();
    for copy in &gone {
        let mut named = request.record.description();
        // For other hosts a user name may be a token, and a list does not show which it is.
        let account = copy.text("username").filter(|_| request.provider.is_some());
        let account = account.map(|account| named.set("username", account));
        let provider = request.provider.as_ref().map(|provider| named.set("provider", &provider.name));
        if account.into_iter().chain(provider).all(|set| set.is_ok()) {
            terminal::note(&format!("deleted the credential for {}", error::name_of(&named)));
        }
    }
    if gone.is_empty() {
        terminal::note(&format!("deleted nothing for {}", error::name_of(&request.record)));
    }
}

/// Lists what the helpers have. It does not read standard input, which may belong to a script.
pub fn list() -> Result<()> {
    let session = Session::start(Person::Nobody)?;
    let mut event = session.event(Operation::List, &Record::new());
    let context = session.providers.context_of_all()?;
    let mut lines = zeroize::Zeroizing::new(Vec::new());
    let (mut count, mut is_whole, mut failed) = (0, true, Vec::new());
    for opened in session.all_chains()? {
        let listed = opened.chain.list(&context)?;
        is_whole &= listed.is_whole();
        for mut record in listed.records {
            // A provider with its own chain is never looked up in the other helpers.
            let provider = session.providers.by_location(&record)?;
            if !session.is_asked(opened, provider.as_ref().map(|provider| provider.name.as_str())) {
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
        event.outcome(Outcome::Listed);
    }
    drop(event);
    terminal::protocol(&lines)?;
    failed.iter().for_each(|failed| terminal::warning(&failed.into()));
    if failed.is_empty() { Ok(()) } else { Err(error::list_not_whole().into()) }
}

/// Lists the features beyond the basic protocol.
pub fn capability() -> Result<()> {
    Ok(terminal::answer(b"version 0\ncapability authtype\ncapability state\n")?)
}

/// Requests that need no helper. As in git, a complete request is its own answer. A provider without sign-in needs no key.
fn answered_already(request: &Request) -> Option<Record> {
    let record = &request.record;
    // To git, an empty password is a password. For a provider it is not.
    let has = |key| if request.provider.is_some() { record.holds(key) } else { record.has(key) };
    if has("credential") || (record.has("username") && has("password")) {
        return Some(record.clone());
    }
    let provider = request.provider.as_ref().filter(|provider| provider.sign_in == SignIn::None)?;
    let mut answer = record.clone();
    answer.set("sign_in", provider.sign_in.name()).ok()?;
    Some(answer)
}

/// Writes an answer without attributes that the caller did not announce. Those that every caller reads come first, in the usual order.
fn write(answer: &Record, request: &Record) -> Result<()> {
    let mut ordered = Record::new();
    for key in ["protocol", "host", "path", "provider", "username", "password"] {
        if let Some(value) = answer.get(key) {
            ordered.set(key, value)?;
        }
    }
    ordered.merge(answer)?;
    ordered.remove("wwwauth[]");
    Ok(terminal::protocol(&announced_answer(ordered, request)?.to_lines())?)
}
