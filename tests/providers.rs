//! Providers through the core: names, places, contradictions.

mod known;

use crate::support::{SECRET, Test};

/// Shows what a request becomes: one that is complete is its own answer.
#[track_caller]
fn becomes(request: &str, expected: &str) {
    let test = Test::new().args(["fill"]).stdin(format!("{request}username=u\npassword=p\n"));
    test.stdout(&format!("{expected}username=u\npassword=p\n")).success();
}

#[track_caller]
fn is_refused(request: &str, message: &str) {
    let test = Test::new().script("mark", "echo started >&2").helpers("mark");
    test.args(["get"]).stdin(request).stderr(&format!("error: {message}\n")).failure();
}

#[test]
fn a_provider_goes_by_its_name_in_any_spelling_and_by_its_aliases() {
    let copilot = "protocol=https\nhost=api.githubcopilot.com\nprovider=github_copilot\n";
    for name in ["github_copilot", "github-copilot", "GitHub-Copilot", "GITHUB_COPILOT", "copilot", "Copilot"] {
        becomes(&format!("provider={name}\n"), copilot);
    }
    let google = "protocol=https\nhost=generativelanguage.googleapis.com\nprovider=google\n";
    for name in ["google", "Gemini", "google-genai"] {
        becomes(&format!("provider={name}\n"), google);
    }
    for name in ["togetherai", "together", "together-ai"] {
        becomes(&format!("provider={name}\n"), "protocol=https\nhost=api.together.xyz\nprovider=togetherai\n");
    }
}

#[test]
fn a_known_url_gets_its_provider_and_an_unknown_one_none() {
    let openai = "protocol=https\nhost=api.openai.com\nprovider=openai\n";
    for request in [
        "url=https://api.openai.com\n",
        "url=https://api.openai.com/v1/chat/completions\n",
        "url=HTTPS://API.OpenAI.com:443/v1/\n",
        "protocol=https\nhost=Api.Openai.Com:443\n",
        "protocol=https\nhost=api.openai.com\n",
        "protocol=https\nhost=api.openai.com\npath=v1\n",
        "provider=openai\nurl=https://api.openai.com/v1\n",
        "provider=openai\nprotocol=https\nhost=api.openai.com\n",
    ] {
        becomes(request, openai);
    }
    becomes("url=https://api.openai.com.evil.example/v1\n", "protocol=https\nhost=api.openai.com.evil.example\n");
    becomes("url=http://api.openai.com/v1\n", "protocol=http\nhost=api.openai.com\n");
    becomes("url=https://api.openai.com:444/v1\n", "protocol=https\nhost=api.openai.com:444\n");
    becomes("url=http://localhost:1234/v1\n", "protocol=http\nhost=localhost:1234\n");
}

#[test]
fn a_name_and_a_place_that_do_not_agree_are_an_error() {
    for (request, place) in [
        ("provider=openai\nurl=https://evil.example/v1\n", "https://evil.example/v1"),
        ("provider=openai\nprotocol=https\nhost=evil.example\n", "https://evil.example"),
        ("provider=openai\nprotocol=http\nhost=api.openai.com\n", "http://api.openai.com"),
        // Half a place could be completed to another.
        ("provider=openai\nhost=api.openai.com\n", "://api.openai.com"),
        ("provider=openai\nprotocol=https\n", "https://"),
    ] {
        is_refused(
            request,
            &format!(
                "provider `openai` is at `https://api.openai.com`, not at `{place}`\n\
                 hint: leave out `provider`, or set `url` of `[provider.openai]` in config.toml"
            ),
        );
    }
    is_refused("url=https://a\nhost=b\n", "`url` and `host` in the request contradict each other");
}

