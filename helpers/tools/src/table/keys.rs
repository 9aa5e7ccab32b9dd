//! Where in a file keys are, whose they are, and how the tool gets them afterwards.

use crate::format::tree::With;

/// A place for keys.
pub struct Key {
    /// The names that lead to it, with dots between. `*`: any. `{variable}`: the name of a variable; `{provider}`: that of a provider. With
    /// `=` behind: the value is an element of a list, `NAME=key`.
    pub path: &'static str,
    pub whose: Whose,
    /// The neighbours that may hold the URL which the key is for. `..` and `/` lead out of what the key is in, and into another;
    /// `{provider}`: the name of the key's provider.
    pub url: &'static [&'static str],
    /// What must stand beside it, if it is to be a key.
    pub only_if: Option<(&'static str, &'static str)>,
    pub then: Then,
    pub hook: Option<Hook>,
    /// What goes with it.
    pub with: With,
    /// True if `*` in the path is the name of an account.
    pub is_account: bool,
}

/// Whose a key is if no URL stands beside it.
#[derive(Clone, Copy)]
pub enum Whose {
    /// The name of the variable or of the provider in the path says so.
    Path,
    Is(&'static str),
    /// A neighbour of this name says so: `provider: openai`.
    Beside(&'static str),
    /// A neighbour says so before a slash: `model: openai/gpt-4o`.
    Model(&'static str),
    /// The shape of the key says so, behind `Bearer`: it goes to a server of which nothing else is known.
    Shape,
    /// The host in the path says so. What belongs to no known provider stays.
    Host,
}

/// What takes the place of a key, where its tool is to ask for it.
#[derive(Clone, Copy)]
pub enum Then {
    /// Nothing.
    Out,
    /// Its place must not be empty: `null`.
    Null,
    /// A reference. `{word}` is what the key is asked for by, `{variable}` its variable.
    Text(&'static str),
    /// The tool knows no other way: it stays.
    Stays,
    /// What is started has to be started by `exec`, which only a person can write: it stays.
    StaysInUnit,
}

/// What is written elsewhere in the file, so that the tool asks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// Claude Code's `apiKeyHelper`.
    ApiKeyHelper,
    /// Codex's `auth` in the place of a key.
    CodexAuth,
    /// The command of an MCP server is started by `exec`.
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

    /// What it is in goes as well, if nothing else is in that.
    pub const fn with_emptied(self) -> Self {
        Self { with: With::WhatIsEmpty, ..self }
    }

    /// The names of a leaf that this place has, if it is one: the variable or the provider, and what `*` stood for.
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

    /// True if the name in its path is a variable's.
    pub fn is_variable(&self) -> bool {
        self.path.contains("{variable}")
    }
}

/// How a place for keys fits a value.
pub struct Match<'a> {
    /// The name of the variable or of the provider; empty where the path has none.
    pub name: &'a str,
    /// What tells it from others in the file.
    pub label: Option<&'a str>,
    /// How much of the value stands before the key.
    pub prefix: usize,
}
