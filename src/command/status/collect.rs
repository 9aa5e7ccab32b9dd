//! Asks the helpers what they have, and decrypts it.

use std::collections::BTreeMap;

use anyhow::Result;
use modelforge_credential_protocol::{Error, Record, shown};
use modelforge_credential_providers::SignIn;

use super::report::{Copy, Report, Row, SignedIn};
use super::{Asked, Status};
use crate::accounts::{account, protection, storage, unlisted};
use crate::chain::Chain;
use crate::error;
use crate::providers::Provider;
use crate::session::Session;

/// Shown in place of an account that may be a token.
const REDACTED: &str = "<redacted>";

/// The most copies that are decrypted: each costs a process.
const OPENED_AT_MOST: usize = 100;

/// Why something cannot be shown.
pub struct Problem {
    pub problem: Error,
    pub about: About,
}

#[derive(PartialEq)]
pub enum About {
    /// A provider with an invalid declaration.
    Provider,
    /// A copy that this helper lists and cannot decrypt.
    Copy(String),
    /// This helper could not be asked.
    Helper(String),
}

/// Where a credential belongs: to a provider, or to a URL of no provider.
#[derive(PartialEq, Eq, PartialOrd, Ord, Clone)]
enum Place {
    Provider(String),
    Url(String),
}

/// By place and account, with the copies in the order of the chain.
type Found = BTreeMap<(Place, String), Vec<(String, Record)>>;

/// The rows found so far.
#[derive(Default)]
struct Collected {
    found: Found,
    failed: Vec<Problem>,
    opened: usize,
    /// True if a helper could not be asked, which may have what was not found.
    is_unsure: bool,
}

pub fn collect(session: &Session, asked: &Asked, status: &Status) -> Result<(Report, Vec<Problem>)> {
    let mut collected = Collected::default();
    let mut silent = Vec::new();
    for (helper, listed) in session.list(asked.only())? {
        match listed {
            Ok(Some(copies)) => {
                let meant = copies.into_iter().filter(|(provider, record)| asked.wants(provider.as_ref(), record));
                meant.for_each(|(provider, record)| collected.add(&helper, provider.as_ref(), record));
            }
            Ok(None) => silent.push(helper),
            Err(failure) => collected.could_not_ask(&helper, error::helper_failed(&helper, &failure)),
        }
    }
    for helper in &silent {
        collected.ask(session, asked, helper)?;
    }
    if asked.request.is_none() && (collected.found.is_empty() || status.details) {
        silent.iter().for_each(|helper| collected.fail(About::Helper(helper.clone()), error::cannot_list(helper)));
    }
    let wanted = collected.wanted(session, asked);
    let mut rows = Vec::new();
    for (name, provider) in &wanted {
        let mut request = provider.location.clone();
        request.set("provider", name)?;
        let chain = session.chain(&request)?;
        let place = Place::Provider(name.clone());
        let is_shown = asked.request.is_some() || asked.account.is_none();
        let of_it = collected.take(&place);
        if of_it.is_empty() && is_shown {
            rows.push(collected.row(
                chain,
                Some(provider),
                provider.location.url(),
                asked.account.as_deref(),
                &[],
                false,
            )?);
        }
        for (account, copies) in of_it {
            rows.push(collected.row(
                chain,
                Some(provider),
                provider.location.url(),
                Some(&account),
                &copies,
                status.details,
            )?);
        }
    }
    for ((place, account), copies) in std::mem::take(&mut collected.found) {
        if let (Place::Url(url), Some((_, record))) = (place, copies.first()) {
            let chain = session.chain(record)?;
            rows.push(collected.row(chain, None, url, Some(&account), &copies, status.details)?);
        }
    }
    if let (Some(request), None, true) = (&asked.request, asked.provider(), rows.is_empty()) {
        let chain = session.chain(&request.record)?;
        rows.push(collected.row(chain, None, request.record.url(), asked.account.as_deref(), &[], false)?);
    }
    let remarks = |provider: &Provider| {
        session.providers.moved(provider).into_iter().chain(session.providers.other_in_modelforge(provider))
    };
    let elsewhere = wanted.values().flat_map(remarks).map(|remark| remark.to_string()).collect();
    let failed = collected.failed.iter().map(|one| one.problem.to_string()).collect();
    let Collected { failed: problems, is_unsure, .. } = collected;
    Ok((Report { version: 1, providers: rows, failed, elsewhere, files: Vec::new(), is_unsure }, problems))
}

