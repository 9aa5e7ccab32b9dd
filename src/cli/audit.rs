//! The arguments of `audit`.

use clap::Args;

use crate::command::audit::Audit;

#[derive(Args)]
pub struct AuditOptions {
    /// Only this provider
    #[arg(long, value_name = "PROVIDER")]
    provider: Option<String>,
    /// Only this account
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Only records since TIME: `2d`, or a date in UTC, `2026-01-31`
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only the newest N; 100 without --since
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Print the records as stored, one JSON object per line
    #[arg(long)]
    json: bool,
}

impl AuditOptions {
    /// With `--verbose`, in detail.
    pub fn of(self, details: bool) -> Audit {
        let AuditOptions { provider, account, since, limit, json } = self;
        Audit { provider, account, since, limit, json, details }
    }
}
