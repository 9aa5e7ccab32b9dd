//! Providers, their URLs, accounts and variables.

use super::{becomes, get};
use crate::support::{SECRET, Test};

#[test]
fn an_account_of_the_configuration_is_meant_where_a_request_names_none() {
    let test = Test::new().helpers("age").config("[provider.openai]\naccount = 'work'");
    let credential = |name: &str| format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername={name}\n");
    let test = test.args(["store"]).stdin(format!("provider=openai\npassword={SECRET}\n")).success();
    let test = test.args(["store"]).stdin("provider=openai\nusername=home\npassword=other\n").success();
    let test = get(test, "openai").stdout(&format!("{}password={SECRET}\n", credential("work"))).success();
    test.args(["get"])
        .stdin("provider=openai\nusername=home\n")
        .stdout(&format!("{}password=other\n", credential("home")))
        .success();
}

#[test]
fn an_alias_in_the_configuration_means_the_provider_that_it_is_an_alias_of() {
    for name in ["gemini", "google", "Google-GenAI"] {
        let expected = "error: no credential for `google` (`https://generativelanguage.googleapis.com`, account `work`)\n\
            hint: modelforge-credential login google --account work\n";
        let test = Test::new().helpers("").config("[provider.gemini]\naccount = 'work'");
        test.args(["fill"]).stdin(format!("provider={name}\n")).stderr(expected).failure();
    }
}

#[test]
fn the_url_of_a_known_provider_can_be_overridden_and_a_variable_that_is_named_then_goes_there_alone() {
    let config = "[provider.openai]\nurl = 'https://proxy.example/openai'\nenv = ['OPENAI_API_KEY']";
    let test = Test::new().helpers("env").config(config).env("OPENAI_API_KEY", SECRET);
    let found = format!("protocol=https\nhost=proxy.example\nprovider=openai\nusername=default\npassword={SECRET}\n");
    let test = get(test, "openai").stdout(&found).success();
    let test = test.args(["get"]).stdin("url=https://proxy.example/openai/v1\n").stdout(&found).success();
    let test = test.args(["get"]).stdin("url=https://api.openai.com/v1\n").success();
    becomes(test, "url=https://api.openai.com/v1\n", "protocol=https\nhost=api.openai.com\n");
}

#[test]
fn variables_of_the_configuration_replace_the_usual_ones() {
    let config =
        "[provider.openai]\nenv = ['MY_KEY']\n[provider.corp]\nurl = 'https://llm.corp.example'\nenv = ['CORP_KEY']";
    let test = Test::new().helpers("env").config(config);
    let test = test.env("OPENAI_API_KEY", "other").env("MY_KEY", SECRET).env("CORP_KEY", SECRET);
    let found = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}\n");
    let test = get(test, "openai").stdout(&found).success();
    let found = format!("protocol=https\nhost=llm.corp.example\nprovider=corp\nusername=default\npassword={SECRET}\n");
    let test = get(test, "corp").stdout(&found).success();
    // ModelForge's own variable beats both.
    let test = test.env("MODELFORGE_CORP_API_KEY", "first");
    get(test, "corp").stdout(&found.replace(SECRET, "first")).success();
}

#[test]
fn two_providers_at_one_url_are_told_apart_by_their_accounts() {
    let config = "[provider.openai_work]\nurl = 'https://api.openai.com/v1'\naccount = 'work'";
    let test = Test::new().helpers("age").config(config);
    let test = test.args(["store"]).stdin(format!("provider=openai-work\npassword={SECRET}\n")).success();
    let test = test.args(["store"]).stdin("provider=openai\nusername=default\npassword=private\n").success();
    let found = |provider: &str, account: &str, key: &str| {
        format!("protocol=https\nhost=api.openai.com\nprovider={provider}\nusername={account}\npassword={key}\n")
    };
    let test = get(test, "openai_work").stdout(&found("openai_work", "work", SECRET)).success();
    // By URL alone the known one is meant.
    becomes(test, "url=https://api.openai.com/v1\n", "protocol=https\nhost=api.openai.com\nprovider=openai\n");
}

