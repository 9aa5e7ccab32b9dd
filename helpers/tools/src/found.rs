//! The credentials in a file, each with all its positions.

use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Error, Record, Result, Stays, visible};
use modelforge_credential_providers::{OwnedLocation, Provider, shape_of};
use zeroize::Zeroizing;

use crate::format::Format;
use crate::format::leaf::{Kind, Leaf};
use crate::likely::is_key;
use crate::table::{File, Hook, Key, Then, Tool, Whose};
use crate::whose::{Hints, Owner, Unclear, of_name, of_variable, url_variables};

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

/// A value at a place for keys.
struct Candidate {
    spot: Spot,
    secret: Zeroizing<String>,
    label: Option<String>,
    owner: std::result::Result<Owner, Unclear>,
}

/// More than anybody has in a file.
const MOST: usize = 500;

/// Reads a file. `shown` is its name in messages.
pub fn read(tool: &Tool, file: &'static File, shown: &str, text: &str) -> Result<Content> {
    let leaves = file.format.leaves(text).map_err(|line| not_read(shown, file.format, line))?;
    let mut content = Content::default();
    let mut candidates: Vec<Candidate> = Vec::new();
    for (at, leaf) in leaves.iter().enumerate() {
        candidates.extend(file.keys.iter().find_map(|key| candidate(key, at, leaf, &leaves)));
    }
    if candidates.len() > MOST {
        return Err(format!("`{shown}` has more than {MOST} keys").into());
    }
    let is_by_lines = matches!(file.format, Format::Dotenv | Format::Shell);
    let counts = |at: usize, one: &Candidate| {
        let is_later = |other: &Candidate| other.spot.path == one.spot.path && is_used(&leaves, other);
        is_used(&leaves, one) && !candidates.iter().skip(at + 1).any(is_later)
    };
    let used: Vec<bool> = candidates.iter().enumerate().map(|(at, one)| counts(at, one)).collect();
    let mut unused = Vec::new();
    for (mut candidate, used) in candidates.into_iter().zip(used) {
        let place = visible(&candidate.spot.path.join("."));
        match &candidate.owner {
            Err(Unclear::NotOurs) => continue,
            Err(Unclear::Url) => content.problems.push(no_url(shown, &place)),
            Err(Unclear::Several) => content.problems.push(several(shown, &place)),
            Ok(_) if is_fixed(&leaves, &candidate) => content.problems.push(of_a_command(shown, &place)),
            Ok(_) if matches!(candidate.spot.key.whose, Whose::Shape) => {
                content.problems.push(of_a_server(shown, &place));
            }
            Ok(owner) if matches!(candidate.spot.key.then, Then::StaysInUnit) => {
                content.problems.push(of_a_unit(shown, owner.provider.map_or("PROVIDER", |provider| provider.name)));
            }
            Ok(_) if matches!(candidate.spot.key.then, Then::Stays) => {
                content.problems.push(no_other_way(shown, &place));
            }
            Ok(_) if !used => {
                candidate.spot.is_unused = true;
                unused.push(candidate);
            }
            Ok(_) => add(&mut content, tool, candidate),
        }
    }
    for candidate in unused {
        let of_its_name = |found: &&mut Found| found.spots.iter().any(|spot| spot.path == candidate.spot.path);
        match content.found.iter_mut().find(of_its_name).filter(|_| is_by_lines) {
            Some(found) => found.spots.push(candidate.spot),
            None => content.problems.push(in_a_comment(shown, &visible(&candidate.spot.path.join(".")))),
        }
    }
    name_the_usual_ones(tool, &mut content.found);
    Ok(content)
}

fn is_used(leaves: &[Leaf], candidate: &Candidate) -> bool {
    leaves.get(candidate.spot.leaf).is_some_and(|leaf| leaf.kind != Kind::Comment)
}

fn is_fixed(leaves: &[Leaf], candidate: &Candidate) -> bool {
    leaves.get(candidate.spot.leaf).is_some_and(|leaf| leaf.kind == Kind::Fixed)
}

