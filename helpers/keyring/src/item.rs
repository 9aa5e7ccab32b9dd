//! The name of an item in the system's store, and the form of its secret.
//!
//! The secret of a plain key is the key. Other attributes follow it, one `key=value` a line, as in git's libsecret helper.
//! Without a password the first line is empty; an empty password that other attributes follow is a line `password=`.
//! A secret that the store does not keep in that form is encoded as [`one_line`].

#[cfg(any(test, fuzzing))]
pub mod fuzz;

use modelforge_credential_protocol::{ABOUT_THE_EXCHANGE, DESCRIPTION, Error, Record, Result};
use zeroize::Zeroizing;

use crate::{aside, one_line};

/// How the items of a program are named, and what their secrets look like.
pub struct Kind {
    /// The purpose of an item of this service and account. `None`: not one of ours.
    pub describe: fn(&str, &str) -> Option<Record>,
    pub decode: fn(&[u8]) -> Result<Record>,
}

/// Ours, those of Python's keyring for a URL, and of git's libsecret helper.
pub const URL: Kind = Kind { describe: description, decode };

/// True if an attribute belongs into the secret: the item's name says which credential it is, and what concerns one request alone is
/// not kept.
fn is_kept(key: &str) -> bool {
    !DESCRIPTION.contains(&key) && !ABOUT_THE_EXCHANGE.contains(&key) && !matches!(key, "provider" | "ephemeral")
}

/// The service under which Python's keyring and `secret-tool` look: the URL, without user name.
pub fn service(description: &Record) -> String {
    let part = |key| description.text(key).unwrap_or("");
    let base = format!("{}://{}", part("protocol"), part("host"));
    let url = if part("path").is_empty() { base } else { format!("{base}/{}", part("path")) };
    aside::name(&url).into_owned()
}

/// True if a service can be made of it that leads back to it and to nothing else: `a/b` as a host would be the path `b` of `a`.
pub fn can_be_named(wanted: &Record) -> bool {
    description(&service(wanted), "")
        .is_some_and(|named| ["protocol", "host", "path"].iter().all(|key| named.get(key) == wanted.get(key)))
}

/// The reverse of [`service`]; `None` if it cannot have made it.
pub fn description(service: &str, account: &str) -> Option<Record> {
    let (protocol, rest) = aside::service(service)?.split_once("://")?;
    let (host, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
    let plain = protocol.starts_with(|c: char| c.is_ascii_alphabetic())
        && protocol.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        && !host.is_empty()
        && !host.contains(|c: char| c.is_whitespace() || "@?#".contains(c))
        && path != Some("");
    let mut description = Record::of([("protocol", protocol), ("host", host)]).ok().filter(|_| plain)?;
    if let Some(path) = path {
        description.set("path", path).ok()?;
    }
    description.set("username", account).ok()?;
    Some(description)
}

/// The secret of the item that keeps `credential`; `keeps` says which bytes the store gives back as they were.
pub fn encode(credential: &Record, keeps: fn(&[u8]) -> bool) -> Zeroizing<Vec<u8>> {
    let mut kept = credential.clone();
    kept.retain(is_kept);
    let plain = plain(&kept).filter(|secret| credential.has_account() && keeps(secret) && !one_line::is_marked(secret));
    plain.unwrap_or_else(|| {
        let mut named = credential.clone();
        named.retain(|key| key == "username");
        named.merge(&kept);
        one_line::encode(&named)
    })
}

/// The password, and the other attributes below it; `None` if their names could not be told from another program's lines.
fn plain(kept: &Record) -> Option<Zeroizing<Vec<u8>>> {
    let password = kept.get("password").unwrap_or_default();
    let mut others = kept.clone();
    if !password.is_empty() || others.iter().all(|(key, _)| key == "password") {
        others.remove("password");
    }
    if !others.iter().all(|(key, _)| is_plain(key)) {
        return None;
    }
    let lines = others.to_lines();
    let mut secret = Zeroizing::new(Vec::with_capacity(password.len() + 1 + lines.len()));
    secret.extend_from_slice(password);
    if let Some(lines) = lines.strip_suffix(b"\n") {
        secret.push(b'\n');
        secret.extend_from_slice(lines);
    }
    Some(secret)
}

/// The credential that an account's item keeps. Only an encoded one says that it has no user name.
pub fn credential(account: &str, secret: &[u8]) -> Result<Record> {
    let kept = decode(secret)?;
    if one_line::is_marked(secret) {
        let is_the_accounts = kept.text("username").is_none_or(|name| name == account);
        return if is_the_accounts { Ok(kept) } else { Err(Error::new("its secret was stored for another account")) };
    }
    let mut credential = Record::of([("username", account)])?;
    credential.merge(&kept);
    Ok(credential)
}

/// The attributes in a secret. Another program's, with further lines of another kind, has no place in a record.
pub fn decode(secret: &[u8]) -> Result<Record> {
    if let Some(record) = one_line::decode(secret)? {
        let is_ours = record.iter().all(|(key, _)| key == "username" || is_kept(key));
        return if is_ours { Ok(record) } else { Err(Error::new("its secret says more than a credential")) };
    }
    let foreign = || Error::new("its secret has several lines and was written by another program");
    let secret = secret.strip_suffix(b"\n").unwrap_or(secret);
    let mut lines = secret.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)).peekable();
    let password = lines.next().unwrap_or_default();
    let mut record = Record::new();
    if !password.is_empty() || lines.peek().is_none() {
        record.set("password", password).map_err(|_| Error::new("its secret cannot be written as one line"))?;
    }
    for line in lines {
        let split = line.iter().position(|b| *b == b'=').ok_or_else(foreign)?;
        let key = std::str::from_utf8(&line[..split]).ok().filter(|key| is_plain(key)).ok_or_else(foreign)?;
        if !is_kept(key) || (key == "password" && record.has("password")) {
            return Err(foreign());
        }
        record.push(key, &line[split + 1..]).map_err(|_| foreign())?;
    }
    Ok(record)
}

