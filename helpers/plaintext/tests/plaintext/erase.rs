//! An erase takes out the secret and leaves every other byte.

use super::{COPILOT, GLOBAL, HAND_EDITED, LOGGED_IN, OPENAI, Test, one};

#[test]
fn erase_leaves_every_other_byte() {
    let test = Test::with(GLOBAL, HAND_EDITED);
    test.change("erase", COPILOT).nothing();
    let gone = "\n      \"auth_data\": {\"access_token\": \"ghu_ox9yimTcfipZGnzPbDFDyFKm51zfFoWbSrHA\", \
                \"expires_at\": \"2024-01-01T00:00:00+00:00\"},";
    assert_eq!(test.content(GLOBAL), HAND_EDITED.replace(gone, ""));
    let test = Test::with(GLOBAL, LOGGED_IN);
    test.change("erase", OPENAI).nothing();
    let gone = ",\n            \"auth_data\": {\n                \
                \"api_key\": \"sk-zA1k9HcOmxPF8MOpoLquDjRFfMNNiSyHOv99eC5xWPOgyTZ3\"\n            }";
    assert_eq!(test.content(GLOBAL), LOGGED_IN.replace(gone, ""));
}

#[test]
fn erase_takes_only_what_is_described() {
    let test = Test::with(GLOBAL, LOGGED_IN);
    for request in [
        format!("{OPENAI}username=work\n"),
        format!("{OPENAI}password=sk-SENTINEL\n"),
        "protocol=http\nhost=api.openai.com\n".into(),
        "protocol=https\nhost=api.openai.com:80\nprovider=openai\n".into(),
    ] {
        test.change("erase", &request).nothing();
    }
    test.change("erase", "host=api.openai.com\n").failure("error: the request has no `protocol`\n");
    test.change("erase", "protocol=https\n").failure("error: the request has no `host`\n");
    assert_eq!(test.content(GLOBAL), LOGGED_IN);
}

#[test]
fn a_second_member_of_the_same_name_goes_along_and_does_not_come_to_life() {
    let data = |n: u8| format!("\"auth_data\": {{\"api_key\": \"sk-SENTINEL-{n}\"}}");
    let text = one("openai", &format!("{{{}, \"auth\\u005fdata\": {{\"api_key\": \"sk-SENTINEL-2\"}}}}", data(1)));
    let test = Test::with(GLOBAL, &text);
    test.run(&["get"], OPENAI).password("sk-SENTINEL-2");
    test.change("erase", &format!("{OPENAI}password=sk-SENTINEL-2\n")).nothing();
    assert_eq!(test.content(GLOBAL), one("openai", "{}"));
}

#[test]
fn a_second_key_of_one_entry_that_goes_along_is_mentioned() {
    for (entry, remark) in [
        (
            r#"{"auth_data": {"api_key": "sk-SENTINEL-0"}, "auth_data": {"api_key": "sk-SENTINEL-1"}}"#,
            "` is there more than once; the last is used, and all are removed",
        ),
        (
            r#"{"auth_data": {"access_token": "sk-SENTINEL-0", "api_key": "sk-SENTINEL-1"}}"#,
            ".access_token` is another key, which is not used, and is removed too",
        ),
        (r#"{"auth_data": {"access_token": "sk-SENTINEL-1", "api_key": "sk-SENTINEL-1"}}"#, ""),
        (r#"{"auth_data": {"access_token": "sk-SENTINEL-1", "api_key": ""}}"#, ""),
        (r#"{"auth_data": {"access_token": 7, "api_key": "sk-SENTINEL-1"}}"#, ""),
        (r#"{"auth_data": {}, "auth_data": {"api_key": "sk-SENTINEL-1"}}"#, ""),
    ] {
        let test = Test::with(GLOBAL, &one("openai", entry)).env("MODELFORGE_CREDENTIAL_WARN_PLAINTEXT", "0");
        let place = "warning: `~/.config/model-forge/config.json`: `$.providers.openai.auth_data";
        let remark = if remark.is_empty() { String::new() } else { format!("{place}{remark}\n") };
        test.run(&["get"], OPENAI).password("sk-SENTINEL-1").stderr(&remark);
        test.run(&["list"], "").success().stderr(&remark);
    }
}

#[test]
fn a_file_as_an_editor_of_windows_writes_it_stays_one() {
    let text = "\u{feff}{\r\n\t\"providers\": {\r\n\t\t\"openai\": {\r\n\t\t\t\"auth_data\": {\"api_key\": \"sk-SENTINEL\"}\r\n\t\t}\r\n\t}\r\n}\r\n";
    let test = Test::with(GLOBAL, text);
    test.run(&["get"], OPENAI).password("sk-SENTINEL");
    test.change("erase", OPENAI).nothing();
    assert_eq!(test.content(GLOBAL), "\u{feff}{\r\n\t\"providers\": {\r\n\t\t\"openai\": {}\r\n\t}\r\n}\r\n");
}
