//! The user's configuration: `config.toml`, and the environment variables that override it. Only this module knows the format. The
//! configuration has no secrets, and an unknown key is an error, because a misspelled setting would never work.

mod chain;
mod chosen;
mod declare;
mod folders;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod names;
mod origin;
mod ours;
mod settings;
mod source;

use std::collections::BTreeMap;
use std::io::ErrorKind::PermissionDenied;
use std::path::{Path, PathBuf};

use modelforge_credential_client::Entry;
use modelforge_credential_files::{self as files, Trust};
use modelforge_credential_protocol::{Error, Record, Result, Shell};
use modelforge_credential_providers::{SignIn, normalize};
use toml::de::DeTable;
use zeroize::Zeroizing;

use crate::{error, text};
pub use chain::{add as add_helper, as_toml, remove as remove_helper};
pub use chosen::{Chosen, Helpers};
pub use declare::declare;
pub use folders::Assignment;
pub use names::{closest, similar_helper, undeclared_provider};
pub use origin::Origin;
pub use ours::{DEFAULT_CHAIN, Need, ON_DEMAND, default_helper};
use source::Source;
pub use source::{duration, entry_of_text, is_name, line, words};

/// The largest file that is read as a configuration, in bytes.
pub const MAX_FILE: usize = 1 << 20;

/// `[provider.NAME]`.
#[derive(Debug, Default)]
pub struct ProviderConfig {
    /// The line of the file with its name.
    pub line: usize,
    /// `protocol`, `host`, and `path` if it has one.
    pub url: Option<Record>,
    pub env: Option<Vec<String>>,
    pub account: Option<String>,
    pub helpers: Option<Vec<Entry>>,
    /// The lines of the file with the entries.
    pub helper_lines: Vec<usize>,
    pub sign_in: Option<SignIn>,
    pub client_id: Option<String>,
    pub device_code_url: Option<String>,
    pub token_url: Option<String>,
    pub scope: Option<String>,
}

/// `[audit]`: the log of requests.
#[derive(Debug, Clone, Copy)]
pub struct Audit {
    /// True if the log is written.
    pub enabled: bool,
    /// True if each record also goes to the system's log.
    pub syslog: bool,
}

impl Default for Audit {
    fn default() -> Self {
        Self { enabled: true, syslog: false }
    }
}

impl ProviderConfig {
    /// The settings of a device flow that it replaces, by the names of their attributes.
    pub fn device_flow(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("client_id", &self.client_id),
            ("device_code_url", &self.device_code_url),
            ("token_url", &self.token_url),
            ("scope", &self.scope),
        ];
        all.into_iter().filter_map(|(key, value)| Some((key, value.as_deref()?)))
    }

    /// True if it has its own device flow.
    pub fn has_device_flow(&self) -> bool {
        self.device_flow().next().is_some()
    }
}

/// The user's configuration.
#[derive(Debug, Default)]
pub struct Config {
    helpers: Option<Vec<Entry>>,
    /// The lines of the file with the entries.
    helper_lines: Vec<usize>,
    /// True to store in every helper, as git does, instead of the first one that can.
    pub store_in_all: bool,
    /// `[audit]`.
    pub audit: Audit,
    /// The providers by their normalised names.
    pub providers: BTreeMap<String, ProviderConfig>,
    /// The providers of `exec` and `env` when none is named: `[exec] providers`.
    pub exec_providers: Option<Vec<String>>,
    /// The lines of the file with these names.
    exec_lines: Vec<usize>,
    /// The variables that `exec` sets in a directory when no provider is named: `[exec."/home/me/app"] env`.
    pub exec_folders: BTreeMap<PathBuf, BTreeMap<String, String>>,
}

impl Config {
    /// Reads the user's file. Without one, everything has its default.
    pub fn load() -> Result<Self> {
        let Some((path, must_exist)) = path() else { return Ok(Self::default()) };
        // As in git: in a container, `HOME` is often that of another user, whose settings do not apply.
        let is_closed = || path.symlink_metadata().is_err_and(|problem| problem.kind() == PermissionDenied);
        if !must_exist && is_closed() && !files::is_home_of_this_user() {
            return Ok(Self::default());
        }
        match read_text(&path, Trust::Believed)? {
            Some(text) => Self::parse(&path, &text),
            None if must_exist => Err(error::no_such_file(&path)),
            None => Ok(Self::default()),
        }
    }

    /// The chain of a provider: `MODELFORGE_CREDENTIAL_HELPERS`, otherwise the provider's own, otherwise the user's, otherwise the default.
    pub fn helpers_for(&self, provider: Option<&ProviderConfig>) -> Result<Helpers> {
        if let Some(list) = std::env::var_os("MODELFORGE_CREDENTIAL_HELPERS") {
            let Some(list) = list.to_str() else { return Err("MODELFORGE_CREDENTIAL_HELPERS is not UTF-8".into()) };
            return Ok(Helpers { entries: entries_of_variable(list)?, chosen: Chosen::ForThisCommand });
        }
        let configured = provider.and_then(|provider| provider.helpers.as_ref()).or(self.helpers.as_ref());
        Ok(match configured {
            Some(entries) => Helpers { entries: entries.clone(), chosen: Chosen::ForEverySession },
            None => {
                let entries = DEFAULT_CHAIN.iter().map(|row| Entry::helper(row.name)).collect();
                Helpers { entries, chosen: Chosen::ByDefault }
            }
        })
    }

