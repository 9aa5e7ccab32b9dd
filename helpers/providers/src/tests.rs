use std::collections::{BTreeMap, BTreeSet};

use super::*;

fn name_at(url: &str) -> Option<&'static str> {
    let location = Location::parse(url).unwrap();
    by_location(location.protocol, location.host, location.path).map(|provider| provider.name)
}

#[test]
fn the_table_is_sorted_and_every_name_is_found() {
    assert!(all().is_sorted_by(|a, b| a.name < b.name));
    for provider in all() {
        assert_eq!(by_name(provider.name), Some(provider));
        for alias in provider.aliases {
            assert_eq!(by_name(alias), Some(provider), "{alias}");
        }
    }
}

#[test]
fn no_two_names_or_aliases_are_the_same_and_all_are_canonical() {
    let mut seen = BTreeSet::new();
    for name in all().iter().flat_map(|provider| std::iter::once(&provider.name).chain(provider.aliases)) {
        assert!(seen.insert(name), "{name}");
        assert_eq!(normalize(name), **name);
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "{name}");
    }
}

#[test]
fn case_and_hyphens_in_a_name_make_no_difference() {
    for name in ["github_copilot", "github-copilot", "GitHub-Copilot", "COPILOT"] {
        assert_eq!(by_name(name).map(|provider| provider.name), Some("github_copilot"), "{name}");
    }
    for name in ["", "open ai", "openai ", "open_ai.evil", "githubcopilot"] {
        assert_eq!(by_name(name), None, "{name}");
    }
}

#[test]
fn every_url_can_be_taken_apart_and_is_found_by_its_own_location() {
    for provider in all() {
        let Some(url) = provider.url else { continue };
        assert!(!url.ends_with('/') && !url.contains(['$', '{', '<']), "{url}");
        assert_eq!(name_at(url), Some(provider.name), "{url}");
        let Location { protocol, host, path } = provider.location().unwrap();
        assert_eq!(by_location(protocol, host, path), Some(provider), "{url}");
        assert_eq!(path.is_some(), provider.path_bound, "{url}");
        assert_eq!(host, host.to_ascii_lowercase(), "{url}");
        let here = host.starts_with("localhost:") || host.starts_with("127.0.0.1:");
        assert_eq!(protocol, if here { "http" } else { "https" }, "{url}");
    }
}

#[test]
fn providers_share_a_host_only_where_each_is_bound_to_a_path_of_its_own() {
    let mut hosts = BTreeMap::<_, Vec<_>>::new();
    for provider in all() {
        if let Some(location) = provider.location() {
            hosts.entry((location.protocol, location.host)).or_default().push((location.path, provider.name));
        }
    }
    let shared: Vec<_> = hosts.into_values().filter(|providers| providers.len() > 1).collect();
    for providers in &shared {
        let paths: BTreeSet<_> = providers.iter().map(|(path, _)| path.unwrap()).collect();
        assert_eq!(paths.len(), providers.len(), "{providers:?}");
    }
    let names: Vec<_> = shared.into_iter().flatten().map(|(_, name)| name).collect();
    let bound: Vec<_> = all().iter().filter(|provider| provider.path_bound).map(|provider| provider.name).collect();
    assert_eq!(BTreeSet::from_iter(&names), BTreeSet::from_iter(&bound));
    assert_eq!(bound, ["opencode", "opencode_go", "zai", "zai_coding_plan", "zhipuai", "zhipuai_coding_plan"]);
}

#[test]
fn a_path_tells_providers_on_one_host_apart() {
    assert_eq!(name_at("https://api.z.ai/api/paas/v4"), Some("zai"));
    assert_eq!(name_at("https://api.z.ai/api/paas/v4/chat/completions"), Some("zai"));
    assert_eq!(name_at("https://api.z.ai/api/coding/paas/v4"), Some("zai_coding_plan"));
    assert_eq!(name_at("https://open.bigmodel.cn/api/paas/v4"), Some("zhipuai"));
    assert_eq!(name_at("https://open.bigmodel.cn/api/coding/paas/v4"), Some("zhipuai_coding_plan"));
    assert_eq!(name_at("https://opencode.ai/zen/v1"), Some("opencode"));
    assert_eq!(name_at("https://opencode.ai/zen/go/v1"), Some("opencode_go"));
    for url in [
        "https://api.z.ai",
        "https://api.z.ai/api",
        "https://api.z.ai/api/coding-x/paas/v4",
        "https://api.z.ai/api/paas/v41",
        "https://opencode.ai/zen",
    ] {
        assert_eq!(name_at(url), None, "{url}");
    }
}

