//! Removes credentials from a file, and makes its tool ask for them. The result of an edit is read again and checked.

pub mod hook;
pub mod line;

use std::collections::HashSet;

use modelforge_credential_providers::shape_of;
use zeroize::Zeroizing;

use crate::found::{Found, Spot};
use crate::likely::is_key;
use crate::table::{File, Hook, Then};

/// The word by which a tool asks for a key: `openai` or `openai:work`.
#[derive(Clone, Copy)]
pub struct Word<'a>(&'a str);

impl<'a> Word<'a> {
    /// Refuses a word that has a special meaning in a shell or in a file.
    pub fn new(word: &'a str) -> Option<Self> {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':' | b'@' | b'+');
        (!word.is_empty() && !word.starts_with('-') && word.bytes().all(is_plain)).then_some(Self(word))
    }

    pub fn text(self) -> &'a str {
        self.0
    }
}

/// How the tool gets a key after it was removed.
#[derive(Clone, Copy)]
pub struct Asks<'a> {
    pub word: Word<'a>,
    /// A line in a shell's profile may replace the key.
    pub by_line: bool,
}

/// The text without a credential, with the tool configured to ask for it. `None`: it could not be edited safely.
pub fn without(file: &File, before: &str, found: &Found, asks: Option<Asks>) -> Option<Zeroizing<String>> {
    let asks = asks.filter(|_| !file.is_copy);
    let word = asks.map(|asks| asks.word);
    let mut text = Zeroizing::new(before.to_owned());
    let mut spots: Vec<&Spot> = found.spots.iter().collect();
    spots.sort_by_key(|spot| spot.leaf);
    // From the end, so that the other positions stay valid.
    for spot in spots.iter().rev() {
        text = without_spot(file, &text, spot, asks)?;
    }
    for spot in spots.iter().filter(|spot| !spot.is_unused) {
        if let (Some(hook), Some(word)) = (spot.key.hook, word)
            && hook != Hook::CodexAuth
        {
            text = hook::put(file.format, &text, spot, word, found.provider)?;
        }
    }
    Some(text).filter(|text| holds_the_others(before, text, &found.secret))
}

/// True if no other possible key was removed with it, such as one in the comment behind the value.
fn holds_the_others(before: &str, after: &str, secret: &str) -> bool {
    let words = |text| str::split(text, |c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
    let left: HashSet<&str> = words(after).collect();
    words(before).all(|word| shape_of(word).is_none() || !is_key(word) || secret.contains(word) || left.contains(word))
}

fn without_spot(file: &File, text: &str, spot: &Spot, asks: Option<Asks>) -> Option<Zeroizing<String>> {
    let word = asks.map(|asks| asks.word);
    if let Some(asks) =
        asks.filter(|asks| asks.by_line && matches!(spot.key.then, Then::Out) && line::can_be_in(file, spot))
    {
        return line::in_place(file, text, spot, asks.word);
    }
    match (spot.key.then, word) {
        (Then::Null, _) => hook::null(file.format, text, spot),
        (Then::Text(template), Some(word)) if !spot.is_unused => {
            file.format.with(text, spot.leaf, &filled(template, spot, word))
        }
        (_, Some(word)) if spot.key.hook == Some(Hook::CodexAuth) => hook::codex(file.format, text, spot, word),
        _ => file.format.without(text, spot.leaf, spot.key.with),
    }
}

/// The reference that replaces a key.
pub fn filled(template: &str, spot: &Spot, word: Word) -> String {
    template.replace("{word}", word.text()).replace("{variable}", &spot.variable)
}

/// True if the value in the place of a key is empty, or is what a migration wrote there for the tool.
pub fn is_left(spot: &Spot, value: &str) -> bool {
    let is_reference = match spot.key.then {
        Then::Text(template) => value == template.replace("{variable}", &spot.variable),
        _ => false,
    };
    matches!(value, "" | "null" | "~") || value.contains(&format!("{} print ", hook::PROGRAM)) || is_reference
}

#[cfg(test)]
mod tests;
