//! What is kept where: for each provider whether one is signed in, which helper answers, how the copy is protected, how long it
//! lasts, and what shadows what. Helpers list without decrypting; only what ends, or is asked for in detail, is opened.

mod table;
mod unlisted;

use std::collections::BTreeMap;

use anyhow::Result;
use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Error, Record, shown};
use modelforge_credential_providers::SignIn;
use serde::Serialize;

use crate::accounts::protection;
use crate::audit;
use crate::chain::{Chain, now};
use crate::error;
use crate::key_shape::end_of;
use crate::person::Person;
use crate::providers::Provider;
use crate::session::Session;
use crate::terminal;
use table::{span, table};

/// `status --json`: the shape is stable, fields are only ever added.
#[derive(Serialize)]
struct Report {
    version: u32,
    providers: Vec<Row>,
    /// Helpers that could not be asked, and why.
    failed: Vec<String>,
    /// Which providers are not at their usual URLs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    elsewhere: Vec<String>,
}

/// One provider and account.
#[derive(Serialize)]
struct Row {
    provider: String,
    url: String,
    account: Option<String>,
    /// `api_key`, `device_flow` or `none`.
    sign_in: &'static str,
    /// `yes`, `no`, `expired` or `not needed`.
    signed_in: &'static str,
    /// Every copy, the one that answers first.
    copies: Vec<Copy>,
}

#[derive(Serialize)]
struct Copy {
    helper: String,
    /// How it is protected at rest.
    protection: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    plain_text: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_utc: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_utc: Option<u64>,
    /// Whether it can be renewed when it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    renewable: Option<bool>,
    /// When it was last given to a program, and to which, as far as the log goes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    used_utc: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    used_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    /// The last four characters at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
}

/// What `status` was asked to show.
pub struct Status {
    pub provider: Option<String>,
    pub account: Option<String>,
    pub details: bool,
    pub json: bool,
}

/// Shows it. With a provider named, one that is not signed in makes the exit status 1.
pub fn status(status: &Status) -> Result<()> {
    let session = Session::start(Person::Nobody)?;
    let named = status.provider.as_deref().map(|name| session.providers.by_name(name)).transpose()?;
    let progress = terminal::Progress::start("asking the helpers");
    let mut event = session.event("status", &described(named.as_ref(), status)?);
    let (mut report, failed) = collect(&session, named.as_ref(), status)?;
    event.outcome("listed");
    drop((progress, event));
    if status.details {
        add_last_uses(&mut report.providers);
    }
    // In the default chain, a helper that this machine has no use for is no news, unless it may hold what was not found.
    let is_news = !session.is_automatic(named.as_ref())?
        || status.details
        || report.providers.iter().all(|row| row.copies.is_empty());
    let told = failed.iter().filter(|one| one.about == About::Provider || is_news);
    told.for_each(|one| terminal::warning(&one.problem));
    session.left_out(named.as_ref())?.filter(|_| is_news).into_iter().for_each(terminal::warning);
    let signed_in = report.providers.iter().any(|row| matches!(row.signed_in, "yes" | "not needed"));
    if status.json {
        let mut lines = serde_json::to_vec_pretty(&report)?;
        lines.push(b'\n');
        terminal::answer(&lines)?;
    } else {
        terminal::tell(&table(&report, status))?;
    }
    // In detail, the helper that opened the files has said it already.
    let is_silenced = std::env::var_os("MODELFORGE_CREDENTIAL_WARN_PLAINTEXT").is_some_and(|value| value == "0");
    let in_plain_text =
        report.providers.iter().filter(|row| row.copies.iter().any(|copy| copy.plain_text == Some(true)));
    let in_plain_text: Vec<&str> = in_plain_text.map(|row| row.provider.as_str()).collect();
    if !in_plain_text.is_empty() && !status.details && !is_silenced {
        terminal::warning(&error::seen_in_plain_text(&in_plain_text));
    }
    match named {
        Some(provider) if !signed_in => {
            let ended = report.providers.iter().flat_map(|row| &row.copies).find_map(|copy| copy.expires_utc);
            Err(match ended.map(|at| span(now().saturating_sub(at))) {
                Some(ago) => error::token_expired(&provider.name, status.account.as_deref(), &ago),
                None => error::not_signed_in(&provider.name, status.account.as_deref()),
            }
            .into())
        }
        _ => Ok(()),
    }
}

