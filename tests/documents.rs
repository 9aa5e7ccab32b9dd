//! The documents: each console example prints what it shows, and every option, link and test in a document exists.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Test, files_below, program, programs};

/// Keys of the shapes that the documents sign in with.
const KEYS: [(&str, &str); 3] = [
    ("key.txt", "sk-proj-documents0documents1documents2documents3documents4documents5documents"),
    ("new-key.txt", "sk-proj-replaced00replaced01replaced02replaced03replaced04replaced05replaced0"),
    ("mistral.txt", "documents0documents1documents2do"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Each document with its path and text.
fn documents() -> Vec<(PathBuf, String)> {
    let pages = files_below(&root().join("docs"));
    let all = pages.into_iter().chain(["README.md", "SECURITY.md", "helpers/README.md"].map(|name| root().join(name)));
    let all = all.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    all.map(|path| (path.clone(), fs::read_to_string(path).expect("a document"))).collect()
}

/// The lines of each fenced block in this language, with the number of the line before the first.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<(usize, Vec<&'a str>)> {
    let mut blocks: Vec<(usize, Vec<&str>)> = Vec::new();
    let (mut is_open, mut is_wanted) = (false, false);
    for (number, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        match trimmed.strip_prefix("```") {
            Some(_) if is_open => (is_open, is_wanted) = (false, false),
            Some(named) => {
                (is_open, is_wanted) = (true, named == language);
                if is_wanted {
                    blocks.push((number + 1, Vec::new()));
                }
            }
            None if is_wanted => blocks.last_mut().into_iter().for_each(|block| block.1.push(trimmed)),
            None => {}
        }
    }
    blocks
}

/// A home with the keys that the examples read, and the programs on PATH.
fn stage() -> Test {
    let test = Test::new();
    let path = format!("{}:{}:/usr/local/bin:/usr/bin:/bin", programs().display(), test.bin().display());
    for (name, key) in KEYS {
        fs::write(test.work().join(name), format!("{key}\n")).expect("a key");
    }
    let script = "import os; print(len(os.environ['OPENAI_API_KEY']), 'characters')\n";
    fs::write(test.work().join("script.py"), script).expect("a script");
    test.env("PATH", path)
}

/// The output of a command on both streams, with the names of folders as a document has them.
fn told(test: &Test, command: &str) -> String {
    let output = test.run(&["/bin/sh", "-c", &format!("exec 2>&1\n{command}")], "");
    let text = String::from_utf8(output.stdout).expect("text");
    let text = text.replace(&*programs().to_string_lossy(), "~/.local/bin");
    text.replace(&*test.home().to_string_lossy(), "~")
}

/// A word with a placeholder for what differs from run to run: times, spans, public keys and numbers of processes.
fn settled(word: &str) -> String {
    if word.starts_with("age1") {
        return "age1…".to_owned();
    }
    let shape: String = word.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    let is_number = |text: &str| !text.is_empty() && text.chars().all(|letter| letter == '0' || letter == '.');
    let varies = shape.contains("00:00:00")
        || shape.contains("0000-00-00")
        || shape.contains("00000000-000000")
        || shape.contains('.') && is_number(&shape)
        || shape.strip_prefix('(').is_some_and(|rest| is_number(rest.trim_end_matches([')', ','])));
    if varies { shape.replace("00", "0").replace("00", "0").replace("00", "0") } else { word.to_owned() }
}

fn words(line: &str) -> String {
    line.split_whitespace().map(settled).collect::<Vec<_>>().join(" ")
}

/// Compares line by line; a line `…` stands for any number of lines.
fn is_as_shown(shown: &[&str], told: &[&str]) -> bool {
    match shown.split_first() {
        None => told.is_empty(),
        Some((&"…", rest)) => (0..=told.len()).any(|skipped| is_as_shown(rest, &told[skipped..])),
        Some((line, rest)) => {
            told.split_first().is_some_and(|(other, others)| words(line) == words(other) && is_as_shown(rest, others))
        }
    }
}

/// A home for the examples of a document.
fn stage_of(path: &Path) -> Test {
    if path.ends_with("docs/migrating.md") {
        let file = include_str!("fixtures/modelforge/logged-in.json");
        return stage().file(".config/model-forge/config.json", file);
    }
    stage()
}

/// The commands of a document, each with its line and what the document shows of its output.
fn examples(text: &str) -> Vec<(usize, &str, Vec<&str>)> {
    let mut examples: Vec<(usize, &str, Vec<&str>)> = Vec::new();
    for (first, block) in blocks(text, "console") {
        for (number, line) in block.into_iter().enumerate() {
            match line.strip_prefix("$ ") {
                Some(command) => examples.push((first + number + 1, command, Vec::new())),
                None => examples.last_mut().into_iter().for_each(|example| example.2.push(line)),
            }
        }
    }
    examples
}

/// With `UPDATE_DOCUMENTS` in the environment, a document gets what its commands print now; look at the difference before you commit it.
#[test]
fn every_console_example_prints_what_it_shows() {
    let (mut others, mut count) = (Vec::new(), 0);
    for (path, text) in documents() {
        let (test, mut new) = (stage_of(&path), text.clone());
        for (line, command, shown) in examples(&text) {
            let told = told(&test, command);
            count += 1;
            if !is_as_shown(&shown, &told.lines().collect::<Vec<_>>()) {
                let before: String = shown.iter().map(|line| format!("{line}\n")).collect();
                new = new.replacen(&format!("$ {command}\n{before}"), &format!("$ {command}\n{told}"), 1);
                others.push(format!("{}:{line}\n$ {command}\n{told}", path.display()));
            }
        }
        if std::env::var_os("UPDATE_DOCUMENTS").is_some() && new != text {
            fs::write(&path, new).expect("the document can be written");
        }
    }
    assert!(others.is_empty(), "these commands print something else:\n{}", others.join("\n"));
    assert!(count >= 25, "only {count} examples were found");
}

#[test]
fn every_configuration_in_a_document_is_valid() {
    let mut count = 0;
    for (path, text) in documents() {
        let ours = blocks(&text, "toml").into_iter().filter(|(_, lines)| !lines[0].starts_with("model_provider"));
        for (line, lines) in ours {
            let test = Test::new().config(&lines.join("\n")).args(["providers", "openai"]).any_stderr();
            let told = test.output();
            assert!(told.status.success(), "{}:{line}: {}", path.display(), String::from_utf8_lossy(&told.stderr));
            count += 1;
        }
    }
    assert!(count >= 5, "only {count} configurations were found");
}

/// The command lines of ours in a document: in blocks, and between backquotes.
fn command_lines(text: &str) -> Vec<String> {
    let joined = text.replace("\\\n", " ");
    let after = joined.split("modelforge-credential ").skip(1);
    let ends = ["\n", "`", " | ", "|", " < ", " -- ", ";", "#", ")", "\"", "&&"];
    after.map(|rest| ends.iter().fold(rest, |rest, end| rest.split(end).next().unwrap_or(rest)).to_owned()).collect()
}

#[test]
fn every_option_in_a_document_is_one_of_its_command() {
    let test = Test::new();
    let core = program("modelforge-credential").display().to_string();
    let mut seen = std::collections::BTreeMap::new();
    for (path, text) in documents() {
        for line in command_lines(&text) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let is_word = |word: &&&str| word.chars().all(|letter| letter.is_ascii_lowercase());
            let nested = words.first().is_some_and(|word| ["auth", "helpers", "identity"].contains(word));
            let command: Vec<&str> = words
                .iter()
                .skip_while(|word| word.starts_with("--"))
                .take_while(is_word)
                .take(1 + usize::from(nested))
                .copied()
                .collect();
            for option in words.iter().filter(|word| word.starts_with("--")) {
                let option = option.split('=').next().unwrap_or(option).trim_end_matches([',', '.']);
                let help = seen.entry(command.join(" ")).or_insert_with(|| {
                    let words = [&[core.as_str()], command.as_slice(), &["--help"]].concat();
                    String::from_utf8(test.run(&words, "").stdout).expect("text")
                });
                assert!(help.contains(option), "{}: `{line}`: no option {option}", path.display());
            }
        }
    }
    assert!(seen.len() > 10, "only {} commands were found", seen.len());
}