#[test]
fn a_path_does_not_matter_where_one_provider_has_the_host() {
    for url in ["https://api.openai.com", "https://api.openai.com/v1", "https://api.openai.com/v1/responses"] {
        assert_eq!(name_at(url), Some("openai"), "{url}");
    }
}

#[test]
fn no_other_host_passes_for_a_known_one() {
    for (protocol, host) in [
        ("https", "api.openai.com.evil"),
        ("https", "evil-api.openai.com"),
        ("https", "evil.api.openai.com"),
        ("https", "openai.com"),
        ("https", "api.openai.com."),
        ("https", "api.openai.com:80"),
        ("https", "api.openai.com:443:443"),
        ("https", "api.openai.com:8443"),
        ("https", "api.openai.com/v1"),
        ("https", "api.openai.com@evil"),
        ("https", "user@api.openai.com"),
        ("https", "api.openai.com "),
        ("https", "api.openai.com\0"),
        ("https", "apixopenai.com"),
        ("http", "api.openai.com"),
        ("", "api.openai.com"),
        ("https", ""),
        ("", ""),
        ("http", "localhost"),
        ("http", "localhost:114340"),
        ("https", "localhost:11434"),
        ("https", "github.com"),
    ] {
        assert_eq!(by_location(protocol, host, None), None, "{protocol} {host}");
    }
    assert_eq!(by_location("http", "localhost:11434", None).map(|provider| provider.name), Some("ollama"));
}

#[test]
fn a_known_url_is_the_same_however_it_is_spelt() {
    for (protocol, host) in [
        ("https", "api.openai.com"),
        ("HTTPS", "api.openai.com"),
        ("https", "API.OpenAI.com"),
        ("https", "api.openai.com:443"),
        ("Https", "Api.Openai.Com:443"),
    ] {
        assert_eq!(
            by_location(protocol, host, None).map(|provider| provider.name),
            Some("openai"),
            "{protocol} {host}"
        );
    }
    // A path may be case-sensitive.
    assert_eq!(name_at("https://API.z.ai:443/api/paas/v4/"), Some("zai"));
    assert_eq!(name_at("https://api.z.ai/API/paas/v4"), None);
}

#[test]
fn each_way_to_sign_in_has_a_name_that_finds_it() {
    for way in [SignIn::ApiKey, SignIn::DeviceFlow, SignIn::None] {
        assert_eq!(SignIn::from_name(way.name()), Some(way));
    }
    assert_eq!(SignIn::from_name("magic"), None);
    for provider in all() {
        assert_eq!(provider.device_flow.is_some(), provider.sign_in == SignIn::DeviceFlow, "{}", provider.name);
    }
}

