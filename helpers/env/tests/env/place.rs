//! Which URL each variable is for.

use super::{KEY, OPENAI, OTHER, answers, at, run};

#[test]
fn no_other_host_gets_a_key() {
    let variables =
        [("OPENAI_API_KEY", KEY), ("MODELFORGE_OPENAI_API_KEY", KEY), ("GITHUB_TOKEN", OTHER), ("GITLAB_TOKEN", OTHER)];
    for host in [
        "evil.com",
        "api.openai.com.evil",
        "evil-api.openai.com",
        "x.api.openai.com",
        "apixopenai.com",
        "openai.com",
        "api.openai.com.",
        "api.openai.com:80",
        "api.openai.com/",
        "user@api.openai.com",
        "api.openai.com@evil",
        "github.com",
        "github.com.evil",
        "api.github.com",
        "api.githubcopilot.com",
        "gitlab.com.evil",
        "localhost",
        "",
    ] {
        for more in ["", "provider=openai\n", "provider=github_models\n", "path=v1\n"] {
            let request = format!("protocol=https\nhost={host}\n{more}");
            assert_eq!(answers(&variables, &request), None, "{host:?} {more:?}");
        }
    }
    assert_eq!(answers(&variables, "protocol=http\nhost=api.openai.com\n"), None);
}

#[test]
fn the_location_decides_and_the_name_of_the_provider_does_not() {
    let variables = [("OPENAI_API_KEY", KEY), ("ANTHROPIC_API_KEY", OTHER)];
    let request = "provider=openai\nprotocol=https\nhost=api.anthropic.com\n";
    assert_eq!(answers(&variables, request).as_deref(), Some("ANTHROPIC_API_KEY"));
}

#[test]
fn a_repository_token_goes_to_github_models_and_not_to_copilot() {
    let variables = [("GITHUB_TOKEN", KEY)];
    assert_eq!(answers(&variables, &at("https://models.github.ai")).as_deref(), Some("GITHUB_TOKEN"));
    assert_eq!(answers(&variables, &at("https://api.githubcopilot.com")), None);
}

#[test]
fn a_request_without_protocol_or_host_is_refused() {
    for request in ["", "provider=openai\n", "protocol=https\n", "host=api.openai.com\n"] {
        let answer = run(&["get"], &[("OPENAI_API_KEY", KEY)], request);
        assert_eq!((answer.code, &*answer.stdout), (1, ""), "{request:?}");
    }
}

#[test]
fn only_the_default_account_is_in_the_environment() {
    let variables = [("OPENAI_API_KEY", KEY)];
    assert!(answers(&variables, &format!("{OPENAI}username=default\n")).is_some());
    for account in ["work", "", "Default", "default "] {
        assert_eq!(answers(&variables, &format!("{OPENAI}username={account}\n")), None, "{account:?}");
    }
}

#[test]
fn a_path_matters_only_where_providers_share_a_host() {
    let variables =
        [("OPENAI_API_KEY", KEY), ("MODELFORGE_ZAI_API_KEY", KEY), ("MODELFORGE_ZAI_CODING_PLAN_API_KEY", OTHER)];
    for (url, variable) in [
        ("https://api.openai.com", Some("OPENAI_API_KEY")),
        ("https://api.openai.com/v1/responses", Some("OPENAI_API_KEY")),
        ("https://api.z.ai", None),
        ("https://api.z.ai/api", None),
        ("https://api.z.ai/api/paas/v4", Some("MODELFORGE_ZAI_API_KEY")),
        ("https://api.z.ai/api/paas/v4/chat/completions", Some("MODELFORGE_ZAI_API_KEY")),
        ("https://api.z.ai/api/coding/paas/v4", Some("MODELFORGE_ZAI_CODING_PLAN_API_KEY")),
        ("https://api.z.ai/api/coding-x/paas/v4", None),
        ("https://api.z.ai/api/coding/paas/v4x", None),
        ("https://api.z.ai/api/coding/paas/v4/../../../paas/v4", None),
    ] {
        assert_eq!(answers(&variables, &at(url)).as_deref(), variable, "{url}");
    }
}
