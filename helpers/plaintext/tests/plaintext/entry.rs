//! Whose key it is: the URL, the path and the name of an entry.

use std::fs;

use super::{COPILOT, GLOBAL, OLD, OPENAI, Test, key, one};

#[test]
fn a_key_goes_to_the_url_of_its_entry_and_never_to_that_of_its_name() {
    let entry =
        format!("{{\"base_url\": \"https://proxy.example/v1\", {}", key("sk-SENTINEL-1").trim_start_matches('{'));
    let test = Test::with(GLOBAL, &one("openai", &entry));
    test.run(&["get"], &format!("{OPENAI}provider=openai\n")).nothing();
    test.run(&["get"], "protocol=http\nhost=proxy.example\n").nothing();
    test.run(&["get"], "protocol=https\nhost=proxy.example:443\n").nothing();
    test.run(&["get"], "protocol=https\nhost=proxy.example\npath=v2\n").password("sk-SENTINEL-1");
    test.run(&["list"], "").stdout(
        "protocol=https\nhost=proxy.example\nusername=default\nstorage=plain text\nplain_text=1\n\
         file=HOME/.config/model-forge/config.json\n\ncount=1\n",
    );
}

#[test]
fn a_known_url_under_another_name_is_the_known_provider() {
    let entry =
        format!("{{\"base_url\": \"https://api.openai.com/v1\", {}", key("sk-SENTINEL-1").trim_start_matches('{'));
    let test = Test::with(GLOBAL, &one("my_own", &entry));
    test.run(&["get"], OPENAI).password("sk-SENTINEL-1");
}

#[test]
fn a_path_counts_where_it_tells_two_apart() {
    let entry = |path: &str, n: u8| {
        format!(
            "\"p{n}\": {{\"base_url\": \"https://gateway/{path}\", \"auth_data\": {{\"api_key\": \"sk-SENTINEL-{n}\"}}}}"
        )
    };
    let test = Test::with(GLOBAL, &format!("{{\"providers\": {{{}, {}}}}}", entry("a", 1), entry("b", 2)));
    test.run(&["get"], "protocol=https\nhost=gateway\npath=b/v1\n").password("sk-SENTINEL-2");
    test.run(&["get"], "protocol=https\nhost=gateway\npath=a/../b\n").nothing();
    test.run(&["get"], "protocol=https\nhost=gateway\n").nothing();
    let zai = one("zai", &key("sk-SENTINEL-3"));
    let test = Test::with(GLOBAL, &zai);
    test.run(&["get"], "protocol=https\nhost=api.z.ai\n").nothing();
    test.run(&["get"], "protocol=https\nhost=api.z.ai\npath=api/paas/v4\n").password("sk-SENTINEL-3");
}