/// What the log says was asked for.
fn described(named: Option<&Provider>, status: &Status) -> Result<Record> {
    let mut description = Record::new();
    if let Some(provider) = named {
        description = provider.location.clone();
        description.set("provider", &provider.name)?;
    }
    if let Some(account) = &status.account {
        description.set("username", account)?;
    }
    Ok(description)
}

/// When each copy was last given to a program, as far as the log goes back.
fn add_last_uses(rows: &mut [Row]) {
    let name = |row: &Row, copy: &Copy| {
        (row.url.clone(), row.account.clone().unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned()), copy.helper.clone())
    };
    let wanted: Vec<_> = rows.iter().flat_map(|row| row.copies.iter().map(|copy| name(row, copy))).collect();
    let uses = audit::last_uses(&wanted);
    for (copy, last) in rows.iter_mut().flat_map(|row| &mut row.copies).zip(uses) {
        (copy.used_utc, copy.used_by) = last.map_or((None, None), |last| (Some(last.utc), last.program));
    }
}

/// Why something cannot be shown: a provider that was declared wrongly, or a helper that could not be asked.
struct Problem {
    problem: Error,
    about: About,
}

#[derive(PartialEq)]
enum About {
    Provider,
    /// The helper of this name.
    Helper(String),
}

fn collect(session: &Session, named: Option<&Provider>, status: &Status) -> Result<(Report, Vec<Problem>)> {
    let mut failed: Vec<Problem> = Vec::new();
    let mut silent = Vec::new();
    // By provider and account, each with its copies in the order of the chain.
    let mut found: BTreeMap<(String, String), Vec<(String, Record)>> = BTreeMap::new();
    for (helper, listed) in session.list(named)? {
        match listed {
            Ok(Some(copies)) => {
                for (provider, record) in copies {
                    let account = record.text("username").unwrap_or(DEFAULT_ACCOUNT).to_owned();
                    if status.account.as_ref().is_none_or(|asked| *asked == account) {
                        found.entry((provider.name, account)).or_default().push((helper.clone(), record));
                    }
                }
            }
            Ok(None) => match named {
                Some(provider) => {
                    let place = described(named, status)?;
                    match unlisted::ask(session.chain(&place)?, &helper, &place, &provider.context()?) {
                        Ok(Some(record)) => {
                            let account = record.text("username").unwrap_or(DEFAULT_ACCOUNT).to_owned();
                            found.entry((provider.name.clone(), account)).or_default().push((helper, record));
                        }
                        Ok(None) => {}
                        Err(failure) => add(&mut failed, &helper, error::helper_failed(&helper, &failure)),
                    }
                }
                None => silent.push(helper),
            },
            Err(failure) => add(&mut failed, &helper, error::helper_failed(&helper, &failure)),
        }
    }
    if found.is_empty() || status.details {
        silent.iter().for_each(|helper| add(&mut failed, helper, error::cannot_list(helper)));
    }
    let mut wanted: BTreeMap<String, Provider> = BTreeMap::new();
    let names: Vec<String> = match named {
        Some(provider) => vec![provider.name.clone()],
        None => {
            session.providers.of_this_user().into_iter().chain(found.keys().map(|(name, _)| name.clone())).collect()
        }
    };
    for name in names {
        // It may be an alias of one that is there already; and what is wrong with a file is said once for all its providers.
        match session.providers.by_name(&name) {
            Ok(provider) => drop(wanted.insert(provider.name.clone(), provider)),
            Err(problem) if failed.iter().any(|known| known.problem.to_string() == problem.to_string()) => {}
            Err(problem) => failed.push(Problem { problem, about: About::Provider }),
        }
    }
    let mut rows = Vec::new();
    for (name, provider) in &wanted {
        let chain = session.chain(&described(Some(provider), status)?)?;
        let accounts: Vec<_> = found.iter().filter(|((found, _), _)| found == name).collect();
        for ((_, account), copies) in &accounts {
            rows.push(row(chain, provider, Some(account), copies, status.details, &mut failed)?);
        }
        if accounts.is_empty() && (named.is_some() || status.account.is_none()) {
            rows.push(row(chain, provider, status.account.as_deref(), &[], false, &mut failed)?);
        }
    }
    let reasons = failed.iter().map(|one| one.problem.to_string()).collect();
    let remarks = |provider: &Provider| {
        session.providers.moved(provider).into_iter().chain(session.providers.other_in_modelforge(provider))
    };
    let elsewhere = wanted.values().flat_map(remarks).map(|remark| remark.to_string()).collect();
    Ok((Report { version: 1, providers: rows, failed: reasons, elsewhere }, failed))
}

