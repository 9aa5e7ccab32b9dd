//! Keys of LLM tools are moved from their files into the chain, and the tools ask for them there.

use std::path::Path;

use super::*;

const ANTHROPIC: &str =
    "sk-ant-api03-Fake7dVZDgPfhf6V2VcZstp5XwGWzh6rhO41KYMppwdJ97zenmduIKKvQU6LUY9TrEVGGl3rr5weWacOz8ARcDyKWlmDdAA";
pub const OTHER: &str =
    "sk-proj-FakelvtugD1uqMWo8GIWXqZ6phIeeWdKpPxuVfqtcv4isaDczLLNbf4uydU2C0U7lgpEYbv0dqT3BlbkFJfTrvwZi";

pub const CODEX: &str = ".codex/auth.json";
const LLM: &str = ".config/io.datasette.llm/keys.json";
const CONFIG: &str = ".config/modelforge-credential/config.toml";
const CLAUDE: &str = ".claude/settings.json";

pub fn codex(key: &str) -> String {
    format!("{{\n  \"auth_mode\": \"apikey\",\n  \"OPENAI_API_KEY\": \"{key}\"\n}}")
}

fn llm(key: &str) -> String {
    format!("{{\n  \"// Note\": \"mine\",\n  \"openai\": \"{key}\",\n  \"anthropic\": \"{ANTHROPIC}\"\n}}\n")
}

fn claude() -> String {
    format!("{{\n  \"env\": {{\n    \"ANTHROPIC_API_KEY\": \"{ANTHROPIC}\",\n    \"X\": \"1\"\n  }}\n}}\n")
}

/// The same key in two tools, and another one in two.
fn with_tools() -> Test {
    Test::new().file(CODEX, codex(SECRET)).file(LLM, llm(SECRET)).file(CLAUDE, claude())
}

#[test]
fn the_same_key_in_several_tools_is_one_credential_and_each_tool_is_told_how_it_gets_it() {
    let before = [codex(SECRET), llm(SECRET), claude()];
    let (test, shown, _) = run(with_tools(), &["migrate", "--yes"], 0);
    assert_eq!(read(&test, CODEX), codex("").replace("\"\"", "null"));
    assert_eq!(read(&test, LLM), "{\n  \"// Note\": \"mine\"\n}\n");
    let helper = "  \"apiKeyHelper\": \"modelforge-credential print anthropic\",\n";
    assert_eq!(read(&test, CLAUDE), format!("{{\n{helper}  \"env\": {{\n    \"X\": \"1\"\n  }}\n}}\n"));
    for line in [
        "claude: asks `modelforge-credential` for its key from now on\n",
        "codex: start it with `modelforge-credential exec openai -- codex`\n",
        "llm: start it with `modelforge-credential exec openai anthropic -- llm`\n",
        "4 moved, 0 left",
    ] {
        assert!(shown.contains(line), "{line}:\n{shown}");
    }
    let test = test.args(["print", "openai"]).stdout(&format!("{SECRET}\n")).success();
    let test = test.args(["print", "anthropic"]).stdout(&format!("{ANTHROPIC}\n")).success();
    // Each file is what it was, the hook taken out again.
    let (test, shown, _) = run(may_hold(test), &["migrate", "--rollback", "--yes"], 0);
    assert!(shown.contains("restored `~/.claude/settings.json`, byte for byte"), "{shown}");
    assert_eq!([read(&test, CODEX), read(&test, LLM), read(&test, CLAUDE)], before);
}

#[test]
fn keys_are_found_where_tools_have_them_on_macos_and_windows() {
    let folders = ["Library/Application Support", "AppData/Roaming"];
    let place = |folder: &str| format!("{folder}/io.datasette.llm/keys.json");
    let test = folders.iter().fold(Test::new(), |test, folder| test.file(&place(folder), llm(SECRET)));
    let roaming = test.home().join(folders[1]).display().to_string();
    let (test, shown, _) = run(test.env("APPDATA", roaming), &["migrate", "--yes"], 0);
    assert!(shown.contains(" moved, 0 left"), "{shown}");
    for folder in folders {
        assert_eq!(read(&test, &place(folder)), "{\n  \"// Note\": \"mine\"\n}\n");
    }
}

