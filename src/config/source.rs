//! Reads values of the configuration from TOML, and reports errors with their line.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use modelforge_credential_client::Entry;
use modelforge_credential_protocol::{Error, Record, Result};
use modelforge_credential_providers::{SignIn, shape_of};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Audit, DEFAULT_CHAIN, ProviderConfig, closest, provider_name};
use crate::error::{PROGRAM, tilde};
use crate::url::{base_url, is_safe_url};

/// Splits `age --identity ~/.ssh/id_ed25519` into words as a shell does, without a shell. `git credential-store` is git's helper.
pub fn entry_of_text(text: &str) -> std::result::Result<Entry, String> {
    let words = words(text).ok_or("a quotation mark is not closed")?;
    let words: Vec<String> = words.into_iter().map(expand_home).collect();
    let Some((first, rest)) = words.split_first() else { return Err("an entry is empty".into()) };
    let is_of_git = first == "git" && rest.first().is_some_and(|word| word.starts_with("credential-"));
    let is_command = is_of_git || Path::new(first).is_absolute();
    if !is_command && !is_name(first) {
        return Err("a helper is a name (lower-case letters, digits, `-`) or an absolute path".into());
    }
    if let Some(other) = rest.first().filter(|_| words.iter().all(|word| is_in_the_default_chain(word))) {
        return Err(format!("`{first}` and `{other}` are two helpers in one entry"));
    }
    if holds_a_key(&words) {
        return Err(KEY_AS_AN_ARGUMENT.into());
    }
    Ok(Entry { words, is_command, timeout: None, label: None })
}

const KEY_AS_AN_ARGUMENT: &str = "an argument of the helper is a key: every user of the machine could read it";

/// True if an argument looks like a known kind of key, alone or after an option's name.
fn holds_a_key(words: &[String]) -> bool {
    let is_key = |part: &str| shape_of(part).is_some_and(|shape| shape.length.contains(&part.len()));
    words.iter().skip(1).flat_map(|word| word.split(['=', ':', ',', ' '])).any(is_key)
}

/// True if this is a valid name for a helper.
pub fn is_name(text: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !text.is_empty() && !text.starts_with('-') && text.bytes().all(is_allowed)
}

/// Splits a line into words. On Windows, a backslash is part of a path.
pub fn words(line: &str) -> Option<Vec<String>> {
    let line = if cfg!(windows) { with_plain_backslashes(line) } else { line.to_owned() };
    shell_words::split(&line).ok()
}

/// Joins words into a line that [`words`] splits again, on every system: an apostrophe goes into double quotes, not after a backslash.
pub fn line(words: &[String]) -> String {
    shell_words::join(words).replace(r"'\''", r#"'"'"'"#)
}

/// Escapes each backslash, so that it stands for itself. Within single quotes it does already.
fn with_plain_backslashes(line: &str) -> String {
    let (mut text, mut quote) = (String::with_capacity(line.len()), None);
    for character in line.chars() {
        match quote {
            None if matches!(character, '\'' | '"') => quote = Some(character),
            Some(open) if open == character => quote = None,
            _ => {}
        }
        text.push(character);
        if character == '\\' && quote != Some('\'') {
            text.push(character);
        }
    }
    text
}

fn is_in_the_default_chain(word: &str) -> bool {
    DEFAULT_CHAIN.iter().any(|row| row.name == word)
}

fn expand_home(word: String) -> String {
    let below = word.strip_prefix('~').and_then(|rest| rest.strip_prefix(std::path::is_separator));
    match (below, modelforge_credential_files::home()) {
        (Some(rest), Some(home)) => home.join(rest).to_string_lossy().into_owned(),
        _ => word,
    }
}

/// `500ms`, `5s`, `2m`.
pub fn duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = text[..digits].parse().ok().filter(|number| *number > 0)?;
    match &text[digits..] {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        _ => None,
    }
}

/// The text and the path of a file, for messages about it.
pub struct Source<'a> {
    pub path: &'a Path,
    pub text: &'a str,
}

type Value<'a> = Spanned<DeValue<'a>>;
type Key<'a> = Spanned<std::borrow::Cow<'a, str>>;

