//! Tools that get their key from `exec`, in a variable.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

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

#[test]
fn aider_is_given_the_key_of_its_settings() {
    let quiet = ["--no-git", "--yes-always", "--no-check-update", "--no-show-model-warnings", "--analytics-disable"];
    let words = [&["--model", "gpt-4o"], &quiet[..], &["--message", "hello"]].concat();
    let journey = Journey::new("aider", &words).url_in("OPENAI_API_BASE", "/v1");
    journey.file(".aider.conf.yml", format!("# mine\nopenai-api-key: {SECRET}\ndark-mode: true\n")).travels();
}

#[test]
fn litellm_is_given_the_key_of_its_models() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let url = format!("http://127.0.0.1:{}", port.expect("a free port").port());
    let body = format!(
        "litellm --config \"$HOME/p/config.yaml\" --host 127.0.0.1 --port {} >\"$HOME/log\" 2>&1 &\n\
         trap 'kill $!' EXIT\n\
         for second in $(seq 200); do curl -sf {url}/health/liveliness >\"$HOME/alive\" && break; sleep 1; done\n\
         curl -sS {url}/v1/chat/completions -H 'Content-Type: application/json' \
         -d '{{\"model\": \"m\", \"messages\": [{{\"role\": \"user\", \"content\": \"hello\"}}]}}'",
        url.rsplit(':').next().expect("a port")
    );
    let config = format!(
        "model_list:\n  - model_name: m\n    litellm_params:\n      model: openai/gpt-4o\n      api_key: {SECRET}\n"
    );
    let journey = Journey::new("litellm", &[]).url_in("OPENAI_API_BASE", "/v1").file("p/config.yaml", config);
    // Without a password of its own it starts only where that is said.
    let journey = journey.env("LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY", "true");
    let journey = journey.env("LITELLM_LOCAL_MODEL_COST_MAP", "True").asked_by("ask", &body);
    journey.works();
    let before = journey.with_keys();
    let folder = journey.home("p");
    let words = journey.moved(&[&folder]);
    journey.asks(&words, &[SECRET]);
    journey.returns(before);
}

#[test]
fn continue_is_given_the_key_of_its_env_file() {
    let journey = Journey::new("cn", &["--config", "~/.continue/config.yaml", "--print", "hello"]);
    let (url, path) = (journey.services.url(), journey.home(".continue/config.yaml"));
    let model = "  - name: m\n    provider: openai\n    model: gpt-4o\n    apiKey: ${{ secrets.OPENAI_API_KEY }}\n";
    let config = format!("name: mine\nversion: 0.0.1\nschema: v1\nmodels:\n{model}    apiBase: {url}/v1\n");
    let journey =
        journey.file(".continue/config.yaml", config).file(".continue/.env", format!("OPENAI_API_KEY={SECRET}\n"));
    journey.called_with(&["--config", &path, "--print", "hello"]).travels();
}

#[test]
fn continue_takes_the_variable_for_the_reference_in_its_settings() {
    let file = ".continue/config.yaml";
    let journey = Journey::new("cn", &["--config", "~/.continue/config.yaml", "--print", "hello"]);
    let model = format!("  - name: m\n    provider: openai\n    model: gpt-4o\n    apiKey: {SECRET}\n");
    let journey = journey.file(file, format!("name: mine\nversion: 0.0.1\nschema: v1\nmodels:\n{model}"));
    let words = journey.moved(&[]);
    // A URL of this machine beside the key would make it none of the provider's.
    let url = journey.services.url();
    journey.edit(file, "    model: gpt-4o\n", &format!("    model: gpt-4o\n    apiBase: {url}/v1\n"));
    let path = journey.home(file);
    let words: Vec<String> =
        words.into_iter().map(|word| if word.starts_with('~') { path.clone() } else { word }).collect();
    journey.asks(&words, &[SECRET]);
}

/// The process that Cline leaves behind, which answers for later ones with the environment of the first. It is ended at the latest when the
/// test is over.
struct Daemon(PathBuf);

impl Daemon {
    fn pid(&self) -> Option<Pid> {
        let about: serde_json::Value = serde_json::from_slice(&std::fs::read(&self.0).ok()?).ok()?;
        Pid::from_raw(i32::try_from(about["pid"].as_i64()?).ok()?)
    }

    fn end(&self) {
        let Some(pid) = self.pid() else { return };
        let process = format!("/proc/{}", pid.as_raw_pid());
        // Its number may be another one's by now.
        let is_cline = std::fs::read(Path::new(&process).join("cmdline"))
            .is_ok_and(|line| String::from_utf8_lossy(&line).contains("--cline-hub-daemon"));
        if is_cline && kill_process(pid, Signal::KILL).is_ok() {
            while Path::new(&process).join("exe").read_link().is_ok() {
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.end();
    }
}

#[test]
fn cline_is_given_the_key_of_its_settings_after_its_daemon_was_stopped() {
    let file = ".cline/data/settings/providers.json";
    let journey = Journey::new("cline", &["--timeout", "200", "--provider", "groq", "say good day"]);
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let journey = journey.env("CLINE_HUB_PORT", port.expect("a free port").port().to_string());
    // As Cline writes it itself.
    let url = format!(",\n        \"baseUrl\": \"{}/v1\"", journey.services.url());
    let settings = format!(
        r#"{{
  "version": 1,
  "lastUsedProvider": "groq",
  "modes": {{}},
  "providers": {{
    "groq": {{
      "settings": {{
        "provider": "groq",
        "apiKey": "{SECRET}",
        "model": "m"{url}
      }},
      "updatedAt": "2026-11-27T06:11:37.965Z",
      "tokenSource": "manual"
    }}
  }}
}}
"#
    );
    let journey = journey.file(file, settings);
    let daemon = Daemon(journey.home(".cline/data/locks/hub/production.json").into());
    journey.works();
    // It says who it is once it is ready, which may be after the answer.
    let start = Instant::now();
    while daemon.pid().is_none() {
        assert!(start.elapsed() < Duration::from_secs(60), "it left no daemon");
        std::thread::sleep(Duration::from_millis(50));
    }
    daemon.end();
    // A URL of this machine beside the key would make it none of the provider's.
    journey.edit(file, &url, "");
    let before = journey.with_keys();
    let words = journey.moved(&[]);
    journey.edit(file, "\"model\": \"m\"", &format!("\"model\": \"m\"{url}"));
    journey.asks(&words, &[SECRET]);
    daemon.end();
    journey.edit(file, &url, "");
    journey.puts_back(before);
    journey.edit(file, "\"model\": \"m\"", &format!("\"model\": \"m\"{url}"));
    journey.works();
}
