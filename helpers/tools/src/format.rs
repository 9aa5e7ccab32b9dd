//! The formats of files. Each format finds the values in a file, removes one, and replaces one. The result of an edit is read again, and is
//! used only if nothing else has changed.

mod dotenv;
mod ini;
pub mod json;
pub mod leaf;
mod logins;
mod shell;
mod toml;
pub mod tree;
mod unit;
mod yaml;

use zeroize::Zeroizing;

use leaf::{Kind, Leaf, replaced};
use tree::{Inside, Tree, With};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Strict: without comments.
    Json,
    /// With comments and trailing commas.
    JsonWithComments,
    Toml,
    Yaml,
    Dotenv,
    /// A file that a shell reads when it starts, or direnv.
    Shell(Shell),
    Ini,
    Netrc,
    /// The file of git's helper `store`.
    GitStore,
    /// A unit of systemd.
    Unit,
    /// The whole file is a key.
    Key,
}

/// Which shell reads a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shell {
    Bash,
    Sh,
    Zsh,
    Fish,
}

/// The number of the line with the syntax error.
pub type Fault = usize;

impl Format {
    /// Every value in a file.
    pub fn leaves(self, text: &str) -> Result<Vec<Leaf>, Fault> {
        Ok(match self {
            Self::Dotenv => dotenv::read(text).into_iter().map(|line| line.leaf).collect(),
            Self::Shell(shell) => shell::read(text, shell),
            Self::Ini => ini::read(text)?.into_iter().map(|line| line.leaf).collect(),
            Self::Netrc => logins::netrc(text).into_iter().map(|login| login.leaf).collect(),
            Self::GitStore => logins::git(text).into_iter().map(|login| login.leaf).collect(),
            Self::Unit => unit::read(text),
            Self::Key => whole(text).into_iter().collect(),
            _ => match self.tree(text)? {
                Some(tree) => tree.leaves(text).into_iter().map(|(_, leaf)| leaf).collect(),
                None => Vec::new(),
            },
        })
    }

    /// The document, if the format has nested values.
    pub fn tree(self, text: &str) -> Result<Option<Tree>, Fault> {
        Ok(Some(match self {
            Self::Json => json::read(text, false)?,
            Self::JsonWithComments => json::read(text, true)?,
            Self::Toml => toml::read(text)?,
            Self::Yaml => yaml::read(text)?,
            _ => return Ok(None),
        }))
    }

    /// The text without a value and what belongs to it. `None` if anything else would change.
    pub fn without(self, text: &str, at: usize, with: With) -> Option<Zeroizing<String>> {
        let before = self.leaves(text).ok()?;
        let mut gone = vec![at];
        let edited = match self {
            Self::Dotenv => dotenv::without(text, at)?,
            Self::Shell(shell) => shell::without(text, at, shell)?,
            Self::Ini => ini::without(text, at)?,
            Self::Netrc => logins::without(text, &logins::netrc(text), at)?,
            Self::GitStore => logins::without(text, &logins::git(text), at)?,
            Self::Unit => return None,
            Self::Key => replaced(text, &mut [(0..text.len(), String::new())])?,
            _ => {
                let tree = self.tree(text).ok()??;
                let leaves = tree.leaves(text);
                let whole = tree.outermost(text, leaves.get(at)?.0, with);
                let is_gone = |(_, (node, _)): &(usize, &(usize, Leaf))| tree.is_in(*node, whole);
                gone = leaves.iter().enumerate().filter(is_gone).map(|(at, _)| at).collect();
                tree.without(text, whole)?
            }
        };
        let kept = before.iter().enumerate().filter(|(at, _)| !gone.contains(at)).map(|(_, leaf)| leaf);
        let after = self.leaves(&edited).ok()?;
        let is_same = kept.clone().count() == after.len() && kept.zip(&after).all(|(one, other)| one.is_like(other));
        is_same.then_some(edited)
    }

    /// The text with another value in place of one. `None` if it would not be read so, or anything else would change.
    pub fn with(self, text: &str, at: usize, new: &str) -> Option<Zeroizing<String>> {
        let before = self.leaves(text).ok()?;
        let leaf = before.get(at)?;
        let written = text.get(leaf.at.clone())?;
        let new_written = match self {
            Self::Json | Self::JsonWithComments | Self::Toml => json::quoted(new),
            Self::Yaml => self.yaml(text, leaf, written, new)?,
            Self::Shell(_) => format!("\"{new}\""),
            _ => new.to_owned(),
        };
        let edited = replaced(text, &mut [(leaf.at.clone(), new_written)])?;
        let after = self.leaves(&edited).ok()?;
        let is_as_wanted = |number: usize, one: &Leaf, other: &Leaf| match number == at {
            true => one.is_called_like(other) && (*other.text == *new || matches!(self, Self::Shell(_))),
            false => one.is_like(other),
        };
        let is_same = before.len() == after.len()
            && before.iter().zip(&after).enumerate().all(|(number, (one, other))| is_as_wanted(number, one, other));
        is_same.then_some(edited)
    }

    /// A quoted value stays quoted. Inside brackets, braces need quotation marks.
    fn yaml(self, text: &str, leaf: &Leaf, written: &str, new: &str) -> Option<String> {
        // An anchor is before its value.
        let (anchor, written) = match written.split_once(char::is_whitespace) {
            Some((anchor, rest)) if anchor.starts_with('&') => (format!("{anchor} "), rest),
            _ => (String::new(), written),
        };
        let tree = self.tree(text).ok()??;
        let node = tree.nodes.iter().find(|node| node.value == leaf.at)?;
        let is_between =
            node.parent.and_then(|at| tree.nodes.get(at)).is_some_and(|p| matches!(p.inside, Inside::Commas));
        let is_quoted = written.starts_with(['"', '\'']) || (is_between && new.contains(['{', '}', ',', '[', ']']));
        let is_plain = !new.starts_with(['!', '&', '*', '{', '[', '|', '>', '%', '@', '`', '"', '\'', '#']);
        let new = if is_quoted || !is_plain { json::quoted(new) } else { new.to_owned() };
        Some(format!("{anchor}{new}"))
    }
}

/// A file that is nothing but a key.
fn whole(text: &str) -> Option<Leaf> {
    let said = text.trim();
    let at = text.len() - text.trim_start().len();
    let text = Zeroizing::new(said.to_owned());
    (!said.is_empty()).then(|| Leaf { path: vec!["key".into()], text, at: at..at + said.len(), kind: Kind::Text })
}

#[cfg(test)]
mod tests;
