//! Puts back what was taken out of a file that its tool has written to since: the key, and what was changed beside it.

use std::ops::Range;

use zeroize::Zeroizing;

use crate::change::hook;
use crate::format::Format;
use crate::format::leaf::{lines, replaced, start};
use crate::format::tree::{Inside, Tree, With};
use crate::found::{Found, Spot};
use crate::table::{File, Hook};

/// The file with what it held before and holds no longer, and how many these are.
pub fn merged(file: &File, before: &str, missing: &[&Found], now: &str) -> (Zeroizing<String>, usize) {
    let mut text = Zeroizing::new(now.to_owned());
    let mut count = 0;
    for found in missing {
        let mut edited = Some(text.clone());
        for spot in found.spots.iter().filter(|spot| !spot.is_unused) {
            edited = edited.and_then(|edited| with_spot(file.format, before, spot, &edited));
        }
        if let Some(edited) = edited {
            text = edited;
            count += 1;
        }
    }
    (text, count)
}

/// The text with a key in its place again; checked by what is read there then.
fn with_spot(format: Format, before: &str, spot: &Spot, now: &str) -> Option<Zeroizing<String>> {
    let edited = match (format.tree(before).ok()?, format.tree(now).ok()?) {
        (Some(then), Some(here)) => in_tree(format, (before, &then), (now, &here), spot)?,
        _ => in_lines(format, before, spot, now)?,
    };
    let leaves = format.leaves(before).ok()?;
    let was = leaves.get(spot.leaf)?;
    let is_there = format.leaves(&edited).ok()?.iter().any(|leaf| leaf.is_called_like(was) && leaf.text == was.text);
    is_there.then_some(edited)
}

/// The line that it was on, at the end.
fn in_lines(format: Format, before: &str, spot: &Spot, now: &str) -> Option<Zeroizing<String>> {
    let leaves = format.leaves(before).ok()?;
    let at = leaves.get(spot.leaf)?.at.clone();
    if let Some(here) = format.leaves(now).ok()?.iter().find(|leaf| leaf.path == spot.path) {
        let whole = lines(now, &here.at);
        if matches!(format, Format::Shell(_)) && now.get(whole.clone())?.contains(&format!("{} print ", hook::PROGRAM))
        {
            return replaced(now, &mut [(whole, before.get(lines(before, &at))?.to_owned())]);
        }
        return replaced(now, &mut [(here.at.clone(), before.get(at)?.to_owned())]);
    }
    let mut line = before.get(lines(before, &at))?.to_owned();
    if format == Format::Ini {
        line = format!("[{}]\n{line}", spot.path.first()?);
    }
    let gap = if now.len() == start(now) || now.ends_with('\n') { "" } else { "\n" };
    replaced(now, &mut [(now.len()..now.len(), format!("{gap}{line}"))])
}

type Document<'a> = (&'a str, &'a Tree);

fn in_tree(format: Format, then: Document, now: Document, spot: &Spot) -> Option<Zeroizing<String>> {
    let path: Vec<&str> = spot.path.iter().map(String::as_str).collect();
    let mut parts = Vec::new();
    parts.push(restored(format, then, now, &path, spot.key.with)?);
    match spot.key.hook {
        Some(Hook::Exec) => {
            let server = path.get(..path.len().checked_sub(2)?)?;
            for name in ["command", "args"] {
                let member: Vec<&str> = server.iter().copied().chain([name]).collect();
                // Without arguments before, there is nothing to put in their place but an empty list.
                let is_ours = name == "args" || now.1.find(&member).is_some_and(|at| hook::is_ours(now.1, at));
                let was = then.1.find(&member).and_then(|at| then.0.get(then.1.nodes.get(at)?.value.clone()));
                let here = now.1.find(&member).and_then(|at| now.1.nodes.get(at));
                if let Some(here) = here.filter(|_| is_ours) {
                    parts.push((here.value.clone(), was.unwrap_or("[]").to_owned()));
                }
            }
        }
        Some(Hook::ApiKeyHelper) if then.1.find(&["apiKeyHelper"]).is_none() => {
            if let Some(at) = now.1.find(&["apiKeyHelper"]).filter(|at| hook::is_ours(now.1, *at)) {
                let put = replaced(now.0, &mut parts)?;
                let leaves = format.leaves(&put).ok()?;
                let number = leaves.iter().position(|leaf| leaf.path == ["apiKeyHelper"])?;
                let _ = at;
                return format.without(&put, number, With::Alone);
            }
        }
        _ => {}
    }
    replaced(now.0, &mut parts)
}

/// What is to be written where, so that a value is there again as it was.
fn restored(
    format: Format,
    then: Document,
    now: Document,
    path: &[&str],
    with: With,
) -> Option<(Range<usize>, String)> {
    let node = then.1.nodes.get(then.1.find(path)?)?;
    if let Some(here) = now.1.find(path).and_then(|at| now.1.nodes.get(at)) {
        return Some((here.value.clone(), then.0.get(node.value.clone())?.to_owned()));
    }
    // With what it was in, as far as that is gone as well.
    let (mut length, mut least) = (path.len() - 1, usize::from(with == With::WhatItIsIn));
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