/// The name of a heading as links have it.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
    text.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_')).collect()
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let mut broken = Vec::new();
    for (path, text) in documents() {
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (file, section) =
                target.split_once('#').map_or((target, None), |(file, section)| (file, Some(section)));
            if file.contains("://") {
                continue;
            }
            let other = if file.is_empty() { path.clone() } else { path.parent().expect("a folder").join(file) };
            let headings = || fs::read_to_string(&other).unwrap_or_default();
            let is_there = section
                .is_none_or(|section| headings().lines().any(|line| line.starts_with('#') && anchor(line) == section));
            if !other.exists() || !is_there {
                broken.push(format!("{}: {target}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_promise_of_security_is_held_by_tests_that_exist() {
    let text = include_str!("../docs/security.md");
    let quoted = text.split('`').skip(1).step_by(2);
    let named: Vec<(&str, &str)> = quoted.filter_map(|name| name.split_once("::")).collect();
    assert!(named.len() >= 30, "only {} tests are named", named.len());
    for (module, name) in named {
        let folder = if module.starts_with("helpers/") { root().to_path_buf() } else { root().join("tests") };
        let file = folder.join(format!("{module}.rs"));
        let source = fs::read_to_string(&file).unwrap_or_else(|problem| panic!("{}: {problem}", file.display()));
        assert!(source.contains(&format!("fn {name}(")), "{} has no test `{name}`", file.display());
    }
    let promises = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| promise"));
    for promise in promises {
        assert!(promise.contains("::"), "no test holds this: {promise}");
    }
}

/// The sources of the programs, in one text.
fn sources() -> String {
    let files = ["src", "helpers"].into_iter().flat_map(|folder| files_below(&root().join(folder)));
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    files.map(|path| fs::read_to_string(path).unwrap_or_default()).collect()
}

#[test]
fn every_message_that_is_explained_is_one_that_a_program_prints() {
    let sources = sources();
    let mut count = 0;
    for page in [include_str!("../docs/troubleshooting.md"), include_str!("../docs/migrating.md")] {
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once(" |"));
        for (messages, _) in rows {
            for piece in messages.split('`').step_by(2).flat_map(|message| message.split('…')) {
                let piece = piece.trim_matches([' ', ',', ';', ':']);
                count += usize::from(piece.len() > 6);
                assert!(sources.contains(piece), "no program prints `{piece}`");
            }
        }
    }
    assert!(count > 20, "only {count} messages were found");
}

#[test]
fn the_readme_is_read_in_a_few_minutes_and_names_every_page() {
    let readme = include_str!("../README.md");
    assert!(readme.lines().count() <= 150);
    for page in files_below(&root().join("docs")) {
        let name = page.strip_prefix(root()).expect("below").display().to_string();
        assert!(readme.contains(&format!("({name}")), "the README does not link {name}");
    }
}
