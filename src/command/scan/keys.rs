//! The keys to search for: every copy in a helper of the chain, in every form in which tools write one.

use std::collections::HashSet;

use anyhow::Result;
use modelforge_credential_protocol::{Error, Record, forms, is_public, shown};
use zeroize::Zeroizing;

use super::error;
use super::needles::Needles;
use crate::accounts::account;
use crate::audit::{Event, Operation, Outcome};
use crate::chain::{Asked, Chain};
use crate::command::exec::mask::SHORTEST;
use crate::command::exec::secret_parts;
use crate::command::keys::is_credentials_file;
use crate::providers::Provider;
use crate::session::Session;
use crate::terminal::warn_once;

/// A credential to search for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// `None`: its URL belongs to no provider.
    pub provider: Option<String>,
    pub url: String,
    /// The account as people may see it.
    pub account: String,
}

/// Everything to search for.
pub struct Keys {
    pub keys: Vec<Key>,
    pub needles: Needles,
    /// Why there may be more.
    pub failed: Vec<Error>,
}

/// The secrets of a credential, each a word.
type Secrets = Vec<Zeroizing<Vec<u8>>>;

impl Key {
    /// `openai`, `openai:work`, or a URL.
    pub fn name(&self) -> String {
        match &self.provider {
            Some(provider) if self.account == modelforge_credential_protocol::DEFAULT_ACCOUNT => provider.clone(),
            Some(provider) => format!("{provider}:{}", self.account),
            None => self.url.clone(),
        }
    }
}

/// Asks every helper for its credentials.
pub fn gather(session: &Session) -> Result<Keys> {
    let mut gathering = Gathering { session, found: Vec::new(), failed: Vec::new() };
    for (helper, listed) in session.list(None)? {
        let copies = match listed {
            Ok(Some(copies)) => copies,
            Ok(None) => {
                let unlisted = session.unlisted(&helper, None)?;
                gathering.failed.extend(unlisted.failed.map(|problem| error::helper_failed(&helper, &problem)));
                unlisted.found.into_iter().map(|(provider, record)| (Some(provider), record)).collect()
            }
            Err(problem) => {
                gathering.failed.push(error::helper_failed(&helper, &problem));
                continue;
            }
        };
        gathering.add_all(&helper, copies)?;
    }
    if gathering.found.is_empty() {
        gathering.failed.extend(session.left_out(None)?.cloned());
    }
    Ok(gathering.finish())
}

struct Gathering<'a> {
    session: &'a Session,
    found: Vec<(Key, Secrets)>,
    failed: Vec<Error>,
}

/// A copy that a helper listed.
struct Listed<'a> {
    key: Key,
    place: Record,
    context: Record,
    chain: &'a Chain,
}

impl<'a> Listed<'a> {
    fn new(session: &'a Session, provider: Option<&Provider>, record: Record) -> Result<Self> {
        let url = provider.map_or_else(|| record.url(), |provider| provider.location.url());
        let account = provider.map_or_else(|| "<redacted>".to_owned(), |_| shown(&account(&record)));
        let key = Key { provider: provider.map(|provider| provider.name.clone()), url, account };
        let mut place = record;
        if let Some(provider) = provider {
            place.set("provider", &provider.name)?;
        }
        let context = provider.map(Provider::context).transpose()?.unwrap_or_default();
        Ok(Self { key, chain: session.chain(&place)?, place, context })
    }

    fn asked(&self) -> Asked<'_> {
        Asked { description: &self.place, context: &self.context }
    }
}

impl Gathering<'_> {
    /// Gets what a helper listed, with as few starts as possible. A person may have to unlock it, once.
    fn add_all(&mut self, helper: &str, copies: Vec<(Option<Provider>, Record)>) -> Result<()> {
        let session = self.session;
        let listed = copies.into_iter().map(|(provider, record)| Listed::new(session, provider.as_ref(), record));
        let listed = listed.collect::<Result<Vec<_>>>()?;
        for listed in listed.chunk_by(|one, other| std::ptr::eq(one.chain, other.chain)) {
            let mut events: Vec<Event> =
                listed.iter().map(|listed| session.event(Operation::Scan, &listed.place)).collect();
            events.iter_mut().for_each(|event| event.helper(helper));
            let asked: Vec<Asked> = listed.iter().map(Listed::asked).collect();
            let found = listed[0].chain.copies_in(helper, &asked, session.has_a_person())?;
            for ((found, listed), event) in found.into_iter().zip(listed).zip(&mut events) {
                self.note(helper, &listed.key, found, event);
            }
        }
        Ok(())
    }

    fn note(
        &mut self,
        helper: &str,
        key: &Key,
        found: modelforge_credential_protocol::Result<Option<Record>>,
        event: &mut Event,
    ) {
        match found {
            Ok(copy) => {
                event.outcome(if copy.is_some() { Outcome::Found } else { Outcome::NotFound });
                copy.iter().for_each(|copy| self.add(key, copy));
            }
            Err(problem) => {
                let failed = error::not_looked_for(helper, &problem);
                if !self.failed.iter().any(|known| known.to_string() == failed.to_string()) {
                    self.failed.push(failed);
                }
            }
        }
    }

    fn add(&mut self, key: &Key, copy: &Record) {
        let is_secret = |key: &str, value: &[u8]| !is_public(key) && !key.ends_with("[]") && !value.is_empty();
        let secrets: Secrets =
            copy.iter().filter(|(name, value)| is_secret(name, value)).flat_map(|(_, value)| parts(value)).collect();
        match secrets.iter().any(|secret| secret.len() < SHORTEST) {
            true => warn_once(&error::too_short(&key.name())),
            false => self.found.push((key.clone(), secrets)),
        }
    }

    /// Joins equal keys of two helpers.
    fn finish(mut self) -> Keys {
        self.found.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut keys: Vec<Key> = Vec::new();
        let mut found = Vec::new();
        let mut known: HashSet<Vec<u8>> = HashSet::new();
        for (key, secrets) in self.found {
            if keys.last() != Some(&key) {
                keys.push(key);
            }
            for secret in secrets {
                let forms = forms(&secret).into_iter().map(|form| form.bytes).enumerate();
                let new = forms.filter(|(_, form)| form.len() >= SHORTEST && known.insert(form.to_vec()));
                // The first form is the secret itself.
                found.extend(new.map(|(at, form)| (form, keys.len() - 1, at == 0)));
            }
        }
        Keys { keys, needles: Needles::new(found), failed: self.failed }
    }
}

/// A line of a text counts as a secret if it has this many bytes. Shorter lines also occur in other texts.
const LONG_LINE: usize = 20;

/// The secret if it is one line, the secret parts of a service account, or the long lines of any other text.
fn parts(secret: &[u8]) -> Secrets {
    if is_credentials_file(secret) {
        return secret_parts(secret).into_iter().filter(|part| !part.contains(&b'\n')).collect();
    }
    let lines: Vec<&[u8]> = secret.split(|byte| matches!(byte, b'\n' | b'\r')).collect();
    let is_text = lines.len() > 1;
    let long = lines.into_iter().filter(|line| !is_text || line.len() >= LONG_LINE);
    long.map(|line| Zeroizing::new(line.to_vec())).collect()
}
