//! Files that are hard to back up: large, unusual, or stored by a helper that loses a part.

use super::*;

#[test]
fn a_file_larger_than_a_line_of_the_protocol_is_kept_whole() {
    let test = with_file(Test::new());
    let large = file(&test).replacen('{', &format!("{{\"note\": \"{}\",", "x".repeat(200_000)), 1);
    std::fs::write(test.home().join(CONFIG), &large).expect("a file");
    let (test, _, _) = run(test, &["migrate", "--yes"], 0);
    let (test, _, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
    assert!(file(&test) == large);
}

#[test]
fn every_fixture_and_files_made_at_random_come_back_byte_for_byte() {
    let mut texts = vec![
        include_str!("../../fixtures/modelforge/four-providers.json").to_owned(),
        include_str!("../../fixtures/modelforge/logged-in.json").to_owned(),
        include_str!("../../fixtures/modelforge/hand-edited.json").to_owned(),
    ];
    texts.extend((0..6).map(random_file));
    for text in texts {
        let test = Test::new().file(CONFIG, &text);
        let test = test.args(["migrate", "--yes", "--drop-expired"]).any_stderr();
        let output = test.output();
        let shown = test.text(&output.stdout);
        assert!(shown.contains("moved "), "{shown}\n{text}");
        assert_ne!(file(&test), text);
        let (test, shown, _) = run(test, &["migrate", "--rollback", "--yes"], 0);
        assert!(shown.contains("byte for byte"), "{shown}\n{text}");
        assert_eq!(file(&test), text);
    }
}

/// A file as people and programs write them: any indent, order, line end and escape.
fn random_file(seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let end = ["\n", "\r\n", ""][next(3) as usize];
    let gap = if end.is_empty() { "" } else { [" ", "  ", "\t", "    "][next(4) as usize] };
    let colon = [": ", ":", " : "][next(3) as usize];
    let mut entries = Vec::new();
    for name in ["openai", "mistral", "openrouter", "google", "groq", "\\u0061nthropic"] {
        let key: String = (0..40).map(|_| char::from(b'a' + next(26) as u8)).collect();
        let secret = format!("\"auth_data\"{colon}{{{end}{gap}\"api_key\"{colon}\"{key}\"{end}}}");
        let strategy = format!("\"auth_strategy\"{colon}\"api_key\"");
        let odd = format!("\"gr\\u00fc\\u00dfe\"{colon}[1, 2.50, 1e3, 12345678901234567890, null]");
        let mut members = [secret, strategy, odd];
        members.rotate_left(next(3) as usize);
        entries.push(format!("\"{name}\"{colon}{{{end}{gap}{}{end}}}", members.join(&format!(",{end}{gap}"))));
    }
    let tail = ["\n", "", "\n\n"][next(3) as usize];
    format!("{{{end}\"providers\"{colon}{{{end}{}}},{end}\"x\"{colon}1{end}}}{tail}", entries.join(&format!(",{end}")))
}

#[test]
#[ignore = "needs strace"]
fn where_one_file_cannot_be_kept_the_backups_of_others_stay() {
    let age = crate::support::program("modelforge-credential-age").display().to_string();
    let odd = format!(
        "input=$(cat); case $1$input in store*models.json*) exit 1 ;; esac; printf '%s\\n' \"$input\" | '{age}' $1"
    );
    let test = with_file(Test::new()).script("odd", &odd).config("helpers = ['odd']");
    let text = file(&test);
    let core = crate::support::program("modelforge-credential").display().to_string();
    let strace = crate::support::system("strace", "strace").display().to_string();
    let journal = test.home().join(".local/state/modelforge-credential/migrations.jsonl");
    std::fs::create_dir_all(journal.parent().expect("a folder")).expect("a folder");
    std::fs::write(&journal, "").expect("a journal");
    let journal = journal.display().to_string();
    // Killed before its last note: its keys are out of the file.
    let inject = "inject=openat:signal=SIGKILL:when=7";
    let line = [&strace, "-f", "-o", "/dev/null", "-P", &journal, "-e", inject, &core, "migrate", "--yes"];
    test.run(&line, "");
    assert!(!file(&test).contains(SECRET));
    let (test, _, stderr) = run(test.file(OLD, text.replace("openai", "mistral")), &["migrate", "--yes"], 1);
    assert!(stderr.contains("the backup of `~/.config/model-forge/models.json` could not be stored"), "{stderr}");
    let (_, text, _) = run(test, &["migrate", "--backups"], 0);
    assert!(text.contains("config.json"), "{text}");
}

#[test]
fn a_helper_that_keeps_only_the_beginning_of_a_long_file_is_not_trusted_with_it() {
    let age = crate::support::program("modelforge-credential-age").display().to_string();
    let test = with_file(Test::new()).script("short", &format!("grep -v '^content' | '{age}' $1"));
    let large = file(&test).replacen('{', &format!("{{\"note\": \"{}\",", "x".repeat(200_000)), 1);
    std::fs::write(test.home().join(CONFIG), &large).expect("a file");
    let (test, _, stderr) = run(test, &["migrate", "--to", "short", "--yes"], 1);
    assert!(
        stderr.contains("could not be stored, so nothing was removed from the file: no helper returned all of it"),
        "{stderr}"
    );
    assert!(file(&test) == large);
}
