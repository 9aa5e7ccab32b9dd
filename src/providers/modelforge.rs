//! The providers that a person defined in ModelForge: names, URLs and ways to sign in, from its global `config.json`. Its credentials are
//! not read here. Its local file, which may come with any directory, is never read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use modelforge_credential_files::Trust;
use modelforge_credential_protocol::{Error, Reason, Record, Result, visible};
use modelforge_credential_providers::{SignIn, normalize};
use serde_json::value::RawValue;

use crate::config::{provider_name, read_text};
use crate::error::{PROGRAM, tilde};
use crate::url::{base_url, is_safe_url};

/// A provider as the file defines it, after checks.
#[derive(Debug)]
pub struct Defined {
    pub url: Record,
    pub sign_in: SignIn,
    /// `client_id`, `device_code_url`, `token_url`, `scope`.
    pub device_flow: Record,
}

/// The global file. ModelForge uses this path on every system.
pub fn path() -> Option<PathBuf> {
    modelforge_credential_files::home().map(|home| home.join(".config").join("model-forge").join("config.json"))
}

/// All definitions by normalised name: a provider, or what is wrong with it.
pub type Definitions = BTreeMap<String, Result<Defined>>;

/// Reads the file. If it does not exist, nothing is defined.
pub fn load() -> Result<Definitions> {
    let Some(path) = path() else { return Ok(Definitions::new()) };
    match read_text(&path, Trust::Believed)? {
        Some(text) => parse(&path, &text),
        None => Ok(Definitions::new()),
    }
}

type Object<'a> = BTreeMap<String, &'a RawValue>;

/// The library's own messages quote the file, which contains keys. So messages only name positions.
fn parse(path: &Path, text: &str) -> Result<Definitions> {
    let fault = |place: &str, problem: &str| Error::new(format!("`{}`: `{}` {problem}", tilde(path), visible(place)));
    let root: Object = serde_json::from_str(text).map_err(|problem| {
        Error::new(format!("`{}`, line {}, column {}: this is not JSON", tilde(path), problem.line(), problem.column()))
    })?;
    let Some(providers) = root.get("providers") else { return Ok(Definitions::new()) };
    let providers: Object =
        serde_json::from_str(providers.get()).map_err(|_| fault("$.providers", "is not an object"))?;
    let mut defined = Definitions::new();
    for (name, value) in &providers {
        let place = format!("$.providers.{name}");
        let provider = provider_name(name)
            .map_err(|_| fault(&place, "is not a valid provider name"))
            .and_then(|_| provider(&place, value, &fault));
        // If a name is there in two spellings, ModelForge uses the one with `_`.
        let canonical = normalize(name);
        if *name == canonical || !defined.contains_key(&canonical) {
            defined.insert(canonical, provider);
        }
    }
    Ok(defined)
}

fn provider(place: &str, value: &RawValue, fault: &impl Fn(&str, &str) -> Error) -> Result<Defined> {
    let object: Object = serde_json::from_str(value.get()).map_err(|_| fault(place, "is not an object"))?;
    let Some(url) = text(place, &object, "base_url", fault)? else {
        let problem = "is missing, so the owner of its key is unknown";
        return Err(fault(&format!("{place}.base_url"), problem)
            .with_reason(Reason::UnknownProvider)
            .hint(format!("declare it in {PROGRAM}'s config.toml: [provider.NAME] url = \"https://…\"")));
    };
    let url = base_url(&url)
        .map_err(|problem| fault(&format!("{place}.base_url"), &format!("is not a base URL: {problem}")))?;
    let mut device_flow = Record::new();
    let sign_in = match text(place, &object, "auth_strategy", fault)?.as_deref() {
        None | Some("") => SignIn::None,
        Some("api_key" | "local") => SignIn::ApiKey,
        Some("device_flow") => {
            let place = format!("{place}.auth_details");
            let details = object.get("auth_details").ok_or_else(|| fault(&place, "is missing"))?;
            let details: Object = serde_json::from_str(details.get()).map_err(|_| fault(&place, "is not an object"))?;
            for key in ["client_id", "device_code_url", "token_url", "scope"] {
                match text(&place, &details, key, fault)? {
                    Some(value) if key.ends_with("_url") && !is_safe_url(&value) => {
                        return Err(fault(&format!("{place}.{key}"), "is not an https URL"));
                    }
                    Some(value) => device_flow
                        .set(key, value)
                        .map_err(|_| fault(&format!("{place}.{key}"), "is not a string of one line"))?,
                    None if key == "scope" => {}
                    None => return Err(fault(&format!("{place}.{key}"), "is missing")),
                }
            }
            SignIn::DeviceFlow
        }
        Some(_) => return Err(fault(&format!("{place}.auth_strategy"), "must be \"api_key\" or \"device_flow\"")),
    };
    Ok(Defined { url, sign_in, device_flow })
}

fn text(place: &str, object: &Object, key: &str, fault: &impl Fn(&str, &str) -> Error) -> Result<Option<String>> {
    match object.get(key) {
        None => Ok(None),
        Some(value) => serde_json::from_str::<Option<String>>(value.get())
            .map_err(|_| fault(&format!("{place}.{key}"), "is not a string")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(text: &str, name: &str) -> String {
        match parse(Path::new("/m/config.json"), text) {
            Err(problem) => problem.to_string(),
            Ok(defined) => match &defined[name] {
                Ok(provider) => format!("{} {}", provider.url.url(), provider.sign_in.name()),
                Err(problem) => problem.to_string(),
            },
        }
    }

    #[test]
    fn what_is_wrong_is_named_by_its_place_and_never_quoted() {
        let file = |body: &str| format!(r#"{{"providers": {{"p": {body}}}}}"#);
        assert_eq!(
            outcome(&file(r#"{"base_url": "https://h/v1", "auth_strategy": "api_key"}"#), "p"),
            "https://h/v1 api_key"
        );
        for (body, problem) in [
            (r#"{"base_url": ["sk-secret"]}"#, "`$.providers.p.base_url` is not a string"),
            (r#"{"base_url": "sk-secret"}"#, "`$.providers.p.base_url` is not a base URL: the URL has no scheme"),
            (
                r#"{"auth_strategy": "api_key"}"#,
                "`$.providers.p.base_url` is missing, so the owner of its key is unknown",
            ),
            (
                r#"{"base_url": "https://h", "auth_strategy": "sk-secret"}"#,
                "`$.providers.p.auth_strategy` must be \"api_key\" or \"device_flow\"",
            ),
            (r#"{"base_url": "https://h", "auth_strategy": "device_flow"}"#, "`$.providers.p.auth_details` is missing"),
            (
                r#"{"base_url": "https://h", "auth_strategy": "device_flow", "auth_details": {"client_id": "c", "device_code_url": "http://h/d"}}"#,
                "`$.providers.p.auth_details.device_code_url` is not an https URL",
            ),
        ] {
            assert_eq!(outcome(&file(body), "p"), format!("`/m/config.json`: {problem}"));
        }
        assert_eq!(
            outcome("{\n \"providers\": sk-secret", "p"),
            "`/m/config.json`, line 2, column 15: this is not JSON"
        );
    }

    #[test]
    fn of_two_spellings_the_one_that_modelforge_uses_wins() {
        for text in [
            r#"{"providers": {"a_b": {"base_url": "https://right"}, "a-b": {"base_url": "https://wrong"}}}"#,
            r#"{"providers": {"a-b": {"base_url": "https://wrong"}, "a_b": {"base_url": "https://right"}}}"#,
        ] {
            assert_eq!(outcome(text, "a_b"), "https://right none");
        }
    }
}
