//! The items of ModelForge 0.2, for `migrate`: the service is the provider, the user its name and `_user`, and the secret is the key, or
//! the token as JSON. Usual requests do not use them.

use std::collections::BTreeMap;

use modelforge_credential_protocol::{Capabilities, DEFAULT_ACCOUNT, Error, Helper, Record, Result};
use modelforge_credential_providers::{SignIn, by_location, by_name};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zeroize::Zeroizing;

use crate::item::Kind;
use crate::{aside, store};

pub struct ModelForge;

const ITEMS: Kind = Kind { describe, decode };

impl Helper for ModelForge {
    /// Foreign, because ModelForge 0.2 may still be installed and use its items.
    fn capabilities(&self) -> Capabilities {
        Capabilities { foreign: true, ..Capabilities::default() }
    }

    fn get(&self, request: &Record) -> Result<Option<Record>> {
        let description = request.place();
        let Some(secret) = store::find_of_kind(&ITEMS, &description)? else { return Ok(None) };
        let mut credential = Record::of([("username", DEFAULT_ACCOUNT)])?;
        credential.merge(&decode(&secret)?)?;
        Ok(Some(credential))
    }

    fn store(&self, credential: &Record) -> Result<()> {
        let (protocol, host) = (credential.text("protocol").unwrap_or(""), credential.text("host").unwrap_or(""));
        let provider = by_location(protocol, host, credential.text("path"));
        let provider = provider.filter(|_| credential.text("username").is_none_or(|name| name == DEFAULT_ACCOUNT));
        let Some(provider) = provider else {
            return Err("ModelForge 0.2 kept one key for each provider it knew".into());
        };
        let is_token = provider.sign_in == SignIn::DeviceFlow;
        let service = aside::name(provider.name);
        store::set_secret(&service, &format!("{}_user", provider.name), &encode(credential, is_token)?)
    }

    fn erase(&self, description: &Record) -> Result<()> {
        let mut wanted = description.place();
        for key in ["password", "credential"] {
            if let Some(value) = description.get(key) {
                wanted.set(key, value)?;
            }
        }
        store::erase(&ITEMS, &wanted)
    }

    fn list(&self, _: &Record) -> Result<Option<Vec<Record>>> {
        let mut found = store::list(&ITEMS)?;
        found.sort_by(|a, b| a.text("provider").cmp(&b.text("provider")));
        for record in &mut found {
            record.set("storage", format!("{}, of ModelForge 0.2", store::NAME))?;
            record.set("plain_text", "0")?;
        }
        Ok(Some(found))
    }
}

fn describe(service: &str, account: &str) -> Option<Record> {
    let service = aside::service(service)?;
    let provider = by_name(service).filter(|_| account == format!("{service}_user"))?;
    let location = provider.location()?;
    let mut record = Record::of([("protocol", location.protocol), ("host", location.host)]).ok()?;
    if let Some(path) = location.path {
        record.set("path", path).ok()?;
    }
    record.set("username", DEFAULT_ACCOUNT).ok()?;
    record.set("provider", provider.name).ok()?;
    Some(record)
}

fn decode(secret: &[u8]) -> Result<Record> {
    let bad = || Error::new("an item of ModelForge 0.2 has neither a key nor a token");
    let text = std::str::from_utf8(secret).map_err(|_| bad())?.trim();
    let mut record = Record::new();
    // The parts of the token are wiped when they are freed, as all memory here.
    let Ok(token) = serde_json::from_str::<BTreeMap<String, Value>>(text) else {
        record.set("password", text).map_err(|_| bad())?;
        return Ok(record);
    };
    let part = |name: &str| token.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let pairs = [
        ("password", part("access_token").or(part("api_key"))),
        ("oauth_refresh_token", part("refresh_token")),
        ("scope", part("scope")),
        ("token_type", part("token_type")),
    ];
    for (key, value) in pairs {
        if let Some(value) = value {
            record.set(key, value).map_err(|_| bad())?;
        }
    }
    if let Some(expires) = part("expires_at") {
        // Without a zone it is UTC.
        let at = OffsetDateTime::parse(expires, &Rfc3339)
            .or_else(|_| OffsetDateTime::parse(&format!("{expires}Z"), &Rfc3339));
        let at = at.map_err(|_| Error::new("a token of ModelForge 0.2 has an `expires_at` that is not a time"))?;
        record.set("password_expiry_utc", at.unix_timestamp().max(1).to_string())?;
    }
    if record.has_secret() { Ok(record) } else { Err(bad()) }
}

fn encode(credential: &Record, is_token: bool) -> Result<Zeroizing<Vec<u8>>> {
    let is_token = is_token || ["oauth_refresh_token", "password_expiry_utc"].iter().any(|key| credential.has(key));
    if !is_token {
        return Ok(Zeroizing::new(credential.get("password").unwrap_or_default().to_vec()));
    }
    let names = [
        ("access_token", "password"),
        ("refresh_token", "oauth_refresh_token"),
        ("token_type", "token_type"),
        ("scope", "scope"),
    ];
    let parts = names.iter().filter_map(|(name, key)| Some((*name, credential.text(key)?.to_owned())));
    let mut token: BTreeMap<&str, String> = parts.collect();
    if let Some(at) = credential.expiry() {
        let at = i64::try_from(at).ok().and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
        let text = at.and_then(|at| at.format(&Rfc3339).ok()).ok_or("the token ends later than there are years")?;
        token.insert("expires_at", text.replace('Z', "+00:00"));
    }
    serde_json::to_vec(&token).map(Zeroizing::new).map_err(|_| "the token cannot be written as JSON".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_secret_and_a_token_is_json() {
        let key = decode(b"sk-1\n").unwrap();
        assert_eq!(key.text("password"), Some("sk-1"));
        let json = br#"{"access_token":"t","refresh_token":"r","expires_at":"2031-05-04T10:20:30.123456+00:00","expires_in":1}"#;
        let token = decode(json).unwrap();
        assert_eq!(token.expiry(), Some(1_935_656_430));
        assert_eq!((token.text("password"), token.text("oauth_refresh_token")), (Some("t"), Some("r")));
        assert!(decode(&encode(&token, false).unwrap()).unwrap() == token);
        assert_eq!(
            decode(br#"{"access_token":"t","expires_at":"2031-05-04T10:20:30"}"#).unwrap().expiry(),
            Some(1_935_656_430)
        );
        for bad in [&b"{}"[..], b"\xff", b"a\nb", br#"{"access_token":"t","expires_at":"soon"}"#] {
            assert!(decode(bad).is_err());
        }
    }

    #[test]
    fn an_item_is_one_only_if_service_and_user_go_together() {
        assert_eq!(describe("openai", "openai_user").unwrap().text("host"), Some("api.openai.com"));
        assert_eq!(describe("github-copilot", "github-copilot_user").unwrap().text("provider"), Some("github_copilot"));
        for (service, account) in [("openai", "me"), ("openai", "google_user"), ("nobody", "nobody_user")] {
            assert!(describe(service, account).is_none(), "{service} {account}");
        }
    }
}
