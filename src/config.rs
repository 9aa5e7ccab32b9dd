//! The configuration of a user: `config.toml`, and the environment variables that stand in for it. The only file that
//! knows the format. It holds no secrets, and a key that nobody knows is an error, not a setting that never works.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use modelforge_credential_protocol::{Error, Record, Result};
use modelforge_credential_providers::{Location, normalize};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{self, PROGRAM, tilde};
use crate::url;

/// The helpers that are asked when nothing is configured.
pub const DEFAULT_CHAIN: [&str; 5] = ["env", "keyring", "age", "plaintext", "oauth"];

/// The largest file that is read as a configuration, in bytes.
pub const MAX_FILE: u64 = 1 << 20;

/// A link of the chain, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The helper's name, or a program, and its arguments.
    pub words: Vec<String>,
    /// Whether it is a program and its arguments rather than the name of a helper.
    pub is_command: bool,
    /// How long it may take.
    pub timeout: Option<Duration>,
}

/// The chain: which helpers, and whether a person chose them.
#[derive(Debug)]
pub struct Helpers {
    pub entries: Vec<Entry>,
    /// It is the default chain: helpers that are not installed are left out, and one that fails is only mentioned
    /// where that explains something.
    pub automatic: bool,
}

/// `[provider.NAME]`.
#[derive(Debug, Default)]
pub struct Provider {
    /// `protocol`, `host` and perhaps `path`.
    pub url: Option<Record>,
    pub env: Option<Vec<String>>,
    pub account: Option<String>,
    pub helpers: Option<Vec<Entry>>,
    pub sign_in: Option<String>,
    pub client_id: Option<String>,
    pub device_code_url: Option<String>,
    pub token_url: Option<String>,
    pub scope: Option<String>,
}

/// What the user configured.
#[derive(Debug, Default)]
pub struct Config {
    helpers: Option<Vec<Entry>>,
    /// Store in every helper, as git does, instead of the first that keeps it.
    pub store_in_all: bool,
    /// By their normalised names.
    pub providers: BTreeMap<String, Provider>,
}

impl Config {
    /// Reads the user's file; without one, everything is as by default.
    pub fn load() -> anyhow::Result<Self> {
        let Some((path, must_exist)) = path() else { return Ok(Self::default()) };
        let text = match read_bounded(&path) {
            Ok(text) => text,
            Err(problem) if problem.kind() == std::io::ErrorKind::NotFound && !must_exist => return Ok(Self::default()),
            Err(problem) => return Err(problem).with_context(|| format!("cannot read `{}`", tilde(&path))),
        };
        refuse_if_others_can_write(&path)?;
        Ok(Self::parse(&path, &text)?)
    }

    /// The chain for a provider: `MODELFORGE_CREDENTIAL_HELPERS`, else the provider's, else the user's, else the default.
    pub fn helpers_for(&self, provider: Option<&Provider>) -> Result<Helpers> {
        if let Some(list) = std::env::var_os("MODELFORGE_CREDENTIAL_HELPERS") {
            let Some(list) = list.to_str() else { return Err("MODELFORGE_CREDENTIAL_HELPERS is not UTF-8".into()) };
            return Ok(Helpers { entries: entries_of_variable(list)?, automatic: false });
        }
        let configured = provider.and_then(|provider| provider.helpers.as_ref()).or(self.helpers.as_ref());
        Ok(match configured {
            Some(entries) => Helpers { entries: entries.clone(), automatic: false },
            None => {
                let entry = |name: &str| Entry { words: vec![name.to_owned()], is_command: false, timeout: None };
                Helpers { entries: DEFAULT_CHAIN.map(entry).into(), automatic: true }
            }
        })
    }

    fn parse(path: &Path, text: &str) -> Result<Self> {
        let source = Source { path, text };
        let table = DeTable::parse(text).map_err(|problem| {
            // The library's message may quote what it read, and keys do end up in files like this.
            let at = problem.span().unwrap_or_default();
            source.fault(at, "this is not TOML")
        })?;
        let mut config = Self::default();
        for (key, value) in table.get_ref() {
            match key.get_ref().as_ref() {
                "helpers" => config.helpers = Some(source.entries(value)?),
                "store" => {
                    config.store_in_all = match value.get_ref().as_str() {
                        Some("all") => true,
                        Some("first") => false,
                        _ => return Err(source.fault(value.span(), "`store` is neither \"first\" nor \"all\"")),
                    }
                }
                "provider" => {
                    for (name, value) in source.table("provider", value)? {
                        config.providers.insert(source.provider_name(name)?, source.provider(value)?);
                    }
                }
                _ => return Err(source.unknown_key(key, &["helpers", "store", "provider"])),
            }
        }
        Ok(config)
    }
}