/// The value, if it is at this place for keys and may be a key.
fn candidate(key: &'static Key, at: usize, leaf: &Leaf, leaves: &[Leaf]) -> Option<Candidate> {
    if leaf.kind == Kind::Other {
        return None;
    }
    let matched = key.matches(&leaf.path, &leaf.text)?;
    let secret = leaf.text.get(matched.prefix..)?;
    let secret = if matches!(key.whose, Whose::Shape) { secret.trim_start_matches("Bearer ") } else { secret };
    let beside = |name: &str| sibling(leaves, leaf, name);
    let fits = key.only_if.is_none_or(|(name, value)| beside(name).is_some_and(|said| said == value));
    if !is_key(secret) || !fits {
        return None;
    }
    let named = match key.whose {
        Whose::Path if key.is_variable() => of_variable(matched.name),
        Whose::Path => of_name(matched.name),
        Whose::Is(name) => of_name(name),
        Whose::Beside(name) => beside(name).map(of_name).unwrap_or_default(),
        Whose::Model(name) => {
            let model = beside(name).and_then(|model| model.split_once('/'));
            model.map(|(provider, _)| of_name(provider)).unwrap_or_default()
        }
        Whose::Shape => shape_of(secret).map(|shape| of_name(shape.provider)).unwrap_or_default(),
        Whose::Host => Vec::new(),
    };
    let is_elsewhere = |said: &&str| !said.is_empty() && *said != "default";
    let urls = key.url.iter().map(|name| (*name).to_owned());
    let of_the_variable = if key.is_variable() { url_variables(matched.name) } else { Vec::new() };
    let url = urls.chain(of_the_variable).find_map(|name| beside(&name).filter(is_elsewhere));
    let owner = match (key.whose, leaf.path.as_slice()) {
        (Whose::Host, [protocol, host, _]) => Owner::of_host(protocol, host).ok_or(Unclear::NotOurs),
        _ => Owner::of(&Hints { named, url, key: secret }),
    };
    let usual = owner.as_ref().ok().and_then(|owner| owner.provider?.variables.first().copied());
    let variable = if key.is_variable() { matched.name } else { usual.unwrap_or_default() }.to_owned();
    let spot = Spot { leaf: at, path: leaf.path.clone(), key, variable, is_unused: false };
    let label = matched.label.map(str::to_owned);
    Some(Candidate { spot, secret: Zeroizing::new(secret.to_owned()), label, owner })
}

/// A value beside another one. If there are several, the last one counts.
fn sibling<'a>(leaves: &'a [Leaf], leaf: &Leaf, name: &str) -> Option<&'a str> {
    let (_, folder) = leaf.path.split_last()?;
    let is_one = |other: &&Leaf| {
        other.kind == Kind::Text && other.path.split_last().is_some_and(|(last, rest)| last == name && rest == folder)
    };
    leaves.iter().rev().find(is_one).map(|leaf| leaf.text.as_str())
}

/// Adds a key to an equal one, or as a new one.
fn add(content: &mut Content, tool: &Tool, candidate: Candidate) {
    let Candidate { spot, secret, label, owner: Ok(owner) } = candidate else { return };
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
    let own = own.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect();
    let (location, provider) = (owner.place, owner.provider);
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

fn not_read(shown: &str, format: Format, line: usize) -> Error {
    let format = match format {
        Format::Json => "JSON",
        Format::JsonWithComments => "JSON with comments",
        Format::Toml => "TOML",
        Format::Yaml => "YAML with one document",
        _ => "the expected format",
    };
    Error::new(format!("`{shown}`, line {line}: this is not {format}, so the file is not changed"))
}

fn no_url(shown: &str, place: &str) -> Error {
    Error::new(format!("`{shown}`: the value beside the key in `{place}` is not a URL, so the key stays"))
}

fn several(shown: &str, place: &str) -> Error {
    Error::new(format!("`{shown}`: the key in `{place}` may be for several URLs, so it stays"))
        .hint("modelforge-credential login NAME --url https://…")
}

fn of_a_command(shown: &str, place: &str) -> Error {
    Error::new(format!("`{shown}`: the key in `{place}` is part of a command, so it stays")).because(Stays)
}

fn no_other_way(shown: &str, place: &str) -> Error {
    Error::new(format!("`{shown}`: the program that reads `{place}` can get its key in no other way, so it stays"))
        .because(Stays)
}

fn of_a_unit(shown: &str, provider: &str) -> Error {
    let start = format!("ExecStart=%h/.local/bin/modelforge-credential exec {provider} -- …");
    Error::new(format!("`{shown}`: a key for `{provider}` is in `Environment=`, and stays: write `{start}` instead"))
        .because(Stays)
}

fn of_a_server(shown: &str, place: &str) -> Error {
    Error::new(format!("`{shown}`: the key in `{place}` is sent to the server beside it, so it stays")).because(Stays)
}

fn in_a_comment(shown: &str, place: &str) -> Error {
    Error::new(format!("`{shown}`: the key in `{place}` is not used, so it stays")).because(Stays)
}
