//! A gateway of your own: `login NAME --url`.

use super::BY_AGE;
use crate::support::{SECRET, Test};

const FILE: &str = ".config/modelforge-credential/config.toml";

fn read(test: &Test) -> String {
    std::fs::read_to_string(test.home().join(FILE)).unwrap_or_default()
}

fn declares(test: Test, name: &str, url: &str, shown: &str) -> Test {
    let added =
        format!("added `{shown}` to ~/.config/modelforge-credential/config.toml\nsigned in to `{shown}`: {BY_AGE}\n");
    test.args(["login", name, "--url", url]).stdin(SECRET).stdout(&added).success()
}

#[test]
fn a_gateway_is_declared_and_its_key_goes_to_it() {
    let test = declares(Test::new().helpers("age"), "our-gateway", "https://llm.example.com/v1", "our_gateway");
    assert_eq!(read(&test), "[provider.our_gateway]\nurl = \"https://llm.example.com/v1\"\n");
    let test = test.args(["print", "our-gateway"]).stdout(&format!("{SECRET}\n")).success();
    let found =
        format!("protocol=https\nhost=llm.example.com\nprovider=our_gateway\nusername=default\npassword={SECRET}\n");
    let test = test.args(["get"]).stdin("url=https://llm.example.com/v1/models\n").stdout(&found).success();
    // The same again changes nothing, and another URL is not put in its place.
    let before = read(&test);
    let same = ["login", "our-gateway", "--url", "https://LLM.example.com/v1/", "--force"];
    let test = test.args(same).stdin(SECRET).stdout(&format!("signed in to `our_gateway`: {BY_AGE}\n")).success();
    let other = "error: provider `our_gateway` is already at `https://llm.example.com/v1`, as \
                 ~/.config/modelforge-credential/config.toml has it\n\
                 hint: choose another name, or change the URL in that file\n";
    let other =
        test.args(["login", "our-gateway", "--url", "https://evil.example"]).stdin(SECRET).stderr(other).failure();
    assert_eq!(read(&other), before);
}

#[test]
fn comments_and_layout_of_the_configuration_stay() {
    for (before, after) in [
        (
            "# mine\nhelpers = [ 'age' ]   # no keyring here\n\n[exec]\nproviders = ['ours']\n",
            "# mine\nhelpers = [ 'age' ]   # no keyring here\n\n[exec]\nproviders = ['ours']\n\n[provider.ours]\nurl = \"https://h.example\"\n",
        ),
        (
            "helpers = ['age']\nprovider.azure.url = 'https://a.example' # ours\n",
            "helpers = ['age']\nprovider.azure.url = 'https://a.example' # ours\nprovider.ours.url = \"https://h.example\"\n",
        ),
        (
            "[provider.azure] # one\nurl = 'https://a.example'\n\n[audit]\nenabled = false # quiet\n",
            "[provider.azure] # one\nurl = 'https://a.example'\n\n[provider.ours]\nurl = \"https://h.example\"\n\n[audit]\nenabled = false # quiet\n",
        ),
        (
            "[provider.OURS] # not yet\nenv = ['A']\n",
            "[provider.OURS] # not yet\nenv = ['A']\nurl = \"https://h.example\"\n",
        ),
        (
            "provider = { azure = { url = 'https://a.example' } } # ours\n",
            "provider = { azure = { url = 'https://a.example' } , ours = { url = \"https://h.example\" } } # ours\n",
        ),
    ] {
        let test = declares(Test::new().helpers("age").config(before), "ours", "https://h.example", "ours");
        assert_eq!(read(&test), after);
    }
}

#[test]
fn a_key_is_not_sent_unencrypted_to_another_machine() {
    let refused = "error: `http://llm.example.com` is not encrypted: anyone on the way could read the key\n\
                   hint: use https; without it only this machine is allowed: \
                   modelforge-credential login NAME --url http://localhost:8080\n";
    let test = Test::new().helpers("age").args(["login", "ours", "--url", "http://llm.example.com"]).stdin(SECRET);
    let test = test.stderr(refused).failure();
    assert_eq!(read(&test), "");
    declares(test, "ours", "http://localhost:8080/v1", "ours");
}

#[cfg(unix)]
#[test]
fn a_configuration_that_is_a_link_stays_one() {
    let test = Test::new().helpers("age").file("dotfiles/config.toml", "# mine\n");
    let link = test.home().join(FILE);
    std::fs::create_dir_all(link.parent().expect("a folder")).expect("a folder can be made");
    std::os::unix::fs::symlink(test.home().join("dotfiles/config.toml"), &link).expect("a link can be made");
    let test = declares(test, "ours", "https://h.example", "ours");
    assert!(link.symlink_metadata().expect("it is there").is_symlink());
    assert!(read(&test).starts_with("# mine\n") && read(&test).contains("[provider.ours]"));
}

#[test]
fn a_known_provider_goes_to_another_url_only_if_a_person_insists() {
    let refused = "error: `openai` is the provider at `https://api.openai.com/v1`\n\
                   hint: modelforge-credential login my-openai --url https://llm.example.com  \
                   # or another name; --force moves `openai` there\n";
    let words = ["login", "openai", "--url", "https://llm.example.com"];
    let test = Test::new().helpers("age").args(words).stdin(SECRET).stderr(refused).failure();
    assert_eq!(read(&test), "");
    let usual = ["login", "openai", "--url", "https://API.openai.com:443/v1/"];
    let test = test.args(usual).stdin(SECRET).stdout(&format!("signed in to `openai`: {BY_AGE}\n")).success();
    assert_eq!(read(&test), "");
    let test = test.args(words.iter().chain(&["--force"])).stdin(SECRET).any_stderr();
    assert!(test.output().status.success());
    assert_eq!(read(&test), "[provider.openai]\nurl = \"https://llm.example.com\"\n");
}

#[test]
fn of_several_that_add_a_provider_at_once_none_loses_its_section() {
    let test = Test::new().helpers("age");
    let core = crate::support::program("modelforge-credential").display().to_string();
    std::thread::scope(|scope| {
        for number in 1..=8 {
            let (name, url) = (format!("ours{number}"), format!("https://h{number}.example"));
            let (test, core) = (&test, &core);
            scope.spawn(move || assert!(test.run(&[core, "login", &name, "--url", &url], SECRET).status.success()));
        }
    });
    let text = read(&test);
    let missing: Vec<_> = (1..=8).filter(|n| !text.contains(&format!("[provider.ours{n}]\n"))).collect();
    assert!(missing.is_empty(), "{missing:?} are not in {text}");
}
