//! Keys with a known format, and keys of another provider.

use super::{age, signed_in};
use crate::support::SECRET;

/// The verdict on a key, through the program; each ends in the sentinel or is not shown at all.
#[test]
fn keys_of_every_known_shape_are_recognised_and_never_shown() {
    let odd_length = |provider: &str, length: usize| {
        format!("warning: a key for `{provider}` rarely has {length} characters; did you copy all of it?\n")
    };
    let odd = |provider: &str| format!("warning: this does not match the current key format of `{provider}`\n");
    let tail = |prefix: &str, length: usize| {
        let filler = "0".repeat(length - prefix.len() - SECRET.len());
        format!("{prefix}{filler}{SECRET}")
    };
    for (provider, key, remark) in [
        ("openai", tail("sk-proj-", 164), String::new()),
        ("openai", tail("sk-svcacct-", 164), String::new()),
        ("openai", tail("sk-admin-", 164), String::new()),
        ("openai", tail("sk-", 51), String::new()),
        ("anthropic", tail("sk-ant-api03-", 108), String::new()),
        ("openrouter", tail("sk-or-v1-", 73), String::new()),
        ("google", tail("AIza", 39), String::new()),
        ("groq", tail("gsk_", 56), String::new()),
        ("xai", tail("xai-", 84), String::new()),
        ("huggingface", tail("hf_", 37), String::new()),
        ("perplexity", tail("pplx-", 53), String::new()),
        ("nvidia", tail("nvapi-", 70), String::new()),
        ("cerebras", tail("csk-", 52), String::new()),
        ("deepseek", tail("sk-", 35), String::new()),
        ("google", tail("AIza", 38), odd_length("google", 38)),
        ("openai", format!("sk-proj-{SECRET}"), odd_length("openai", 36)),
        ("anthropic", SECRET.to_owned(), odd("anthropic")),
        ("google", SECRET.to_owned(), odd("google")),
    ] {
        let test = age().args(["login", provider]).stdin(&key).stdout(&signed_in(provider)).stderr(&remark).success();
        test.args(["login", provider, "--force"]).stdin(&key).stdout(&signed_in(provider)).stderr(&remark).success();
    }
    let token = format!("gho_{}", "a".repeat(36));
    let remark = "warning: the checksum in this token for `github_models` is wrong; did you copy all of it?\n";
    age().args(["login", "github_models"]).stdin(token).stdout(&signed_in("github_models")).stderr(remark).success();
}

#[test]
fn a_key_of_another_provider_is_kept_only_unchecked() {
    for (provider, prefix, other) in [
        ("openai", "sk-ant-", "anthropic"),
        ("anthropic", "sk-or-", "openrouter"),
        ("google", "gsk_", "groq"),
        ("groq", "xai-", "xai"),
        ("mistral", "hf_", "huggingface"),
    ] {
        let looks = format!("this looks like a key for `{other}`, not for `{provider}`\n");
        let problem = format!(
            "error: {looks}hint: modelforge-credential login {other}  # or --unchecked, to store it for `{provider}` anyway\n"
        );
        let key = format!("{prefix}{SECRET}");
        let test = age().args(["login", provider]).stdin(&key).stderr(&problem).failure();
        let test = test.args(["login", provider, "--force"]).stdin(&key).stderr(&problem).failure();
        let test = test.args(["login", provider, "--unchecked"]).stdin(&key).stdout(&signed_in(provider));
        test.stderr(&format!("warning: {looks}")).success();
    }
    // A gateway of one's own may be opened with anybody's key.
    let test = age().config("[provider.gateway]\nurl = 'https://gateway.example/v1'");
    let test = test.args(["login", "gateway"]).stdin(format!("sk-ant-{SECRET}"));
    test.stdout(&signed_in("gateway")).success();
}

#[test]
fn what_people_type_as_a_password_is_remarked_on() {
    let odd = "warning: this does not match the current key format of `openai`\n";
    let short = "warning: a key for `mistral` rarely has 7 characters; did you copy all of it?\n";
    age().args(["login", "openai"]).stdin("hunter2").stdout(&signed_in("openai")).stderr(odd).success();
    age().args(["login", "mistral"]).stdin("hunter2").stdout(&signed_in("mistral")).stderr(short).success();
}
