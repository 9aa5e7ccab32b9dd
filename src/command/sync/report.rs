//! The result of a `sync`, as JSON.

use modelforge_credential_protocol::Record;
use serde::Serialize;

use crate::terminal;

/// `sync --json`. The format is stable: fields are only added.
#[derive(Serialize)]
struct Report {
    version: u32,
    stores: Vec<Store>,
}

#[derive(Serialize)]
pub struct Store {
    helper: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    received: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unsent: Option<u64>,
    /// Credentials that were replaced here and elsewhere, with the account that the older one has now.
    kept: Vec<Kept>,
    /// How many more there are than the list can hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    kept_more: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replaced: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

#[derive(Serialize)]
struct Kept {
    url: String,
    account: String,
}

impl Store {
    pub fn of(helper: &str, answer: &anyhow::Result<Record>) -> Self {
        let record = answer.as_ref().ok();
        let text = |key| record.and_then(|record| record.text(key)).map(str::to_owned);
        let number = |key| text(key)?.parse().ok();
        let kept = record.into_iter().flat_map(|record| record.all("kept[]")).map(|kept| {
            let kept = String::from_utf8_lossy(kept);
            let (url, account) = kept.rsplit_once(' ').unwrap_or((&kept, ""));
            Kept { url: url.to_owned(), account: account.to_owned() }
        });
        Self {
            helper: helper.to_owned(),
            received: number("received"),
            sent: number("sent"),
            unsent: number("unsent"),
            kept: kept.collect(),
            kept_more: number("kept_more"),
            replaced: text("replaced"),
            problem: answer.as_ref().err().map(|problem| format!("{problem:#}")).or_else(|| text("problem")),
        }
    }
}

pub fn json(stores: Vec<Store>) -> anyhow::Result<Vec<u8>> {
    terminal::json(&Report { version: 1, stores })
}
