//! `exec` and `env`: which variables a command gets, and how it ends.

mod choice;
#[cfg(unix)]
mod file;
mod mask;
mod shell;
mod start;
mod together;

use crate::support::{SECRET, Test};

/// A home where these providers have the sentinel as their key.
pub fn signed_in(providers: &[&str]) -> Test {
    keep(Test::new().helpers("age"), providers)
}

fn keep(test: Test, providers: &[&str]) -> Test {
    providers.iter().fold(test, |test, provider| {
        let (provider, account) = provider.split_once(':').unwrap_or((provider, "default"));
        let request = format!("provider={provider}\nusername={account}\npassword={}\n", key_of(provider, account));
        test.args(["approve"]).stdin(request).success()
    })
}

fn key_of(provider: &str, account: &str) -> String {
    match account {
        "default" => format!("{SECRET}-{provider}"),
        account => format!("{SECRET}-{provider}-{account}"),
    }
}

/// `exec WORDS -- sh -c SCRIPT`.
pub fn exec(test: Test, words: &str, script: &str) -> Test {
    test.args([&["exec"], &*words.split_whitespace().collect::<Vec<_>>(), &["--", "sh", "-c", script]].concat())
}

/// The variables with a key in them, and what is behind the sentinel.
const SHOW: &str = "env | sed -n 's/=sk-sentinel-[0-9a-f]*/ /p' | sort";

#[test]
fn a_command_finds_the_key_in_every_variable_that_tools_look_in() {
    let test =
        signed_in(&["openai", "togetherai", "huggingface", "perplexity", "nvidia", "fireworks", "cohere", "google"]);
    for (provider, names) in [
        ("openai", "CODEX_API_KEY MODELFORGE_OPENAI_API_KEY OPENAI_API_KEY"),
        (
            "together",
            "MODELFORGE_TOGETHERAI_API_KEY MODELFORGE_TOGETHER_API_KEY TOGETHERAI_API_KEY TOGETHER_AI_API_KEY \
             TOGETHER_AI_TOKEN TOGETHER_API_KEY",
        ),
        (
            "huggingface",
            "HF_TOKEN HUGGINGFACEHUB_API_TOKEN HUGGINGFACE_API_KEY HUGGING_FACE_HUB_TOKEN MODELFORGE_HUGGINGFACE_API_KEY",
        ),
        ("perplexity", "MODELFORGE_PERPLEXITY_API_KEY PERPLEXITYAI_API_KEY PERPLEXITY_API_KEY PPLX_API_KEY"),
        ("nvidia", "MODELFORGE_NVIDIA_API_KEY NVIDIA_API_KEY NVIDIA_NIM_API_KEY"),
        (
            "fireworks-ai",
            "FIREWORKSAI_API_KEY FIREWORKS_AI_API_KEY FIREWORKS_AI_TOKEN FIREWORKS_API_KEY MODELFORGE_FIREWORKS_AI_API_KEY",
        ),
        ("cohere", "COHERE_API_KEY CO_API_KEY MODELFORGE_COHERE_API_KEY"),
        ("google", "GEMINI_API_KEY GOOGLE_API_KEY GOOGLE_GENERATIVE_AI_API_KEY MODELFORGE_GOOGLE_API_KEY"),
    ] {
        let shown = exec_output(&test, provider, "env | sed -n 's/=sk-sentinel-.*//p' | sort");
        assert_eq!(shown.split_whitespace().collect::<Vec<_>>(), names.split_whitespace().collect::<Vec<_>>());
    }
    drop(test);
}

