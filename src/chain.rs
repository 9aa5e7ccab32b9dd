//! The chain: helpers in the configured order. It knows the trait and nothing of processes: what a helper is made of makes no
//! difference here.

mod copies;

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Error, Helper, Record, Result};

use crate::error;
use crate::lock::Lock;
use crate::request::Request;
pub use copies::{Copies, Left};

/// A link of the chain.
pub struct Link {
    /// How messages call it.
    pub name: String,
    /// The helper when nobody may be asked; an error if it could not be found.
    pub helper: Result<Box<dyn Helper + Send + Sync>>,
    /// The same helper when a person is there.
    pub attended: Option<Box<dyn Helper + Send + Sync>>,
}

/// Helpers in the order in which they are asked.
pub struct Chain {
    links: Vec<Link>,
    /// Store in every helper instead of the first that keeps it.
    store_in_all: bool,
    /// Helpers that failed although a person was there: they are not asked to help again for each credential.
    in_vain: Mutex<HashSet<String>>,
}

/// What a chain answered, and what was wrong on the way.
#[derive(Default)]
pub struct Answer {
    /// The request with all that the helpers added.
    pub record: Record,
    /// Whether that is enough to sign in.
    pub complete: bool,
    /// The helper that completed it.
    pub helper: Option<String>,
    /// A helper that ended the search (`quit`).
    pub quit: Option<String>,
    /// Helpers that could not be asked: not the same as helpers that have nothing.
    pub failed: Vec<Error>,
    /// What a person should know whatever the outcome.
    pub remarks: Vec<Error>,
}

/// What became of a store.
#[derive(Default)]
pub struct Stored {
    /// The helpers that keep it: read back from each.
    pub kept_by: Vec<String>,
    /// Helpers that answer first, with another key.
    pub shadowed_by: Vec<String>,
    /// Failures, and older copies that may be left.
    pub remarks: Vec<Error>,
}

/// What became of an erase.
#[derive(Default)]
pub struct Erased {
    /// Helpers in which a secret may be left.
    pub failed: Vec<Error>,
    /// Copies that are not this program's to erase.
    pub remarks: Vec<Error>,
}

/// What a chain lists.
#[derive(Default)]
pub struct Listed {
    /// One record for each credential, with the `helper` that would answer.
    pub records: Vec<Record>,
    /// Helpers that could not be asked.
    pub failed: Vec<Error>,
    /// Helpers that have no list.
    pub cannot_list: Vec<String>,
}

impl Listed {
    /// Whether that is all there is.
    pub fn is_whole(&self) -> bool {
        self.failed.is_empty() && self.cannot_list.is_empty()
    }
}

/// The helper whose files belong to another program: only a migration or a logout writes to them.
const PLAIN_TEXT: &str = "plaintext";

/// The helper that makes credentials and keeps none.
pub const GENERATES: &str = "oauth";

/// What an answer says about where it came from. It is of no use to the caller, and stored it would be wrong.
const ABOUT_THE_COPY: [&str; 6] = ["created_utc", "file", "identity", "quit", "storage", "variable"];

/// What belongs to one exchange and is not part of the credential.
const ABOUT_THE_REQUEST: [&str; 4] = ["capability[]", "continue", "state[]", "wwwauth[]"];

impl Chain {
    pub fn new(links: Vec<Link>, store_in_all: bool) -> Self {
        Self { links, store_in_all, in_vain: Mutex::default() }
    }

    /// Asks the helpers in turn until the credential is complete. Where an expired one has to be replaced, one process at a time
    /// does it, and what it got is stored.
    pub fn get(&self, request: &Request) -> Result<Answer> {
        let (answer, expired) = self.ask(request, false, true);
        if !expired {
            return Ok(answer);
        }
        // Another process may be renewing it just now: whoever waited asks again, and finds the new one.
        let _lock = Lock::wait(&request.record)?;
        let (mut answer, expired) = self.ask(request, false, false);
        if expired && answer.complete && !answer.record.is_true("ephemeral") {
            let stored = self.store_locked(&answer.record, true, To::default())?;
            if stored.kept_by.is_empty() {
                answer.remarks.extend(stored.remarks);
                answer.remarks.push(error::refreshed_but_not_kept(&answer.record));
            }
        }
        Ok(answer)
    }