/// After a rollback the keys are where they were.
pub fn may_hold(test: Test) -> Test {
    let home = test.home();
    [CODEX, LLM, CLAUDE, ".env"].iter().fold(test, |test, path| test.may_hold_the_secret(home.join(path)))
}

#[test]
fn a_dry_run_says_how_each_tool_will_get_its_key_and_changes_nothing() {
    let test = may_hold(with_tools());
    let (test, shown, _) = run(test, &["migrate", "--dry-run"], 0);
    assert!(shown.contains("llm: start it with `modelforge-credential exec openai anthropic -- llm`"), "{shown}");
    assert_eq!([read(&test, CODEX), read(&test, LLM), read(&test, CLAUDE)], [codex(SECRET), llm(SECRET), claude()]);
}

#[test]
fn different_keys_of_one_provider_are_a_conflict_or_accounts_named_after_the_tools() {
    let test = may_hold(Test::new().file(CODEX, codex(SECRET)).file(LLM, llm(OTHER)));
    let (test, _, stderr) = run(test, &["migrate", "--yes"], 1);
    let said = "warning: another key for `openai` (`https://api.openai.com`) is in `~/.codex/auth.json`, which comes first, so the one in \
                `~/.config/io.datasette.llm/keys.json` stays\n\
                hint: modelforge-credential migrate --account-per-tool  # stores them all, each in an account named after its tool\n";
    assert!(stderr.contains(said), "{stderr}");
    assert!(read(&test, LLM).contains(OTHER));
    let (test, shown, _) = run(test, &["migrate", "--yes", "--account-per-tool"], 0);
    assert!(shown.contains("llm: start it with `modelforge-credential exec openai:llm -- llm`"), "{shown}");
    assert!(!read(&test, LLM).contains(OTHER));
    let test = test.args(["print", "openai"]).stdout(&format!("{SECRET}\n")).success();
    test.args(["print", "openai:llm"]).stdout(&format!("{OTHER}\n")).success();
}

