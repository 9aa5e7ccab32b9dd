//! The status as a table for people.

use modelforge_credential_protocol::{DEFAULT_ACCOUNT, visible};

use super::report::{Copy, Report};
use crate::chain::now;
use crate::terminal::{self, Paint};

pub fn table(report: &Report, details: bool, account: Option<&str>) -> String {
    let mut lines =
        vec![["PROVIDER", "SIGNED IN", "ACCOUNT", "KEPT BY", "PROTECTED BY", "EXPIRES"].map(String::from).to_vec()];
    let mut paints = vec![Paint::Plain];
    let has_accounts = report.providers.iter().filter_map(|row| row.account.as_deref()).any(|it| it != DEFAULT_ACCOUNT);
    for row in &report.providers {
        let shown = if details { row.copies.len().max(1) } else { 1 };
        for at in 0..shown {
            let copy = row.copies.get(at);
            let (provider, account) = if at == 0 { (row.name(), row.account.as_deref()) } else { ("", None) };
            lines.push(vec![
                visible(provider),
                match copy {
                    Some(copy) if at > 0 => state_of_another(copy).to_owned(),
                    _ => row.signed_in.name().to_owned(),
                },
                visible(account.filter(|_| has_accounts).unwrap_or("")),
                copy.map(|copy| visible(&copy.helper)).unwrap_or_default(),
                copy.map(|copy| visible(&copy.storage)).unwrap_or_default(),
                copy.and_then(expires).unwrap_or_default(),
            ]);
            paints.push(if copy.is_some_and(Copy::is_in_plain_text) { Paint::Alarm } else { Paint::Plain });
        }
    }
    let mut text = terminal::columns(&lines, &paints);
    places(report, details).iter().for_each(|place| text.push_str(&format!("{place}\n")));
    for row in &report.providers {
        let [first, others @ ..] = row.copies.as_slice() else { continue };
        for other in others.iter().filter(|_| !details) {
            let account = row.account.as_deref().filter(|account| *account != DEFAULT_ACCOUNT);
            let account = account.map(|account| format!(", {}", visible(account))).unwrap_or_default();
            let name = format!("{}{account}", visible(row.name()));
            let [helper, protection, other_helper] =
                [&first.helper, &first.protection, &other.helper].map(|text| visible(text));
            text.push_str(&match (other.unreadable.is_some(), other.is_over()) {
                (true, _) => format!("{name}: the copy in `{other_helper}` cannot be read\n"),
                (_, true) => format!("{name}: the copy in `{other_helper}` has expired\n"),
                _ => format!("{name}: `{helper}` ({protection}) answers before the copy in `{other_helper}`\n"),
            });
        }
        for copy in row.copies.iter().filter(|_| details) {
            let mut facts = Vec::new();
            facts.extend(copy.fingerprint.as_ref().map(|end| format!("ends in {}", visible(end))));
            facts.extend(copy.created_utc.map(|at| format!("set {} ago", span(now().saturating_sub(at)))));
            facts.extend(copy.used_utc.map(|at| {
                let by = copy.used_by.as_ref().map(|program| format!(" by {}", visible(program))).unwrap_or_default();
                format!("last used {} ago{by}", span(now().saturating_sub(at)))
            }));
            facts.extend(copy.scope.as_ref().map(|scope| format!("scope {scope}")));
            if !facts.is_empty() {
                let (provider, helper) = (visible(row.name()), visible(&copy.helper));
                let account = visible(row.account.as_deref().unwrap_or(DEFAULT_ACCOUNT));
                text.push_str(&format!("{provider}, {account}, in {helper}: {}\n", facts.join(", ")));
            }
        }
    }
    if report.providers.is_empty() {
        text = match account {
            Some(account) => format!("no provider is signed in as `{}`\n", visible(account)),
            None if report.is_unsure => "no sign-in was found, but some helpers could not be queried\n".to_owned(),
            None => "no provider is signed in, and none is configured\n".to_owned(),
        };
    }
    report.elsewhere.iter().for_each(|remark| text.push_str(&format!("{}\n", visible(remark))));
    report.files.iter().for_each(|file| text.push_str(&format!("{}\n", file.to_text())));
    text
}

/// A copy that is not the answer, because an earlier one is, or because it cannot be.
fn state_of_another(copy: &Copy) -> &'static str {
    match copy {
        Copy { unreadable: Some(_), .. } => "unreadable",
        copy if copy.is_over() => "expired",
        _ => "shadowed",
    }
}

/// Where each helper stores the shown credentials, once for all of its rows.
fn places(report: &Report, details: bool) -> Vec<String> {
    let mut places = Vec::new();
    for row in &report.providers {
        for copy in row.copies.iter().take(if details { usize::MAX } else { 1 }) {
            let helper = visible(&copy.helper);
            let place = format!("{helper}: {}", visible(&copy.protection));
            let identity =
                copy.protected_by.as_ref().map(|by| format!("{helper}: identity protection: {}", visible(by)));
            for line in [Some(place).filter(|_| copy.protection != copy.storage), identity].into_iter().flatten() {
                if !places.contains(&line) {
                    places.push(line);
                }
            }
        }
    }
    places
}

fn expires(copy: &Copy) -> Option<String> {
    let expires = copy.expires_utc?;
    Some(match expires.checked_sub(now()) {
        Some(left) => format!("in {}", span(left)),
        None if copy.renewable == Some(true) => "refreshed on use".to_owned(),
        None => format!("{} ago", span(now().saturating_sub(expires))),
    })
}

/// A span of time in its largest unit.
pub fn span(seconds: u64) -> String {
    let (number, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..86400 => (seconds / 3600, "hour"),
        _ => (seconds / 86400, "day"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}