impl Source<'_> {
    fn line(&self, at: usize) -> usize {
        self.text[..at.min(self.text.len())].matches('\n').count() + 1
    }

    /// The line of each value of a list.
    pub fn lines(&self, value: &Value) -> Vec<usize> {
        let array = value.get_ref().as_array().into_iter().flatten();
        array.map(|value| self.line(value.span().start)).collect()
    }

    pub fn fault(&self, at: Range<usize>, problem: &str) -> Error {
        let line = self.line(at.start);
        Error::new(format!("`{}`, line {line}: {problem}", tilde(self.path)))
    }

    pub fn unknown_key(&self, key: &Key, known: &[&str]) -> Error {
        let name = key.get_ref().as_ref();
        if matches!(name, "api_key" | "apikey" | "key" | "token" | "password" | "secret" | "access_token") {
            return self.fault(key.span(), "keys are not stored in this file").hint(format!("{PROGRAM} login NAME"));
        }
        let error = self.fault(key.span(), &format!("unknown key `{}`", modelforge_credential_protocol::visible(name)));
        match closest(name, known.iter().copied()) {
            Some(similar) => error.hint(format!("did you mean `{similar}`?")),
            None => error.hint(format!("known keys: {}", known.join(", "))),
        }
    }

    pub fn table<'v>(&self, name: &str, value: &'v Value) -> Result<&'v DeTable<'v>> {
        value.get_ref().as_table().ok_or_else(|| self.fault(value.span(), &format!("`{name}` is not a table")))
    }

    /// `[audit]`.
    pub fn audit(&self, value: &Value) -> Result<Audit> {
        let mut audit = Audit::default();
        for (key, value) in self.table("audit", value)? {
            let name = key.get_ref().as_ref();
            let setting = match name {
                "enabled" => &mut audit.enabled,
                "syslog" => &mut audit.syslog,
                _ => return Err(self.unknown_key(key, &["enabled", "syslog"])),
            };
            let wrong = || self.fault(value.span(), &format!("`{name}` must be true or false"));
            *setting = value.get_ref().as_bool().ok_or_else(wrong)?;
        }
        Ok(audit)
    }

    fn text(&self, name: &str, value: &Value) -> Result<String> {
        match value.get_ref().as_str() {
            Some(text) if !text.is_empty() && !text.contains(['\n', '\r', '\0']) => Ok(text.to_owned()),
            _ => Err(self.fault(value.span(), &format!("`{name}` is not a string of one line"))),
        }
    }

    fn texts(&self, name: &str, value: &Value) -> Result<Vec<String>> {
        let fault = || self.fault(value.span(), &format!("`{name}` is not a list of strings"));
        let array = value.get_ref().as_array().ok_or_else(fault)?;
        array.iter().map(|value| self.text(name, value).map_err(|_| fault())).collect()
    }

    pub fn entries(&self, value: &Value) -> Result<Vec<Entry>> {
        let Some(array) = value.get_ref().as_array() else {
            return Err(self.fault(value.span(), "`helpers` is not a list").hint("helpers = [\"keyring\", \"age\"]"));
        };
        array.iter().map(|value| self.entry(value)).collect()
    }

    fn entry(&self, value: &Value) -> Result<Entry> {
        if let Some(text) = value.get_ref().as_str() {
            return entry_of_text(text).map_err(|problem| self.fault(value.span(), &problem));
        }
        let Some(table) = value.get_ref().as_table() else {
            return Err(self
                .fault(value.span(), "a helper is a string or a table")
                .hint("{ command = [\"git\", \"credential-libsecret\"], timeout = \"5s\" }"));
        };
        let (mut words, mut timeout, mut label) = (None, None, None);
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "command" => words = Some(self.texts("command", value)?),
                "name" => {
                    let name = self.text("name", value)?;
                    if !is_name(&name) || is_in_the_default_chain(&name) {
                        return Err(self.fault(
                            value.span(),
                            "`name` must be lower-case letters, digits and `-`, and not the name of a built-in helper",
                        ));
                    }
                    label = Some(name);
                }
                "timeout" => {
                    let text = self.text("timeout", value)?;
                    timeout = Some(duration(&text).ok_or_else(|| {
                        self.fault(value.span(), "`timeout` is not a duration")
                            .hint("timeout = \"5s\"  # or \"500ms\", \"2m\"")
                    })?);
                }
                _ => return Err(self.unknown_key(key, &["command", "name", "timeout"])),
            }
        }
        let words: Vec<String> = words.unwrap_or_default().into_iter().map(expand_home).collect();
        match words.first() {
            Some(first) if Path::new(first).is_absolute() || !first.contains(['/', '\\']) => {
                // A single word that is not a path means the same as a string: the helper with that name.
                let is_command = words.len() > 1 || Path::new(first).is_absolute();
                if !is_command {
                    let entry = entry_of_text(first).map_err(|problem| self.fault(value.span(), &problem))?;
                    return Ok(Entry { timeout, label, ..entry });
                }
                if holds_a_key(&words) {
                    return Err(self.fault(value.span(), KEY_AS_AN_ARGUMENT));
                }
                Ok(Entry { words, is_command, timeout, label })
            }
            Some(_) => Err(self.fault(value.span(), "a relative path is not allowed: it depends on the directory")),
            None => Err(self.fault(value.span(), "a helper needs a `command`")),
        }
    }

    pub fn provider_name(&self, key: &Key) -> Result<String> {
        provider_name(key.get_ref()).map_err(|problem| self.fault(key.span(), &problem.to_string()))
    }

    pub fn provider(&self, name: &Key, value: &Value) -> Result<ProviderConfig> {
        let mut provider = ProviderConfig { line: self.line(name.span().start), ..ProviderConfig::default() };
        for (key, value) in self.table("provider", value)? {
            match key.get_ref().as_ref() {
                "url" => provider.url = Some(self.url(value)?),
                "env" => {
                    let names = self.texts("env", value)?;
                    if names.iter().any(|name| name.contains(['=', ' ', '\t'])) {
                        return Err(self.fault(value.span(), "`env` has an entry that is not the name of a variable"));
                    }
                    provider.env = Some(names);
                }
                "account" => provider.account = Some(self.text("account", value)?),
                "helpers" => {
                    provider.helpers = Some(self.entries(value)?);
                    provider.helper_lines = self.lines(value);
                }
                "sign_in" => {
                    let way = SignIn::from_name(&self.text("sign_in", value)?);
                    let problem = "`sign_in` must be \"api_key\", \"device_flow\" or \"none\"";
                    provider.sign_in = Some(way.ok_or_else(|| self.fault(value.span(), problem))?);
                }
                "client_id" => provider.client_id = Some(self.text("client_id", value)?),
                "device_code_url" => provider.device_code_url = Some(self.https("device_code_url", value)?),
                "token_url" => provider.token_url = Some(self.https("token_url", value)?),
                "scope" => provider.scope = Some(self.text("scope", value)?),
                _ => {
                    let known = ["url", "env", "account", "helpers", "sign_in"];
                    let device_flow = ["client_id", "device_code_url", "token_url", "scope"];
                    return Err(self.unknown_key(key, &[known.as_slice(), &device_flow].concat()));
                }
            }
        }
        Ok(provider)
    }

    /// `[exec]`: the providers, and their lines.
    pub fn exec(&self, value: &Value) -> Result<(Option<Vec<String>>, Vec<usize>)> {
        let (mut providers, mut lines) = (None, Vec::new());
        for (key, value) in self.table("exec", value)? {
            match key.get_ref().as_ref() {
                "providers" => {
                    providers = Some(self.texts("providers", value)?);
                    lines = self.lines(value);
                }
                name if Path::new(name).is_absolute() => {}
                _ => return Err(self.unknown_key(key, &["providers"])),
            }
        }
        Ok((providers, lines))
    }

    /// `[exec."/home/me/app"]`: the variables of a directory.
    pub fn exec_folders(&self, value: &Value) -> Result<BTreeMap<PathBuf, BTreeMap<String, String>>> {
        let mut folders = BTreeMap::new();
        for (name, value) in self.table("exec", value)? {
            let folder = PathBuf::from(name.get_ref().as_ref());
            if !folder.is_absolute() {
                continue;
            }
            let mut variables = BTreeMap::new();
            for (key, value) in self.table(name.get_ref(), value)? {
                if key.get_ref() != "env" {
                    return Err(self.unknown_key(key, &["env"]));
                }
                for (variable, value) in self.table("env", value)? {
                    let variable = variable.get_ref().as_ref();
                    variables.insert(variable.to_owned(), self.text(variable, value)?);
                }
            }
            folders.insert(folder, variables);
        }
        Ok(folders)
    }

    /// A URL to which tokens are sent.
    fn https(&self, name: &str, value: &Value) -> Result<String> {
        let text = self.text(name, value)?;
        if is_safe_url(&text) {
            Ok(text)
        } else {
            Err(self.fault(value.span(), &format!("`{name}` is not an https URL")))
        }
    }

    fn url(&self, value: &Value) -> Result<Record> {
        base_url(&self.text("url", value)?).map_err(|problem| self.fault(value.span(), &problem.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_as_a_line_is_read_as_the_same_words_with_plain_backslashes_as_well() {
        let entry =
            ["age", "--identity", r"C:\Users\O'Neill\my id.txt", "'", r#"say "it's""#, "", "~/a"].map(str::to_owned);
        let written = line(&entry);
        assert_eq!(shell_words::split(&written).unwrap(), entry);
        assert_eq!(shell_words::split(&with_plain_backslashes(&written)).unwrap(), entry);
    }

    #[test]
    fn a_backslash_is_a_part_of_a_path_where_paths_have_them() {
        for (line, expected) in [
            (r"age --identity C:\b\id.txt", [r"age", r"--identity", r"C:\b\id.txt"]),
            (r#""C:\Program Files\x.exe" 'a\b c' "~\a""#, [r"C:\Program Files\x.exe", r"a\b c", r"~\a"]),
            (r#"a "it's\" 'say "\"'"#, ["a", r"it's\", r#"say "\""#]),
        ] {
            assert_eq!(shell_words::split(&with_plain_backslashes(line)).unwrap(), expected);
        }
    }
}
