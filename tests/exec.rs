//! `exec` and `env`: which variables a command gets, and how it ends.

mod file;
mod mask;

use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use crate::support::{SECRET, Test, system};

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
        ("openai", "MODELFORGE_OPENAI_API_KEY OPENAI_API_KEY"),
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
fn nothing_starts_where_a_key_is_missing_unless_that_is_allowed() {
    let test = signed_in(&["openai"]);
    let missing = "error: not signed in to `mistral`\nhint: modelforge-credential login mistral\n";
    let test = exec(test, "openai mistral", "echo started").stderr(missing).failure();
    let test = exec(test, "--env A=mistral", "echo started").stderr(missing).failure();
    let test = exec(test, "openai mistral --allow-missing", SHOW);
    let test = test.stdout("MODELFORGE_OPENAI_API_KEY -openai\nOPENAI_API_KEY -openai\n").success();
    let test = exec(test, "mistral --allow-missing --mask", "echo started").stdout("started\n").success();
    let test = exec(test, "openai mistral --allow-missing --only MISTRAL_API_KEY", SHOW).success();
    let account =
        "error: not signed in to `openai` as `home`\nhint: modelforge-credential login openai --account home\n";
    let test = exec(test, "openai:home", "echo started").stderr(account).failure();
    let test = test.script("broken", "echo 'error: it is locked' >&2; exit 1").helpers("broken");
    let failed = "warning: helper `broken` failed: it is locked\n\
                  error: no credential for `openai` was found, but not every helper could be asked\n";
    exec(test, "openai", "echo started").stderr(failed).failure();
}

#[test]
fn a_provider_without_sign_in_needs_nothing() {
    exec(signed_in(&["openai"]), "ollama openai", SHOW)
        .stdout("MODELFORGE_OPENAI_API_KEY -openai\nOPENAI_API_KEY -openai\n")
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
    let said = "warning: `two words` is no name for a provider: letters, digits, `-` and `_`\n";
    let test = exec(test, "", SHOW).any_stderr();
    let output = test.output();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "MODELFORGE_OPENAI_API_KEY -openai\nOPENAI_API_KEY -openai\n");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains(said) && stderr.contains("warning: provider `azure` has no URL of its own"), "{stderr}");
}

#[test]
fn without_a_provider_those_of_the_configuration_are_meant_else_those_of_modelforge() {
    let test = exec(Test::new().helpers("age"), "", "true");
    let none = "error: `exec` needs a provider: config.toml has none under `[exec]`, nor has ModelForge\n\
                hint: modelforge-credential exec openai -- COMMAND  # or --all\n";
    let test = test.stderr(none).status(2);
    let modelforge = r#"{"providers": {"openai": {"base_url": "https://api.openai.com/v1", "auth_strategy": "api_key"},
        "ollama": {"base_url": "http://localhost:11434"}, "fireworks": {"auth_strategy": "api_key"},
        "google": {"auth_strategy": "api_key"}}}"#;
    let test = test.file(".config/model-forge/config.json", modelforge);
    let no_key = "error: not signed in to any provider\nhint: modelforge-credential login openai\n";
    let test = exec(test, "", "true").stderr(no_key).failure();
    // What nobody named may be missing. ModelForge finds it by the name that it knows.
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
    let shown = "MISTRAL_API_KEY -mistral\nMODELFORGE_MISTRAL_API_KEY -mistral\nMODELFORGE_OPENAI_API_KEY -openai-work\n\
                 OPENAI_API_KEY -openai-work\n";
    let test = exec(test, "--all", SHOW).stdout(shown).success();
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
    let said = "warning: the credential for `mistral` is no key but a header that is encoded already\n";
    let test =
        exec(test, "--all --only OPENAI_API_KEY", SHOW).stdout("OPENAI_API_KEY -openai\n").stderr(said).success();
    let said = said.replace("warning", "error");
    exec(test, "openai mistral", SHOW).stderr(&said).failure();
}

#[test]
fn two_keys_for_one_variable_are_an_error_until_it_is_said_whose_it_is() {
    let test = signed_in(&["zai", "zhipuai"]);
    let shared = "error: `zai` and `zhipuai` share the variable `ZHIPU_API_KEY` and have different keys\n\
                  hint: say whose it is: --env ZHIPU_API_KEY=zai\n";
    let test = exec(test, "zai zhipuai", SHOW).stderr(shared).failure();
    let test = exec(test, "zai zhipuai --env ZHIPU_API_KEY=zhipuai --only ZAI_API_KEY", SHOW);
    let test = test.stdout("ZAI_API_KEY -zai\nZHIPU_API_KEY -zhipuai\n").success();
    let test = exec(test, "zai zhipuai --only ZAI_API_KEY", SHOW).stdout("ZAI_API_KEY -zai\n").success();
    let accounts = "error: `openai` and `openai:work` share the variable `MODELFORGE_OPENAI_API_KEY` and have different keys\n\
                    hint: say whose it is: --env MODELFORGE_OPENAI_API_KEY=openai\n";
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

#[test]
fn the_command_gets_all_other_variables_but_none_that_steer_this_program() {
    let test = signed_in(&["openai"]).env("OTHER", "kept").env("MODELFORGE_CREDENTIAL_TRACE", "0");
    exec(test, "openai", "env | grep -c ^MODELFORGE_CREDENTIAL; echo $OTHER").stdout("0\nkept\n").success();
}

#[test]
fn the_program_becomes_the_command() {
    let test = exec(signed_in(&["openai"]), "openai", "echo $$");
    let child = test.command().stdout(Stdio::piped()).spawn().expect("it starts");
    let id = child.id().to_string();
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), id);
}

