//! Signing in: where the key comes from, what is stored, and what stays unchanged if that fails.

mod account;
mod gateway;
mod input;
mod kept;
mod service_account;
mod shape;
mod token;

use crate::support::{SECRET, Test};

/// A helper in shell that keeps one credential in a file of its own and writes down what it was asked; `first` runs before that.
pub fn keeper(test: Test, name: &str, first: &str) -> Test {
    let file = test.home().join(format!("{name}.kept"));
    let (kept, log) = (file.display(), test.home().join(format!("{name}.log")));
    let body = format!(
        "kept='{kept}'\necho \"$1\" >> '{}'\n{first}\ncase $1 in\nget) cat \"$kept\" 2>/dev/null;;\n\
         store) grep -v '^capability' > \"$kept\";;\nerase) rm -f \"$kept\";;\n\
         list) [ -f \"$kept\" ] && {{ grep -E '^(protocol|host|path|username)=' \"$kept\"; echo; echo count=1; }} || echo count=0;;\n\
         esac; exit 0",
        log.display()
    );
    test.script(name, &body).may_hold_the_secret(file)
}

/// Puts a key into a [`keeper`], as if it had been there for long.
fn holding(test: &Test, name: &str, password: &str) {
    let text = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={password}\n");
    std::fs::write(test.home().join(format!("{name}.kept")), text).expect("it can be written");
}

pub fn kept(test: &Test, name: &str) -> String {
    let text = std::fs::read_to_string(test.home().join(format!("{name}.kept"))).unwrap_or_default();
    text.lines().find_map(|line| line.strip_prefix("password=")).unwrap_or_default().to_owned()
}

pub fn asked(test: &Test, name: &str) -> String {
    let log = std::fs::read_to_string(test.home().join(format!("{name}.log"))).unwrap_or_default();
    log.lines().collect::<Vec<_>>().join(" ")
}

const BY_AGE: &str = "stored in `age` (encrypted file, identity ~/.local/share/modelforge-credential/identity.txt)";

fn signed_in(provider: &str) -> String {
    format!("signed in to `{provider}`: {BY_AGE}\n")
}

fn age() -> Test {
    Test::new().helpers("age")
}

fn openai_is(test: Test, password: &str) -> Test {
    let found = match password {
        "" => String::new(),
        _ => format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={password}\n"),
    };
    test.args(["get"]).stdin("provider=openai\n").stdout(&found).success()
}

const PROMPT: &str = "API key for openai (https://api.openai.com): ";

fn at_a_terminal(test: Test) -> Test {
    test.env("MODELFORGE_CREDENTIAL_INTERACTIVE", "")
}

#[test]
fn a_provider_has_one_credential_under_all_its_spellings() {
    let token = "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";
    let test = age().args(["auth", "login", "--provider", "GitHub-Copilot", "--api-key", token]);
    let mut test = test.stdout(&signed_in("github_copilot")).any_stderr().success();
    for name in ["github_copilot", "github-copilot", "copilot", "GITHUB_COPILOT"] {
        let already = format!("already signed in to `github_copilot`: {BY_AGE}; use `--force` to replace the key\n");
        test = test.args(["login", name]).stdout(&already).success();
    }
}

#[test]
fn a_provider_named_twice_or_not_at_all_is_a_mistake() {
    let twice = |option: &str, command: &str| {
        format!(
            "error: `--{option}` cannot be used with another option you gave\nhint: modelforge-credential {command} --help\n"
        )
    };
    for command in ["login", "logout", "status"] {
        age().args([command, "openai", "--provider", "google"]).stderr(&twice("provider", command)).status(2);
    }
    age().args(["logout", "openai", "--all"]).stderr(&twice("all", "logout")).status(2);
    age()
        .args(["auth", "login"])
        .stderr("error: `login` needs a provider\nhint: modelforge-credential login openai\n")
        .status(2);
}

#[test]
fn who_is_signed_in_is_told_where_and_nothing_changes_without_force() {
    let test = keeper(Test::new(), "one", "").helpers("one");
    holding(&test, "one", "sk-older-0123456789ab");
    let test = test.args(["login", "openai"]).stdin("sk-older-0123456789ab\n");
    let test = test.stdout(
        "already signed in to `openai`: stored in `one` (stored by the helper); use `--force` to replace the key\n",
    );
    let test = test.success();
    assert_eq!((&*kept(&test, "one"), &*asked(&test, "one")), ("sk-older-0123456789ab", "get list list"));
    let another = "error: a different key for `openai` is already stored and was not replaced\n\
                   hint: modelforge-credential login openai --force < key.txt\n";
    let test = test.args(["login", "openai"]).stdin(format!("{SECRET}\n")).stderr(another).failure();
    assert_eq!(kept(&test, "one"), "sk-older-0123456789ab");
    let test = test.args(["login", "openai", "--force"]).stdin(format!("{SECRET}\n"));
    let test = test.stdout("signed in to `openai`: stored in `one` (stored by the helper)\n").success();
    assert_eq!(kept(&test, "one"), SECRET);
}

#[test]
fn a_provider_without_sign_in_is_left_alone() {
    let test = keeper(Test::new(), "one", "").helpers("one");
    let test = test.args(["login", "ollama"]).stdin(SECRET).stdout("`ollama` needs no sign-in\n").success();
    let test = test.args(["auth", "login", "--provider", "ollama", "--api-key", "k", "--force"]);
    let test = test.stdout("`ollama` needs no sign-in\n").success();
    assert_eq!(asked(&test, "one"), "");
    test.args(["get"])
        .stdin("provider=ollama\n")
        .stdout("protocol=http\nhost=localhost:11434\nprovider=ollama\nsign_in=none\n")
        .success();
}

#[test]
fn a_name_that_nobody_knows_is_an_error_that_says_how_to_declare_it() {
    age()
        .args(["login", "opnai"])
        .stdin(SECRET)
        .stderr(
            "error: unknown provider `opnai`\n\
             hint: did you mean `openai`? if not: modelforge-credential login opnai --url https://…\n",
        )
        .failure();
    age()
        .args(["login", "azure"])
        .stdin(SECRET)
        .stderr(
            "error: provider `azure` has no fixed URL: every user has a different one\n\
             hint: modelforge-credential login azure --url https://…\n",
        )
        .failure();
}
