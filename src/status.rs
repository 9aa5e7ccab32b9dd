//! What is kept where: for each provider whether one is signed in, which helper answers, how the copy is protected, how long it
//! lasts, and what shadows what. Helpers list without decrypting; only what ends, or is asked for in detail, is opened.

use std::collections::BTreeMap;

use anyhow::Result;
use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Record, visible};
use serde::Serialize;

use crate::chain::{Chain, is_expired, now};
use crate::config::Config;
use crate::error;
use crate::links;
use crate::login::protection;
use crate::providers::{Provider, Providers};
use crate::terminal::{self, Paint};

/// `status --json`: the shape is stable, fields are only ever added.
#[derive(Serialize)]
struct Report {
    version: u32,
    providers: Vec<Row>,
    /// Helpers that could not be asked, and why.
    failed: Vec<String>,
}

/// One provider and account.
#[derive(Serialize)]
struct Row {
    provider: String,
    url: String,
    account: Option<String>,
    /// `api_key`, `device_flow` or `none`.
    sign_in: String,
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
    plain_text: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_utc: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_utc: Option<u64>,
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
    let providers = Providers::new(Config::load()?);
    let named = status.provider.as_deref().map(|name| providers.by_name(name)).transpose()?;
    let scope = match &named {
        Some(provider) => Record::of([("provider", &provider.name)])?,
        None => Record::new(),
    };
    let opened = links::open(&providers, &scope, &terminal::Person::Nobody)?;
    let progress = terminal::Progress::start("asking the helpers");
    let mut report = collect(&providers, &opened.chain, named.as_ref(), status)?;
    drop(progress);
    for problem in &report.failed {
        // In the default chain, a helper that this machine has no use for is no news.
        if !opened.automatic || status.details {
            terminal::warning(&problem.as_str().into());
        }
    }
    if status.account.is_some() {
        report.providers.retain(|row| row.account == status.account);
    }
    let signed_in = report.providers.iter().any(|row| matches!(row.signed_in, "yes" | "not needed"));
    if status.json {
        let mut lines = serde_json::to_vec_pretty(&report)?;
        lines.push(b'\n');
        terminal::answer(&lines)?;
    } else {
        terminal::answer(table(&report, status.details).as_bytes())?;
    }
    match named {
        Some(provider) if !signed_in => Err(error::not_signed_in(&provider.name, status.account.as_deref()).into()),
        _ => Ok(()),
    }
}

fn collect(providers: &Providers, chain: &Chain, named: Option<&Provider>, status: &Status) -> Result<Report> {
    let listed = chain.list_each(&providers.context_of_all()?);
    let mut failed = Vec::new();
    // By provider and account, each with its copies in the order of the chain.
    let mut found: BTreeMap<(String, String), Vec<(String, Record)>> = BTreeMap::new();
    for (helper, listed) in listed {
        match listed {
            Ok(Some(records)) => {
                for record in records {
                    let Some(provider) = providers.by_location(&record)? else { continue };
                    let account = record.text("username").unwrap_or(DEFAULT_ACCOUNT).to_owned();
                    found.entry((provider.name, account)).or_default().push((helper.clone(), record));
                }
            }
            Ok(None) => {}
            Err(problem) => failed.push(error::helper_failed(&helper, &problem).to_string()),
        }
    }
    let mut names: Vec<String> = match named {
        Some(provider) => vec![provider.name.clone()],
        None => providers.of_this_user(),
    };
    names.extend(found.keys().map(|(name, _)| name.clone()).filter(|_| named.is_none()));
    names.sort();
    names.dedup();
    let mut rows = Vec::new();
    for name in names {
        let provider = match providers.by_name(&name) {
            Ok(provider) => provider,
            Err(problem) => {
                failed.push(problem.to_string());
                continue;
            }
        };
        let accounts: Vec<_> = found.iter().filter(|((found, _), _)| *found == name).collect();
        for ((_, account), copies) in &accounts {
            rows.push(row(chain, &provider, Some(account), copies, status.details)?);
        }
        if accounts.is_empty() {
            rows.push(row(chain, &provider, None, &[], false)?);
        }
    }
    Ok(Report { version: 1, providers: rows, failed })
}

