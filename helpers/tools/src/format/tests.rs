use std::path::Path;

use super::*;

fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()))
}

/// Removes everything that looks like a key, one by one.
#[track_caller]
fn without_keys(format: Format, text: &str) -> String {
    let mut text = Zeroizing::new(text.to_owned());
    loop {
        let leaves = format.leaves(&text).unwrap();
        let is_key =
            |leaf: &Leaf| leaf.text.len() > 30 && (leaf.text.contains("Fake") || leaf.text.contains("sk-or-v1-"));
        let Some(at) = leaves.iter().position(is_key) else { return text.to_string() };
        let place = leaves[at].path.join(".");
        text = format.without(&text, at, With::Alone).unwrap_or_else(|| panic!("{place} could not be taken out"));
    }
}

#[test]
fn what_is_taken_out_of_real_files_leaves_what_is_expected() {
    for (format, name) in [
        (Format::Dotenv, "dotenv/variety.env"),
        (Format::Dotenv, "dotenv/bom-nonl.env"),
        (Format::Dotenv, "dotenv/other-host.env"),
        (Format::Dotenv, "aider/dotenv"),
        (Format::Dotenv, "gemini/dotenv"),
        (Format::Dotenv, "sgpt/sgptrc"),
        (Format::Dotenv, "shell/50-llm.conf"),
        (Format::Shell(Shell::Zsh), "shell/zshrc"),
        (Format::Shell(Shell::Fish), "shell/config.fish"),
        (Format::Ini, "huggingface/stored_tokens"),
        (Format::Key, "huggingface/token"),
        (Format::GitStore, "huggingface/git-credentials"),
        (Format::Json, "llm/keys.json"),
        (Format::Json, "cline/providers.json"),
        (Format::Yaml, "aider/aider.conf.yml"),
    ] {
        let (before, after) = (fixture(name), fixture(&format!("{name}.after")));
        assert_eq!(without_keys(format, &before), after, "{name}");
    }
}

#[test]
fn a_machine_of_netrc_goes_whole_and_macros_and_others_stay() {
    let text = "machine a.example login x password secret-of-a\nmachine api.openai.com\n  login me\n  password k # mine\n\
                macdef init\nmachine no password no\n\ndefault login y password z\n";
    let leaves = Format::Netrc.leaves(text).unwrap();
    let paths: Vec<_> = leaves.iter().map(|leaf| leaf.path.join(".")).collect();
    assert_eq!(paths, ["https.a.example.x", "https.api.openai.com.me"]);
    let left = Format::Netrc.without(text, 1, With::Alone).unwrap();
    assert!(
        left.starts_with("machine a.example login x password secret-of-a\n") && !left.contains("openai"),
        "{}",
        *left
    );
    assert!(left.ends_with("macdef init\nmachine no password no\n\ndefault login y password z\n"), "{}", *left);
}

#[test]
fn a_machine_of_netrc_with_something_else_in_it_is_left() {
    for text in [
        "machine api.openai.com login me # password old\n  password k\n",
        "machine api.openai.com login me password old password k\n",
        "machine api.openai.com whatever login me password k\n",
    ] {
        assert!(Format::Netrc.without(text, 0, With::Alone).is_none(), "{text}");
    }
}

#[test]
fn the_key_of_gits_store_is_what_git_reads() {
    let text = "https://me:a%2Bb%3d%zz%@api.mistral.ai\nhttps://me:%ff@api.mistral.ai\n";
    let leaves = Format::GitStore.leaves(text).unwrap();
    assert_eq!(*leaves[0].text, "a+b=%zz%");
    assert!(leaves[0].kind == Kind::Text && leaves[1].kind == Kind::Other);
}

#[test]
fn what_is_left_of_a_script_still_parses() {
    for (before, after) in [
        ("if true; then\n  export A=sk-0\nfi\n", "if true; then\n  :\nfi\n"),
        ("if true; then export A=sk-0; fi\n", "if true; then :; fi\n"),
        ("[ -n \"$X\" ] && export A=sk-0\nls\n", "[ -n \"$X\" ] && :\nls\n"),
        ("export A=sk-0; ls\n", "ls\n"),
        ("export B=1 A=sk-0 C=3\n", "export B=1 C=3\n"),
        ("A=sk-0\nexport A\n", "export A\n"),
        ("EDITOR=vim\nexport A=sk-0 EDITOR\n", "EDITOR=vim\nexport EDITOR\n"),
        ("export EDITOR A=sk-0 # mine\n", "export EDITOR # mine\n"),
        ("if true; then export A=sk-0 B; fi\n", "if true; then export B; fi\n"),
        ("typeset -gx A=sk-0 B\n", "typeset -gx B\n"),
        ("declare -x A=sk-0\n", ""),
        ("if true; then\t# mine\n  export A=sk-0\nfi # end\n", "if true; then\t# mine\n  :\nfi # end\n"),
        ("f() {\n\texport A=sk-0\n}\n", "f() {\n\t:\n}\n"),
        ("export A=\\\nsk-0\nls\n", "ls\n"),
        ("cat <<'X'\nexport A=sk-0\nX\nexport A=sk-0", "cat <<'X'\nexport A=sk-0\nX\n"),
        ("case x in\nx)\n  export A=sk-0\n  ;;\nesac\n", "case x in\nx)\n  :\n  ;;\nesac\n"),
    ] {
        let at = Format::Shell(Shell::Bash).leaves(before).unwrap().iter().rposition(|leaf| leaf.name() == "A");
        let left = at.and_then(|at| Format::Shell(Shell::Bash).without(before, at, With::Alone));
        assert_eq!(left.as_ref().map(|text| text.as_str()), Some(after), "{before}");
    }
    // A variable that is set for one command is part of that command.
    let kinds: Vec<_> =
        Format::Shell(Shell::Bash).leaves("A=sk-0 ls\n").unwrap().into_iter().map(|leaf| leaf.kind).collect();
    assert!(kinds == [Kind::Fixed]);
}

#[test]
fn members_go_with_their_comma_and_comments_stay() {
    for (before, name, after) in [
        ("{\"a\": 1, \"b\": \"k\"}", "b", "{\"a\": 1}"),
        ("{\"b\": \"k\", \"a\": 1}", "b", "{\"a\": 1}"),
        ("{ \"b\": \"k\" }", "b", "{  }"),
        ("{\n  // one\n  \"b\": \"k\",\n  // two\n  \"a\": 1,\n}", "b", "{\n  // one\n  // two\n  \"a\": 1,\n}"),
        ("{\n  \"a\": 1, // one\n  \"b\": \"k\" // two\n}", "b", "{\n  \"a\": 1 // one\n}"),
        ("{\"a\": 1, /* x */ \"b\": \"k\"}", "b", "{\"a\": 1 /* x */ }"),
    ] {
        let at = Format::JsonWithComments.leaves(before).unwrap().iter().position(|leaf| leaf.name() == name).unwrap();
        let left = Format::JsonWithComments.without(before, at, With::Alone);
        assert_eq!(left.as_ref().map(|text| text.as_str()), Some(after), "{before}");
    }
}
