//! Which credentials are meant, and what decides where two differ.

use modelforge_credential_protocol::{Record, Result};

use crate::providers::Providers;

/// The options of `migrate`.
#[derive(Default)]
pub struct Migrate {
    /// Helpers to take from; none: what is in plain text.
    pub from: Vec<String>,
    /// The helper to store in; none: the chain.
    pub to: Option<String>,
    pub provider: Option<String>,
    pub account: Option<String>,
    /// Which one stays where two differ.
    pub prefer: Option<Prefer>,
    pub drop_expired: bool,
    /// The folders of projects; none: the files of tools and of ModelForge.
    pub folders: Vec<String>,
    /// Where two tools have different keys, the second one's becomes an account of its name.
    pub account_per_tool: bool,
    /// Tools are not told to ask.
    pub no_rewire: bool,
    /// A line in a shell's profile may take a key's place.
    pub shell_line: bool,
    pub dry_run: bool,
    pub yes: bool,
    pub json: bool,
}

/// Which of two keys stays: the one at the source, or the one that the target keeps.
#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
pub enum Prefer {
    Source,
    Target,
}

/// Which credentials, and what decides where two differ.
pub struct Choice {
    /// A provider's canonical name.
    pub provider: Option<String>,
    pub account: Option<String>,
    pub prefer: Option<Prefer>,
    pub drop_expired: bool,
    pub account_per_tool: bool,
    pub rewires: bool,
    pub shell_line: bool,
}

impl Choice {
    pub fn of(asked: &Migrate, providers: &Providers) -> Result<Self> {
        let provider = asked.provider.as_deref().map(|name| providers.by_name(name)).transpose()?;
        Ok(Self {
            provider: provider.map(|provider| provider.name),
            account: asked.account.clone(),
            prefer: asked.prefer,
            drop_expired: asked.drop_expired,
            account_per_tool: asked.account_per_tool,
            // A helper that is not in the chain answers no tool.
            rewires: !asked.no_rewire && asked.to.is_none(),
            shell_line: asked.shell_line,
        })
    }

    pub fn is_meant(&self, record: &Record) -> bool {
        let is = |wanted: &Option<String>, key| wanted.as_deref().is_none_or(|wanted| record.text(key) == Some(wanted));
        is(&self.provider, "provider") && is(&self.account, "username")
    }

    pub fn is_for_all(&self) -> bool {
        self.provider.is_none() && self.account.is_none()
    }
}
