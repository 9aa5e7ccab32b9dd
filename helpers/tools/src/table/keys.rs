//! The places of keys in a file: whose key it is, and how the tool gets it afterwards.

use crate::format::tree::With;

/// A place for keys.
pub struct Key {
    /// The names that lead to it, separated by dots. `*`: any name. `{variable}`: the name of a variable. `{provider}`: the name of a
    /// provider. With `=` at the end, the value is an element `NAME=key` of a list.
    pub path: &'static str,
    pub whose: Whose,
    /// The neighbours that may hold the URL of the key. `..` goes up one level, and `/` down into a neighbour; `{provider}` is the name of
    /// the key's provider.
    pub url: &'static [&'static str],
    /// A value that must be beside it. Otherwise it is not a key.
    pub only_if: Option<(&'static str, &'static str)>,
    pub then: Then,
    pub hook: Option<Hook>,
    /// What is removed together with it.
    pub with: With,
    /// True if `*` in the path is the name of an account.
    pub is_account: bool,
}

/// Whose key it is if there is no URL beside it.
#[derive(Clone, Copy)]
pub enum Whose {
    /// The name of the variable or provider in the path decides.
    Path,
    Is(&'static str),
    /// A value beside it decides: `provider: openai`.
    Beside(&'static str),
    /// A value beside it decides, by its part before the slash: `model: openai/gpt-4o`.
    Model(&'static str),
    /// The shape of the key after `Bearer` decides, because nothing else is known about the server.
    Shape,
    /// The host in the path decides. A key for an unknown host stays.
    Host,
}

/// What replaces a key if its tool is configured to ask.
#[derive(Clone, Copy)]
pub enum Then {
    /// Nothing.
    Out,
    /// The place must not be empty: `null`.
    Null,
    /// A reference. `{word}` is the word to ask with, `{variable}` the variable.
    Text(&'static str),
    /// The tool supports nothing else: the key stays.
    Stays,
    /// The unit would have to start its program with `exec`, which only a person can write: the key stays.
    StaysInUnit,
}

/// A change elsewhere in the file that makes the tool ask.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// Claude Code's `apiKeyHelper`.
    ApiKeyHelper,
    /// Codex's `auth` instead of a key.
    CodexAuth,
    /// `exec` starts the command of an MCP server.
    Exec,
}

impl Key {
    pub const fn at(path: &'static str) -> Self {
        Self {
            path,
            whose: Whose::Path,
            url: &[],
            only_if: None,
            then: Then::Out,
            hook: None,
            with: With::Alone,
            is_account: false,
        }
    }

    pub const fn of(self, provider: &'static str) -> Self {
        Self { whose: Whose::Is(provider), ..self }
    }

    pub const fn whose(self, whose: Whose) -> Self {
        Self { whose, ..self }
    }

    pub const fn url(self, url: &'static [&'static str]) -> Self {
        Self { url, ..self }
    }

    pub const fn only_if(self, name: &'static str, value: &'static str) -> Self {
        Self { only_if: Some((name, value)), ..self }
    }

    pub const fn then(self, then: Then) -> Self {
        Self { then, ..self }
    }

    pub const fn text(self, text: &'static str) -> Self {
        self.then(Then::Text(text))
    }

    pub const fn hook(self, hook: Hook) -> Self {
        Self { hook: Some(hook), ..self }
    }

    pub const fn by_account(self) -> Self {
        Self { is_account: true, ..self }
    }

    pub const fn with_entry(self) -> Self {
        Self { with: With::WhatItIsIn, ..self }
    }

    /// Its parent is removed as well, if that is then empty.
    pub const fn with_emptied(self) -> Self {
        Self { with: With::WhatIsEmpty, ..self }
    }

    /// How a leaf matches this place: the variable or the provider, and the text for `*`. `None` if it does not.
    pub fn matches<'a>(&self, path: &'a [String], text: &'a str) -> Option<Match<'a>> {
        let mut pattern: Vec<&str> = self.path.split('.').collect();
        let mut found = Match { name: "", label: None, prefix: 0 };
        if let Some(last) = pattern.last_mut()
            && last.ends_with('=')
        {
            let (name, _) = text.split_once('=')?;
            (found.name, found.prefix, *last) = (name, name.len() + 1, "*");
        }
        if pattern.len() != path.len() {
            return None;
        }
        for (wanted, name) in pattern.iter().zip(path) {
            match *wanted {
                "*" => found.label = found.label.or(Some(name.as_str()).filter(|name| !name.starts_with('#'))),
                "{variable}" | "{provider}" => found.name = name,
                wanted if wanted == name => {}
                _ => return None,
            }
        }
        Some(found)
    }

    /// True if the name in its path is the name of a variable.
    pub fn is_variable(&self) -> bool {
        self.path.contains("{variable}")
    }
}

/// How a place for keys matches a value.
pub struct Match<'a> {
    /// The name of the variable or of the provider; empty if the path has none.
    pub name: &'a str,
    /// What distinguishes it from others in the file.
    pub label: Option<&'a str>,
    /// The number of bytes of the value before the key.
    pub prefix: usize,
}