/// The file, and whether it was named on purpose.
pub fn path() -> Option<(PathBuf, bool)> {
    match std::env::var_os("MODELFORGE_CREDENTIAL_CONFIG") {
        Some(path) if path.is_empty() => None,
        Some(path) => Some((PathBuf::from(path), true)),
        None => dirs::config_dir().map(|folder| (folder.join(PROGRAM).join("config.toml"), false)),
    }
}

/// Reads a text file that is a file: not a pipe that never ends, and not larger than [`MAX_FILE`].
pub fn read_bounded(path: &Path) -> std::io::Result<String> {
    use std::io::{Error, ErrorKind, Read};
    let mut options = std::fs::OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits() as i32);
    let file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err(Error::new(ErrorKind::InvalidInput, "it is not a file"));
    }
    let mut text = String::new();
    if file.take(MAX_FILE + 1).read_to_string(&mut text)? as u64 > MAX_FILE {
        return Err(Error::new(ErrorKind::InvalidData, "it is larger than 1 MiB"));
    }
    Ok(text)
}

/// The file names programs that are started: whoever can write to it can run anything as this user.
#[cfg(unix)]
fn refuse_if_others_can_write(path: &Path) -> Result<()> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path)?;
    let stranger = metadata.uid() != 0 && metadata.uid() != rustix::process::geteuid().as_raw();
    if metadata.mode() & 0o002 == 0 && !stranger {
        return Ok(());
    }
    let whose = if stranger { "belongs to another user" } else { "can be changed by anyone" };
    Err(Error::new(format!("`{}` {whose}, so it is not used", tilde(path)))
        .hint(format!("chmod go-w {}", shell_words::quote(&path.to_string_lossy()))))
}

#[cfg(not(unix))]
fn refuse_if_others_can_write(_: &Path) -> Result<()> {
    Ok(())
}

/// Entries separated by newlines; an empty one resets. A newline at the very end separates nothing.
fn entries_of_variable(list: &str) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for line in list.strip_suffix('\n').unwrap_or(list).split('\n') {
        if line.trim().is_empty() {
            entries.clear();
            continue;
        }
        let entry =
            entry_of_text(line).map_err(|problem| Error::new(format!("MODELFORGE_CREDENTIAL_HELPERS: {problem}")))?;
        entries.push(entry);
    }
    Ok(entries)
}

/// `age --identity ~/.ssh/id_ed25519`, split into words as a shell does, but by no shell.
fn entry_of_text(text: &str) -> std::result::Result<Entry, String> {
    let words = shell_words::split(text).map_err(|_| "a quotation mark is not closed".to_owned())?;
    let words: Vec<String> = words.into_iter().map(expand_home).collect();
    let Some(first) = words.first() else { return Err("an entry is empty".into()) };
    let is_command = Path::new(first).is_absolute();
    let is_name = !first.is_empty() && first.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !is_command && (!is_name || first.starts_with('-')) {
        return Err("a helper is a name (small letters, digits, `-`) or an absolute path".into());
    }
    Ok(Entry { words, is_command, timeout: None })
}

fn expand_home(word: String) -> String {
    match (word.strip_prefix("~/"), dirs::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest).to_string_lossy().into_owned(),
        _ => word,
    }
}

/// `500ms`, `5s`, `2m`.
fn duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = text[..digits].parse().ok().filter(|number| *number > 0)?;
    match &text[digits..] {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        _ => None,
    }
}

struct Source<'a> {
    path: &'a Path,
    text: &'a str,
}

type Value<'a> = Spanned<DeValue<'a>>;
type Key<'a> = Spanned<std::borrow::Cow<'a, str>>;

