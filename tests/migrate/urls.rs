//! A key belongs to the URL beside it. If that cannot be read, the key is not taken for the usual host's.

use super::*;

const URL: &str = "https://llm.example.org/v1";
const UNKNOWN: &str = "no provider has the URL `https://llm.example.org/v1`";
const UNREADABLE: &str = "cannot be read, so it stays";

/// Nothing is moved out of the file, and this is the warning.
#[track_caller]
fn stays(file: &str, text: &str, said: &str) {
    let text = text.replace("@URL", URL).replace("KEY!", SECRET);
    let test = holding(Test::new().file(file, &text), file);
    let folder = test.home().join(file).display().to_string();
    let words = ["migrate", "--yes", &folder];
    let is_of_a_project = file.starts_with("p/");
    let (test, shown, stderr) = run(test, if is_of_a_project { &words } else { &words[..2] }, 1);
    assert!(stderr.contains(said), "{text}\n{shown}\n{stderr}");
    assert_eq!(read(&test, file), text);
    test.args(["print", "openai"]).any_stderr().failure();
}

#[test]
fn a_key_beside_another_host_is_never_that_of_the_variables_provider() {
    let text = format!("OPENAI_BASE_URL=https://llm.example.org/v1\nOPENAI_API_KEY={SECRET}\n");
    let test = Test::new().file(".env", &text);
    let (test, _, stderr) = run(holding(test, ".env"), &["migrate", "--yes"], 1);
    assert!(stderr.contains("no provider has the URL `https://llm.example.org/v1`"), "{stderr}");
    assert_eq!(read(&test, ".env"), text);
    let test = test.config("provider.ours.url = 'https://llm.example.org/v1'");
    let (test, shown, _) = run(test, &["migrate", "--yes"], 0);
    assert!(shown.contains("exec --env OPENAI_API_KEY=ours -- COMMAND"), "{shown}");
    let test = test.args(["print", "ours"]).stdout(&format!("{SECRET}\n")).success();
    test.args(["print", "openai"]).any_stderr().failure();
}

#[test]
fn a_url_in_an_element_of_a_list_counts() {
    let text = "services:\n  app:\n    environment:\n      - OPENAI_BASE_URL=@URL\n      - OPENAI_API_KEY=KEY!\n";
    stays("p/compose.yaml", text, UNKNOWN);
    stays("p/compose.yaml", &text.replace("@URL", "https://$GATEWAY/v1"), UNREADABLE);
    stays(".aider.conf.yml", "set-env:\n  - OPENAI_API_BASE=@URL\n  - OPENAI_API_KEY=KEY!\n", UNKNOWN);
    stays(".aider.conf.yml", "openai-api-base: @URL\napi-key:\n  - openai=KEY!\n", UNKNOWN);
    stays(".aider.conf.yml", "openai-api-base: @URL\nset-env:\n  - OPENAI_API_KEY=KEY!\n", UNKNOWN);
    stays(".aider.conf.yml", "openai-api-key: KEY!\nset-env: [OPENAI_API_BASE=@URL]\n", UNKNOWN);
}

#[test]
fn a_key_beside_a_url_that_cannot_be_read_stays() {
    stays(".bashrc", "export OPENAI_BASE_URL=\"https://$GATEWAY/v1\"\nexport OPENAI_API_KEY=KEY!\n", UNREADABLE);
    stays("p/.envrc", "export OPENAI_BASE_URL=$(gateway)\nexport OPENAI_API_KEY=KEY!\n", UNREADABLE);
    stays(".env", "OPENAI_BASE_URL=https://$GATEWAY/v1\nOPENAI_API_KEY=KEY!\n", UNREADABLE);
    let litellm = "base: &base @URL\nmodel_list:\n  - model_name: gpt\n    litellm_params:\n      model: openai/gpt-4o\n      \
                   api_base: *base\n      api_key: KEY!\n";
    stays("p/litellm.yaml", litellm, UNREADABLE);
    stays("p/litellm.yaml", &litellm.replace("*base", ">-\n        @URL"), UNREADABLE);
    stays("p/litellm.yaml", &litellm.replace("*base", "[@URL]"), UNREADABLE);
    let merged =
        litellm.replace("base: &base @URL", "base: &base\n  api_base: @URL").replace("api_base: *base", "<<: *base");
    stays("p/litellm.yaml", &merged, UNREADABLE);
}

#[test]
fn every_variable_of_a_provider_may_have_its_url() {
    stays(".gemini/.env", "GOOGLE_GEMINI_BASE_URL=@URL\nGEMINI_API_KEY=KEY!\n", UNKNOWN);
    stays(".env", "HF_INFERENCE_ENDPOINT=@URL\nHF_TOKEN=KEY!\n", UNKNOWN);
    stays(".env", "OPENAI_BASE_URL=@URL\nCODEX_API_KEY=KEY!\n", UNKNOWN);
    let two = "OPENAI_BASE_URL=https://api.openai.com/v1\nOPENAI_API_BASE=@URL\nOPENAI_API_KEY=KEY!\n";
    stays(".env", two, "may be for several URLs, so it stays");
}