/// Runs it beside what is prepared.
fn exec_output(test: &Test, words: &str, script: &str) -> String {
    let core = crate::support::program("modelforge-credential").display().to_string();
    let words: Vec<_> = [&*core, "exec"].into_iter().chain(words.split_whitespace()).collect();
    let output = test.run(&[&*words, &["--", "sh", "-c", script]].concat(), "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn a_token_is_where_modelforge_looks_for_tokens() {
    let test = signed_in(&["github_copilot"]);
    let shown = "COPILOT_GITHUB_TOKEN -github_copilot\nMODELFORGE_GITHUB_COPILOT_ACCESS_TOKEN -github_copilot\n";
    exec(test, "github-copilot", SHOW).stdout(shown).success();
}

#[test]
fn a_declared_provider_has_the_variables_that_were_declared() {
    let config = "[provider.our-gateway]\nurl = 'https://llm.example.com'\nenv = ['GATEWAY_KEY', 'GATEWAY_TOKEN']\n\
                  [provider.openai]\nenv = ['ONLY_THIS']\naccount = 'work'";
    let test = keep(Test::new().helpers("age").config(config), &["our_gateway", "openai:work"]);
    let shown = "GATEWAY_KEY -our_gateway\nGATEWAY_TOKEN -our_gateway\nMODELFORGE_OPENAI_API_KEY -openai-work\n\
                 MODELFORGE_OUR_GATEWAY_API_KEY -our_gateway\nONLY_THIS -openai-work\n";
    exec(test, "our-gateway openai", SHOW).stdout(shown).success();
}

#[test]
fn only_narrows_and_env_names_a_variable_by_itself() {
    let test = signed_in(&["openai", "openai:work", "mistral"]);
    let test = exec(test, "openai mistral --only OPENAI_API_KEY --only MISTRAL_API_KEY", SHOW);
    let test = test.stdout("MISTRAL_API_KEY -mistral\nOPENAI_API_KEY -openai\n").success();
    let test = exec(test, "--env A=openai:work --env B=mistral", SHOW).stdout("A -openai-work\nB -mistral\n").success();
    let test = exec(test, "openai --only OPENAI_API_KEY --env OPENAI_API_KEY=openai:work", SHOW);
    let test = test.stdout("OPENAI_API_KEY -openai-work\n").success();
    let test = exec(test, "openai:work --only OPENAI_API_KEY", SHOW).stdout("OPENAI_API_KEY -openai-work\n").success();
    let unknown = "error: none of these providers has a variable `OPENAI_KEY`\nhint: --env OPENAI_KEY=PROVIDER\n";
    let mut test = exec(test, "openai --only OPENAI_KEY", SHOW).stderr(unknown).failure();
    let bad = "error: `--env` is not of the form NAME=PROVIDER or NAME=PROVIDER:ACCOUNT\n\
               hint: modelforge-credential exec --env MY_KEY=openai -- COMMAND\n";
    for assignment in ["A", "=openai", "1A=openai", "A-B=openai", "A="] {
        test = exec(test, &format!("--env {assignment}"), SHOW).stderr(bad).status(2);
    }
}

#[test]
fn names_that_mean_nothing_and_keys_that_are_missing_are_told_at_once() {
    let unknown = |name: &str, level: &str| {
        format!(
            "{level}: unknown provider `{name}`\n\
             hint: modelforge-credential login {name} --url https://…  # or see: modelforge-credential providers\n"
        )
    };
    let missing = "error: not signed in to `mistral`\nhint: modelforge-credential login mistral\n";
    let test = exec(signed_in(&["openai"]), "nobody-has-it openai mistral --env A=nor_this_one", "echo started");
    let said = unknown("nor_this_one", "warning") + &unknown("nobody_has_it", "warning") + missing;
    let test = test.stderr(&said).failure();
    let test = exec(test, "nobody-has-it nor-this-one", "echo started");
    test.stderr(&(unknown("nobody_has_it", "warning") + &unknown("nor_this_one", "error"))).failure();
}

#[test]
fn nothing_starts_where_a_key_is_missing_unless_that_is_allowed() {
    let test = signed_in(&["openai"]);
    let missing = "error: not signed in to `mistral`\nhint: modelforge-credential login mistral\n";
    let test = exec(test, "openai mistral", "echo started").stderr(missing).failure();
    let test = exec(test, "--env A=mistral", "echo started").stderr(missing).failure();
    let left_out = "warning: skipped `mistral`: no key\n";
    let test = exec(test, "openai mistral --allow-missing", SHOW).stderr(left_out);
    let test =
        test.stdout("CODEX_API_KEY -openai\nMODELFORGE_OPENAI_API_KEY -openai\nOPENAI_API_KEY -openai\n").success();
    let test = exec(test, "mistral --allow-missing --mask", "echo started").stdout("started\n");
    let test = test.stderr(left_out).success();
    let test = exec(test, "openai mistral --allow-missing --only MISTRAL_API_KEY", SHOW).stderr(left_out).success();
    let account = "error: not signed in to `openai` as `home`\nhint: modelforge-credential login openai:home\n";
    let test = exec(test, "openai:home", "echo started").stderr(account).failure();
    let test = test.script("broken", "echo 'error: it is locked' >&2; exit 1").helpers("broken");
    let failed = "warning: helper `broken` failed: it is locked\n\
                  error: no credential for `openai`; some helpers could not be queried\n\
                  hint: modelforge-credential doctor  # or set OPENAI_API_KEY\n";
    exec(test, "openai", "echo started").stderr(failed).failure();
}

#[test]
fn a_provider_without_sign_in_needs_nothing() {
    exec(signed_in(&["openai"]), "ollama openai", SHOW)
        .stdout("CODEX_API_KEY -openai\nMODELFORGE_OPENAI_API_KEY -openai\nOPENAI_API_KEY -openai\n")
        .success();
    let test = exec(Test::new(), "ollama", "echo started").stdout("started\n").success();
    let test = test.args(["env", "ollama"]).success();
    let none = "error: `ollama` needs no sign-in, so it has no key\n";
    exec(test, "--env KEY=ollama", "echo started").stderr(none).failure();
}

#[test]
fn a_provider_that_modelforge_does_not_define_to_its_end_withholds_no_key_of_the_others() {
    let modelforge = r#"{"providers": {"openai": {"auth_strategy": "api_key"}, "two words": {"auth_strategy": "api_key"},
        "azure_openai": {"auth_strategy": "api_key"}}}"#;
    let test = keep(Test::new().helpers("age"), &["openai"]).file(".config/model-forge/config.json", modelforge);
    let said = "warning: `two words` is not a valid provider name: use letters, digits, `-` and `_`\n";
    let test = exec(test, "", SHOW).any_stderr();
    let output = test.output();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "CODEX_API_KEY -openai\nMODELFORGE_OPENAI_API_KEY -openai\nOPENAI_API_KEY -openai\n"
    );
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains(said) && stderr.contains("warning: provider `azure` has no fixed URL"), "{stderr}");
}

#[test]
fn what_cannot_be_used_with_a_provider_is_named() {
    let said = "error: `--all` cannot be used with another option you gave\nhint: modelforge-credential exec --help\n";
    exec(Test::new(), "openai --all", "true").stderr(said).status(2);
}