#[test]
fn a_name_that_nobody_knows_is_an_error_that_says_how_to_declare_it() {
    is_refused(
        "provider=opnai\n",
        "unknown provider `opnai`\n\
         hint: did you mean `openai`? if not: modelforge-credential login opnai --url https://…",
    );
    is_refused(
        "provider=my-own-llm\n",
        "unknown provider `my_own_llm`\nhint: modelforge-credential login my_own_llm --url https://…  # or see: modelforge-credential providers",
    );
    for (name, shown) in [("", ""), ("a b", "a b"), ("../openai", "../openai"), ("open\u{1b}ai", "open\\u{1b}ai")] {
        is_refused(
            &format!("provider={name}\n"),
            &format!("`{shown}` is not a valid provider name: use letters, digits, `-` and `_`"),
        );
    }
}

#[test]
fn a_provider_without_a_url_of_its_own_is_an_error_that_says_how_to_declare_it() {
    for name in ["azure", "amazon-bedrock", "databricks"] {
        let canonical = name.replace('-', "_");
        is_refused(
            &format!("provider={name}\n"),
            &format!(
                "provider `{canonical}` has no fixed URL: every user has a different one\n\
                 hint: modelforge-credential login {canonical} --url https://…"
            ),
        );
    }
}

#[test]
fn providers_that_share_a_host_never_get_the_key_of_each_other() {
    let plan = "protocol=https\nhost=api.z.ai\npath=api/coding/paas/v4\nprovider=zai_coding_plan\n";
    let usual = "protocol=https\nhost=api.z.ai\npath=api/paas/v4\nprovider=zai\n";
    becomes("provider=zai\n", usual);
    becomes("provider=zai-coding-plan\n", plan);
    becomes("url=https://api.z.ai/api/coding/paas/v4/chat/completions\n", plan);
    let test = Test::new().helpers("age").args(["store"]);
    let test = test.stdin(format!("provider=zai_coding_plan\npassword={SECRET}\n")).success();
    let found = format!("{plan}username=default\npassword={SECRET}\n");
    let mut test = test.args(["get"]).stdin("provider=zai_coding_plan\n").stdout(&found).success();
    for request in [
        "provider=zai\n",
        "url=https://api.z.ai/api/paas/v4\n",
        "url=https://api.z.ai/api/coding/paas/v40\n",
        "url=https://api.z.ai/api/coding/paas/v4/../../../paas/v4\n",
        "url=https://api.z.ai/api/coding/paas/v4/%2e%2e/%2e%2e\n",
        "protocol=https\nhost=api.z.ai\npath=api\n",
    ] {
        test = test.args(["get"]).stdin(request).success();
    }
    // The host alone says nothing: whichever answered would be a guess.
    becomes("url=https://api.z.ai\n", "protocol=https\nhost=api.z.ai\n");
    // The same key in one variable for both is what their operator says.
    let test = test.helpers("env").env("ZAI_API_KEY", SECRET);
    let from_variable = |place: &str| format!("{place}username=default\npassword={SECRET}\n");
    let test = test.args(["get"]).stdin("provider=zai\n").stdout(&from_variable(usual)).success();
    let test = test.args(["get"]).stdin("provider=zai_coding_plan\n").stdout(&from_variable(plan)).success();
    test.args(["get"]).stdin("url=https://api.z.ai\n").success();
}

#[test]
fn the_token_of_a_ci_job_is_not_for_copilot() {
    let test = Test::new().helpers("env").env("GITHUB_TOKEN", SECRET);
    let test = test.args(["get"]).stdin("provider=github-copilot\n").success();
    let found =
        format!("protocol=https\nhost=models.github.ai\nprovider=github_models\nusername=default\npassword={SECRET}\n");
    test.args(["get"]).stdin("provider=github_models\n").stdout(&found).success();
}

#[test]
fn a_provider_that_needs_no_sign_in_is_answered_at_once_and_no_helper_is_asked() {
    let answer = "protocol=http\nhost=localhost:11434\nprovider=ollama\nsign_in=none\n";
    let mut test = Test::new().script("mark", "echo started >&2").helpers("mark");
    for operation in ["fill", "get"] {
        for request in ["provider=ollama\n", "url=http://localhost:11434/api/chat\n"] {
            test = test.args([operation]).stdin(request).stdout(answer).success();
        }
    }
    // Of another port or host nobody said so.
    test.helpers("").args(["get"]).stdin("url=http://localhost:11435\n").success();
}
