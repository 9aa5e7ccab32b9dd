//! The list of what is set.

use super::{KEY, OTHER, answers, succeed};

#[test]
fn list_names_for_each_provider_the_variable_that_answers() {
    let variables = [("OPENAI_API_KEY", KEY), ("GEMINI_API_KEY", KEY), ("MODELFORGE_OPENAI_API_KEY", OTHER)];
    assert_eq!(
        succeed("list", &variables, ""),
        "protocol=https\nhost=generativelanguage.googleapis.com\nusername=default\nprovider=google\n\
         storage=environment\nvariable=GEMINI_API_KEY\n\n\
         protocol=https\nhost=api.openai.com\nusername=default\nprovider=openai\nstorage=environment\n\
         variable=MODELFORGE_OPENAI_API_KEY\n\ncount=2\n"
    );
    assert_eq!(succeed("list", &[], ""), "count=0\n");
}

#[test]
fn list_names_a_shared_variable_once_for_each_place_it_opens() {
    assert_eq!(
        succeed("list", &[("OPENCODE_API_KEY", KEY)], ""),
        "protocol=https\nhost=opencode.ai\npath=zen/v1\nusername=default\nprovider=opencode\nstorage=environment\n\
         variable=OPENCODE_API_KEY\n\n\
         protocol=https\nhost=opencode.ai\npath=zen/go/v1\nusername=default\nprovider=opencode_go\n\
         storage=environment\nvariable=OPENCODE_API_KEY\n\ncount=2\n"
    );
}

#[test]
fn list_follows_the_given_bindings() {
    let request = "env[]=\nenv[]=A corp https://llm.corp/a\nenv[]=B corp https://llm.corp/a\nenv[]=C c https://c\n";
    let variables = [("B", KEY), ("A", OTHER), ("OPENAI_API_KEY", KEY)];
    assert_eq!(
        succeed("list", &variables, request),
        "protocol=https\nhost=llm.corp\npath=a\nusername=default\nprovider=corp\nstorage=environment\nvariable=A\n\n\
         count=1\n"
    );
    assert_eq!(succeed("list", &variables, "env[]=\n"), "count=0\n");
}

#[test]
fn list_names_a_variable_whose_value_is_bad_because_it_is_set() {
    assert!(
        succeed("list", &[("OPENAI_API_KEY", "sk-SENTINEL\n")], "").ends_with("variable=OPENAI_API_KEY\n\ncount=1\n")
    );
}

#[test]
fn every_credential_that_list_names_is_found_by_get() {
    let variables = [("ZHIPU_API_KEY", KEY), ("XIAOMI_API_KEY", KEY), ("302AI_API_KEY", OTHER), ("HF_TOKEN", KEY)];
    let list = succeed("list", &variables, "");
    let records: Vec<_> = list.split("\n\n").filter(|record| !record.starts_with("count=")).collect();
    assert_eq!(records.len(), 10);
    for record in records {
        let named = record.lines().find_map(|line| line.strip_prefix("variable="));
        assert_eq!(answers(&variables, record).as_deref(), named, "{record}");
    }
}
