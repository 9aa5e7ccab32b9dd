use std::path::Path;

use super::*;
use crate::found::{self, Content};
use crate::table::{PROJECT, TOOLS, of_project};
use crate::whole::{is_what_was_left, merge};

fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()))
}

/// The row of a tool whose path ends like this, or of a project for a file with this name.
#[track_caller]
fn row(tool: &str, path: &str) -> &'static File {
    if tool == PROJECT.name {
        return of_project(path).unwrap_or_else(|| panic!("{path}"));
    }
    let tool = TOOLS.iter().find(|one| one.name == tool).unwrap_or_else(|| panic!("{tool}"));
    let file = tool.files.iter().find(|file| file.paths.last().is_some_and(|last| last.ends_with(path)));
    file.unwrap_or_else(|| panic!("{path}"))
}

fn read(file: &'static File, text: &str) -> Content {
    found::read(&PROJECT, file, "file", text).unwrap_or_else(|problem| panic!("{problem}"))
}

/// The text after all keys were removed, one by one, as in a migration.
#[track_caller]
fn all_taken_out(file: &'static File, text: &str, rewired: bool) -> String {
    let mut text = Zeroizing::new(text.to_owned());
    for gone in read(file, &text.clone()).found {
        let now = read(file, &text);
        let here = now.found.iter().find(|here| here.is_same(&gone)).expect("it is still there");
        let word = gone.provider.map(|provider| provider.name).filter(|_| rewired).and_then(Word::new);
        text = without(file, &text, here, word.map(|word| Asks { word, by_line: false }))
            .unwrap_or_else(|| panic!("{} stays", gone.spots[0].path.join(".")));
    }
    text.to_string()
}

const FIXTURES: &[(&str, &str, &str, &[&str])] = &[
    ("codex", "/auth.json", "codex/auth.json", &["openai"]),
    ("codex", "/auth.json", "codex/auth-chatgpt.json", &[]),
    ("codex", "/config.toml", "codex/config.toml", &["openrouter", "openai", "openai"]),
    ("claude", "~/.claude/settings.json", "claude/settings.json", &["anthropic"]),
    ("claude", "~/.claude.json", "claude/claude.json", &["anthropic", "openai"]),
    ("project", ".mcp.json", "claude/mcp.json", &["openai"]),
    ("llm", "/keys.json", "llm/keys.json", &["openai", "anthropic"]),
    ("llm", "/keys.json", "llm/keys-hand.json", &["openai", "google"]),
    ("opencode", "/auth.json", "opencode/auth.json", &["openai"]),
    ("opencode", "/opencode.jsonc", "opencode/opencode.jsonc", &["openai"]),
    ("pi", "/auth.json", "pi/auth.json", &["groq"]),
    ("pi", "/models.json", "pi/models.json", &["openrouter"]),
    ("cline", "/providers.json", "cline/providers.json", &["openai", "anthropic"]),
    ("continue", "/config.yaml", "continue/config.yaml", &["anthropic"]),
    ("continue", "/config.yaml", "continue/config-hand.yaml", &["openai", "mistral"]),
    ("qwen", "/settings.json", "qwen/settings.json", &["openai"]),
    ("gemini", "/.env", "gemini/dotenv", &["google"]),
    ("huggingface", "/token", "huggingface/token", &["huggingface"]),
    ("huggingface", "/stored_tokens", "huggingface/stored_tokens", &["huggingface", "huggingface"]),
    // git asks for `huggingface.co`, which is not the URL of an API, so its line stays.
    ("git", ".git-credentials", "huggingface/git-credentials", &[]),
    ("sgpt", "/.sgptrc", "sgpt/sgptrc", &["openai"]),
    ("aider", "/.aider.conf.yml", "aider/aider.conf.yml", &["openai", "anthropic", "openrouter", "google", "groq"]),
    ("project", ".env", "aider/dotenv", &["openai"]),
    ("project", "litellm.yaml", "litellm/config.yaml", &["openai", "anthropic"]),
    ("project", ".env", "dotenv/variety.env", &["openai", "anthropic", "google", "groq", "huggingface", "openrouter"]),
    ("project", ".env", "dotenv/crlf-dup.env", &["openai"]),
    ("project", ".env", "dotenv/bom-nonl.env", &["openai", "anthropic"]),
    ("project", ".env", "dotenv/other-host.env", &["openrouter"]),
    ("project", ".env", "dotenv/example.env", &[]),
    ("project", ".envrc", "direnv/envrc", &["openai"]),
    ("project", "docker-compose.yml", "compose/docker-compose.yml", &["openai", "anthropic"]),
    ("project", "secrets.toml", "streamlit/secrets.toml", &[]),
    ("shell", "/.bashrc", "shell/bashrc", &["openai", "anthropic", "groq", "huggingface"]),
    ("shell", "/.zshrc", "shell/zshrc", &["openai", "google"]),
    ("shell", "/config.fish", "shell/config.fish", &["openai", "anthropic", "groq"]),
    ("shell", "/*.conf", "shell/50-llm.conf", &["openai", "anthropic"]),
    ("cursor", "/mcp.json", "cursor/mcp.json", &["openai"]),
];