/// A helper that fails for one copy fails for the next as well: once is enough.
fn add(failed: &mut Vec<Problem>, helper: &str, problem: Error) {
    let about = About::Helper(helper.to_owned());
    if failed.iter().all(|known| known.about != about) {
        failed.push(Problem { problem, about });
    }
}

fn row(
    chain: &Chain,
    provider: &Provider,
    account: Option<&str>,
    records: &[(String, Record)],
    details: bool,
    failed: &mut Vec<Problem>,
) -> Result<Row> {
    let mut copies: Vec<Copy> = Vec::new();
    for (helper, record) in records {
        let mut copy = Copy {
            helper: helper.clone(),
            protection: protection(record),
            plain_text: record.has("plain_text").then(|| record.is_true("plain_text")),
            created_utc: record.text("created_utc").and_then(|text| text.parse().ok()),
            expires_utc: record.expiry(),
            renewable: None,
            used_utc: None,
            used_by: None,
            scope: record.shown("scope"),
            fingerprint: None,
        };
        // A key does not say in a list when it ends; a token may, and the first that still works is the one that answers.
        if details || (provider.sign_in == SignIn::DeviceFlow && copies.iter().all(Copy::is_over)) {
            match chain.copy_in(helper, record, &provider.context()?) {
                Ok(opened) => copy.add(&opened.unwrap_or_default(), details),
                Err(failure) => add(failed, helper, error::helper_failed(helper, &failure)),
            }
        }
        copies.push(copy);
    }
    copies.sort_by_key(Copy::is_over);
    let signed_in = match (provider.sign_in, copies.first().map(Copy::is_over)) {
        (SignIn::None, None) => "not needed",
        (_, None) => "no",
        (_, Some(true)) => "expired",
        (_, Some(false)) => "yes",
    };
    Ok(Row {
        provider: provider.name.clone(),
        url: provider.location.url(),
        account: account.map(shown),
        sign_in: provider.sign_in.name(),
        signed_in,
        copies,
    })
}

impl Copy {
    /// What only the credential itself tells.
    fn add(&mut self, opened: &Record, details: bool) {
        self.expires_utc = opened.expiry().or(self.expires_utc);
        self.renewable = Some(opened.has("oauth_refresh_token")).filter(|_| self.expires_utc.is_some());
        self.scope = opened.shown("scope").or(self.scope.take());
        if details {
            self.fingerprint = opened.text("password").and_then(end_of);
        }
    }

    /// Whether it has ended, and nobody can renew it.
    fn is_over(&self) -> bool {
        self.expires_utc.is_some_and(|at| at < now()) && self.renewable != Some(true)
    }
}
