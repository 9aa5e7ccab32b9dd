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
fn a_bare_service_name_is_no_url_and_leads_to_no_other_item() {
    let named = |host: &str| Record::of([("protocol", "keyring"), ("host", host)]).unwrap();
    for host in ["my app", "a/b?c#d", "..", "ü:ß", "x@y"] {
        assert!(can_be_named(&named(host)), "{host}");
        assert_eq!(service(&named(host)), host);
    }
    for host in ["", "https://h", "keyring://h", "modelforge-credential:h"] {
        assert!(!can_be_named(&named(host)), "{host}");
    }
    assert!(description("keyring://h", "u").is_none());
}

#[test]
fn the_secret_of_a_plain_key_is_the_key() {
    assert_eq!(kept(&[("protocol", "https"), ("host", "h"), ("username", "u"), ("password", "sk-1")]), "sk-1");
    assert_eq!(kept(&[("password", "sk-1"), ("capability[]", "state"), ("state[]", "x"), ("ephemeral", "0")]), "sk-1");
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
