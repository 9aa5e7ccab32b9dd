//! Tools that run a command which prints their key: they run it again after a refusal.

use crate::journey::Journey;
use crate::support::SECRET;

fn claude() -> Journey {
    Journey::new("claude", &["--print", "hello"]).url_in("ANTHROPIC_BASE_URL", "")
}

#[test]
fn claude_code_asks_by_its_api_key_helper() {
    let settings = format!("{{\n  \"env\": {{\n    \"ANTHROPIC_API_KEY\": \"{SECRET}\"\n  }}\n}}\n");
    let journey = claude().file(".claude/settings.json", settings);
    journey.works();
    let before = journey.with_keys();
    let words = journey.moved(&[]);
    assert_eq!(words, ["claude", "--print", "hello"]);
    journey.asks(&words, &[SECRET]);
    journey.asks_again(&words, "anthropic");
    journey.returns(before);
}

#[test]
fn claude_code_is_given_the_key_that_it_kept_in_its_state() {
    // It copies its state at each start, with the key in it.
    let state = format!("{{\n  \"primaryApiKey\": \"{SECRET}\",\n  \"hasCompletedOnboarding\": true\n}}");
    claude().file(".claude.json", state).travels();
}

fn codex() -> Journey {
    let journey = Journey::new("codex", &["exec", "--skip-git-repo-check", "hello"]);
    let url = journey.services.url();
    journey.file(".codex/config.toml", format!("model = 'm'\nopenai_base_url = '{url}/v1'\n"))
}

#[test]
fn codex_is_given_the_key_that_it_wrote_itself() {
    let journey = codex();
    journey.run(&["codex", "login", "--with-api-key"], SECRET);
    assert!(journey.read(".codex/auth.json").contains(SECRET));
    journey.travels();
}

#[test]
fn codex_asks_by_the_command_that_took_the_place_of_its_token() {
    let provider = format!(
        "model = 'm'\nmodel_provider = 'mine'\n\n[model_providers.mine]\nname = 'OpenAI'\nbase_url = \"https://api.openai.com/v1\"\n\
         wire_api = 'responses'\nexperimental_bearer_token = \"{SECRET}\"  # mine\n"
    );
    let journey =
        Journey::new("codex", &["exec", "--skip-git-repo-check", "hello"]).file(".codex/config.toml", provider);
    let words = journey.moved(&[]);
    assert_eq!(words[0], "codex");
    // A URL of this machine beside the token would make it none of the provider's.
    let url = journey.services.url();
    journey.edit(".codex/config.toml", "https://api.openai.com", &url);
    journey.asks(&words, &[SECRET]);
    journey.asks_again(&words, "openai");
}

#[test]
fn a_server_of_claude_code_gets_its_key_from_exec() {
    let settings = format!("{{\"env\": {{\"ANTHROPIC_API_KEY\": \"{SECRET}\"}}}}");
    let state = "{\"mcpServers\": {\"mine\": {\"command\": \"server\", \"args\": [\"-x\"], \"env\": {\"GROQ_API_KEY\": \"%\"}}}}";
    let journey = claude().file(".claude/settings.json", settings).file(".claude.json", state.replace('%', SECRET));
    let journey = journey.script("server", "printf '%s %s' \"$GROQ_API_KEY\" \"$1\" | sha256sum >>\"$HOME/seen\"");
    journey.works();
    let seen = journey.read("seen");
    let before = journey.with_keys();
    let words = journey.moved(&[]);
    journey.edit("seen", &seen, "");
    journey.asks(&words, &[SECRET]);
    assert_eq!(journey.read("seen").lines().next(), seen.lines().next());
    journey.returns(before);
}

fn pi(auth: &str) -> Journey {
    let journey = Journey::new("pi", &["--provider", "groq", "--model", "llama-3.3-70b-versatile", "--print", "hello"]);
    let url = journey.services.url();
    let models = format!("{{\"providers\": {{\"groq\": {{\"baseUrl\": \"{url}/openai/v1\"}}}}}}\n");
    journey.file(".pi/agent/models.json", models).file(".pi/agent/auth.json", auth)
}

#[test]
fn pi_asks_by_a_command_in_its_file() {
    let journey = pi(&format!("{{\n  \"groq\": {{\n    \"type\": \"api_key\",\n    \"key\": \"{SECRET}\"\n  }}\n}}"));
    journey.works();
    let before = journey.with_keys();
    let words = journey.moved(&[]);
    assert_eq!(words[0], "pi");
    journey.asks(&words, &[SECRET]);
    journey.returns(before);
}