fn row(
    chain: &Chain,
    provider: &Provider,
    account: Option<&str>,
    records: &[(String, Record)],
    details: bool,
) -> Result<Row> {
    let mut copies = Vec::new();
    let mut expired = false;
    for (at, (helper, record)) in records.iter().enumerate() {
        let mut copy = Copy {
            helper: helper.clone(),
            protection: protection(record),
            plain_text: record.text("storage") == Some("PLAIN TEXT"),
            created_utc: record.text("created_utc").and_then(|text| text.parse().ok()),
            expires_utc: record.expiry(),
            scope: record.text("scope").map(visible),
            fingerprint: None,
        };
        // A key does not say in a list when it ends; a token may.
        if details || (at == 0 && provider.sign_in == "device_flow") {
            let opened = chain.copy_in(helper, record, &provider.context()?).ok().flatten().unwrap_or_default();
            copy.expires_utc = opened.expiry().or(copy.expires_utc);
            copy.scope = opened.text("scope").map(visible).or(copy.scope);
            if details {
                copy.fingerprint = opened.text("password").and_then(fingerprint);
            }
            if at == 0 {
                expired = is_expired(&opened) && !opened.has("oauth_refresh_token");
            }
        }
        copies.push(copy);
    }
    let signed_in = match (provider.sign_in.as_str(), copies.is_empty(), expired) {
        ("none", true, _) => "not needed",
        (_, true, _) => "no",
        (_, false, true) => "expired",
        (_, false, false) => "yes",
    };
    Ok(Row {
        provider: provider.name.clone(),
        url: provider.location.url(),
        account: account.map(str::to_owned),
        sign_in: provider.sign_in.clone(),
        signed_in,
        copies,
    })
}

/// The end of a key, where that leaves enough of it unknown.
fn fingerprint(key: &str) -> Option<String> {
    let shown = if key.len() >= 24 { 4 } else { 0 };
    key.get(key.len() - shown..).filter(|end| !end.is_empty()).map(|end| format!("…{end}"))
}

fn table(report: &Report, details: bool) -> String {
    let mut lines =
        vec![["PROVIDER", "SIGNED IN", "ACCOUNT", "KEPT BY", "PROTECTED BY", "TIME LEFT"].map(String::from).to_vec()];
    let mut paints = vec![Paint::Plain];
    for row in &report.providers {
        let shown = if details { row.copies.len().max(1) } else { 1 };
        for at in 0..shown {
            let copy = row.copies.get(at);
            let (provider, account) =
                if at == 0 { (row.provider.as_str(), row.account.as_deref()) } else { ("", None) };
            lines.push(vec![
                visible(provider),
                if at == 0 { row.signed_in.to_owned() } else { "shadowed".to_owned() },
                visible(account.unwrap_or("")),
                copy.map(|copy| visible(&copy.helper)).unwrap_or_default(),
                copy.map(|copy| visible(&copy.protection)).unwrap_or_default(),
                copy.and_then(|copy| copy.expires_utc).map(time_left).unwrap_or_default(),
            ]);
            paints.push(if copy.is_some_and(|copy| copy.plain_text) { Paint::Alarm } else { Paint::Plain });
        }
    }
    let mut text = terminal::columns(&lines, &paints);
    for row in &report.providers {
        let [first, others @ ..] = row.copies.as_slice() else { continue };
        for other in others.iter().filter(|_| !details) {
            let (provider, first, other) = (visible(&row.provider), visible(&first.protection), visible(&other.helper));
            text.push_str(&format!("{provider}: {first} answers before the copy in `{other}`\n"));
        }
        for copy in row.copies.iter().filter(|_| details) {
            let mut facts = Vec::new();
            facts.extend(copy.fingerprint.as_ref().map(|end| format!("ends in {}", visible(end))));
            facts.extend(copy.created_utc.map(|at| format!("set {} ago", span(now().saturating_sub(at)))));
            facts.extend(copy.scope.as_ref().map(|scope| format!("scope {scope}")));
            if !facts.is_empty() {
                let (provider, helper) = (visible(&row.provider), visible(&copy.helper));
                let account = visible(row.account.as_deref().unwrap_or(DEFAULT_ACCOUNT));
                text.push_str(&format!("{provider}, {account}, in {helper}: {}\n", facts.join(", ")));
            }
        }
    }
    if report.providers.is_empty() {
        text = "no provider is signed in, and none is configured\n".to_owned();
    }
    text
}

fn time_left(expires: u64) -> String {
    match expires.checked_sub(now()) {
        Some(left) => span(left),
        None => format!("ended {} ago", span(now() - expires)),
    }
}

/// A span of time in its largest unit.
fn span(seconds: u64) -> String {
    let (number, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..86400 => (seconds / 3600, "hour"),
        _ => (seconds / 86400, "day"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}
