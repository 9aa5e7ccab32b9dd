//! Expands words.

use std::collections::HashMap;

use crate::token::{Piece, Word};

/// The values of `$NAME`, `$1` and `$?`.
pub struct Variables {
    pub set: HashMap<String, String>,
    /// The arguments, from `$0` on.
    pub arguments: Vec<String>,
    pub status: u8,
}

impl Variables {
    pub fn get(&self, name: &str) -> Option<String> {
        match name {
            "@" | "*" => Some(self.arguments[1..].join(" ")),
            "#" => Some((self.arguments.len() - 1).to_string()),
            "?" => Some(self.status.to_string()),
            "$" => Some(std::process::id().to_string()),
            _ => match name.parse::<usize>() {
                Ok(number) => self.arguments.get(number).cloned(),
                Err(_) => self.set.get(name).cloned().or_else(|| std::env::var(name).ok()),
            },
        }
    }

    /// Expands one word to none, one or several. `run` returns the output of `$(…)`.
    pub fn words(
        &self,
        word: &Word,
        run: &mut dyn FnMut(&str) -> Result<String, String>,
    ) -> Result<Vec<String>, String> {
        let mut fields = Fields::default();
        self.add(word, true, &mut fields, run)?;
        Ok(fields.done())
    }

    /// Expands one word to exactly one: for assignments and redirections.
    pub fn word(&self, word: &Word, run: &mut dyn FnMut(&str) -> Result<String, String>) -> Result<String, String> {
        let mut fields = Fields::default();
        self.add(word, false, &mut fields, run)?;
        Ok(fields.done().concat())
    }

    fn add(
        &self,
        word: &Word,
        splits: bool,
        fields: &mut Fields,
        run: &mut dyn FnMut(&str) -> Result<String, String>,
    ) -> Result<(), String> {
        for (number, piece) in word.iter().enumerate() {
            match piece {
                Piece::Text(text, false) if number == 0 && (text == "~" || text.starts_with("~/")) => {
                    fields.text(&self.get("HOME").unwrap_or_default());
                    fields.text(&text[1..]);
                }
                Piece::Text(text, _) => fields.text(text),
                Piece::Variable { name, quoted: true, .. } if name == "@" && splits => fields.all(&self.arguments[1..]),
                Piece::Variable { name, other, or_if_empty, quoted } => {
                    let value = self.get(name).filter(|value| !(*or_if_empty && value.is_empty()));
                    match (value, other) {
                        (None, Some(other)) => self.add(other, splits, fields, run)?,
                        (value, _) => fields.value(&value.unwrap_or_default(), splits && !quoted),
                    }
                }
                Piece::Output { lines, quoted } => {
                    fields.value(run(lines)?.trim_end_matches('\n'), splits && !quoted);
                }
            }
        }
        Ok(())
    }
}

#[derive(Default)]
struct Fields {
    done: Vec<String>,
    open: Option<String>,
}

impl Fields {
    fn text(&mut self, text: &str) {
        self.open.get_or_insert_default().push_str(text);
    }

    fn value(&mut self, value: &str, splits: bool) {
        if !splits {
            return self.text(value);
        }
        for (number, part) in value.split([' ', '\t', '\n']).enumerate() {
            if number > 0 {
                self.done.extend(self.open.take());
            }
            if !part.is_empty() {
                self.text(part);
            }
        }
    }

    fn all(&mut self, values: &[String]) {
        if values.is_empty() && self.open.as_deref() == Some("") {
            // `"$@"` without arguments is no word.
            self.open = None;
        }
        for (number, value) in values.iter().enumerate() {
            if number > 0 {
                self.done.extend(self.open.take());
            }
            self.text(value);
        }
    }

    fn done(mut self) -> Vec<String> {
        self.done.extend(self.open.take());
        self.done
    }
}

/// True if a pattern of `case` matches: text, `*` and `?`.
pub fn fits(pattern: &str, text: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = &pattern[1..];
            text.char_indices().any(|(at, _)| fits(rest, &text[at..])) || fits(rest, "")
        }
        Some(first) => {
            let mut characters = text.chars();
            let is_same = characters.next().is_some_and(|next| first == '?' || first == next);
            is_same && fits(&pattern[first.len_utf8()..], characters.as_str())
        }
    }
}