#[test]
fn providers_on_one_host_are_told_apart_by_their_paths() {
    let config = "[provider.a]\nurl = 'https://gw.example/a'\n[provider.b]\nurl = 'https://gw.example/b'";
    let test = Test::new().helpers("age").config(config);
    let test = test.args(["store"]).stdin(format!("provider=a\npassword={SECRET}\n")).success();
    let found = format!("protocol=https\nhost=gw.example\npath=a\nprovider=a\nusername=default\npassword={SECRET}\n");
    let test = get(test, "a").stdout(&found).success();
    let test = test.args(["get"]).stdin("url=https://gw.example/a/v1/chat\n").stdout(&found).success();
    let mut test = get(test, "b").success();
    for path in ["b", "ab", "", "a/../b", "a%2f..%2fb", "b/a"] {
        test = test.args(["get"]).stdin(format!("url=https://gw.example/{path}\n")).success();
    }
}

#[test]
fn a_provider_without_a_url_says_how_to_declare_one() {
    let error = |name: &str| {
        format!(
            "error: provider `{name}` has no fixed URL: every user has a different one\n\
             hint: modelforge-credential login {name} --url https://…\n"
        )
    };
    let test = get(Test::new(), "azure").stderr(&error("azure")).failure();
    let test = get(test.config("[provider.azure]\naccount = 'x'"), "azure").stderr(&error("azure")).failure();
    let test = test.config("[provider.azure]\nurl = 'https://me.openai.azure.com'").helpers("env");
    let test = test.env("AZURE_OPENAI_API_KEY", SECRET);
    let found =
        format!("protocol=https\nhost=me.openai.azure.com\nprovider=azure\nusername=default\npassword={SECRET}\n");
    get(test, "azure_openai").stdout(&found).success();
}

#[test]
#[cfg(unix)]
#[ignore = "needs strace"]
fn what_a_killed_change_of_the_settings_leaves_is_removed_by_the_next_and_never_anything_else() {
    use crate::support::files_below;
    use crate::support::strace::Run;
    const THEIRS: &str = ".config/modelforge-credential/.new-of-the-person";
    let run = Run {
        program: "modelforge-credential",
        words: &["login", "corp", "--url", "https://c.example"],
        input: SECRET,
    };
    let left = |test: &Test| {
        let files = files_below(&test.home().join(".config/modelforge-credential"));
        files.iter().filter(|path| path.display().to_string().contains(".config.toml.")).count()
    };
    for calls in ["fsync,fdatasync", "?rename,?renameat,renameat2"] {
        // Which of them is that of the settings depends on what else is written before.
        let killed = (1..=20).map(|nth| {
            let test = Test::new().helpers("age").file(THEIRS, "theirs\n");
            let inject = format!("inject={calls}:signal=SIGKILL:when={nth}");
            run.traced(&test, &["-o", "/dev/null", "-e", &inject]);
            test
        });
        let test = killed.into_iter().find(|test| left(test) == 1).unwrap_or_else(|| panic!("{calls}: no kill hit it"));
        assert!(run.plainly(&test).status.success());
        assert_eq!(left(&test), 0, "{calls}");
        assert!(test.home().join(THEIRS).exists());
        let config = test.home().join(".config/modelforge-credential/config.toml");
        assert!(std::fs::read_to_string(config).expect("a file").contains("https://c.example"));
    }
}

#[test]
#[cfg(unix)]
fn of_changes_to_the_settings_at_once_none_is_lost() {
    let test = Test::new().script("one", "exit 0").script("two", "exit 0").config("");
    let core = crate::support::program("modelforge-credential").display().to_string();
    let add = |name: &str| format!("'{core}' helpers add {name} > /dev/null & ");
    let login = |name: &str| {
        let login = format!("'{core}' login {name} --url https://{name}.example");
        format!("echo \"$key\" | MODELFORGE_CREDENTIAL_HELPERS=age {login} & ")
    };
    let all = [add("one"), login("a"), add("two"), login("b"), login("c")].concat();
    let output = test.run(&["/bin/sh", "-c", &format!("read -r key; {all} wait")], format!("{SECRET}\n"));
    let text = std::fs::read_to_string(test.home().join(".config/modelforge-credential/config.toml")).unwrap();
    for wanted in ["\"one\"", "\"two\"", "https://a.example", "https://b.example", "https://c.example"] {
        assert!(text.contains(wanted), "{wanted}: {text}\n{}", String::from_utf8_lossy(&output.stderr));
    }
}
