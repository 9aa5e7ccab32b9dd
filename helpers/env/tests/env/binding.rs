//! Variables that are given on the command line.

use super::{KEY, OPENAI, OTHER, answers, at, fails};

#[test]
fn given_bindings_are_the_whole_truth() {
    let variables = [("OPENAI_API_KEY", KEY), ("CORP_KEY", OTHER)];
    assert_eq!(answers(&variables, &format!("{OPENAI}env[]=\n")), None);
    assert_eq!(answers(&variables, &format!("{OPENAI}env[]=CORP_KEY corp https://llm.corp\n")), None);
    let request = format!("{OPENAI}env[]=\nenv[]=CORP_KEY openai https://api.openai.com\n");
    assert_eq!(answers(&variables, &request).as_deref(), Some("CORP_KEY"));
    let corp = format!("{}env[]=CORP_KEY corp https://llm.corp:8443/team\n", at("https://llm.corp:8443/team/v1"));
    assert_eq!(answers(&variables, &corp).as_deref(), Some("CORP_KEY"));
}

#[test]
fn given_bindings_are_asked_in_the_order_given() {
    let request = format!("{OPENAI}env[]=B openai https://api.openai.com\nenv[]=A openai https://api.openai.com\n");
    assert_eq!(answers(&[("A", KEY), ("B", OTHER)], &request).as_deref(), Some("B"));
    assert_eq!(answers(&[("A", KEY), ("B", "")], &request).as_deref(), Some("A"));
}

#[test]
fn a_given_binding_holds_for_its_own_url_only() {
    let variables = [("OPENAI_API_KEY", KEY)];
    for (bound, asked) in [
        ("https://api.openai.com", "https://evil.com"),
        ("https://api.openai.com", "https://api.openai.com.evil"),
        ("https://api.openai.com", "https://api.openai.com:8443"),
        ("https://api.openai.com", "http://api.openai.com"),
        ("https://api.openai.com:8443", "https://api.openai.com"),
        ("https://gateway/team-a", "https://gateway"),
        ("https://gateway/team-a", "https://gateway/team-b"),
        ("https://gateway/team-a", "https://gateway/team-ab"),
        ("https://gateway/team-a", "https://gateway/team-a/../team-b"),
    ] {
        let request = format!("provider=openai\n{}env[]=OPENAI_API_KEY openai {bound}\n", at(asked));
        assert_eq!(answers(&variables, &request), None, "{bound} {asked}");
    }
    let request = format!("{}env[]=OPENAI_API_KEY openai https://api.openai.com\n", at("https://API.OPENAI.COM:443"));
    assert_eq!(answers(&variables, &request).as_deref(), Some("OPENAI_API_KEY"), "another spelling of the same URL");
}

#[test]
fn a_malformed_binding_is_an_error_and_nothing_is_answered() {
    for binding in [
        "OPENAI_API_KEY",
        "OPENAI_API_KEY openai",
        "OPENAI_API_KEY https://api.openai.com",
        "OPENAI_API_KEY openai api.openai.com",
        "OPENAI_API_KEY openai https://",
        "OPENAI_API_KEY openai https://user@api.openai.com",
        "OPENAI_API_KEY openai https://api.openai.com more",
        "OPENAI_API_KEY  openai https://api.openai.com",
        " OPENAI_API_KEY openai https://api.openai.com",
    ] {
        let request = format!("{OPENAI}env[]=OPENAI_API_KEY openai https://api.openai.com\nenv[]={binding}\n");
        let stderr = "error: an `env[]` is not `<variable> <provider> <url>`\n";
        fails(&[("OPENAI_API_KEY", KEY)], &request, stderr);
    }
}
