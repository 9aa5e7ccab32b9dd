use std::time::{Duration, Instant};

use super::*;
use crate::table::{PROJECT, TOOLS, of_project};

#[test]
fn a_file_of_very_many_keys_is_refused_at_once() {
    let lines: String = (0..100_000).map(|number| format!("K{number}_API_KEY=aB3dE6gH9jK2mN5p\n")).collect();
    let bases: String = (0..50_000).map(|number| format!("K{number}_BASE_URL=https://llm.example.org\n")).collect();
    let begun = Instant::now();
    let read = read(&PROJECT, of_project(".env").expect("a row"), ".env", &(bases + &lines));
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert_eq!(read.err().map(|problem| problem.to_string()).as_deref(), Some("`.env` has more than 500 keys"));
}

#[test]
fn a_file_of_very_many_lists_is_read_at_once() {
    let file = of_project("litellm.yaml").expect("a row");
    let text: String = (0..50_000).map(|number| format!("k{number}: {{a: 1}}\n")).collect();
    let begun = Instant::now();
    assert!(read(&PROJECT, file, "litellm.yaml", &text).is_ok());
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn a_script_of_very_many_brackets_or_documents_is_read_at_once() {
    let open = "(".repeat(1_000_000);
    let closed = format!("{open}{}", "x)".repeat(1_000_000));
    let documents: String = (0..100_000).map(|number| format!("cat <<E{number}\n")).collect();
    for text in [open, closed, documents] {
        let begun = Instant::now();
        assert!(of_profile("~/.bashrc", &text).is_empty());
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    }
}

/// The keys that are found in a profile.
fn of_profile(path: &str, text: &str) -> Vec<String> {
    let file = TOOLS.iter().flat_map(|tool| tool.files).find(|file| file.paths.last() == Some(&path));
    let read = read(&PROJECT, file.expect("a row"), path, text).unwrap_or_else(|problem| panic!("{problem}"));
    read.found.iter().map(|found| found.secret.to_string()).collect()
}

#[test]
fn what_only_looks_like_a_document_or_an_end_of_quotation_hides_no_key() {
    const KEY: &str = "sk-sentinel-5f0c9a7e41d84b1f";
    for before in [
        "read -r first rest <<< \"a b\"",
        "read -r first rest <<<word",
        "(( n = 1 << 3 ))",
        "for (( i = 1 << 2; i; i-- )); do :; done",
        "( (true); (true) )",
        "cat <<END",
        "A=$'it\\'s'",
        "cat << 'END'\nit's\nEND",
    ] {
        let text = format!("{before}\nexport OPENAI_API_KEY={KEY}\n");
        assert_eq!(of_profile("~/.bashrc", &text), [KEY], "{before}");
    }
    let fish = format!("echo 'it\\'s'\nset -gx OPENAI_API_KEY {KEY}\n");
    assert_eq!(of_profile("~/.config/fish/config.fish", &fish), [KEY]);
    let inside = format!("((export OPENAI_API_KEY={KEY}; true); true)\n");
    assert_eq!(of_profile("~/.bashrc", &inside), [KEY]);
}