/// True if only the item with a certain secret is meant.
pub fn names_secret(description: &Record) -> bool {
    description.has("password") || description.has("credential")
}

impl Kind {
    /// True if a secret is the one that is meant.
    pub fn holds_secret(&self, secret: &[u8], description: &Record) -> bool {
        (self.decode)(secret).is_ok_and(|kept| kept.matches_secret(description))
    }
}

fn is_plain(key: &str) -> bool {
    let name = key.strip_suffix("[]").unwrap_or(key);
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anything(_: &[u8]) -> bool {
        true
    }

    fn nothing(_: &[u8]) -> bool {
        false
    }

    fn kept(attributes: &[(&str, &str)]) -> String {
        let secret = encode(&Record::of(attributes.iter().copied()).unwrap(), anything);
        String::from_utf8(secret.to_vec()).unwrap()
    }

    #[test]
    fn a_host_that_would_be_read_as_host_and_path_is_not_named() {
        for (host, path) in [("h/a", None), ("h", Some("")), ("a b", None), ("a?b", None), ("a@b", None), ("", None)] {
            let mut wanted = Record::of([("protocol", "https"), ("host", host)]).unwrap();
            if let Some(path) = path {
                wanted.set("path", path).unwrap();
            }
            assert!(!can_be_named(&wanted), "{wanted:?}");
        }
        assert!(can_be_named(&Record::of([("protocol", "https"), ("host", "h:1"), ("path", "a/b")]).unwrap()));
    }

    #[test]
    fn the_secret_of_a_plain_key_is_the_key() {
        assert_eq!(kept(&[("protocol", "https"), ("host", "h"), ("username", "u"), ("password", "sk-1")]), "sk-1");
        assert_eq!(
            kept(&[("password", "sk-1"), ("capability[]", "state"), ("state[]", "x"), ("ephemeral", "0")]),
            "sk-1"
        );
    }

    #[test]
    fn other_attributes_follow_the_key() {
        assert_eq!(
            kept(&[("password_expiry_utc", "9"), ("password", "t"), ("oauth_refresh_token", "r=1")]),
            "t\npassword_expiry_utc=9\noauth_refresh_token=r=1"
        );
        let bearer = [("username", "u"), ("authtype", "Bearer"), ("credential", "c")];
        assert_eq!(kept(&bearer), "\nauthtype=Bearer\ncredential=c");
    }

    #[test]
    fn an_empty_password_is_not_no_password() {
        for credential in [
            Record::of([("password", "")]).unwrap(),
            Record::of([("password", ""), ("oauth_refresh_token", "r")]).unwrap(),
            Record::of([("oauth_refresh_token", "r")]).unwrap(),
        ] {
            assert_eq!(decode(&encode(&credential, anything)).unwrap(), credential);
        }
    }

    #[test]
    fn what_the_store_does_not_keep_is_encoded_and_marked() {
        let key = Record::of([("username", "u"), ("password", "sk-1")]).unwrap();
        let secret = encode(&key, nothing);
        assert_eq!(*secret, *b"modelforge-credential;base64,dXNlcm5hbWU9dQpwYXNzd29yZD1zay0xCg==");
        assert_eq!(credential("u", &secret).unwrap(), key);
        let error = credential("v", &secret).unwrap_err();
        assert_eq!(error.to_string(), "its secret was stored for another account");
    }

    #[test]
    fn a_key_that_looks_as_if_it_were_encoded_is_encoded() {
        let key = Record::of([("username", "u"), ("password", "modelforge-credential;base64,AAAA")]).unwrap();
        assert_eq!(credential("u", &encode(&key, anything)).unwrap(), key);
    }

    #[test]
    fn a_pre_encoded_credential_without_user_name_comes_back_without_one() {
        let bearer = Record::of([("authtype", "Bearer"), ("credential", "c")]).unwrap();
        assert_eq!(credential("default", &encode(&bearer, anything)).unwrap(), bearer);
    }

    #[test]
    fn what_was_encoded_and_damaged_is_no_key() {
        for text in ["", "AAAA", "%", "aG9zdD1oCnBhc3N3b3JkPXAK"] {
            let secret = format!("modelforge-credential;base64,{text}");
            assert!(decode(secret.as_bytes()).is_ok_and(|record| record.is_empty()) == text.is_empty(), "{text}");
        }
    }

    #[test]
    fn a_line_end_after_the_key_is_not_part_of_it() {
        for secret in ["sk-1", "sk-1\n", "sk-1\r\n"] {
            assert_eq!(decode(secret.as_bytes()).unwrap().text("password"), Some("sk-1"));
        }
    }

    #[test]
    fn another_programs_lines_are_not_taken_for_a_key() {
        for secret in [
            "{\n  \"key\": \"a=b\"\n}",
            "-----BEGIN PRIVATE KEY-----\nMIIB==\n-----END PRIVATE KEY-----\n",
            "A=1\nB=2",
            "a\n\nb=1",
            "key\nhost=elsewhere",
            "key\nquit=1",
            "key\npassword=other",
        ] {
            let error = decode(secret.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), "its secret has several lines and was written by another program");
        }
        assert!(decode(b"a\0b").is_err());
    }

    #[test]
    fn an_attribute_that_could_not_be_told_from_anothers_lines_is_encoded() {
        let odd = Record::of([("username", "u"), ("password", "p"), ("X-Odd", "1")]).unwrap();
        let secret = encode(&odd, anything);
        assert!(one_line::is_marked(&secret));
        assert_eq!(credential("u", &secret).unwrap(), odd);
    }

    #[test]
    fn a_service_is_a_url_and_nothing_else_is_ours() {
        for (url, path) in [("https://h", None), ("http://h:80/a/b", Some("a/b")), ("s3+x://[::1]", None)] {
            let description = description(url, "u").unwrap();
            assert_eq!((service(&description).as_str(), description.text("path")), (url, path));
        }
        for other in [
            "openai",
            "modelforge",
            "https://",
            "https:///p",
            "://h",
            "https://h/",
            "https://u@h",
            "a b://h",
            "https://h h",
        ] {
            assert!(description(other, "u").is_none(), "{other}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_kept_is_read_back(
            password in proptest::option::of("[^\n\r\0]{0,20}"),
            others in proptest::collection::vec(("[a-z][a-z0-9_]{5,9}(\\[\\])?", "[^\n\r\0]{0,20}"), 0..4),
        ) {
            let mut credential = Record::new();
            if let Some(password) = password { credential.set("password", password).unwrap(); }
            for (key, value) in others.iter().filter(|(key, _)| is_kept(key)) {
                let _ = credential.push(key, value);
            }
            proptest::prop_assume!(!credential.is_empty());
            for keeps in [anything, nothing] {
                let read = decode(&encode(&credential, keeps)).unwrap();
                proptest::prop_assert!(read == credential);
            }
        }

        #[test]
        fn no_secret_panics(secret in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = decode(&secret);
        }
    }
}