/// An earlier line sets the same variable to another key.
const WITH_ANOTHER: &str = "dotenv/crlf-dup.env";

/// Another value refers to this key.
const ANCHORED: &str = "continue/config-hand.yaml";

#[test]
fn of_real_files_the_keys_are_found_and_what_is_expected_is_left() {
    for (tool, path, name, providers) in FIXTURES {
        let (file, text) = (row(tool, path), fixture(name));
        let found = read(file, &text).found;
        let names: Vec<_> = found.iter().map(|found| found.provider.map_or("?", |known| known.name)).collect();
        assert_eq!(names, *providers, "{name}");
        let after = if providers.is_empty() { text.clone() } else { fixture(&format!("{name}.after")) };
        assert_eq!(all_taken_out(file, &text, true), after, "{name}");
        if *name == ANCHORED {
            let anchored = &read(file, &text).found[0];
            assert!(without(file, &text, anchored, None).is_none(), "what refers to it would refer to nothing");
            continue;
        }
        let left = read(file, &all_taken_out(file, &text, false)).found.len();
        assert_eq!(left, usize::from(*name == WITH_ANOTHER), "{name}");
    }
}

#[test]
fn what_was_left_is_known_again_and_what_the_tool_changed_since_is_kept() {
    for (tool, path, name, _) in FIXTURES {
        let (file, text) = (row(tool, path), fixture(name));
        let found = read(file, &text).found;
        let missing: Vec<&Found> = found.iter().collect();
        for rewired in [true, false].into_iter().filter(|rewired| *rewired || *name != ANCHORED) {
            let now = all_taken_out(file, &text, rewired);
            assert!(is_what_was_left(file, &text, &missing, &now), "{name}");
            let merged = merge::merged(file, &text, &missing, &now);
            assert_eq!((merged.count, merged.replaced.len()), (found.len(), 0), "{name} {rewired}:\n{}", *merged.text);
            let again = read(file, &merged.text).found;
            assert!(found.iter().all(|one| again.iter().any(|other| other.is_same(one))), "{name}");
        }
    }
}

#[test]
fn nothing_empty_is_left_of_what_held_only_keys_and_a_comment_is_no_emptiness() {
    for (tool, path, before, after) in [
        (
            "claude",
            "~/.claude/settings.json",
            "{\n  \"env\": {\n    \"ANTHROPIC_API_KEY\": \"%\"\n  }\n}\n",
            "{\n  \"apiKeyHelper\": \"modelforge-credential print anthropic\"\n}\n",
        ),
        (
            "claude",
            "~/.claude/settings.json",
            "{\"model\": \"x\", \"env\": {\"ANTHROPIC_API_KEY\": \"%\"}}",
            "{\"apiKeyHelper\": \"modelforge-credential print anthropic\",\"model\": \"x\"}",
        ),
        (
            "qwen",
            "/settings.json",
            "{\n  \"env\": { // mine\n    \"OPENAI_API_KEY\": \"%\"\n  }\n}\n",
            "{\n  \"env\": { // mine\n  }\n}\n",
        ),
        ("qwen", "/settings.json", "{\"env\": {\"OPENAI_API_KEY\": \"%\",},}", "{}"),
        ("llm", "/keys.json", "{\"openai\": \"%\"}", "{}"),
    ] {
        let (file, key) = (row(tool, path), "sk-sentinel-5f0c9a7e41d84b1f");
        let before = before.replace("%", key);
        let left = all_taken_out(file, &before, true);
        assert_eq!(left, after, "{before}");
        let found = read(file, &before).found;
        assert!(is_what_was_left(file, &before, &found.iter().collect::<Vec<_>>(), &left), "{before}");
        let merged = merge::merged(file, &before, &found.iter().collect::<Vec<_>>(), &left).text;
        assert!(read(file, &merged).found.iter().any(|found| *found.secret == *key), "{}", *merged);
    }
}