#[test]
fn of_a_tool_with_different_keys_in_two_files_the_second_one_stays() {
    let [first, second, third] =
        ["first", "second", "third"].map(|name| format!("sk-ant-api03-{name}-0123456789abcdef"));
    let test = Test::new().file(".bashrc", format!("export ANTHROPIC_API_KEY={first}\n"));
    let test = test.file(CLAUDE, format!("{{\"env\": {{\"ANTHROPIC_API_KEY\": \"{second}\"}}}}"));
    let test = test.file(".claude.json", format!("{{\"primaryApiKey\": \"{third}\"}}"));
    let (test, _, stderr) = run(test, &["migrate", "--yes"], 1);
    assert!(stderr.contains("so the one in `~/.claude.json` stays"), "{stderr}");
    // What to do about it is said once.
    assert_eq!(stderr.matches("--account-per-tool").count(), 1, "{stderr}");
    let (mut test, _, stderr) = run(test, &["migrate", "--yes", "--account-per-tool"], 1);
    assert!(stderr.contains("so the one in `~/.claude.json` stays"), "{stderr}");
    assert!(read(&test, ".claude.json").contains(&third));
    for (name, key) in [("anthropic", first), ("anthropic:claude", second)] {
        test = test.args(["print", name]).stdout(&format!("{key}\n")).success();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_whose_name_no_request_can_hold_is_named_and_left() {
    use std::os::unix::ffi::OsStrExt;
    let test = may_hold(Test::new().file("app/.env", format!("OPENAI_API_KEY={OTHER}\n")));
    for name in [&b".env.a\nb"[..], b".env.\xff"] {
        let path = test.home().join("app").join(std::ffi::OsStr::from_bytes(name));
        std::fs::write(path, format!("GROQ_API_KEY={OTHER}\n")).expect("it is written");
    }
    let folder = test.home().join("app").display().to_string();
    let (_, shown, stderr) = run(test, &["migrate", &folder, "--yes"], 1);
    assert!(shown.contains("1 moved, 0 left"), "{shown}");
    for name in [".env.a\\nb", ".env.\u{fffd}"] {
        let said = format!("warning: the name of `~/app/{name}` does not fit in a request, so its keys stay\n");
        assert!(stderr.contains(&said), "{stderr}");
    }
}

#[test]
fn no_rewire_takes_the_key_out_and_writes_nothing_in_its_place() {
    let (test, shown, _) = run(Test::new().file(CLAUDE, claude()), &["migrate", "--yes", "--no-rewire"], 0);
    assert_eq!(read(&test, CLAUDE), "{\n  \"env\": {\n    \"X\": \"1\"\n  }\n}\n");
    assert!(shown.contains("claude: start it with `modelforge-credential exec anthropic -- claude`"), "{shown}");
    let (test, _, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
    assert_eq!(read(&test, CLAUDE), claude());
}

#[test]
fn a_sign_in_to_claude_ai_is_left_in_use() {
    let sign_in = r#"{"claudeAiOauth":{"accessToken":"sk-ant-oat01-FAKEACCESS","expiresAt":4102444800000}}"#;
    let test = Test::new().file(CLAUDE, claude()).file(".claude/.credentials.json", sign_in);
    let (test, _, _) = run(test, &["migrate", "--yes"], 0);
    assert!(!read(&test, CLAUDE).contains("apiKeyHelper"), "{}", read(&test, CLAUDE));
    assert_eq!(read(&test, ".claude/.credentials.json"), sign_in);
}

#[test]
fn what_may_be_a_sign_in_to_claude_ai_is_left_in_use_as_well() {
    // A sign-in that cannot be read.
    let test = Test::new().file(CLAUDE, claude()).file(".claude/.credentials.json/x", "");
    let (test, _, _) = run(test, &["migrate", "--yes"], 0);
    assert!(!read(&test, CLAUDE).contains("apiKeyHelper"), "{}", read(&test, CLAUDE));
}

#[test]
fn what_a_tool_wrote_since_stays_and_its_key_comes_back() {
    let (test, _, _) = run(Test::new().file(CLAUDE, claude()), &["migrate", "--yes"], 0);
    let changed = read(&test, CLAUDE).replace("\"X\": \"1\"", "\"X\": \"2\"");
    let test = test.file(CLAUDE, &changed);
    let (test, shown, stderr) = run(test, &["migrate", "--rollback", "--yes"], 0);
    assert!(stderr.contains("was changed since: restored 1 of its keys and nothing else"), "{shown}{stderr}");
    let now = json(&read(&test, CLAUDE));
    assert_eq!(now["env"]["ANTHROPIC_API_KEY"], ANTHROPIC);
    assert_eq!((&now["env"]["X"], now.get("apiKeyHelper")), (&"2".into(), None));
}

#[test]
fn projects_are_looked_at_only_where_they_are_named() {
    let env = format!("# mine\nOPENAI_API_KEY={SECRET}\nPORT=80\n");
    let test = Test::new().file("p/.env", &env).file("p/node_modules/x/.env", "ANTHROPIC_API_KEY=\n");
    let test = test.file("p/.env.example", "OPENAI_API_KEY=sk-...\n");
    let home = test.home();
    let test = test.may_hold_the_secret(home.join("p/.env"));
    let (test, shown, _) = run(test, &["migrate", "--yes"], 0);
    assert!(shown.starts_with("no key was found in plain text\n"), "{shown}");
    let folder = home.join("p").display().to_string();
    let (test, shown, _) = run(test, &["migrate", "--yes", &folder], 0);
    assert_eq!(read(&test, "p/.env"), "# mine\nPORT=80\n");
    assert!(shown.contains("in `~/p`, `modelforge-credential exec -- COMMAND` sets `OPENAI_API_KEY` now"), "{shown}");
    let (test, shown, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
    assert_eq!(read(&test, "p/.env"), env);
    assert!(shown.contains("removed the variables of `~/p` from "), "{shown}");
    assert!(!home.join(CONFIG).exists(), "{}", read(&test, CONFIG));
}

#[test]
fn a_rollback_takes_what_exec_hands_over_out_again_and_leaves_the_rest_of_the_configuration() {
    let env = format!("OPENAI_API_KEY={SECRET}\n");
    let home = |test: &Test, name: &str| test.home().join(name).display().to_string();
    for config in ["", "# mine\n", "# a\r\nstore = 'first' # b\r\n", "[exec]\nproviders = ['openai']\n# end"] {
        let test = Test::new().file("p/.env", &env).file(CONFIG, config);
        let folder = home(&test, "p");
        let test = test.may_hold_the_secret(Path::new(&folder).join(".env"));
        let (test, _, _) = run(test, &["migrate", "--yes", &folder], 0);
        assert!(read(&test, CONFIG).contains("OPENAI_API_KEY = \"openai\""), "{}", read(&test, CONFIG));
        let (test, _, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
        assert_eq!(read(&test, CONFIG), config);
    }
    // What somebody changed in the meantime stays, and only what was written is taken out.
    let test = Test::new();
    let folder = home(&test, "p");
    let known = format!("[exec.'{folder}']\nenv = {{ A = \"groq\", OPENAI_API_KEY = \"openai:old\" }}\n");
    let test = test.file("p/.env", &env).file(CONFIG, &known).may_hold_the_secret(Path::new(&folder).join(".env"));
    let (test, _, _) = run(test, &["migrate", "--yes", &folder], 0);
    let now = read(&test, CONFIG);
    assert!(now.contains("OPENAI_API_KEY = \"openai\""), "{now}");
    let test = test.file(CONFIG, format!("# new\nstore = 'first'\n{}", now.replace("A = \"groq\"", "A = \"mistral\"")));
    let (test, _, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
    assert_eq!(read(&test, CONFIG), format!("# new\nstore = 'first'\n{}", known.replace("groq", "mistral")));
}

#[test]
fn what_is_only_reported_is_a_remark_and_no_failure() {
    let secrets = format!("OPENAI_API_KEY = \"{SECRET}\"\n");
    let test = Test::new()
        .file("p/.streamlit/secrets.toml", &secrets)
        .file(".bashrc", format!("A=1\n#export OPENAI_API_KEY={SECRET}\n"));
    let files = [".bashrc", "p/.streamlit/secrets.toml"].map(|name| test.home().join(name));
    let test = files.into_iter().fold(test, Test::may_hold_the_secret);
    let folder = test.home().join("p").display().to_string();
    let (test, _, stderr) = run(test, &["migrate", "--yes", &folder], 0);
    assert!(
        stderr.contains("warning: `~/p/.streamlit/secrets.toml`: the program that reads `OPENAI_API_KEY`"),
        "{stderr}"
    );
    let (_, _, stderr) = run(test, &["migrate", "--yes"], 0);
    assert!(
        stderr.contains("warning: `~/.bashrc`: the key in `OPENAI_API_KEY` is not used, so it stays\n"),
        "{stderr}"
    );
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_left_and_hides_no_other() {
    let broken = format!("{{\"openai\": \"{SECRET}\", // no JSON\n}}");
    let test = may_hold(Test::new().file(LLM, &broken).file(CLAUDE, claude()));
    let (test, _, stderr) = run(test, &["migrate", "--yes"], 1);
    assert!(stderr.contains("keys.json`, line 1: this is not JSON, so the file is not changed"), "{stderr}");
    assert_eq!(read(&test, LLM), broken);
    assert!(!read(&test, CLAUDE).contains(ANTHROPIC));
}

#[test]
fn doctor_names_the_files_of_tools() {
    let (_, shown, stderr) = run(may_hold(with_tools()), &["doctor"], 0);
    let said = shown + &stderr;
    assert!(said.contains("~/.codex/auth.json") && said.contains("~/.claude/settings.json"), "{said}");
}

#[test]
fn every_place_that_is_looked_at_is_listed_tool_by_tool() {
    let test = may_hold(with_tools().file(".gemini/settings.json", "{"));
    let (test, shown, _) = run(test, &["migrate", "--list"], 0);
    let line = |tool: &str, file: &str| {
        let is_it = |line: &&str| line.starts_with(&format!("{tool} ")) && line.contains(&format!(" {file} "));
        shown
            .lines()
            .find(is_it)
            .unwrap_or_else(|| panic!("{tool} {file}:\n{shown}"))
            .rsplit("  ")
            .next()
            .unwrap_or_default()
    };
    assert_eq!(line("codex", "~/.codex/auth.json"), "1 key");
    assert_eq!(line("llm", "~/.config/io.datasette.llm/keys.json"), "2 keys");
    assert_eq!(line("codex", "~/.codex/config.toml"), "not there");
    assert_eq!(line("gemini", "~/.gemini/settings.json"), "cannot be read");
    assert!(shown.contains("the files of ModelForge and of Python's keyring"), "{shown}");
    for tool in [
        "shell",
        "claude",
        "pi",
        "opencode",
        "qwen",
        "huggingface",
        "sgpt",
        "cursor",
        "claude-desktop",
        "vscode",
        "aider",
        "continue",
        "cline",
        "mods",
        "crush",
        "aichat",
        "goose",
        "fabric",
        "netrc",
        "git",
    ] {
        assert!(shown.lines().any(|line| line.starts_with(&format!("{tool} "))), "{tool}:\n{shown}");
    }
    let (_, shown, _) = run(test, &["migrate", "--list", "--json"], 0);
    let places = json(&shown)["places"].as_array().expect("a list").clone();
    assert!(places.iter().any(|place| place["tool"] == "codex" && place["keys"] == 1));
}

#[test]
#[cfg(unix)]
fn a_file_of_a_project_that_is_a_link_to_elsewhere_stays_and_is_not_passed_over_in_silence() {
    let test = Test::new().file("shared.env", format!("OPENAI_API_KEY={SECRET}\n"));
    let link = test.work().join(".env");
    std::os::unix::fs::symlink(test.home().join("shared.env"), &link).expect("a link");
    // One that leads to another file of the project is that file once more.
    std::fs::write(test.work().join(".env.local"), "ANTHROPIC_API_KEY=none\n").expect("a file");
    std::os::unix::fs::symlink(".env.local", test.work().join(".env.test")).expect("a link");
    let project = test.work().display().to_string();
    let (test, _, stderr) = run(test, &["migrate", &project, "--yes"], 1);
    let said = format!("warning: `{}` is a link or behind one, so it is not used", link.display());
    assert!(stderr.contains(&said) && stderr.matches("is a link").count() == 1, "{stderr}");
    assert_eq!(read(&test, "shared.env"), format!("OPENAI_API_KEY={SECRET}\n"));
    drop(test);
}

#[test]
fn a_key_that_is_sent_to_a_server_beside_it_is_reported_and_stays() {
    let text = format!(
        "{{\"mcpServers\": {{\"s\": {{\"url\": \"https://mcp.example.org\", \"headers\": {{\"Authorization\": \"Bearer {ANTHROPIC}\"}}}}}}}}"
    );
    let (test, _, stderr) = run(Test::new().file(".claude.json", &text), &["migrate", "--yes"], 0);
    assert!(stderr.contains("the key in `mcpServers.s.headers.Authorization` is sent to the server"), "{stderr}");
    assert_eq!(read(&test, ".claude.json"), text);
}

#[test]
fn without_its_backup_a_rollback_says_which_key_of_a_tool_cannot_be_put_back() {
    let (test, shown, _) = run(with_file(Test::new()).file(LLM, llm(SECRET)), &["migrate", "--yes"], 0);
    let id = shown.split("--rollback ").nth(1).and_then(|rest| rest.split('`').next()).expect("a name").to_owned();
    let (test, said, _) = run(test, &["migrate", "--forget-backup", &id], 0);
    assert_eq!(said, format!("erased the backup of {id}\n"));
    // Those of ModelForge can.
    let path = test.home().join(super::CONFIG);
    let (test, _, stderr) = run(test.may_hold_the_secret(path), &["migrate", "--rollback", "--yes"], 1);
    let said =
        "warning: the backup of `~/.config/io.datasette.llm/keys.json` was erased, so `https://api.anthropic.com`";
    assert!(stderr.contains(said) && stderr.contains("stays in the chain"), "{stderr}");
    assert!(file(&test).contains(SECRET));
    test.args(["print", "openai"]).any_stderr().stdout(&format!("{SECRET}\n")).success();
}
