//! The arguments of `audit`.

use clap::Args;

#[derive(Args)]
pub struct AuditOptions {
    /// Only this provider
    #[arg(long, value_name = "PROVIDER")]
    pub provider: Option<String>,
    /// Only this account
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// Only what is no older: `2d`, or a date in UTC, `2026-01-31`
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Only the newest N; 100 without --since
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// The records as they are kept, one line of JSON each
    #[arg(long)]
    pub json: bool,
    /// Gone, and why is said
    #[arg(long, hide = true)]
    pub verify: bool,
}