#[test]
fn what_a_server_is_started_by_is_written_as_json_writes_it() {
    let file = row("cursor", "/mcp.json");
    let text = "{\"mcpServers\": {\"s\": {\"command\": \"a\\tb\", \"env\": {\"OPENAI_API_KEY\": \"sk-sentinel-5f0c9a7e41d84b1f\"}}}}";
    let left = all_taken_out(file, text, true);
    assert!(left.contains("\"args\": [\"exec\", \"openai\", \"--\", \"a\\u0009b\"]"), "{left}");
}

#[test]
fn a_word_that_means_something_to_a_shell_or_a_file_is_none() {
    for word in ["", "-x", "openai;id", "openai:$(id)", "openai:a b", "openai:\"x", "openai:a\nb", "öpenai"] {
        assert!(Word::new(word).is_none(), "{word}");
    }
    assert!(Word::new("openai:me@work+1").is_some());
}

/// Text that is close enough to each format to get through most of the parser.
fn text() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let piece = prop_oneof![
        Just("OPENAI_API_KEY=sk-sentinel-5f0c9a7e41d84b1f\n".to_owned()),
        Just("export GROQ_API_KEY='gsk_sentinel5f0c9a7e41d84b1f' # x\r\n".to_owned()),
        Just("{\"openai\": \"sk-sentinel-5f0c9a7e41d84b1f\", \"a\": [1, {}]}".to_owned()),
        Just("OPENAI_API_KEY=sk-another-8b1f5f0c9a7e41d8\n".to_owned()),
        Just("#OPENAI_API_KEY=sk-another-8b1f5f0c9a7e41d8\n".to_owned()),
        Just("else export OPENAI_API_KEY=sk-another-8b1f5f0c9a7e41d8 EDITOR\n".to_owned()),
        Just("api_key: sk-another-8b1f5f0c9a7e41d8\n".to_owned()),
        Just("{\"openai\": \"sk-another-8b1f5f0c9a7e41d8\", \"openai\": \"sk-sentinel-5f0c9a7e41d84b1f\"}".to_owned()),
        Just("https://x:sk-another-8b1f5f0c9a7e41d8@api.openai.com\n".to_owned()),
        Just("if true; then\n".to_owned()),
        Just("fi\n".to_owned()),
        Just("[openai]\n".to_owned()),
        Just("api_key: \"sk-sentinel-5f0c9a7e41d84b1f\"\n".to_owned()),
        Just("- a: {b: c, d: [e]}\n".to_owned()),
        Just("machine api.openai.com login x password sk-sentinel-5f0c9a7e41d84b1f\n".to_owned()),
        Just("https://x:sk-sentinel-5f0c9a7e41d84b1f@api.openai.com\n".to_owned()),
        "[\"'`$(){}\\[\\]<>#;&|=:, \\\\\t\n\r\u{feff}ä-]{0,12}",
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

const KEYS: [&str; 2] = ["sk-sentinel-5f0c9a7e41d84b1f", "sk-another-8b1f5f0c9a7e41d8"];

proptest::proptest! {
    #[test]
    fn whatever_is_in_a_file_no_key_is_lost_on_either_way(text in text(), since in text()) {
        for file in TOOLS.iter().flat_map(|tool| tool.files) {
            let Ok(content) = found::read(&PROJECT, file, "file", &text) else { continue };
            let mut now = Zeroizing::new(text.clone());
            let mut gone = Vec::new();
            for found in &content.found {
                let Ok(here) = found::read(&PROJECT, file, "file", &now) else { panic!("it can no longer be read") };
                let Some(here) = here.found.into_iter().find(|here| here.is_same(found)) else { continue };
                if let Some(edited) = without(file, &now, &here, None) {
                    now = edited;
                    gone.push(found);
                }
            }
            proptest::prop_assert!(gone.is_empty() || is_what_was_left(file, &text, &gone, &now));
            for key in KEYS.iter().filter(|key| text.contains(*key)) {
                let is_taken = gone.iter().any(|found| found.secret.contains(key));
                proptest::prop_assert!(is_taken || now.contains(key), "{key} of {text:?} is not in {:?}", *now);
            }
            // The user or the tool changes the file.
            let now = format!("{}\n{}", *now, since.replace("sk-sentinel", "sk-newer-xx"));
            let merged = merge::merged(file, &text, &gone, &now).text;
            for found in found::read(&PROJECT, file, "file", &now).into_iter().flat_map(|content| content.found) {
                proptest::prop_assert!(merged.contains(&*found.secret), "{now:?} became {:?}", *merged);
            }
        }
    }
}