impl Asked {
    /// True if the person asked for this credential. Backups of migrations have their own command.
    fn wants(&self, provider: Option<&Provider>, record: &Record) -> bool {
        let is_of_the_account = self.account.as_ref().is_none_or(|asked| *asked == account(record));
        let is_at_the_place = match (&self.request, self.provider()) {
            (None, _) => provider.is_some() || record.text("protocol") != Some("backup"),
            (Some(_), Some(asked)) => provider.is_some_and(|provider| provider.name == asked.name),
            (Some(request), None) => {
                let mut place = request.record.description();
                place.remove("username");
                provider.is_none() && record.matches(&place)
            }
        };
        is_of_the_account && is_at_the_place
    }
}

impl Collected {
    fn add(&mut self, helper: &str, provider: Option<&Provider>, record: Record) {
        let place =
            provider.map_or_else(|| Place::Url(record.url()), |provider| Place::Provider(provider.name.clone()));
        self.found.entry((place, account(&record))).or_default().push((helper.to_owned(), record));
    }

    /// If a helper fails for one copy, it fails for the next as well. One report is enough.
    fn fail(&mut self, about: About, problem: Error) {
        if about == About::Provider || self.failed.iter().all(|known| known.about != about) {
            self.failed.push(Problem { problem, about });
        }
    }

    fn could_not_ask(&mut self, helper: &str, problem: Error) {
        self.is_unsure = true;
        self.fail(About::Helper(helper.to_owned()), problem);
    }

    fn take(&mut self, place: &Place) -> Vec<(String, Vec<(String, Record)>)> {
        let mut taken = Vec::new();
        while let Some((key, _)) =
            self.found.range((place.clone(), String::new())..).next().filter(|(key, _)| key.0 == *place)
        {
            let key = key.clone();
            let copies = self.found.remove(&key).unwrap_or_default();
            taken.push((key.1, copies));
        }
        taken
    }

    /// Asks a helper without a list for what the person named, or for each provider.
    fn ask(&mut self, session: &Session, asked: &Asked, helper: &str) -> Result<()> {
        if let Some(request) = &asked.request {
            let chain = session.chain(&asked.place)?;
            match unlisted(chain, helper, &asked.place, &request.context) {
                Ok(Some(record)) => self.add(helper, asked.provider(), record),
                Ok(None) => {}
                Err(failure) => self.could_not_ask(helper, error::helper_failed(helper, &failure)),
            }
            return Ok(());
        }
        let unlisted = session.unlisted(helper, asked.account.as_deref())?;
        unlisted.found.into_iter().for_each(|(provider, record)| self.add(helper, Some(&provider), record));
        if let Some(failure) = unlisted.failed {
            self.could_not_ask(helper, error::helper_failed(helper, &failure));
        }
        Ok(())
    }

    /// The providers that get a row.
    fn wanted(&mut self, session: &Session, asked: &Asked) -> BTreeMap<String, Provider> {
        let mut wanted = BTreeMap::new();
        let names: Vec<String> = match (&asked.request, asked.provider()) {
            (Some(_), provider) => provider.map(|provider| provider.name.clone()).into_iter().collect(),
            (None, _) => {
                let found = self.found.keys().filter_map(|(place, _)| match place {
                    Place::Provider(name) => Some(name.clone()),
                    Place::Url(_) => None,
                });
                let mut names: Vec<String> = session.providers.of_this_user().into_iter().chain(found).collect();
                names.dedup();
                names
            }
        };
        for name in names {
            // It may be an alias of one that is already there. An error in a file is reported once for all its providers.
            match session.providers.by_name(&name) {
                Ok(provider) => drop(wanted.insert(provider.name.clone(), provider)),
                Err(problem) if self.failed.iter().any(|known| known.problem.to_string() == problem.to_string()) => {}
                Err(problem) => self.fail(About::Provider, problem),
            }
        }
        wanted
    }

