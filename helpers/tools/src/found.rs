//! The credentials in a file, each with all its positions.

mod candidate;
mod stays;

use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Error, Record, Result, visible};
use modelforge_credential_providers::{OwnedLocation, Provider};
use zeroize::Zeroizing;

use crate::format::Format;
use crate::format::leaf::Kind;
use crate::table::{File, Hook, Key, Then, Tool, Whose};
use crate::whose::Unclear;
use candidate::Candidate;

/// A credential in a file.
pub struct Found {
    pub location: OwnedLocation,
    pub provider: Option<&'static Provider>,
    pub secret: Zeroizing<String>,
    /// Its accounts. The list shows the first one.
    pub accounts: Vec<String>,
    pub spots: Vec<Spot>,
}

/// A position of the credential, or of something that belongs to it.
#[derive(Clone)]
pub struct Spot {
    /// The index of the value in the file.
    pub leaf: usize,
    pub path: Vec<String>,
    pub key: &'static Key,
    /// The variable that the tool reads it from, now or later.
    pub variable: String,
    /// True if nothing uses it: a later variable with the same name counts, or it is in a comment.
    pub is_unused: bool,
}

/// All credentials in a file, and the problems.
#[derive(Default)]
pub struct Content {
    pub found: Vec<Found>,
    pub problems: Vec<Error>,
}

/// More than anybody has in a file.
const MOST: usize = 500;

/// Reads a file. `shown` is its name in messages.
pub fn read(tool: &Tool, file: &'static File, shown: &str, text: &str) -> Result<Content> {
    let leaves = file.format.leaves(text).map_err(|line| stays::not_read(shown, file.format, line))?;
    let candidates = candidate::all(file, &leaves, MOST + 1);
    if candidates.len() > MOST {
        return Err(format!("`{shown}` has more than {MOST} keys").into());
    }
    let used = candidate::used(file.format, &candidates);
    let mut content = Content::default();
    let mut unused = Vec::new();
    for (mut candidate, used) in candidates.into_iter().zip(used) {
        let place = visible(&candidate.spot.path.join("."));
        match (&candidate.owner, candidate.spot.key.then) {
            (Err(Unclear::NotOurs), _) => continue,
            (Err(Unclear::Url), _) => content.problems.push(stays::no_url(shown, &place)),
            (Err(Unclear::Several), _) => content.problems.push(stays::several(shown, &place)),
            _ if candidate.kind == Kind::Fixed => content.problems.push(stays::of_a_command(shown, &place)),
            _ if candidate.kind == Kind::Unsure => {
                content.problems.push(stays::is_read_in_different_ways(shown, &place));
            }
            _ if matches!(candidate.spot.key.whose, Whose::Shape) => {
                content.problems.push(stays::of_a_server(shown, &place));
            }
            (Ok(owner), Then::StaysInUnit) => {
                let provider = owner.provider.map_or("PROVIDER", |provider| provider.name);
                content.problems.push(stays::of_a_unit(shown, provider));
            }
            (Ok(_), Then::Stays) => content.problems.push(stays::no_other_way(shown, &place)),
            (Ok(_), _) if !used => {
                candidate.spot.is_unused = true;
                unused.push(candidate);
            }
            (Ok(owner), _) if candidate.spot.cannot_be_asked_for(owner.provider) => {
                content.problems.push(stays::no_other_way(shown, &place));
            }
            (Ok(_), _) => add(&mut content, tool, candidate),
        }
    }
    for candidate in unused {
        let line = || 1 + text.get(..candidate.at).unwrap_or_default().matches('\n').count();
        let place = visible(&candidate.spot.path.join("."));
        let Ok(owner) = candidate.owner else { continue };
        let mut of_its_name =
            content.found.iter_mut().filter(|found| found.spots.iter().any(|spot| spot.path == candidate.spot.path));
        let is_the_same = |found: &&mut Found| found.location == owner.place && found.secret == candidate.secret;
        match of_its_name.next() {
            None => content.problems.push(stays::in_a_comment(shown, &place)),
            Some(found) if is_the_same(&found) => match file.format {
                Format::Dotenv | Format::Shell(_) => found.spots.push(candidate.spot),
                _ => content.problems.push(stays::in_a_comment(shown, &place)),
            },
            // Keep it: it may be the key of another account, or of another branch of a script.
            Some(_) => content.problems.push(stays::another(shown, line(), &place, owner.provider)),
        }
    }
    name_the_usual_ones(tool, &mut content.found);
    Ok(content)
}