    /// Asks again, now that a person is there who may unlock something.
    pub fn get_attended(&self, request: &Request) -> Result<Answer> {
        let _lock = Lock::wait(&request.record)?;
        let (mut answer, expired) = self.ask(request, true, false);
        // What a person just signed in for is not thrown away, whether or not the caller goes on to approve it.
        let is_new = expired || answer.helper.as_deref() == Some(GENERATES);
        if is_new && answer.complete && !answer.record.is_true("ephemeral") {
            let stored = self.store_locked(&answer.record, true, To::default())?;
            if stored.kept_by.is_empty() {
                answer.remarks.extend(stored.remarks);
                answer.remarks.push(error::refreshed_but_not_kept(&answer.record));
            }
        }
        Ok(answer)
    }

    /// One pass through the chain, and whether it met an expired secret. With `stop`, it stops there if others follow.
    fn ask(&self, request: &Request, attended: bool, stop: bool) -> (Answer, bool) {
        let mut answer = Answer { record: request.record.clone(), ..Answer::default() };
        let mut expired = false;
        let mut still_good = None;
        for (at, link) in self.links.iter().enumerate() {
            let found =
                link.helper(attended).and_then(|helper| helper.get(&question(&answer.record, &request.context)?));
            let mut found = match found {
                Ok(Some(found)) => found,
                Ok(None) => continue,
                Err(problem) => {
                    answer.failed.push(error::helper_failed(&link.name, &problem));
                    continue;
                }
            };
            // A provider's key is for its own place: one for a path of it that was not asked for is another one.
            if request.by_path && found.has("path") && !answer.record.has("path") {
                continue;
            }
            let quit = found.is_true("quit");
            let others_follow = at + 1 < self.links.len();
            found.retain(|key| !ABOUT_THE_COPY.contains(&key) && key != "capability[]");
            answer.record.merge(&found);
            let ends_soon =
                others_follow && answer.record.has("oauth_refresh_token") && is_expired_in(&answer.record, SOON);
            if ends_soon || is_expired(&answer.record) {
                expired = true;
                if !is_expired(&answer.record) {
                    still_good = Some((answer.record.clone(), link.name.clone()));
                }
                for key in ["password", "credential", "authtype", "password_expiry_utc"] {
                    answer.record.remove(key);
                }
                if stop && others_follow {
                    return (answer, true);
                }
            }
            answer.complete = is_complete(&answer.record, request);
            if answer.complete {
                answer.helper = Some(link.name.clone());
                break;
            }
            if quit {
                answer.quit = Some(link.name.clone());
                break;
            }
        }
        // Nobody could renew it, but for a few seconds it still opens the door.
        if let (false, Some((record, helper))) = (answer.complete, still_good) {
            answer = Answer { record, helper: Some(helper), complete: true, ..answer };
            expired = false;
        }
        if answer.complete && request.provider.is_some() && !answer.record.has("username") {
            let _ = answer.record.set("username", DEFAULT_ACCOUNT);
        }
        (answer, expired)
    }

    /// Stores in the first helper that keeps it, which is known by reading it back, and erases older copies from the others.
    ///
    /// A credential that came from the environment needs no other place.
    pub fn store(&self, record: &Record) -> Result<Stored> {
        let _lock = Lock::wait(record)?;
        self.store_locked(record, false, To::default())
    }

    /// The same, but a helper that only passes on what the environment holds does not count as keeping it; and, where one
    /// is named, in that helper alone. Where nobody kept it, what was there before is put back.
    pub fn store_durably(&self, record: &Record, only: Option<&str>) -> Result<Stored> {
        let _lock = Lock::wait(record)?;
        let before = self.copies(record, &Record::new(), false)?;
        let stored = self.store_locked(record, true, To { only, ..To::default() })?;
        Ok(self.or_as_before(record, stored, &before))
    }

    /// The same for one that is moved: it takes no other's place unless told to, and does not go to a helper of which it is not
    /// known what it holds.
    pub fn store_moved(&self, record: &Record, replaces: bool) -> Result<Stored> {
        let _lock = Lock::wait(record)?;
        let before = self.copies(record, &Record::new(), true)?;
        if !replaces && before.kept().any(|(_, copy)| !holds_the_same_secret(copy, record)) {
            return Ok(Stored { remarks: vec![error::migration_conflict(record)], ..Stored::default() });
        }
        let mut stored = self.store_locked(record, true, To { without: &before.failed, ..To::default() })?;
        stored.remarks.splice(..0, before.failed.iter().map(|(name, why)| error::helper_did_not_keep(name, why)));
        Ok(self.or_as_before(record, stored, &before))
    }

