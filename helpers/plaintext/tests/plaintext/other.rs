//! Files of folders, Python's keyring, and what a rollback stores.

use super::{COPILOT, GLOBAL, KEYRING, LOGGED_IN, OPENAI, Test, key, one};

#[test]
fn the_file_of_a_folder_answers_only_for_the_account_that_is_named_after_it() {
    let test = Test::with("project/.model-forge/config.json", &one("openai", &key("sk-SENTINEL-local")));
    let folder = test.path("project");
    // A folder that somebody else made must not say with whose key one works.
    test.run_in(&folder, &["get"], OPENAI).nothing();
    test.run_in(&folder, &["get"], &format!("{OPENAI}username=default\n")).nothing();
    let named = format!("{OPENAI}username=project\n");
    let answer = test.run_in(&folder, &["get"], &named).password("sk-SENTINEL-local");
    assert!(answer.stdout.starts_with("username=project\n"));
    test.run(&["get"], &named).nothing();
    let listed = test.run_in(&folder, &["list"], "").success();
    assert!(listed.stdout.contains("\nusername=project\n"));
    let test = test.file(GLOBAL, &one("openai", &key("sk-SENTINEL-global")));
    test.run_in(&folder, &["get"], OPENAI).password("sk-SENTINEL-global");
    test.run_in(&folder, &["erase"], &format!("consent=1\n{named}")).nothing();
    assert_eq!(test.content("project/.model-forge/config.json"), one("openai", "{}"));
    assert!(test.content(GLOBAL).contains("SENTINEL"));
}

#[test]
fn a_folder_named_default_is_not_the_default_account() {
    let test = Test::with("default/.model-forge/config.json", &one("openai", &key("sk-SENTINEL")));
    let folder = test.path("default");
    test.run_in(&folder, &["get"], &format!("{OPENAI}username=default\n")).nothing();
    test.run_in(&folder, &["get"], &format!("{OPENAI}username=./default\n")).password("sk-SENTINEL");
}

#[test]
fn a_broken_file_in_the_folder_does_not_matter_to_who_names_no_account() {
    let test = Test::with("project/.model-forge/config.json", "{");
    test.run_in(&test.path("project"), &["get"], OPENAI).nothing();
}

#[test]
fn the_plain_text_keyring_of_python_is_read_and_edited() {
    // printf sk-SENTINEL-1 | base64
    let one = "c2stU0VOVElORUwtMQ==";
    let text = format!(
        "[https_3A_2F_2Fapi_2Eopenai_2Ecom]\nwork = \n\t{one}\n\t\nother = eA==\n\n[openai]\nopenai_5fuser = \n\tc2stU0VOVElO\n\tRUwtMg==\n\t\n\n\
         [https_3A_2F_2Fupload_2Epackages_2Eexample_2Flegacy_2F]\n__token__ = \n\t{one}\n\t\n\n"
    );
    let test = Test::with(KEYRING, &text).env("MODELFORGE_CREDENTIAL_WARN_PLAINTEXT", "0");
    // ModelForge 0.2 kept the default account's.
    test.run(&["get"], OPENAI).password("sk-SENTINEL-2").stderr("");
    test.run(&["get"], &format!("{OPENAI}username=work\n")).password("sk-SENTINEL-1");
    test.run(&["get"], "protocol=https\nhost=upload.packages.example\npath=legacy\n").nothing();
    let listed = test.run(&["list"], "").success().stderr("");
    assert!(listed.stdout.ends_with("count=3\n"));
    test.change("erase", &format!("{OPENAI}username=work\n")).nothing();
    let gone = format!("work = \n\t{one}\n\t\n");
    assert_eq!(test.content(KEYRING), text.replacen(&gone, "", 1));
    test.change("erase", &format!("{OPENAI}username=default\n")).nothing();
    let gone_too = "openai_5fuser = \n\tc2stU0VOVElO\n\tRUwtMg==\n\t\n";
    assert_eq!(test.content(KEYRING), text.replacen(&gone, "", 1).replacen(gone_too, "", 1));
}

#[test]
fn without_consent_the_files_stay_as_they_are() {
    let test = Test::with(GLOBAL, LOGGED_IN);
    for request in [OPENAI.to_owned(), format!("{OPENAI}consent=0\n"), format!("{OPENAI}password=sk-SENTINEL\n")] {
        test.run(&["erase"], &request).nothing();
        assert_eq!(test.content(GLOBAL), LOGGED_IN);
    }
    test.change("erase", OPENAI).nothing();
    let without = test.content(GLOBAL);
    let credential = format!("{OPENAI}password=sk-zA1k9HcOmxPF8MOpoLquDjRFfMNNiSyHOv99eC5xWPOgyTZ3\n");
    test.run(&["store"], &credential).nothing();
    assert_eq!(test.content(GLOBAL), without);
    test.change("store", &credential).nothing();
    assert_eq!(test.content(GLOBAL), LOGGED_IN);
    // One that is there is newer than what would be put back.
    test.change("store", &format!("{OPENAI}password=sk-SENTINEL\n")).nothing();
    test.change("store", &format!("{OPENAI}username=work\npassword=sk-SENTINEL\n")).nothing();
    assert_eq!(test.content(GLOBAL), LOGGED_IN);
}

#[test]
fn a_rolled_back_token_is_the_same_token() {
    let test = Test::with(GLOBAL, LOGGED_IN).env("MODELFORGE_CREDENTIAL_WARN_PLAINTEXT", "0");
    let before = test.run(&["get"], COPILOT).success().stdout;
    test.change("erase", COPILOT).nothing();
    test.run(&["get"], COPILOT).nothing();
    let (credential, _) = before.split_once("storage=").unwrap();
    test.change("store", &format!("{COPILOT}{credential}")).nothing();
    assert_eq!(test.run(&["get"], COPILOT).success().stdout, before);
}
