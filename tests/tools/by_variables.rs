//! Tools that are given their key by `exec`, in a variable.

use crate::journey::Journey;
use crate::support::SECRET;

#[test]
fn llm_is_given_the_key_that_it_wrote_itself() {
    let journey = Journey::new("llm", &["--no-stream", "-m", "gpt-4o-mini", "hello"]).url_in("OPENAI_BASE_URL", "/v1");
    journey.run(&["llm", "keys", "set", "openai"], &format!("{SECRET}\n"));
    journey.travels();
}

#[test]
fn gemini_is_given_the_key_of_its_own_env_file() {
    let journey = Journey::new("gemini", &["--skip-trust", "--prompt", "hello"]).url_in("GOOGLE_GEMINI_BASE_URL", "");
    let settings = "{\"security\": {\"auth\": {\"selectedType\": \"gemini-api-key\"}}}";
    let journey = journey.file(".gemini/settings.json", settings);
    journey.file(".gemini/.env", format!("# mine\nGEMINI_API_KEY={SECRET}\n")).travels();
}

#[test]
fn qwen_is_given_the_key_of_its_settings() {
    let journey = Journey::new("qwen", &["--prompt", "hello"]).url_in("OPENAI_BASE_URL", "/v1");
    let settings = format!(
        "{{\n  \"env\": {{ \"OPENAI_API_KEY\": \"{SECRET}\" }},\n  \"security\": {{ \"auth\": {{ \"selectedType\": \"openai\" }} }}\n}}\n"
    );
    journey.env("OPENAI_MODEL", "m").file(".qwen/settings.json", settings).travels();
}

#[test]
fn opencode_is_given_the_key_of_its_sign_in() {
    let journey = Journey::new("opencode", &["run", "--model", "groq/m", "hello"]);
    let url = journey.services.url();
    let config = format!(
        "{{\n  \"provider\": {{ \"groq\": {{ \"options\": {{ \"baseURL\": \"{url}/v1\" }}, \"models\": {{ \"m\": {{}} }} }} }}\n}}\n"
    );
    let journey = journey.file(".config/opencode/opencode.json", config);
    let auth = format!("{{\n  \"groq\": {{\n    \"type\": \"api\",\n    \"key\": \"{SECRET}\"\n  }}\n}}");
    journey.file(".local/share/opencode/auth.json", auth).travels();
}

#[test]
fn shell_gpt_is_given_the_key_of_its_settings() {
    let journey = Journey::new("sgpt", &["--no-cache", "hello"]).url_in("API_BASE_URL", "/v1");
    let settings = format!("API_BASE_URL=default\nDEFAULT_MODEL=gpt-4o\nUSE_LITELLM=false\nOPENAI_API_KEY={SECRET}\n");
    journey.file(".config/shell_gpt/.sgptrc", settings).travels();
}

#[test]
fn hugging_face_is_given_the_token_that_it_wrote_twice() {
    let journey = Journey::new("hf", &["auth", "whoami"]).url_in("HF_ENDPOINT", "");
    // Its program takes a token only as an argument; this is what it calls.
    let script = "import sys, huggingface_hub; huggingface_hub.login(token=sys.stdin.read().strip())";
    let python = journey.beside("hf", "python");
    journey.run(&[python.as_str(), "-c", script], SECRET);
    assert_eq!(journey.with_keys().len(), 2);
    journey.travels();
}