    fn or_as_before(&self, record: &Record, mut stored: Stored, before: &Copies) -> Stored {
        if stored.kept_by.is_empty() {
            for (helper, copy) in before.kept() {
                let link = self.links.iter().find(|link| link.name == *helper && link.name != PLAIN_TEXT);
                stored.remarks.extend(link.and_then(|link| link.put_back(record, copy)));
            }
        }
        stored
    }

    fn store_locked(&self, record: &Record, durable: bool, to: To) -> Result<Stored> {
        let mut record = record.clone();
        record.retain(|key| !ABOUT_THE_COPY.contains(&key) && !ABOUT_THE_REQUEST.contains(&key));
        if !record.has("username") {
            record.set("username", DEFAULT_ACCOUNT)?;
        }
        let mut stored = Stored::default();
        let mut earlier = Vec::new();
        let mut untouched = Vec::new();
        for (at, link) in self.links.iter().enumerate() {
            if to.without.iter().any(|(name, _)| *name == link.name) {
                continue;
            }
            if to.only.is_some_and(|only| only != link.name) {
                untouched.push(at);
                continue;
            }
            match link.try_to_keep(&record) {
                Ok(Kept::Yes) => {
                    stored.kept_by.push(link.name.clone());
                    if !self.store_in_all {
                        untouched.extend(at + 1..self.links.len());
                        break;
                    }
                }
                Ok(Kept::InTheEnvironment) if !durable => {
                    stored.kept_by.push(link.name.clone());
                    return Ok(stored);
                }
                Ok(Kept::InTheEnvironment | Kept::No) => untouched.push(at),
                Ok(Kept::Other) => {
                    earlier.push(link.name.clone());
                    untouched.push(at);
                }
                Err(problem) => stored.remarks.push(error::helper_did_not_keep(&link.name, &problem)),
            }
        }
        if stored.kept_by.is_empty() || (self.store_in_all && to.only.is_none()) {
            stored.shadowed_by = earlier;
            return Ok(stored);
        }
        for at in untouched {
            if let Some(link) = self.links.get(at)
                && to.without.iter().all(|(name, _)| *name != link.name)
            {
                stored.remarks.extend(link.erase_older(&record, &mut earlier));
            }
        }
        stored.shadowed_by = earlier;
        Ok(stored)
    }

    /// Erases from every helper that keeps credentials of its own. Where other providers share the host, those of their paths stay.
    pub fn erase(&self, description: &Record, shares_host: bool) -> Result<Erased> {
        self.erase_from(description, shares_host, false)
    }

    /// Erases from every helper, the files of other programs included.
    pub fn erase_everywhere(&self, description: &Record, shares_host: bool) -> Result<Erased> {
        self.erase_from(description, shares_host, true)
    }

    fn erase_from(&self, description: &Record, shares_host: bool, plain_text: bool) -> Result<Erased> {
        let _lock = Lock::wait(description)?;
        let mut erased = Erased::default();
        let mut question = with_capabilities(description)?;
        question.retain(|key| !ABOUT_THE_COPY.contains(&key) && !key.starts_with("wwwauth"));
        for link in &self.links {
            if link.name == PLAIN_TEXT && !plain_text {
                if matches!(link.helper(false).and_then(|helper| helper.get(&question)), Ok(Some(_))) {
                    erased.remarks.push(error::plain_text_left(description));
                }
                continue;
            }
            let erase = |helper: &(dyn Helper + Send + Sync)| match shares_host && !description.has("path") {
                true => erase_without_path(helper, &question),
                false => helper.erase(&question),
            };
            if let Err(problem) = link.with_or_without_a_person(erase) {
                erased.failed.push(error::helper_failed(&link.name, &problem));
            }
        }
        Ok(erased)
    }

