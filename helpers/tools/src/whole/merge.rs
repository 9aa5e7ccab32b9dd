//! Restores keys in a file that its tool has changed since: each key, and the changes beside it. A place that has another key by then keeps
//! it.

use std::ops::Range;

use zeroize::Zeroizing;

use super::exec;
use crate::change::{self, hook};
use crate::format::Format;
use crate::format::leaf::{Kind, Leaf, lines, replaced, start};
use crate::format::tree::{Document, Inside, Tree, With};
use crate::found::{Found, Spot};
use crate::table::{File, Hook};

/// The file with its keys restored.
pub struct Merged {
    pub text: Zeroizing<String>,
    /// How many keys were restored.
    pub count: usize,
    /// The places that hold another key now.
    pub replaced: Vec<String>,
}

pub fn merged(file: &File, before: &str, missing: &[&Found], now: &str) -> Merged {
    let mut merged = Merged { text: Zeroizing::new(now.to_owned()), count: 0, replaced: Vec::new() };
    for found in missing {
        let (mut edited, mut is_back) = (Some(merged.text.clone()), false);
        for spot in found.spots.iter().filter(|spot| !spot.is_unused) {
            match heir(file.format, before, spot, &merged.text) {
                Some(here) if !is_free(file.format, spot, &merged.text, &here) => {
                    merged.replaced.push(spot.path.join("."));
                }
                _ => {
                    edited = edited.and_then(|edited| with_spot(file.format, before, (found, spot), &edited));
                    is_back = true;
                }
            }
        }
        if let Some(edited) = edited.filter(|_| is_back) {
            merged.text = edited;
            merged.count += 1;
        }
    }
    merged
}

/// The value that is now in the place of a key, and was not there before.
fn heir(format: Format, before: &str, spot: &Spot, now: &str) -> Option<Leaf> {
    let then = format.leaves(before).ok()?;
    let name = element(spot, then.get(spot.leaf)?);
    let is_old = |leaf: &Leaf| {
        let is_there = |old: &Leaf| old.path == leaf.path || name.is_some() && old.is_called_like(leaf);
        then.iter().any(|old| is_there(old) && old.text == leaf.text && old.kind == leaf.kind)
    };
    let is_in_place = |leaf: &Leaf| match name {
        Some(name) => {
            let is_in_list =
                leaf.path.split_last().map(|(_, list)| list) == spot.path.split_last().map(|(_, list)| list);
            is_in_list && leaf.text.split('=').next() == Some(name)
        }
        None => leaf.path.starts_with(&spot.path),
    };
    let is_set = |leaf: &Leaf| !matches!(leaf.kind, Kind::Comment | Kind::Fixed);
    let leaves = format.leaves(now).ok()?;
    leaves.into_iter().rev().find(|leaf| is_set(leaf) && is_in_place(leaf) && !is_old(leaf))
}

/// The name in an element `NAME=key` of a list.
fn element<'a>(spot: &Spot, was: &'a Leaf) -> Option<&'a str> {
    let (name, _) = was.text.split_once('=')?;
    spot.key.path.ends_with('=').then_some(name)
}

/// True if nobody else set the value: it is empty, or a migration wrote it.
fn is_free(format: Format, spot: &Spot, now: &str, here: &Leaf) -> bool {
    let value = match spot.key.path.ends_with('=') {
        true => here.text.split_once('=').map_or(here.text.as_str(), |(_, value)| value),
        false => &here.text,
    };
    here.path.len() == spot.path.len() && change::is_left(spot, value) || is_our_line(format, now, here)
}

fn is_our_line(format: Format, now: &str, here: &Leaf) -> bool {
    let line = now.get(lines(now, &here.at)).unwrap_or_default();
    matches!(format, Format::Shell(_)) && line.contains(&format!("{} print ", hook::PROGRAM))
}

/// The text with one key restored. The result is parsed and checked.
fn with_spot(format: Format, before: &str, (found, spot): (&Found, &Spot), now: &str) -> Option<Zeroizing<String>> {
    let edited = match (format.tree(before).ok()?, format.tree(now).ok()?) {
        (Some(then), Some(here)) => in_tree(format, (before, &then), (now, &here), (found, spot))?,
        _ => in_lines(format, before, spot, now)?,
    };
    let leaves = format.leaves(before).ok()?;
    let was = leaves.get(spot.leaf)?;
    let is_there = format.leaves(&edited).ok()?.iter().any(|leaf| leaf.is_called_like(was) && leaf.text == was.text);
    is_there.then_some(edited)
}

