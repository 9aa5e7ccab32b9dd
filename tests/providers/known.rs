//! `providers`: the list of what is known.

use crate::support::{SECRET, Test};

#[test]
fn a_provider_is_found_by_a_part_of_its_name_its_url_or_its_variable() {
    let test = Test::new().helpers("env").env("MISTRAL_API_KEY", SECRET);
    let row = "PROVIDER  SIGNED IN  URL                      VARIABLES\n\
               mistral   yes        https://api.mistral.ai/  MISTRAL_API_KEY\n";
    let row = row.replace("ai/  ", "ai  ").replace("URL                      ", "URL                     ");
    let mut test = test;
    for word in ["mistral", "API.MISTRAL", "mistral_api"] {
        test = test.args(["providers", word]).stdout(&row).success();
    }
    let test = test.args(["providers", "chatgpt"]).any_stdout();
    assert!(String::from_utf8_lossy(&test.output().stdout).contains("\nopenai    no "));
    let none = "error: no provider matches `nobody-has-this`\n\
                hint: modelforge-credential login NAME --url https://…  # adds one of your own\n";
    test.args(["providers", "nobody-has-this"]).stdout("").stderr(none).failure();
}

#[test]
fn every_provider_is_listed_and_those_of_the_configuration_as_well() {
    let test = Test::new().helpers("age").config("[provider.ours]\nurl = 'https://h.example'\nenv = ['OUR_KEY']");
    let test = test.args(["providers", "--json"]).any_stdout();
    let report: serde_json::Value = serde_json::from_slice(&test.output().stdout).expect("it is JSON");
    let rows = report["providers"].as_array().expect("a list");
    assert!(rows.len() > 140);
    let ours = rows.iter().find(|row| row["provider"] == "ours").expect("it is listed");
    assert_eq!((&ours["url"], &ours["variables"][0]), (&"https://h.example".into(), &"OUR_KEY".into()));
    let azure = rows.iter().find(|row| row["provider"] == "azure").expect("it is listed");
    assert!(azure["url"].is_null());
}

#[test]
fn what_people_call_a_provider_leads_to_it() {
    for (word, meant) in
        [("github", "`github_copilot` or `github_models`"), ("kimi", "`moonshotai` or `kimi_for_coding`")]
    {
        let error = format!(
            "error: unknown provider `{word}`\nhint: did you mean {meant}? if not: modelforge-credential login {word} --url https://…\n"
        );
        Test::new().helpers("env").args(["print", word]).stderr(&error).failure();
    }
    for alias in ["chatgpt", "gpt", "openai"] {
        let test = Test::new().helpers("env").env("OPENAI_API_KEY", SECRET).args(["print", alias]);
        test.stdout(&format!("{SECRET}\n")).success();
    }
}

#[test]
fn a_gateway_that_was_declared_is_what_a_mistyped_name_meant() {
    let test = Test::new().helpers("env").config("[provider.llm_gateway_of_ours]\nurl = 'https://h.example'");
    let said = "error: unknown provider `llm_gateway_of_uors`\n\
                hint: did you mean `llm_gateway_of_ours`? if not: modelforge-credential login llm_gateway_of_uors --url https://…\n";
    test.args(["print", "llm-gateway-of-uors"]).stderr(said).failure();
}
