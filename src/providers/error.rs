//! What is to be known of a provider that is at another URL than usual.

use modelforge_credential_protocol::{Error, visible};

use super::Provider;
use crate::config::shown_path;
use crate::error::PROGRAM;

/// ModelForge would send the key to the URL that it has for the name, and that is another one.
pub fn not_where_modelforge_sends(name: &str, url: &str, provider: &Provider) -> Error {
    let (url, here) = (visible(url), provider.location.url());
    Error::new(format!("`{name}` is at `{url}` in ModelForge's file, so ModelForge does not get the key for `{here}`"))
        .hint(format!("provider.{name}.url = \"{url}\"  # in {}, above any [section]", shown_path()))
}

/// No key is kept for the URL that ModelForge's file has, and the name means another URL here.
pub fn no_key_where_modelforge_sends(name: &str, url: &str, provider: &Provider) -> Error {
    let (url, here) = (visible(url), provider.location.url());
    Error::new(format!("there is no key for `{url}`, where ModelForge has `{name}`; it does not get that for `{here}`"))
        .hint(format!(
            "provider.{name}.url = \"{url}\"  # in {}, above any [section]; then: {PROGRAM} login {name}",
            shown_path()
        ))
}

/// The configuration has another URL for a name of the table.
pub fn moved(provider: &Provider, usual: &str) -> Error {
    let variables = match provider.variables.is_empty() {
        true => "none of its usual variables counts",
        false => "of variables, only those of its `env` count",
    };
    let (name, here) = (&provider.name, provider.location.url());
    Error::new(format!("`{name}` is at `{here}`, not at `{usual}`, as {} has it; {variables}", shown_path()))
}