/// Adds a key to an equal one, or as a new one.
fn add(content: &mut Content, tool: &Tool, candidate: Candidate) {
    let Candidate { spot, secret, label, owner: Ok(owner), .. } = candidate else { return };
    let is_alike = |found: &&mut Found| found.location == owner.place && found.secret == secret;
    if let Some(found) = content.found.iter_mut().find(is_alike) {
        found.spots.push(spot);
        return;
    }
    let own = match label {
        Some(label) if spot.key.is_account => label,
        Some(label) => format!("{}-{label}", tool.name),
        None => format!("{}-{}", tool.name, spot.variable.to_ascii_lowercase()),
    };
    let own: String =
        own.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect();
    let (location, provider) = (owner.place, owner.provider);
    // The same name in two lists, or for two servers, becomes two accounts.
    let is_taken =
        |name: &String| content.found.iter().any(|found| found.location == location && found.accounts.contains(name));
    let numbered = (2..).map(|number| format!("{own}-{number}"));
    let own = std::iter::once(own.clone()).chain(numbered).find(|name| !is_taken(name)).unwrap_or(own);
    content.found.push(Found { location, provider, secret, accounts: vec![own], spots: vec![spot] });
}

/// If there are several keys for one URL, the last one is the default account. It is removed last, so no other key gets its name in the
/// meantime.
fn name_the_usual_ones(tool: &Tool, found: &mut [Found]) {
    for at in 0..found.len() {
        let Some((here, later)) = found.get_mut(at..).and_then(<[Found]>::split_first_mut) else { continue };
        let is_named = here.spots.iter().any(|spot| spot.key.is_account);
        if !is_named && !later.iter().any(|other| other.location == here.location) {
            here.accounts.insert(0, DEFAULT_ACCOUNT.to_owned());
            here.accounts.insert(1, tool.name.to_owned());
        }
    }
}

impl Spot {
    /// True if the tool can get its key neither from a variable nor by asking. For a known provider, a person knows a variable.
    fn cannot_be_asked_for(&self, provider: Option<&Provider>) -> bool {
        let needs_a_variable = match self.key.then {
            Then::Text(template) => template.contains("{variable}"),
            _ => self.key.hook.is_none() && provider.is_none(),
        };
        needs_a_variable && self.variable.is_empty()
    }

    /// True if the tool can be configured to ask for the key itself.
    pub fn asks(&self, found: &Found) -> bool {
        let is_anthropic = found.provider.is_some_and(|provider| provider.name == "anthropic");
        match (self.key.then, self.key.hook) {
            (Then::Text(template), _) => template.contains("{word}"),
            (_, Some(Hook::ApiKeyHelper)) => is_anthropic,
            (_, Some(_)) => true,
            _ => self.is_unused,
        }
    }
}

impl Found {
    /// True if a request or a description matches. Without a path, it matches the whole host.
    pub fn is_meant(&self, request: &Record) -> bool {
        let (protocol, host) = (request.text("protocol").unwrap_or(""), request.text("host").unwrap_or(""));
        let location = self.location.borrowed();
        let is_there = match request.text("path") {
            Some(path) => location.covers(protocol, host, Some(path)),
            None => location.is_at(protocol, host) && (location.path.is_none() || self.provider.is_none()),
        };
        is_there && request.text("username").is_none_or(|account| self.accounts.iter().any(|own| own == account))
    }

    pub fn is_same(&self, other: &Self) -> bool {
        self.location == other.location && self.secret == other.secret
    }

    /// The record for a list.
    pub fn description(&self) -> Result<Record> {
        let mut record = Record::of([("protocol", &self.location.protocol), ("host", &self.location.host)])?;
        if let Some(path) = &self.location.path {
            record.push("path", path)?;
        }
        record.push("username", self.accounts.first().map_or(DEFAULT_ACCOUNT, |account| account))?;
        if let Some(provider) = self.provider {
            record.push("provider", provider.name)?;
        }
        Ok(record)
    }
}

#[cfg(test)]
mod tests;
