//! The arguments of `login`, `logout` and `status`, in both spellings: with the provider as an argument or as an option.

use std::path::PathBuf;

use clap::Args;

use crate::cli::error;
use crate::command::login::Login;
use crate::command::status::Status;
use crate::error::Usage;

#[derive(Args)]
pub struct LoginOptions {
    /// The provider (ModelForge's spelling)
    #[arg(long = "provider", id = "provider_option", value_name = "PROVIDER", hide = true)]
    provider: Option<String>,
    /// Which of several accounts this is
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Add a provider with this URL to config.toml, for a gateway of your own
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Store it in this helper of the chain
    #[arg(long, value_name = "NAME")]
    helper: Option<String>,
    /// The key (other users can see it; pipe it instead)
    #[arg(long, value_name = "KEY", hide_default_value = true)]
    api_key: Option<String>,
    /// Store a service account's JSON file
    #[arg(long, value_name = "PATH", conflicts_with = "api_key")]
    file: Option<PathBuf>,
    /// Open the browser to confirm a code
    #[arg(long)]
    browser: bool,
    /// Replace a stored key or a known URL without asking
    #[arg(long)]
    force: bool,
    /// Store it even if it does not look like a key for this provider
    #[arg(long)]
    unchecked: bool,
}

#[derive(Args)]
pub struct LogoutOptions {
    /// The provider (ModelForge's spelling)
    #[arg(long = "provider", id = "provider_option", value_name = "PROVIDER", hide = true)]
    provider: Option<String>,
    /// Only this account
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Every provider
    #[arg(long, alias = "all-providers", conflicts_with_all = ["account", "provider_option"])]
    all: bool,
    /// Remove everything: backups, the age identity, notes and configuration as well
    #[arg(long)]
    purge: bool,
    /// Do not ask whether to go on
    #[arg(long, short)]
    yes: bool,
}

#[derive(Args)]
pub struct StatusOptions {
    /// Only this provider (ModelForge's spelling)
    #[arg(long = "provider", id = "provider_option", value_name = "PROVIDER", hide = true)]
    provider: Option<String>,
    /// Only this account
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// The request.
pub enum SignOut {
    Provider { provider: String, account: Option<String> },
    Everywhere { yes: bool },
    ForGood { yes: bool },
}

impl LoginOptions {
    pub fn of(self, provider: Option<String>) -> Result<Login, Usage> {
        Ok(Login {
            provider: provider.or(self.provider).ok_or_else(|| error::no_provider("login"))?,
            account: self.account,
            url: self.url,
            helper: self.helper,
            api_key: self.api_key.map(zeroize::Zeroizing::new),
            file: self.file,
            browser: self.browser,
            force: self.force,
            unchecked: self.unchecked,
        })
    }
}

impl LogoutOptions {
    pub fn of(self, provider: Option<String>) -> Result<SignOut, Usage> {
        let Self { provider: option, account, all, purge, yes } = self;
        match (all, provider.or(option)) {
            (false, _) if purge => Err(error::purge_without_all()),
            (true, _) if purge => Ok(SignOut::ForGood { yes }),
            (true, _) => Ok(SignOut::Everywhere { yes }),
            (false, Some(provider)) => Ok(SignOut::Provider { provider, account }),
            (false, None) => Err(error::no_provider("logout")),
        }
    }
}

impl StatusOptions {
    /// With `--verbose`, in detail.
    pub fn of(self, provider: Option<String>, details: bool) -> Status {
        Status { provider: provider.or(self.provider), account: self.account, details, json: self.json }
    }
}