#[test]
fn variables_are_names_of_variables_and_none_is_twice_with_one_provider() {
    for provider in all() {
        let order: Vec<_> = provider.lookup_order().collect();
        assert_eq!(BTreeSet::from_iter(&order).len(), order.len(), "{}", provider.name);
        for variable in order {
            assert!(variable.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'), "{variable}");
        }
    }
}

#[test]
fn no_variable_names_something_that_is_no_secret() {
    for variable in all().iter().flat_map(|provider| provider.variables) {
        let secret = ["_KEY", "_TOKEN", "_PAT", "_TOKEN_BEDROCK"].iter().any(|end| variable.ends_with(end));
        assert!(secret && !variable.contains("ACCESS_KEY_ID"), "{variable}");
    }
}

#[test]
fn only_services_of_one_operator_share_a_variable() {
    let mut holders = BTreeMap::<_, Vec<_>>::new();
    for provider in all() {
        for variable in provider.variables {
            holders.entry(*variable).or_default().push(provider.name);
        }
    }
    holders.retain(|_, names| names.len() > 1);
    let shared: Vec<_> = holders.iter().map(|(variable, names)| (*variable, &**names)).collect();
    let expected: &[(&str, &[&str])] = &[
        ("ALIBABA_CODING_PLAN_API_KEY", &["alibaba_coding_plan", "alibaba_coding_plan_cn"]),
        ("ALIBABA_TOKEN_PLAN_API_KEY", &["alibaba_token_plan", "alibaba_token_plan_cn"]),
        ("CLOUDFLARE_API_TOKEN", &["cloudflare_ai_gateway", "cloudflare_workers_ai"]),
        ("DASHSCOPE_API_KEY", &["alibaba", "alibaba_cn"]),
        ("MINIMAX_API_KEY", &["minimax", "minimax_cn"]),
        ("MOONSHOT_API_KEY", &["moonshotai", "moonshotai_cn"]),
        ("OPENCODE_API_KEY", &["opencode", "opencode_go"]),
        ("STEPFUN_API_KEY", &["stepfun", "stepfun_ai"]),
        ("XIAOMI_API_KEY", &["xiaomi", "xiaomi_token_plan_ams", "xiaomi_token_plan_cn", "xiaomi_token_plan_sgp"]),
        ("ZAI_API_KEY", &["zai", "zai_coding_plan"]),
        ("ZHIPUAI_API_KEY", &["zhipuai", "zhipuai_coding_plan"]),
        ("ZHIPU_API_KEY", &["zai", "zai_coding_plan", "zhipuai", "zhipuai_coding_plan"]),
    ];
    assert_eq!(shared, expected);
}

#[test]
fn a_repository_token_is_for_github_models_and_not_for_copilot() {
    let holders: Vec<_> = all().iter().filter(|p| p.variables.contains(&"GITHUB_TOKEN")).map(|p| p.name).collect();
    assert_eq!(holders, ["github_models"]);
}

#[test]
fn providers_with_the_same_url_are_one_provider_with_an_alias() {
    for (alias, name) in [
        ("minimax-coding-plan", "minimax"),
        ("minimax-cn-coding-plan", "minimax_cn"),
        ("umans-ai-coding-plan", "umans_ai"),
        ("perplexity-agent", "perplexity"),
    ] {
        assert_eq!(by_name(alias).map(|provider| provider.name), Some(name), "{alias}");
    }
    assert_eq!(by_name("umans_ai").unwrap().variables, ["UMANS_AI_API_KEY", "UMANS_AI_CODING_PLAN_API_KEY"]);
}

#[test]
fn a_provider_whose_host_or_tenant_differs_from_person_to_person_has_no_url() {
    let without: Vec<_> =
        all().iter().filter(|provider| provider.url.is_none()).map(|provider| provider.name).collect();
    let expected = [
        "amazon_bedrock",
        "azure",
        "azure_cognitive_services",
        "cloudflare_ai_gateway",
        "databricks",
        "google_vertex_anthropic",
        "neon",
        "sap_ai_core",
        "snowflake_cortex",
    ];
    assert_eq!(without, expected);
}

#[test]
fn the_providers_of_modelforge_are_here_as_it_writes_them() {
    for (name, url) in [
        ("openai", "https://api.openai.com/v1"),
        ("openrouter", "https://openrouter.ai/api/v1"),
        ("google", "https://generativelanguage.googleapis.com"),
        ("github_copilot", "https://api.githubcopilot.com"),
        ("ollama", "http://localhost:11434"),
    ] {
        assert_eq!(by_name(name).and_then(|provider| provider.url), Some(url), "{name}");
    }
    assert_eq!(by_name("ollama").unwrap().sign_in, SignIn::None);
    let flow = DeviceFlow {
        client_id: "01ab8ac9400c4e429b23",
        device_code_url: "https://github.com/login/device/code",
        token_url: "https://github.com/login/oauth/access_token",
        scope: "read:user",
    };
    assert_eq!(by_name("github_copilot").unwrap().device_flow, Some(&flow));
}

#[test]
fn the_variables_of_modelforge_come_before_all_others() {
    let order: Vec<_> = by_name("togetherai").unwrap().lookup_order().collect();
    let expected = [
        "MODELFORGE_TOGETHERAI_API_KEY",
        "MODELFORGE_TOGETHERAI_ACCESS_TOKEN",
        "TOGETHER_API_KEY",
        "TOGETHERAI_API_KEY",
        "TOGETHER_AI_API_KEY",
        "TOGETHER_AI_TOKEN",
    ];
    assert_eq!(order, expected);
    let known: BTreeSet<_> = all().iter().flat_map(|provider| provider.lookup_order().take(2)).collect();
    assert_eq!(known.len(), 2 * all().len());
}