#[test]
fn the_command_reads_the_input_and_its_exit_status_is_passed_on() {
    let test = signed_in(&["openai"]);
    for (words, status) in
        [("openai", 0), ("openai", 7), ("openai --mask", 0), ("openai --mask", 7), ("openai --mask", 255)]
    {
        let script = format!("cat; exit {status}");
        let test = exec(signed_in(&["openai"]), words, &script).stdin("some input\n");
        test.stdout("some input\n").status(status);
    }
    for words in ["openai", "openai --mask"] {
        let test = exec(signed_in(&["openai"]), words, "kill -USR1 $$");
        assert_eq!(test.output().status.signal(), Some(10), "{words}");
    }
    drop(test);
}

#[test]
fn a_command_that_cannot_be_started_is_told_as_env_tells_it() {
    let mut test = signed_in(&["openai"]).file("plain", "no program");
    let plain = test.home().join("plain").display().to_string();
    for (command, error, status) in [
        ("nosuch", "error: program `nosuch` is not on PATH\n", 127),
        ("./nosuch", "error: there is no program `./nosuch`\n", 127),
        ("/tmp", "error: `/tmp` is not a program that can be started\n", 126),
        (&plain, "error: `~/plain` could not be started: Permission denied (os error 13)\n", 126),
        ("", "error: program `` is not on PATH\n", 127),
    ] {
        for mask in ["--only=OPENAI_API_KEY", "--mask"] {
            test = test.args(["exec", "openai", mask, "--", command]).stderr(error).status(status);
        }
    }
    let none = "error: `exec` needs `--` and a command after it\nhint: modelforge-credential exec openai -- COMMAND\n";
    test.args(["exec", "openai"]).stderr(none).status(2);
}

#[test]
fn a_script_that_names_no_interpreter_is_the_shells() {
    let script = "echo \"${OPENAI_API_KEY:+it has the key} $1\"\nexit 7\n";
    let mut test = signed_in(&["openai"]).on_path("script", script);
    for mask in ["--only=OPENAI_API_KEY", "--mask"] {
        test = test.args(["exec", "openai", mask, "--", "script", "a b"]).stdout("it has the key a b\n").status(7);
    }
}

#[test]
fn a_command_is_never_looked_for_in_the_current_folder() {
    let mut test = signed_in(&["openai"]);
    let tool = test.work().join("tool");
    std::fs::copy("/bin/true", tool).expect("a file can be copied");
    for path in [":/usr/bin:/bin", ".:/usr/bin:/bin", "/usr/bin:/bin:", "../work:/usr/bin:/bin"] {
        test = test.env("PATH", path).args(["exec", "openai", "--", "tool"]);
        test = test.stderr("error: program `tool` is not on PATH\n").status(127);
    }
    let test = test.args(["exec", "openai", "--", "./tool"]).success();
    // Nor where anyone could have put it.
    let open = test.work();
    std::fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o777)).expect("a mode can be set");
    let test = test.env("PATH", open.display().to_string()).args(["exec", "openai", "--", "tool"]);
    let refused =
        "error: `TEST/work/tool` is not started: anyone can write to `TEST/work`\nhint: chmod o-w TEST/work\n";
    test.stderr(refused).status(126);
}

#[test]
fn the_command_sees_its_name_as_it_was_typed() {
    for words in [&["exec", "openai"] as &[_], &["exec", "openai", "--mask"]] {
        let test = signed_in(&["openai"])
            .args([words, &["--", "bash", "-c", "tr '\\0' ' ' < /proc/$$/cmdline | cut -c 1-8"]].concat());
        test.stdout("bash -c \n").success();
    }
}

/// A key with all that shells trip over.
const ODD: &str = "a'b\"c\\d$e`f`!g*h;i|j&k(l)m#n~o{p}q[r]s<t>u v\\'w%x^y=z";