    /// What the helpers hold: each credential once, with the first helper that has it.
    pub fn list(&self, context: &Record) -> Result<Listed> {
        let mut listed = Listed::default();
        let mut seen = HashSet::new();
        for (name, answer) in self.list_each(context) {
            match answer {
                Ok(Some(records)) => {
                    for mut record in records {
                        if seen.insert(described(&record)) {
                            record.set("helper", &name)?;
                            listed.records.push(record);
                        }
                    }
                }
                Ok(None) => listed.cannot_list.push(name),
                Err(problem) => listed.failed.push(error::helper_failed(&name, &problem)),
            }
        }
        Ok(listed)
    }

    /// What each helper lists, in the order of the chain; they are asked side by side.
    pub fn list_each(&self, context: &Record) -> Vec<(String, Result<Option<Vec<Record>>>)> {
        std::thread::scope(|scope| {
            let asked: Vec<_> = self
                .links
                .iter()
                .map(|link| (link, scope.spawn(|| link.helper(false).and_then(|helper| helper.list(context)))))
                .collect();
            asked
                .into_iter()
                .map(|(link, asked)| (link.name.clone(), asked.join().unwrap_or_else(|_| Err("it broke off".into()))))
                .collect()
        })
    }

    /// The links, for commands that say what each of them holds.
    pub fn links(&self) -> &[Link] {
        &self.links
    }
}

/// The helpers that a store goes to.
#[derive(Default, Clone, Copy)]
struct To<'a> {
    /// This one alone, and older copies are erased from the others.
    only: Option<&'a str>,
    /// Not these, and nothing is erased from them.
    without: &'a [(String, Error)],
}

enum Kept {
    Yes,
    /// It answers with the same, but as something that it does not keep itself.
    InTheEnvironment,
    /// It answers with something else, which it did before.
    Other,
    No,
}

impl Link {
    /// The helper, or why there is none.
    pub fn helper(&self, attended: bool) -> Result<&(dyn Helper + Send + Sync)> {
        match (&self.helper, &self.attended) {
            (Ok(_), Some(helper)) if attended => Ok(&**helper),
            (Ok(helper), _) => Ok(&**helper),
            (Err(problem), _) => Err(problem.clone()),
        }
    }

    /// Tries without anybody's help first; what fails is tried again with a person, where one is there.
    fn with_or_without_a_person<T>(&self, act: impl Fn(&(dyn Helper + Send + Sync)) -> Result<T>) -> Result<T> {
        match (self.helper(false).and_then(&act), &self.attended) {
            (Err(_), Some(helper)) if self.helper.is_ok() => act(&**helper),
            (outcome, _) => outcome,
        }
    }

    fn try_to_keep(&self, record: &Record) -> Result<Kept> {
        let question = description_of(record)?;
        self.with_or_without_a_person(|helper| {
            helper.store(&with_capabilities(record)?)?;
            let Some(found) = helper.get(&question)? else { return Ok(Kept::No) };
            Ok(match holds_the_same(&found, record) {
                true if found.is_true("ephemeral") => Kept::InTheEnvironment,
                true => Kept::Yes,
                false if found.has_secret() => Kept::Other,
                false => Kept::No,
            })
        })
    }

    /// Puts back what it held before, if a store that failed has spoilt that, and says so where it could not.
    fn put_back(&self, description: &Record, before: &Record) -> Option<Error> {
        let question = description_of(description).ok()?;
        let is_there = |helper: &(dyn Helper + Send + Sync)| matches!(helper.get(&question), Ok(Some(found)) if holds_the_same(&found, before));
        let mut record = question.clone();
        record.merge(before);
        record.retain(|key| !ABOUT_THE_COPY.contains(&key) && !ABOUT_THE_REQUEST.contains(&key));
        let outcome = self.with_or_without_a_person(|helper| {
            if is_there(helper) {
                return Ok(true);
            }
            helper.store(&with_capabilities(&record)?)?;
            Ok(is_there(helper))
        });
        (!matches!(outcome, Ok(true))).then(|| error::not_put_back(&self.name))
    }