/// ModelForge's file with entries of one host.
fn at_one_host(entries: &[(&str, &str)]) -> String {
    let entry = |(name, path): &(&str, &str)| {
        format!(
            "\"{name}\": {{\"auth_data\": {{\"api_key\": \"sk-SENTINEL-{name}\"}}, \"base_url\": \"https://x.example/{path}\"}}"
        )
    };
    format!("{{\"providers\": {{{}}}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
}

const TEAM: &str = "protocol=https\nhost=x.example\npath=v1/teamb\n";
const MAIN: &str = "protocol=https\nhost=x.example\npath=v1\n";

#[test]
fn of_two_entries_one_below_the_other_each_has_its_own_key_in_either_order() {
    let (team, main) = (("teamb", "v1/teamb"), ("main", "v1"));
    for entries in [[team, main], [main, team]] {
        for (taken, left, taken_name, left_name) in [(TEAM, MAIN, "teamb", "main"), (MAIN, TEAM, "main", "teamb")] {
            let text = at_one_host(&entries);
            let test = Test::with(GLOBAL, &text);
            test.run(&["get"], &format!("{TEAM}provider=main\n")).password("sk-SENTINEL-teamb");
            test.run(&["get"], &TEAM.replace("teamb", "teamb/chat")).password("sk-SENTINEL-teamb");
            test.run(&["get"], &TEAM.replace("teamb", "teamc")).password("sk-SENTINEL-main");
            test.run(&["get"], taken).password(&format!("sk-SENTINEL-{taken_name}"));
            for password in [String::new(), format!("password=sk-SENTINEL-{taken_name}\n")] {
                fs::write(test.path(GLOBAL), &text).unwrap();
                for _ in 0..2 {
                    test.change("erase", &format!("{taken}{password}")).nothing();
                    let gone = format!("\"auth_data\": {{\"api_key\": \"sk-SENTINEL-{taken_name}\"}}, ");
                    assert_eq!(test.content(GLOBAL), text.replace(&gone, ""));
                }
                test.run(&["get"], taken).nothing();
                test.run(&["get"], left).password(&format!("sk-SENTINEL-{left_name}"));
            }
            let credential = format!("{taken}password=sk-SENTINEL-{taken_name}\n");
            test.change("store", &credential).nothing();
            test.run(&["get"], taken).password(&format!("sk-SENTINEL-{taken_name}"));
        }
    }
}

#[test]
fn two_entries_one_below_the_other_with_the_same_key_lose_it_one_by_one() {
    let text = at_one_host(&[("teamb", "v1/teamb"), ("main", "v1")]).replace("SENTINEL-main", "SENTINEL-teamb");
    let test = Test::with(GLOBAL, &text);
    test.change("erase", &format!("{TEAM}password=sk-SENTINEL-teamb\n")).nothing();
    test.run(&["get"], TEAM).nothing();
    test.run(&["get"], MAIN).password("sk-SENTINEL-teamb");
}

#[test]
fn an_erase_of_a_whole_host_takes_what_is_below_it_too() {
    let test = Test::with(GLOBAL, &at_one_host(&[("teamb", "v1/teamb"), ("main", "v1")]));
    test.change("erase", "protocol=https\nhost=x.example\n").nothing();
    assert!(!test.content(GLOBAL).contains("SENTINEL"));
}

#[test]
fn of_entries_in_two_files_the_closer_one_answers_and_of_two_as_close_the_first() {
    let (main, team, other) = (("main", "v1"), ("teamb", "v1/teamb"), ("other", "v2"));
    for (global, old) in [([main, other], [team, other]), ([team, other], [main, other])] {
        let test = Test::with(GLOBAL, &at_one_host(&global)).file(OLD, &at_one_host(&old));
        test.run(&["get"], TEAM).password("sk-SENTINEL-teamb");
        test.run(&["get"], MAIN).password("sk-SENTINEL-main");
    }
    let old = at_one_host(&[team, main]).replace("SENTINEL", "SENTINEL-old");
    let test = Test::with(GLOBAL, &at_one_host(&[main, team])).file(OLD, &old);
    test.run(&["get"], TEAM).password("sk-SENTINEL-teamb");
}

#[test]
fn a_key_of_which_nobody_knows_whose_it_is_is_reported_by_its_place() {
    for (entry, problem) in [
        (key("sk-SENTINEL"), "is missing"),
        ("{\"base_url\": \"sk-SENTINEL\", \"auth_data\": {\"api_key\": \"k\"}}".into(), "is not a base URL"),
        ("{\"base_url\": 7, \"auth_data\": {\"api_key\": \"k\"}}".into(), "is not a string"),
    ] {
        let test = Test::with(GLOBAL, &one("mine", &entry));
        test.run(&["list"], "").success().stdout("count=0\n").stderr(&format!(
            "warning: `~/.config/model-forge/config.json`: `$.providers.mine.base_url` {problem}, so the owner of its \
             key is unknown\n"
        ));
        test.run(&["get"], OPENAI).nothing();
    }
}

#[test]
fn of_two_spellings_the_one_that_modelforge_uses_wins_and_the_other_is_reported() {
    for (first, second) in [("github-copilot", "github_copilot"), ("github_copilot", "github-copilot")] {
        let entry = |name: &str| format!("\"{name}\": {{\"auth_data\": {{\"access_token\": \"sk-SENTINEL-{name}\"}}}}");
        let text = format!("{{\"providers\": {{{}, {}}}}}", entry(first), entry(second));
        let test = Test::with(GLOBAL, &text).env("MODELFORGE_CREDENTIAL_WARN_PLAINTEXT", "0");
        let remark = "warning: `~/.config/model-forge/config.json`: `$.providers.github-copilot` is another key for \
                      `https://api.githubcopilot.com`; that of `$.providers.github_copilot` is used\n";
        test.run(&["get"], COPILOT).password("sk-SENTINEL-github_copilot").stderr(remark);
        let listed = test.run(&["list"], "").success().stderr(remark);
        assert!(listed.stdout.ends_with("count=1\n"));
        test.change("erase", &format!("{COPILOT}password=sk-SENTINEL-github_copilot\n")).nothing();
        test.run(&["get"], COPILOT).password("sk-SENTINEL-github-copilot").stderr("");
        test.change("erase", COPILOT).nothing();
        assert!(!test.content(GLOBAL).contains("SENTINEL"));
    }
}

#[test]
fn a_name_that_the_request_uses_tells_two_keys_of_one_place_apart() {
    let entry = |name: &str| {
        format!(
            "\"{name}\": {{\"base_url\": \"https://h/v1\", \"auth_data\": {{\"api_key\": \"sk-SENTINEL-{name}\"}}}}"
        )
    };
    let test = Test::with(GLOBAL, &format!("{{\"providers\": {{{}, {}}}}}", entry("work"), entry("home")));
    for name in ["work", "home"] {
        let request = format!("protocol=https\nhost=h\nprovider={name}\n");
        test.run(&["get"], &request).password(&format!("sk-SENTINEL-{name}"));
    }
}