impl Source<'_> {
    fn fault(&self, at: Range<usize>, problem: &str) -> Error {
        let line = self.text[..at.start.min(self.text.len())].matches('\n').count() + 1;
        Error::new(format!("`{}`, line {line}: {problem}", tilde(self.path)))
    }

    fn unknown_key(&self, key: &Key, known: &[&str]) -> Error {
        let name = key.get_ref().as_ref();
        if matches!(name, "api_key" | "apikey" | "key" | "token" | "password" | "secret" | "access_token") {
            return self
                .fault(key.span(), "keys are not kept in this file")
                .hint(format!("printf 'provider=NAME\\npassword=%s\\n' \"$KEY\" | {PROGRAM} approve"));
        }
        let error = self.fault(key.span(), &format!("unknown key `{}`", modelforge_credential_protocol::visible(name)));
        match closest(name, known.iter().copied()) {
            Some(similar) => error.hint(format!("did you mean `{similar}`?")),
            None => error.hint(format!("known keys: {}", known.join(", "))),
        }
    }

    fn table<'v>(&self, name: &str, value: &'v Value) -> Result<&'v DeTable<'v>> {
        value.get_ref().as_table().ok_or_else(|| self.fault(value.span(), &format!("`{name}` is not a table")))
    }

    fn text(&self, name: &str, value: &Value) -> Result<String> {
        match value.get_ref().as_str() {
            Some(text) if !text.is_empty() && !text.contains(['\n', '\r', '\0']) => Ok(text.to_owned()),
            _ => Err(self.fault(value.span(), &format!("`{name}` is not a text of one line"))),
        }
    }

    fn texts(&self, name: &str, value: &Value) -> Result<Vec<String>> {
        let fault = || self.fault(value.span(), &format!("`{name}` is not a list of texts"));
        let array = value.get_ref().as_array().ok_or_else(fault)?;
        array.iter().map(|value| self.text(name, value).map_err(|_| fault())).collect()
    }

    fn entries(&self, value: &Value) -> Result<Vec<Entry>> {
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
                .fault(value.span(), "a helper is a text or a table")
                .hint("{ command = [\"git\", \"credential-libsecret\"], timeout = \"5s\" }"));
        };
        let (mut words, mut timeout) = (None, None);
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "command" => words = Some(self.texts("command", value)?),
                "timeout" => {
                    let text = self.text("timeout", value)?;
                    timeout = Some(duration(&text).ok_or_else(|| {
                        self.fault(value.span(), "`timeout` is not a duration")
                            .hint("timeout = \"5s\"  # or \"500ms\", \"2m\"")
                    })?);
                }
                _ => return Err(self.unknown_key(key, &["command", "timeout"])),
            }
        }
        let words: Vec<String> = words.unwrap_or_default().into_iter().map(expand_home).collect();
        match words.first() {
            Some(first) if Path::new(first).is_absolute() || !first.contains(['/', '\\']) => {
                // A single bare word means the same as it does as a text: the helper of that name.
                let is_command = words.len() > 1 || Path::new(first).is_absolute();
                if !is_command {
                    let entry = entry_of_text(first).map_err(|problem| self.fault(value.span(), &problem))?;
                    return Ok(Entry { timeout, ..entry });
                }
                Ok(Entry { words, is_command, timeout })
            }
            Some(_) => Err(self.fault(value.span(), "a relative path is not a program: it would depend on the folder")),
            None => Err(self.fault(value.span(), "a helper needs a `command`")),
        }
    }

    fn provider_name(&self, key: &Key) -> Result<String> {
        provider_name(key.get_ref()).map_err(|problem| self.fault(key.span(), &problem.to_string()))
    }

    fn provider(&self, value: &Value) -> Result<Provider> {
        let mut provider = Provider::default();
        for (key, value) in self.table("provider", value)? {
            match key.get_ref().as_ref() {
                "url" => provider.url = Some(self.url(value)?),
                "env" => {
                    let names = self.texts("env", value)?;
                    if names.iter().any(|name| name.contains(['=', ' ', '\t'])) {
                        return Err(self.fault(value.span(), "`env` has something that is no name of a variable"));
                    }
                    provider.env = Some(names);
                }
                "account" => provider.account = Some(self.text("account", value)?),
                "helpers" => provider.helpers = Some(self.entries(value)?),
                "sign_in" => {
                    let text = self.text("sign_in", value)?;
                    if !matches!(text.as_str(), "api_key" | "device_flow" | "none") {
                        return Err(
                            self.fault(value.span(), "`sign_in` is none of \"api_key\", \"device_flow\", \"none\"")
                        );
                    }
                    provider.sign_in = Some(text);
                }
                "client_id" => provider.client_id = Some(self.text("client_id", value)?),
                "device_code_url" => provider.device_code_url = Some(self.text("device_code_url", value)?),
                "token_url" => provider.token_url = Some(self.text("token_url", value)?),
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

    fn url(&self, value: &Value) -> Result<Record> {
        base_url(&self.text("url", value)?).map_err(|problem| self.fault(value.span(), &problem.to_string()))
    }
}

/// The URL of a provider: `protocol`, `host` and perhaps `path`, and nothing secret in it.
pub fn base_url(text: &str) -> Result<Record> {
    let record = url::parse(text.as_bytes())?;
    if record.text("host").is_none_or(str::is_empty) {
        return Err(error::bad_url("has no host"));
    }
    if record.has("username") {
        return Err(error::bad_url("has a user name in it"));
    }
    if Location::parse(text).is_none() || text.contains('%') {
        return Err(error::bad_url("has more in it than scheme, host, port and path"));
    }
    Ok(record)
}

/// The one spelling of a provider's name.
pub fn provider_name(name: &str) -> Result<String> {
    let allowed = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if allowed { Ok(normalize(name)) } else { Err(error::bad_provider_name(name)) }
}

/// The candidate that was probably meant.
pub fn closest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1.max(candidate.len().min(word.len()) / 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> std::result::Result<Config, String> {
        Config::parse(Path::new("/etc/config.toml"), text).map_err(|e| match e.hint_text() {
            Some(hint) => format!("{e}\n{hint}"),
            None => e.to_string(),
        })
    }

    #[test]
    fn entries_are_split_into_words_and_no_shell_is_involved() {
        let config = parse("helpers = ['age --identity \"/a b\"', '/bin/x', { command = ['git', 'credential-store'], timeout = '500ms' }]").unwrap();
        let entries = config.helpers.unwrap();
        assert_eq!(entries[0].words, ["age", "--identity", "/a b"]);
        assert!(!entries[0].is_command && entries[1].is_command && entries[2].is_command);
        assert_eq!(entries[2].timeout, Some(Duration::from_millis(500)));
        for bad in [
            "helpers = ['!sh -c x']",
            "helpers = ['../x']",
            "helpers = ['x/y']",
            "helpers = ['']",
            "helpers = ['\"']",
            "helpers = [{ command = ['./x'] }]",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_typo_is_named_with_line_key_and_suggestion() {
        assert_eq!(
            parse("\nhelper = []").unwrap_err(),
            "`/etc/config.toml`, line 2: unknown key `helper`\ndid you mean `helpers`?"
        );
        assert_eq!(
            parse("[provider.x]\nulr = 'https://x'").unwrap_err(),
            "`/etc/config.toml`, line 2: unknown key `ulr`\ndid you mean `url`?"
        );
    }

    #[test]
    fn a_key_in_the_configuration_is_refused_and_not_repeated() {
        for text in [
            "api_key = 'sk-secret'",
            "[provider.openai]\ntoken = 'sk-secret'",
            "[provider.openai]\nurl = 'sk-secret'",
            "password = sk-secret",
            "helpers = 'sk-secret'",
        ] {
            let error = parse(text).unwrap_err();
            assert!(!error.contains("sk-secret"), "{error}");
        }
    }

    #[test]
    fn the_variable_replaces_the_chain_and_an_empty_entry_resets_it() {
        let names =
            |list: &str| entries_of_variable(list).unwrap().into_iter().map(|e| e.words[0].clone()).collect::<Vec<_>>();
        assert_eq!(names("env\nage\n"), ["env", "age"]);
        assert_eq!(names("env\n\nage"), ["age"]);
        assert!(names("").is_empty());
        assert!(names("env\n\n").is_empty());
    }

    #[test]
    fn durations_have_a_unit_and_are_not_nothing() {
        assert_eq!(duration("2m"), Some(Duration::from_secs(120)));
        for bad in ["5", "0s", "s", "-1s", "5 s", "99999999999999999999s"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }
}
