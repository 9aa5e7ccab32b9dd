//! Which credentials to migrate, and what to do if two differ.

use modelforge_credential_protocol::{Record, Result};

use crate::providers::Providers;

/// The options of `migrate`.
#[derive(Default)]
pub struct Migrate {
    /// The helpers to take from. Empty: plain-text files.
    pub from: Vec<String>,
    /// The helper to store in. `None`: the chain.
    pub to: Option<String>,
    pub provider: Option<String>,
    pub account: Option<String>,
    /// Which one stays where two differ.
    pub prefer: Option<Prefer>,
    pub drop_expired: bool,
    /// The directories of projects. Empty: the files of tools and of ModelForge.
    pub folders: Vec<String>,
    /// If two tools have different keys, the second key goes to an account named after its tool.
    pub account_per_tool: bool,
    /// Do not make tools ask for their keys.
    pub no_rewire: bool,
    /// Allow a line in a shell's profile in place of a key.
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

/// Which credentials to migrate, and what to do if two differ.
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
            // Tools ask the chain, so they do not find keys in a helper outside it.
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