    fn row(
        &mut self,
        chain: &Chain,
        provider: Option<&Provider>,
        url: String,
        account: Option<&str>,
        records: &[(String, Record)],
        details: bool,
    ) -> Result<Row> {
        let context = provider.map(Provider::context).transpose()?.unwrap_or_default();
        // For other URLs, a user name may be a token, and only the credential itself shows that.
        let mut seen = account.map(|account| provider.map_or_else(|| REDACTED.to_owned(), |_| shown(account)));
        let mut copies: Vec<Copy> = Vec::new();
        for (helper, record) in records {
            let mut copy = listed(helper, record);
            // The first copy that works is the answer. A copy in plain text or in a variable was already read to list it.
            let may_be_renewed = provider.is_some_and(|provider| provider.sign_in == SignIn::DeviceFlow);
            let was_read = (copy.is_in_plain_text() && !may_be_renewed) || record.has("variable");
            // Each of them would prompt for the passphrase of its identity.
            let is_locked = record.is_true("locked");
            let may_open = !was_read && self.opened < OPENED_AT_MOST && !copies.iter().any(Copy::answers);
            if (details || may_open) && !is_locked {
                self.opened += 1;
                seen = self.open(chain, &mut copy, record, &context, details).or(seen);
            }
            copies.push(copy);
        }
        copies.sort_by_key(|copy| !copy.answers());
        let sign_in = provider.map_or(SignIn::ApiKey, |provider| provider.sign_in);
        let signed_in = match (sign_in, copies.first()) {
            (SignIn::None, None) => SignedIn::NotNeeded,
            (_, None) if self.is_unsure => SignedIn::Unknown,
            (_, None) => SignedIn::No,
            (_, Some(first)) if first.answers() => SignedIn::Yes,
            (_, Some(first)) if first.unreadable.is_some() => SignedIn::Unreadable,
            (_, Some(_)) => SignedIn::Expired,
        };
        Ok(Row {
            provider: provider.map(|provider| provider.name.clone()),
            url,
            account: seen,
            sign_in: sign_in.name(),
            signed_in,
            copies,
        })
    }

    /// Adds what only the credential itself shows. Returns its account as people may see it.
    fn open(
        &mut self,
        chain: &Chain,
        copy: &mut Copy,
        record: &Record,
        context: &Record,
        details: bool,
    ) -> Option<String> {
        let problem = match chain.copy_in(&copy.helper, record, context) {
            Ok(Some(opened)) if opened.has_secret() || opened.has("oauth_refresh_token") => {
                copy.add(&opened, details);
                return opened.shown("username");
            }
            Ok(_) => error::listed_and_not_returned(&copy.helper, record),
            Err(problem) => error::helper_failed(&copy.helper, &problem),
        };
        copy.unreadable = Some(problem.to_string());
        self.fail(About::Copy(copy.helper.clone()), problem);
        None
    }
}

/// A copy, as its helper lists it.
fn listed(helper: &str, record: &Record) -> Copy {
    Copy {
        helper: helper.to_owned(),
        protection: protection(record),
        storage: storage(record),
        protected_by: record.shown("protected_by"),
        plain_text: record.has("plain_text").then(|| record.is_true("plain_text")),
        unreadable: None,
        created_utc: record.text("created_utc").and_then(|text| text.parse().ok()),
        expires_utc: record.expiry(),
        renewable: None,
        used_utc: None,
        used_by: None,
        scope: record.shown("scope"),
        fingerprint: None,
    }
}