/// Replaces the value in the key's place, or inserts the key's line at the end. Where the first of several lines counts, it is inserted at the
/// start if there is another for the same user, and at the end otherwise: a newer sign-in of another user stays the first.
fn in_lines(format: Format, before: &str, spot: &Spot, now: &str) -> Option<Zeroizing<String>> {
    let leaves = format.leaves(before).ok()?;
    let at = leaves.get(spot.leaf)?.at.clone();
    if let Some(here) = heir(format, before, spot, now) {
        if is_our_line(format, now, &here) {
            return replaced(now, &mut [(lines(now, &here.at), before.get(lines(before, &at))?.to_owned())]);
        }
        return replaced(now, &mut [(here.at.clone(), before.get(at)?.to_owned())]);
    }
    let mut line = before.get(lines(before, &at))?.to_owned();
    if matches!(format, Format::Netrc | Format::GitStore) && belongs_first(format, leaves.get(spot.leaf)?, now) {
        let gap = if line.ends_with('\n') { "" } else { "\n" };
        return replaced(now, &mut [(start(now)..start(now), format!("{line}{gap}"))]);
    }
    if format == Format::Ini {
        line = format!("[{}]\n{line}", spot.path.first()?);
    }
    let gap = if now.len() == start(now) || now.ends_with('\n') { "" } else { "\n" };
    replaced(now, &mut [(now.len()..now.len(), format!("{gap}{line}"))])
}

/// True if only the first of several lines for this user would be used, or if a `default` of netrc would be found before it.
fn belongs_first(format: Format, was: &Leaf, now: &str) -> bool {
    let is_there = |leaves: Vec<Leaf>| leaves.iter().any(|leaf| leaf.is_called_like(was));
    format.leaves(now).is_ok_and(is_there) || now.lines().any(|line| line.starts_with("default"))
}

fn in_tree(format: Format, then: Document, now: Document, (found, spot): (&Found, &Spot)) -> Option<Zeroizing<String>> {
    let path: Vec<&str> = spot.path.iter().map(String::as_str).collect();
    if let (Some(Hook::CodexAuth), Some(auth)) = (spot.key.hook, our_auth(now.1, &path)) {
        let entry = then.1.nodes.get(then.1.find(&path)?)?.entry.clone();
        return replaced(now.0, &mut [(auth, then.0.get(entry)?.to_owned())]);
    }
    let mut parts = Vec::new();
    parts.push(restored(format, then, now, spot)?);
    match spot.key.hook {
        Some(Hook::Exec) => {
            let server = path.get(..path.len().checked_sub(2)?)?;
            parts.extend(exec::taken_out(now, server, spot, found.provider).unwrap_or_default());
        }
        Some(Hook::ApiKeyHelper)
            if then.1.find(&["apiKeyHelper"]).is_none()
                && now.1.find(&["apiKeyHelper"]).is_some_and(|at| hook::is_ours(now.1, at)) =>
        {
            let put = replaced(now.0, &mut parts)?;
            let leaves = format.leaves(&put).ok()?;
            let number = leaves.iter().position(|leaf| leaf.path == ["apiKeyHelper"])?;
            return format.without(&put, number, With::Alone);
        }
        _ => {}
    }
    replaced(now.0, &mut parts)
}

/// The setting that tells Codex to ask, in the place of a key.
fn our_auth(now: &Tree, path: &[&str]) -> Option<Range<usize>> {
    let (_, provider) = path.split_last()?;
    let auth = [provider, &["auth"]].concat();
    let command = [&auth[..], &["command"]].concat();
    let node = now.nodes.get(now.find(&auth)?).filter(|node| matches!(node.inside, Inside::Commas))?;
    hook::is_ours(now, now.find(&command)?).then(|| node.entry.clone())
}

/// The text to insert, and its position, to restore a value.
fn restored(format: Format, then: Document, now: Document, spot: &Spot) -> Option<(Range<usize>, String)> {
    let path: Vec<&str> = spot.path.iter().map(String::as_str).collect();
    let node = then.1.nodes.get(then.1.find(&path)?)?;
    if let Some(here) = heir(format, then.0, spot, now.0) {
        return Some((here.at, then.0.get(node.value.clone())?.to_owned()));
    }
    // Includes the parents that were removed as well.
    let (mut length, mut least) = (path.len() - 1, usize::from(spot.key.with == With::WhatItIsIn));
    while now.1.find(path.get(..length)?).is_none() || least > 0 && length > 0 {
        length = length.checked_sub(1)?;
        least = least.saturating_sub(1);
    }
    let whole = then.1.extent(then.1.find(path.get(..length + 1)?)?)?;
    let parent = now.1.nodes.get(now.1.find(path.get(..length)?)?)?;
    let written = then.0.get(whole.clone())?;
    let last = now.1.children(now.1.find(path.get(..length)?)?).map(|(_, node)| node.entry.end).max();
    match (&parent.inside, last) {
        (Inside::Commas, Some(end)) => Some((end..end, format!(", {written}"))),
        (Inside::Commas, None) => Some((parent.value.start + 1..parent.value.start + 1, written.to_owned())),
        _ => {
            let line = then.0.get(lines(then.0, &whole))?;
            let end = last.map_or(now.0.len(), |end| lines(now.0, &(end..end)).end);
            let gap = if format == Format::Yaml && !now.0.get(..end)?.ends_with('\n') { "\n" } else { "" };
            Some((end..end, format!("{gap}{line}")))
        }
    }
}
