//! `providers`: lists the known providers, for a person who needs a name or a variable.

use std::collections::BTreeSet;

use anyhow::Result;
use modelforge_credential_protocol::visible;
use modelforge_credential_providers as table;
use serde::Serialize;

use crate::error;
use crate::person::Person;
use crate::session::Session;
use crate::terminal::{self, Paint};

/// The options of `providers`.
pub struct Asked {
    pub word: Option<String>,
    pub json: bool,
}

/// `providers --json`. The format is stable: fields are only added.
#[derive(Serialize)]
struct Report {
    version: u32,
    providers: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    provider: String,
    /// Its display name.
    title: Option<&'static str>,
    aliases: &'static [&'static str],
    /// `None`: every user has a different one.
    url: Option<String>,
    /// The variables in which tools look for its key.
    variables: Vec<String>,
    /// `api_key`, `device_flow` or `none`.
    sign_in: &'static str,
    /// True if a helper lists a credential for it.
    signed_in: bool,
}

/// Lists all providers, or those that contain a word.
pub fn providers(asked: &Asked) -> Result<()> {
    let session = Session::start(Person::Nobody)?;
    let signed_in = signed_in(&session)?;
    let mut names: BTreeSet<String> = table::all().iter().map(|known| known.name.to_owned()).collect();
    names.extend(session.providers.of_this_user());
    let mut rows: Vec<Row> = names.iter().map(|name| row(&session, name, &signed_in)).collect();
    rows.dedup_by(|one, other| one.provider == other.provider);
    if let Some(word) = &asked.word {
        let word = word.to_lowercase();
        rows.retain(|row| row.has(&word));
    }
    if rows.is_empty() {
        return Err(error::no_provider_matches(asked.word.as_deref().unwrap_or_default()).into());
    }
    if asked.json {
        return Ok(terminal::answer(&terminal::json(&Report { version: 1, providers: rows })?)?);
    }
    Ok(terminal::tell(&to_text(&rows))?)
}

/// The providers for which a helper lists a credential.
fn signed_in(session: &Session) -> Result<BTreeSet<String>> {
    let listed = session.list(None)?.into_iter().filter_map(|(_, copies)| copies.ok().flatten()).flatten();
    Ok(listed.filter_map(|(provider, _)| Some(provider?.name)).collect())
}

fn row(session: &Session, name: &str, signed_in: &BTreeSet<String>) -> Row {
    let known = table::by_name(name);
    let provider = session.providers.by_name(name).ok();
    let usual = || known.map(|known| known.variables.iter().map(|name| (*name).to_owned()).collect());
    let variables = provider.as_ref().map(|provider| provider.usual_variables().to_vec()).or_else(usual);
    Row {
        provider: provider.as_ref().map_or_else(|| name.to_owned(), |provider| provider.name.clone()),
        title: known.map(|known| known.title),
        aliases: known.map(|known| known.aliases).unwrap_or_default(),
        url: provider.as_ref().map(|provider| provider.location.url()),
        variables: variables.unwrap_or_default(),
        sign_in: provider.as_ref().map_or("api_key", |provider| provider.sign_in.name()),
        signed_in: signed_in.contains(name),
    }
}

impl Row {
    fn has(&self, word: &str) -> bool {
        let texts = [Some(self.provider.as_str()), self.title, self.url.as_deref()].into_iter().flatten();
        let texts = texts.chain(self.aliases.iter().copied()).chain(self.variables.iter().map(String::as_str));
        texts.into_iter().any(|text| text.to_lowercase().contains(word))
    }
}

fn to_text(rows: &[Row]) -> String {
    let mut lines = vec![["PROVIDER", "SIGNED IN", "URL", "VARIABLES"].map(String::from).to_vec()];
    for row in rows {
        let signed_in = match (row.sign_in, row.signed_in) {
            ("none", _) => "not needed",
            (_, true) => "yes",
            (_, false) => "no",
        };
        let url = row.url.as_deref().map_or_else(|| "(one for each user)".to_owned(), visible);
        lines.push(vec![visible(&row.provider), signed_in.to_owned(), url, row.variables.join(" ")]);
    }
    let paints = vec![Paint::Plain; lines.len()];
    terminal::columns(&lines, &paints)
}