    fn parse(path: &Path, text: &str) -> Result<Self> {
        let source = Source { path, text };
        let table = DeTable::parse(text).map_err(|problem| {
            // The library's message may quote the file, and people do put keys into such files.
            let at = problem.span().unwrap_or_default();
            source.fault(at, "this is not TOML")
        })?;
        let mut config = Self::default();
        for (key, value) in table.get_ref() {
            match key.get_ref().as_ref() {
                "helpers" => {
                    config.helpers = Some(source.entries(value)?);
                    config.helper_lines = source.lines(value);
                }
                "store" => {
                    config.store_in_all = match value.get_ref().as_str() {
                        Some("all") => true,
                        Some("first") => false,
                        _ => return Err(source.fault(value.span(), "`store` is neither \"first\" nor \"all\"")),
                    }
                }
                "audit" => config.audit = source.audit(value)?,
                "provider" => {
                    for (name, value) in source.table("provider", value)? {
                        let provider = source.provider(name, value)?;
                        let canonical = canonical(source.provider_name(name)?, &provider);
                        if config.providers.insert(canonical.clone(), provider).is_some() {
                            return Err(source.fault(name.span(), &format!("provider `{canonical}` is there twice")));
                        }
                    }
                }
                "exec" => {
                    (config.exec_providers, config.exec_lines) = source.exec(value)?;
                    config.exec_folders = source.exec_folders(value)?;
                }
                _ => return Err(source.unknown_key(key, &["helpers", "store", "audit", "provider", "exec"])),
            }
        }
        Ok(config)
    }
}

/// The path of the file, and whether a person named it.
pub fn path() -> Option<(PathBuf, bool)> {
    match std::env::var_os("MODELFORGE_CREDENTIAL_CONFIG") {
        Some(path) if path.is_empty() => None,
        Some(path) => Some((PathBuf::from(path), true)),
        None => files::config().map(|folder| (folder.join("config.toml"), false)),
    }
}

/// The path of the file in hints.
pub fn shown_path() -> String {
    path().map_or_else(|| "config.toml".to_owned(), |(path, _)| files::tilde(&path))
}

/// Reads a regular file of at most [`MAX_FILE`] bytes, so neither a pipe that never ends nor a huge file. `None`: it does not exist.
pub fn read_text(path: &Path, trust: Trust) -> Result<Option<Zeroizing<String>>> {
    let Some(content) = files::read(path, MAX_FILE, trust)? else { return Ok(None) };
    text::of(&content).map(Some).ok_or_else(|| error::not_utf_8(path))
}

/// Reads entries separated by newlines. An empty entry clears the list. A newline at the end does not count.
fn entries_of_variable(list: &str) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for line in list.strip_suffix('\n').unwrap_or(list).split('\n') {
        if line.trim().is_empty() {
            entries.clear();
            continue;
        }
        entries.push(entry_of_text(line).map_err(|problem| {
            let error = Error::new(format!("MODELFORGE_CREDENTIAL_HELPERS: {problem}"));
            match line.split([' ', ',']).filter(|word| DEFAULT_CHAIN.iter().any(|row| row.name == *word)).count() > 1 {
                true => error.hint(format!(
                    "one entry a line: {}",
                    Shell::of_the_person().set_lines("MODELFORGE_CREDENTIAL_HELPERS", &["env", "age"])
                )),
                false => error,
            }
        })?);
    }
    Ok(entries)
}

/// The known name if this is an alias of a known provider. With a URL it is another provider.
fn canonical(name: String, provider: &ProviderConfig) -> String {
    match modelforge_credential_providers::by_name(&name) {
        Some(known) if provider.url.is_none() => known.name.to_owned(),
        _ => name,
    }
}

/// The normalised spelling of a provider's name.
pub fn provider_name(name: &str) -> Result<String> {
    let allowed = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if allowed { Ok(normalize(name)) } else { Err(error::bad_provider_name(name)) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::source::duration;
    use super::*;

    fn parse(text: &str) -> std::result::Result<Config, String> {
        Config::parse(Path::new("/etc/config.toml"), text).map_err(|e| match e.hint_text() {
            Some(hint) => format!("{e}\n{hint}"),
            None => e.to_string(),
        })
    }

    #[test]
    fn entries_are_split_into_words_and_no_shell_is_involved() {
        let program = if cfg!(windows) { r"C:\bin\x" } else { "/bin/x" };
        let of_git = "{ command = ['git', 'credential-store'], timeout = '500ms' }";
        let config = parse(&format!("helpers = ['age --identity \"/a b\"', '{program}', {of_git}]")).unwrap();
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