#[test]
fn a_public_address_is_not_this_machine() {
    stays(".env", "OPENAI_BASE_URL=https://[2001:db8::1]:8443/v1\nOPENAI_API_KEY=KEY!\n", "no provider has the URL");
    stays(".env", "OPENAI_BASE_URL=https://127.example.org/v1\nOPENAI_API_KEY=KEY!\n", "no provider has the URL");
    for local in ["http://[::1]:8000/v1", "http://127.0.0.2/v1", "http://localhost:1234", "http://0.0.0.0:80"] {
        let text = format!("OPENAI_BASE_URL={local}\nOPENAI_API_KEY={SECRET}\n");
        let (_, shown, _) = run(holding(Test::new().file(".env", text), ".env"), &["migrate", "--yes"], 0);
        assert!(shown.contains("no key was found"), "{shown}");
    }
}

const OURS: &str = "provider.ours.url = 'https://llm.example.org/v1'\n";

#[test]
fn a_reference_always_names_a_variable() {
    const FILE: &str = ".config/opencode/opencode.json";
    let text = |key: &str| {
        format!("{{\"provider\": {{\"mine\": {{\"options\": {{\"baseURL\": \"{URL}\", \"apiKey\": \"{key}\"}}}}}}}}\n")
    };
    let test = Test::new().config(OURS).file(FILE, text(SECRET));
    let (test, shown, _) = run(holding(test, FILE), &["migrate", "--yes"], 0);
    assert_eq!(read(&test, FILE), text("{env:LLM_EXAMPLE_ORG_V1_API_KEY}"));
    assert!(shown.contains("exec --env LLM_EXAMPLE_ORG_V1_API_KEY=ours -- opencode"), "{shown}");
    let (test, shown, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
    assert!(shown.contains("byte for byte"), "{shown}");
    assert_eq!(read(&test, FILE), text(SECRET));
}

#[test]
fn a_key_that_its_tool_could_get_from_no_variable_stays() {
    const FILE: &str = ".config/aichat/config.yaml";
    let text = |kind: &str| format!("clients:\n  - type: {kind}\n    api_base: {URL}\n    api_key: {SECRET}\n");
    let test = holding(Test::new().config(OURS).file(FILE, text("openai-compatible")), FILE);
    let (test, _, stderr) = run(test, &["migrate", "--yes"], 0);
    assert!(stderr.contains("can get its key in no other way, so it stays"), "{stderr}");
    assert_eq!(read(&test, FILE), text("openai-compatible"));
    // For a known kind, the tool reads its usual variable.
    let (test, shown, _) = run(test.file(FILE, text("openai")), &["migrate", "--yes"], 0);
    assert!(shown.contains("exec --env OPENAI_API_KEY=ours -- aichat"), "{shown}");
    assert!(!read(&test, FILE).contains(SECRET));
}

#[test]
fn a_value_that_loaders_read_in_different_ways_stays() {
    let text = "OPENAI_API_KEY=Kq3vB7nM1xZ9pL5t#Wd8sF2hJ4 # mine\n";
    for file in [".config/environment.d/50.conf", ".env"] {
        let (test, _, stderr) = run(Test::new().file(file, text), &["migrate", "--yes"], 0);
        let said = format!(
            "warning: `~/{file}`: the key in `OPENAI_API_KEY` has a `#`, where some programs end it, so it stays\n"
        );
        assert!(stderr.contains(&said), "{stderr}");
        assert_eq!(read(&test, file), text);
    }
    let text = "OPENAI_API_KEY='Kq3vB7nM1xZ9pL5t#Wd8sF2hJ4' # mine\n";
    let (test, _, _) = run(Test::new().file(".env", text), &["migrate", "--yes"], 0);
    assert_eq!(read(&test, ".env"), "");
    test.args(["print", "openai"]).stdout("Kq3vB7nM1xZ9pL5t#Wd8sF2hJ4\n").success();
}

#[test]
fn the_key_of_gits_store_is_kept_as_it_is_and_not_as_it_is_written() {
    let text = "https://me:Kq3vB7nM1xZ9pL5t%2bWd8sF2hJ4%3D@api.mistral.ai\n";
    let (test, _, _) = run(Test::new().file(".git-credentials", text), &["migrate", "--yes"], 0);
    assert_eq!(read(&test, ".git-credentials"), "");
    let test = test.args(["print", "mistral"]).stdout("Kq3vB7nM1xZ9pL5t+Wd8sF2hJ4=\n").success();
    // A file that was changed since gets the key back in its original encoding.
    let other = "https://me:abc@git.example.org\n";
    let test = test.file(".git-credentials", other);
    let (test, _, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
    assert_eq!(read(&test, ".git-credentials"), format!("{other}{text}"));
}