    /// Erases the copy that was there before a store elsewhere, and says what is left. The erase names the older secret: an absent
    /// path means any path, and what is kept for another one is not an older copy.
    fn erase_older(&self, record: &Record, earlier: &mut Vec<String>) -> Option<Error> {
        let question = description_of(record).ok()?;
        let helper = self.helper(false).ok()?;
        let found = match helper.get(&question) {
            Ok(found) => found?,
            Err(problem) => return Some(error::older_copy_left(&self.name, &problem)),
        };
        if self.name == PLAIN_TEXT {
            return Some(error::plain_text_left(record));
        }
        if found.is_true("ephemeral") || found.get("path") != record.get("path") && found.has("path") {
            return None;
        }
        let mut older = question.clone();
        for key in ["password", "authtype", "credential"] {
            if let Some(value) = found.get(key) {
                older.set(key, value).ok()?;
            }
        }
        match helper.erase(&older) {
            Err(problem) => Some(error::older_copy_left(&self.name, &problem)),
            Ok(()) => {
                // One that was there before, and is gone now, no longer answers first.
                if let Some(at) = earlier.iter().position(|name| *name == self.name)
                    && matches!(helper.get(&question), Ok(None))
                {
                    earlier.remove(at);
                }
                None
            }
        }
    }
}

/// An absent path means any to a helper. Where other paths of the host are other providers', only what has none is erased, by its secret.
fn erase_without_path(helper: &dyn Helper, question: &Record) -> Result<()> {
    let mut description = question.clone();
    description.retain(|key| !matches!(key, "password" | "credential" | "provider"));
    for _ in 0..MOST_ACCOUNTS {
        let Some(found) = helper.get(&description)?.filter(|found| found.has_secret()) else { return Ok(()) };
        if found.has("path") || found.is_true("ephemeral") || !found.matches_secret(question) {
            return Ok(());
        }
        let mut copy = description.clone();
        for key in ["username", "password", "authtype", "credential"] {
            if let Some(value) = found.get(key) {
                copy.set(key, value)?;
            }
        }
        helper.erase(&copy)?;
    }
    Err("it still answers after it was told to erase".into())
}

/// As many accounts of one provider as anybody has.
const MOST_ACCOUNTS: usize = 100;

/// Which credential a record describes, as one value: there may be thousands to compare.
fn described(record: &Record) -> Box<[u8]> {
    let mut described = Vec::new();
    for value in ["protocol", "host", "path", "username"].map(|key| record.get(key)) {
        described.extend_from_slice(value.unwrap_or(b"\r"));
        described.push(b'\n');
    }
    described.into_boxed_slice()
}

/// What a helper is asked: all that is known, and what the core knows besides.
fn question(known: &Record, context: &Record) -> Result<Record> {
    let mut question = with_capabilities(known)?;
    question.merge(context);
    Ok(question)
}

/// The record as it is sent: this program understands both capabilities, whatever its own caller does.
fn with_capabilities(record: &Record) -> Result<Record> {
    let mut question = Record::of([("capability[]", "authtype"), ("capability[]", "state")])?;
    let mut rest = record.clone();
    rest.remove("capability[]");
    question.merge(&rest);
    Ok(question)
}

/// What says which credential is meant.
const DESCRIPTION: [&str; 5] = ["protocol", "host", "path", "username", "provider"];

fn description_of(record: &Record) -> Result<Record> {
    let mut description = with_capabilities(record)?;
    description.retain(|key| key == "capability[]" || DESCRIPTION.contains(&key));
    Ok(description)
}

/// Whether what was read back is what was stored: every secret of it, and when it ends.
fn holds_the_same(found: &Record, stored: &Record) -> bool {
    ["password", "authtype", "credential", "oauth_refresh_token", "password_expiry_utc"]
        .iter()
        .all(|key| !stored.has(key) || found.get(key) == stored.get(key))
        && (stored.has("password_expiry_utc") || found.expiry().is_none())
}

/// Whether both hold the same secrets, whatever else is known of them.
pub fn holds_the_same_secret(one: &Record, other: &Record) -> bool {
    ["password", "credential", "oauth_refresh_token"].iter().all(|key| one.get(key) == other.get(key))
}

/// A token that ends this soon, in seconds, is renewed if it can be: the tool that asks has yet to use it.
const SOON: u64 = 60;

/// Seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs())
}

/// As in git: it has expired when its time is before now.
pub fn is_expired(record: &Record) -> bool {
    is_expired_in(record, 0)
}

fn is_expired_in(record: &Record, seconds: u64) -> bool {
    record.expiry().is_some_and(|expiry| expiry < now() + seconds)
}

/// A pre-encoded credential, or a user name and a password; a provider's key needs no name.
fn is_complete(record: &Record, request: &Request) -> bool {
    record.has("credential") || (record.has("password") && (request.provider.is_some() || record.has("username")))
}
