//! The values of a file that may be keys, and the values beside them.

use std::collections::HashMap;

use modelforge_credential_providers::shape_of;
use zeroize::Zeroizing;

use super::Spot;
use crate::format::Format;
use crate::format::leaf::{Kind, Leaf};
use crate::likely::is_key;
use crate::table::{File, Key, Match, Then, Whose};
use crate::whose::{Hints, Owner, Unclear, Url, of_name, of_variable, url_variables};

/// A value in a place for keys.
pub struct Candidate {
    pub spot: Spot,
    pub secret: Zeroizing<String>,
    pub label: Option<String>,
    pub owner: Result<Owner, Unclear>,
    pub kind: Kind,
    /// Its position in the file.
    pub at: usize,
}

/// The values that may be keys, at most `most`.
pub fn all(file: &File, leaves: &[Leaf], most: usize) -> Vec<Candidate> {
    let neighbours = Neighbours::of(leaves);
    let first = |(at, leaf)| file.keys.iter().find_map(|key| candidate(key, at, leaf, &neighbours));
    leaves.iter().enumerate().filter_map(first).take(most).collect()
}

/// Which of several values with one name is in use: usually the last, in lists of passwords the first. A comment, or a variable that is set
/// for a single command, does not count.
pub fn used(format: Format, candidates: &[Candidate]) -> Vec<bool> {
    let counts = |one: &&Candidate| !matches!(one.kind, Kind::Comment | Kind::Fixed);
    let is_first = matches!(format, Format::Netrc | Format::GitStore);
    let mut in_use: HashMap<&[String], usize> = HashMap::new();
    for (at, one) in candidates.iter().enumerate().filter(|(_, one)| counts(one)) {
        let known = in_use.entry(&one.spot.path).or_insert(at);
        *known = if is_first { *known } else { at };
    }
    candidates.iter().enumerate().map(|(at, one)| in_use.get(one.spot.path.as_slice()) == Some(&at)).collect()
}

/// The value in a place.
#[derive(Clone, Copy)]
enum Beside<'a> {
    Text(&'a str),
    /// A value that is known only when a program evaluates it.
    Unreadable,
}

/// The values of a file by their places. If there are several, the last one counts.
struct Neighbours<'a>(HashMap<Vec<&'a str>, Beside<'a>>);

impl<'a> Neighbours<'a> {
    fn of(leaves: &'a [Leaf]) -> Self {
        let mut places = HashMap::new();
        for leaf in leaves.iter().filter(|leaf| !matches!(leaf.kind, Kind::Comment | Kind::Fixed)) {
            let mut path: Vec<&str> = leaf.path.iter().map(String::as_str).collect();
            let said = match leaf.kind {
                Kind::Text => Beside::Text(&leaf.text),
                _ if matches!(leaf.text.as_str(), "null" | "~") => Beside::Text(""),
                _ => Beside::Unreadable,
            };
            let Some((last, folder)) = path.split_last() else { continue };
            // A list or an object in the place of a text.
            places.entry(folder.to_vec()).or_insert(Beside::Unreadable);
            if last.starts_with('#')
                && let Some((name, value)) = leaf.text.split_once('=')
            {
                // `NAME=value` in a list.
                path.pop();
                path.push(name);
                places.insert(path, Beside::Text(value));
            } else {
                places.insert(path, said);
            }
        }
        Self(places)
    }

    /// The value beside another one. `..` goes up one level, `/` down into a neighbour.
    fn beside<'b>(&'b self, leaf: &'b Leaf, name: &'b str) -> Option<Beside<'a>> {
        let mut path: Vec<&str> = leaf.path.iter().map(String::as_str).collect();
        path.pop()?;
        for part in name.split('/') {
            match part {
                ".." => drop(path.pop()?),
                part => path.push(part),
            }
        }
        self.0.get(&path).copied()
    }
}

/// The value, if this place is one for keys and the value may be a key.
fn candidate(key: &'static Key, at: usize, leaf: &Leaf, neighbours: &Neighbours) -> Option<Candidate> {
    if leaf.kind == Kind::Other {
        return None;
    }
    let matched = key.matches(&leaf.path, &leaf.text)?;
    let secret = leaf.text.get(matched.prefix..)?;
    let secret = if matches!(key.whose, Whose::Shape) { secret.trim_start_matches("Bearer ") } else { secret };
    if !is_key(secret) {
        return None;
    }
    let beside = |name| match neighbours.beside(leaf, name) {
        Some(Beside::Text(text)) => Some(text),
        _ => None,
    };
    if key.only_if.is_some_and(|(name, value)| beside(name) != Some(value)) {
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
    let url = url(key, named.first().map_or(matched.name, |provider| provider.name), &matched, leaf, neighbours);
    let usual_of_its_name = named.first().and_then(|provider| provider.variables.first().copied());
    let owner = match (key.whose, leaf.path.as_slice()) {
        (Whose::Host, [protocol, host, _]) => Owner::of_host(protocol, host).ok_or(Unclear::NotOurs),
        _ => Owner::of(&Hints { named, url, key: secret }),
    };
    let usual = owner.as_ref().ok().and_then(|owner| owner.provider?.variables.first().copied());
    let variable = match (key.then, usual) {
        _ if key.is_variable() => matched.name.to_owned(),
        (_, Some(usual)) => usual.to_owned(),
        // A reference can name any variable. The provider's own may be in use for another URL.
        (Then::Text(_), None) => owner.as_ref().ok().map(Owner::variable).unwrap_or_default(),
        _ => usual_of_its_name.unwrap_or_default().to_owned(),
    };
    let spot = Spot { leaf: at, path: leaf.path.clone(), key, variable, is_unused: false };
    let label = matched.label.map(str::to_owned);
    let secret = Zeroizing::new(secret.to_owned());
    Some(Candidate { spot, secret, label, owner, kind: leaf.kind, at: leaf.at.start })
}

/// The URL that a key is for, from all values that may name it.
fn url<'a>(key: &Key, provider: &str, matched: &Match, leaf: &Leaf, neighbours: &Neighbours<'a>) -> Url<'a> {
    let members = key.url.iter().map(|name| name.replace("{provider}", provider));
    let variables = if key.is_variable() { url_variables(matched.name) } else { Vec::new() };
    let names: Vec<String> = members.chain(variables).collect();
    // YAML merges the members of another object into this one.
    let merged = (!names.is_empty()).then(|| "<<".to_owned());
    let mut texts = Vec::new();
    for name in names.iter().chain(&merged) {
        match neighbours.beside(leaf, name) {
            Some(Beside::Text("" | "default" | "null" | "~")) | None => {}
            Some(Beside::Text(text)) => texts.push(text),
            Some(Beside::Unreadable) => return Url::Unreadable,
        }
    }
    if texts.is_empty() { Url::None } else { Url::Said(texts) }
}
