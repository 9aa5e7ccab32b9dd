//! A line of a shell script that sets a variable from the chain. If there is no key or the store is locked, it leaves the variable unset.
//! It never keeps an old value, because in a shell that another shell started, the variable is set already.

use zeroize::Zeroizing;

use super::Word;
use super::hook::PROGRAM;
use crate::format::leaf::{Kind, lines, replaced};
use crate::format::{Format, Shell};
use crate::found::Spot;
use crate::table::File;

/// True if a line can replace a key in this file.
pub fn can_be_in(file: &File, spot: &Spot) -> bool {
    matches!(file.format, Format::Shell(_)) && spot.key.is_variable() && !spot.is_unused && !spot.variable.is_empty()
}

/// The line for a variable, without its line end.
pub fn line(file: &File, variable: &str, word: Word) -> String {
    let word = word.text();
    match file.format == Format::Shell(Shell::Fish) {
        true => {
            format!("set -e {variable}; set -l key ({PROGRAM} print {word} 2>/dev/null); and set -gx {variable} $key")
        }
        false => format!(
            "unset {variable}; {variable}=$({PROGRAM} print {word} 2>/dev/null) && export {variable} || unset {variable}"
        ),
    }
}

/// The text with a line in place of a key, if nothing else is on the key's lines. Otherwise, the text without the key.
pub fn in_place(file: &File, text: &str, spot: &Spot, word: Word) -> Option<Zeroizing<String>> {
    let gone = file.format.without(text, spot.leaf, spot.key.with)?;
    let leaves = file.format.leaves(text).ok()?;
    let whole = lines(text, &leaves.get(spot.leaf)?.at);
    let (before, after) = (text.get(..whole.start)?, text.get(whole.end..)?);
    let is_whole = gone.len() >= before.len() + after.len() && gone.starts_with(before) && gone.ends_with(after);
    let place = before.len()..gone.len() - if is_whole { after.len() } else { 0 };
    // An emptied block has kept a `:`.
    if !is_whole || !matches!(gone.get(place.clone())?.trim(), "" | ":") {
        return Some(gone);
    }
    let old = text.get(whole)?;
    let indent = old.get(..old.len() - old.trim_start().len())?;
    let end = old.get(old.trim_end().len()..)?;
    let edited = replaced(&gone, &mut [(place, format!("{indent}{}{end}", line(file, &spot.variable, word)))])?;
    let is_of_the_line = |leaf: &&crate::format::leaf::Leaf| leaf.name() == spot.variable && leaf.kind == Kind::Other;
    let (kept, now) = (file.format.leaves(&gone).ok()?, file.format.leaves(&edited).ok()?);
    let rest = |leaves: &[crate::format::leaf::Leaf]| {
        leaves
            .iter()
            .filter(|leaf| !is_of_the_line(leaf))
            .map(|leaf| (leaf.path.clone(), leaf.text.clone()))
            .collect::<Vec<_>>()
    };
    (rest(&kept) == rest(&now)).then_some(edited)
}
