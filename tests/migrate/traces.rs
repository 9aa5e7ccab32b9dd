//! What a migration leaves in git, in systemd units and in its notes, and its questions and messages about that.

use super::*;

const OTHER: &str = "sk-proj-FakelvtugD1uqMWo8GIWXqZ6phIeeWdKpPxuVfqtcv4isaDczLLNbf4uydU2C0U7lgpEYbv0dqT3BlbkFJfTrvwZi";
const CODEX: &str = ".codex/auth.json";
const LLM: &str = ".config/io.datasette.llm/keys.json";

fn codex(key: &str) -> String {
    format!("{{\"OPENAI_API_KEY\": \"{key}\"}}")
}

#[test]
fn a_migration_whose_backup_was_erased_is_not_offered_for_a_rollback() {
    let (test, shown, _) = run(Test::new().helpers("age").file(CODEX, codex(SECRET)), &["migrate", "--yes"], 0);
    let id = shown.split("--rollback ").nth(1).and_then(|rest| rest.split('`').next()).expect("a name").to_owned();
    let (test, shown, _) = run(test, &["migrate", "--status"], 0);
    assert!(shown.contains(&format!("--rollback {id}")), "{shown}");
    let (test, shown, _) = run(test, &["migrate", "--forget-backup", &id], 0);
    assert_eq!(shown, format!("erased the backup of {id}: its keys stay in the chain, and cannot be restored\n"));
    let (test, shown, _) = run(test, &["migrate", "--status"], 0);
    assert!(!shown.contains("--rollback"), "{shown}");
    let (test, _, stderr) = run(test, &["migrate", "--rollback", "--yes"], 1);
    assert!(stderr.contains("error: there is no migration to roll back\n"), "{stderr}");
    let said = format!(
        "error: the backup of migration {id} was erased, so its keys stay in the chain\nhint: modelforge-credential status\n"
    );
    let test = test.args(["migrate", "--rollback", &id, "--yes"]).stderr(&said).failure();
    test.args(["print", "openai"]).stdout(&format!("{SECRET}\n")).success();
}

#[cfg(target_os = "linux")]
#[test]
fn a_repository_that_has_the_file_is_named_for_its_history_may_have_the_key() {
    let test = Test::new().helpers("age").file("dot files/bashrc", format!("export OPENAI_API_KEY={SECRET}\n"));
    let test = test.file("dot files/other", "");
    let top = test.home().join("dot files").display().to_string();
    let git = crate::support::system("git", "git").display().to_string();
    for words in [&["init", "--quiet"][..], &["add", "bashrc"]] {
        let output = test.run(&[&[git.as_str(), "-C", &top], words].concat(), "");
        assert!(output.status.success(), "{output:?}");
    }
    let objects = files_below(&test.home().join("dot files/.git"));
    let test = objects.into_iter().fold(test, Test::may_hold_the_secret);
    std::os::unix::fs::symlink("dot files/bashrc", test.home().join(".bashrc")).expect("a link");
    let (test, shown, _) = run(test, &["migrate", "--yes"], 0);
    let said = format!(
        "the history of the git repository `~/dot files` may still have the keys; `modelforge-credential scan '{top}'` finds them\n"
    );
    assert!(shown.contains(&said), "{shown}");
    // One that git was never told of is in no history.
    let test = test.file("dot files/.env", format!("OPENAI_API_KEY={SECRET}\n"));
    let (test, shown, _) = run(test, &["migrate", &top, "--yes"], 0);
    assert!(shown.contains("1 moved") && !shown.contains("the history"), "{shown}");
    drop(test);
}

#[test]
fn a_key_in_a_unit_of_systemd_is_reported_with_what_to_write_instead() {
    let unit = format!("[Service]\nEnvironment=\"A=b c\" OPENAI_API_KEY={SECRET}\nExecStart=/bin/true\n");
    let name = ".config/systemd/user/agent.service.d/override.conf";
    let (test, _, stderr) = run(Test::new().file(name, &unit), &["migrate", "--yes"], 0);
    let said = format!(
        "warning: `~/{name}`: a key for `openai` is in `Environment=`, and stays: \
         write `ExecStart=%h/.local/bin/modelforge-credential exec openai -- …` instead\n"
    );
    assert!(stderr.contains(&said), "{stderr}");
    assert_eq!(std::fs::read_to_string(test.home().join(name)).expect("it is there"), unit);
}

#[test]
fn the_folders_that_were_looked_at_are_named() {
    let test = Test::new().helpers("age").file("p/.env", "PORT=80\n");
    let folder = test.home().join("p").display().to_string();
    let said = "no key was found in plain text\nsearched: the files of projects in `~/p`\n";
    test.args(["migrate", &folder]).stdout(said).success();
}

#[cfg(unix)]
#[test]
fn a_person_is_asked_whether_tools_with_different_keys_keep_their_own() {
    use crate::prompt::Session;
    let llm = format!("{{\n  \"openai\": \"{OTHER}\"\n}}\n");
    let test = Test::new().helpers("age").env("MODELFORGE_CREDENTIAL_INTERACTIVE", "");
    let test = test.file(CODEX, codex(SECRET)).file(LLM, llm).args(["migrate"]);
    let mut session = Session::bare(&test);
    session.expect("it can be the account `openai:llm`");
    session.expect("give each such tool an account of its own? [y/N] ");
    session.types("y\n");
    session.expect("move 2 out of plain text? [y/N] ");
    session.types("y\n");
    let (status, _, shown) = session.end();
    assert!(status.success() && shown.contains("exec openai:llm -- llm"), "{shown}");
    let test = test.args(["print", "openai:llm"]).stdout(&format!("{OTHER}\n")).success();
    test.args(["print", "openai"]).stdout(&format!("{SECRET}\n")).success();
}

#[test]
fn status_and_doctor_show_the_files_of_tools_and_who_can_read_them() {
    let test =
        Test::new().helpers("age").file(CODEX, codex(SECRET)).file(".bashrc", format!("export GROQ_API_KEY={OTHER}\n"));
    #[cfg(unix)]
    std::fs::set_permissions(test.home().join(CODEX), std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .expect("a mode");
    let others = if cfg!(unix) { "; other users can read it (mode 0644)" } else { "" };
    let codex = format!("`~/{CODEX}` (codex) has keys: `openai`{others}");
    let test = test.args(["status"]).stderr(
        "warning: 2 files of other programs have keys in plain text\nhint: modelforge-credential migrate --dry-run\n",
    );
    let said =
        format!("no provider is signed in, and none is configured\n`~/.bashrc` (shell) has keys: `openai`\n{codex}\n");
    let test = test.stdout(&said).success();
    let (test, shown, _) = run(test, &["status", "--json"], 0);
    let files = json(&shown)["files"].clone();
    assert_eq!((&files[1]["tool"], &files[1]["providers"][0]), (&"codex".into(), &"openai".into()), "{files}");
    let (_, shown, _) = run(test, &["doctor"], 0);
    assert!(shown.contains(&codex), "{shown}");
}