#[test]
fn each_shell_reads_its_lines_as_they_are_meant() {
    for (shell, read) in
        [("bash", "eval \"$L\""), ("zsh", "eval \"$L\""), ("fish", "echo $L | source"), ("sh", "eval \"$L\"")]
    {
        let test =
            Test::new().helpers("age").args(["approve"]).stdin(format!("provider=openai\npassword={ODD}\n")).success();
        let language = if shell == "sh" { "bash" } else { shell };
        let output = test.args(["env", "openai", "--only", "OPENAI_API_KEY", "--shell", language]);
        let lines = String::from_utf8(output.output().stdout).expect("text");
        let script = format!("{read}; printf %s \"$OPENAI_API_KEY\"; env | grep -c ^OPENAI_API_KEY=");
        let test = output.env("L", lines).program(system(shell, shell)).args(["-c", &script]);
        test.stdout(&format!("{ODD}1\n")).success();
    }
}

#[test]
fn fish_may_read_them_as_one_line_as_well() {
    let test = signed_in(&["openai"]).args(["env", "openai", "--shell", "fish"]);
    let lines = String::from_utf8(test.output().stdout).expect("text");
    let script = "eval (printf %s $L); printf '%s\n' $MODELFORGE_OPENAI_API_KEY $OPENAI_API_KEY";
    let test = test.env("L", lines).program(system("fish", "fish")).args(["-c", script]);
    test.stdout(&format!("{SECRET}-openai\n{SECRET}-openai\n")).success();
}

#[test]
fn the_shell_is_guessed() {
    let mut test = signed_in(&["openai"]);
    for (shell, line) in [
        ("/bin/bash", format!("export A='{SECRET}-openai'\n")),
        ("/usr/bin/zsh", format!("export A='{SECRET}-openai'\n")),
        ("/usr/bin/fish", format!("set -gx A '{SECRET}-openai';\n")),
        ("/usr/bin/pwsh", format!("${{env:A}} = '{SECRET}-openai'\n")),
        ("", format!("export A='{SECRET}-openai'\n")),
    ] {
        test = test.env("SHELL", shell).args(["env", "--env", "A=openai"]).stdout(&line).success();
    }
    let unknown = "error: `env` has no lines for `tcsh`, which $SHELL names\n\
                   hint: modelforge-credential exec openai -- tcsh  # or env --shell bash, zsh, fish, powershell\n";
    test.env("SHELL", "/bin/tcsh").args(["env", "openai"]).stderr(unknown).failure();
}

#[test]
fn without_a_path_a_name_cannot_be_looked_for_and_the_hint_sets_one() {
    let test = Test::new().env("PATH", "").args(["exec", "openai", "--", "env"]);
    let hint = "hint: export PATH=/usr/local/bin:/usr/bin:/bin\n";
    test.stderr(&format!("error: program `env` cannot be looked for: PATH is not set\n{hint}")).status(127);
}

#[test]
fn a_name_that_a_shell_does_not_take_is_left_out_and_that_is_said() {
    let test = signed_in(&["302ai"]).args(["env", "302ai", "--shell", "bash"]);
    test.stdout(&format!("export MODELFORGE_302AI_API_KEY='{SECRET}-302ai'\n"))
        .stderr("warning: `302AI_API_KEY` cannot be set in this shell and is left out\n")
        .success();
}

#[test]
fn lines_with_keys_on_the_screen_are_warned_of() {
    let test = Test::new().helpers("age").args(["approve"]).stdin("provider=openai\npassword=made-up-key\n").success();
    let test = test.args(["env", "openai", "--only", "OPENAI_API_KEY"]);
    let (status, _, shown) = crate::prompt::Session::bare(&test).end();
    assert!(status.success(), "{shown}");
    let warning = "warning: these lines are meant for a shell, and now they are on the screen\r\n\
                   hint: eval \"$(modelforge-credential env openai)\"\r\n";
    assert_eq!(shown, format!("export OPENAI_API_KEY='made-up-key'\r\n{warning}"));
}

#[test]
fn what_does_not_go_with_a_provider_is_named() {
    let said = "error: `--all` does not go with another option that was given\nhint: modelforge-credential --help\n";
    exec(Test::new(), "openai --all", "true").stderr(said).status(2);
}

#[test]
fn who_ignores_the_end_of_children_gets_keys_all_the_same() {
    let core = crate::support::program("modelforge-credential").display().to_string();
    let ignores =
        "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])";
    let python = system("python3", "python3");
    let run =
        |test: Test, words: &[&str]| test.program(&python).args([&["-c", ignores, core.as_str()], words].concat());
    let test = run(signed_in(&["openai"]), &["print", "openai"]).stdout(&format!("{SECRET}-openai\n")).success();
    for mask in [&[][..], &["--mask"]] {
        let command =
            [&["exec", "openai"], mask, &["--", "sh", "-c", "test -n \"$OPENAI_API_KEY\" && exit 6"]].concat();
        run(signed_in(&["openai"]), &command).status(6);
    }
    run(test, &["exec", "ollama", "--mask", "--", "sh", "-c", "exit 7"]).status(7);
}
