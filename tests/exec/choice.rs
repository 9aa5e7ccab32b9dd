//! Which providers are used, and which key a variable gets.

use super::{SHOW, exec, exec_output, keep, signed_in};
use crate::support::Test;

#[test]
fn without_a_provider_those_of_the_configuration_are_meant_else_those_of_modelforge() {
    let test = exec(Test::new().helpers("age"), "", "true");
    let none = "error: `exec` needs a provider: none is set under `[exec]` in config.toml or in ModelForge's file\n\
                hint: modelforge-credential exec openai -- COMMAND  # or --all\n";
    let test = test.stderr(none).status(2);
    let modelforge = r#"{"providers": {"openai": {"base_url": "https://api.openai.com/v1", "auth_strategy": "api_key"},
        "ollama": {"base_url": "http://localhost:11434"}, "fireworks": {"auth_strategy": "api_key"},
        "google": {"auth_strategy": "api_key"}}}"#;
    let test = test.file(".config/model-forge/config.json", modelforge);
    let no_key = "error: not signed in to any provider\nhint: modelforge-credential login openai\n";
    let test = exec(test, "", "true").stderr(no_key).failure();
    // A key that nobody named may be missing. ModelForge finds it by the name that it knows.
    let test = keep(test, &["fireworks", "mistral"]);
    let shown = exec_output(&test, "", SHOW);
    assert!(shown.contains("MODELFORGE_FIREWORKS_API_KEY -fireworks\n"), "{shown}");
    assert!(!shown.contains("OPENAI") && !shown.contains("MISTRAL"), "{shown}");
    let test = test.config("[exec]\nproviders = ['mistral']");
    let test = exec(test, "", SHOW);
    let test = test.stdout("MISTRAL_API_KEY -mistral\nMODELFORGE_MISTRAL_API_KEY -mistral\n").success();
    let test = test.config("[exec]\nproviders = ['openai']");
    let missing = "error: not signed in to `openai`\nhint: modelforge-credential login openai\n";
    let test = exec(test, "", "true").stderr(missing).failure();
    let test = test.config("[exec]\nprovider = ['openai']");
    let typo = "error: `~/.config/modelforge-credential/config.toml`, line 2: unknown key `provider`\n\
                hint: did you mean `providers`?\n";
    exec(test, "", "true").stderr(typo).failure();
}

#[test]
fn all_means_every_provider_that_a_helper_has_a_key_of() {
    let test = exec(Test::new().helpers("age"), "--all", "true");
    let none = "error: not signed in to any provider\nhint: modelforge-credential login openai\n";
    let test = keep(test.stderr(none).failure(), &["openai:work", "mistral"]);
    let shown = "CODEX_API_KEY -openai-work\nMISTRAL_API_KEY -mistral\nMODELFORGE_MISTRAL_API_KEY -mistral\nMODELFORGE_OPENAI_API_KEY -openai-work\n\
                 OPENAI_API_KEY -openai-work\n";
    let only = "warning: using account `work` of `openai`, the only one\n";
    let test = exec(test, "--all", SHOW).stdout(shown).stderr(only).success();
    // A helper that cannot be asked is told of, unless it only belongs to the default chain and there are others.
    let test = test
        .script("broken", "echo 'error: it is locked' >&2; exit 1")
        .helpers("broken\nenv")
        .env("GROQ_API_KEY", "groq");
    let failed = "warning: helper `broken` failed: it is locked\n";
    exec(test, "--all", "echo $GROQ_API_KEY").stdout("groq\n").stderr(failed).success();
}

#[test]
fn a_header_that_is_encoded_already_withholds_none_of_all_keys() {
    let header = "capability[]=authtype\nprovider=mistral\nusername=default\nauthtype=Bearer\ncredential=encoded\n";
    let test = signed_in(&["openai"]).args(["approve"]).stdin(header).success();
    let said = "warning: the credential for `mistral` is a pre-encoded header, not a key\n";
    let test =
        exec(test, "--all --only OPENAI_API_KEY", SHOW).stdout("OPENAI_API_KEY -openai\n").stderr(said).success();
    let said = said.replace("warning", "error");
    exec(test, "openai mistral", SHOW).stderr(&said).failure();
}

#[test]
fn two_keys_for_one_variable_are_an_error_until_it_is_said_whose_it_is() {
    let test = signed_in(&["zai", "zhipuai"]);
    let shared = "error: `zai` and `zhipuai` share the variable `ZHIPU_API_KEY` and have different keys\n\
                  hint: choose one: --env ZHIPU_API_KEY=zai\n";
    let test = exec(test, "zai zhipuai", SHOW).stderr(shared).failure();
    let test = exec(test, "zai zhipuai --env ZHIPU_API_KEY=zhipuai --only ZAI_API_KEY", SHOW);
    let test = test.stdout("ZAI_API_KEY -zai\nZHIPU_API_KEY -zhipuai\n").success();
    let test = exec(test, "zai zhipuai --only ZAI_API_KEY", SHOW).stdout("ZAI_API_KEY -zai\n").success();
    let accounts = "error: `openai` and `openai:work` share the variable `MODELFORGE_OPENAI_API_KEY` and have different keys\n\
                    hint: choose one: --env MODELFORGE_OPENAI_API_KEY=openai\n";
    let test = keep(test, &["openai", "openai:work"]);
    let test = exec(test, "openai openai:work", SHOW).stderr(accounts).failure();
    exec(test, "openai openai --only OPENAI_API_KEY", SHOW).stdout("OPENAI_API_KEY -openai\n").success();
}

#[test]
fn a_variable_that_is_set_is_replaced_and_that_is_said() {
    let test = signed_in(&["openai"]).env("OPENAI_API_KEY", "another");
    let replaced =
        "warning: the variable `OPENAI_API_KEY` was set already; the command gets the key for `openai` instead\n";
    let test = exec(test, "openai --only OPENAI_API_KEY", SHOW).stdout("OPENAI_API_KEY -openai\n").stderr(replaced);
    // In the default chain variables answer first: the others follow it.
    let test = test.success().helpers("env\nage");
    let script = "echo $OPENAI_API_KEY $MODELFORGE_OPENAI_API_KEY";
    exec(test, "openai", script).stdout("another another\n").success();
}
