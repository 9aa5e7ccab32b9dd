//! Whether a text may be a key, and not a placeholder, a reference, or the name of a variable.

use modelforge_credential_providers::Flaw;

/// The shortest text that may be a key.
const SHORTEST: usize = 16;

/// The beginnings of references to another value.
const REFERENCES: [&str; 12] =
    ["op:", "env:", "file:", "vault:", "secret:", "keyring:", "pass:", "ref+", "os.environ/", "{", "!", "arn:"];

/// Words that occur in placeholders, but not in keys.
const PLACEHOLDERS: [&str; 14] = [
    "your",
    "example",
    "changeme",
    "change",
    "placeholder",
    "insert",
    "dummy",
    "replace",
    "todo",
    "none",
    "ollama",
    "sample",
    "redacted",
    "needed",
];

/// True if it may be a key.
pub fn is_key(text: &str) -> bool {
    let is_reference = REFERENCES.iter().any(|start| text.starts_with(start)) || text.contains("${");
    let has_placeholder = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| PLACEHOLDERS.iter().any(|placeholder| word.eq_ignore_ascii_case(placeholder)));
    let distinct = text.bytes().collect::<std::collections::BTreeSet<u8>>().len();
    text.len() >= SHORTEST
        && distinct >= 8
        && Flaw::of("", text).is_none()
        && !is_reference
        && !has_placeholder
        && !text.contains("://")
        && !is_run(text)
        && !is_name(text)
}

/// `xxxxxxxx`: one character repeated.
fn is_run(text: &str) -> bool {
    text.as_bytes().windows(6).any(|run| run.iter().all(|byte| Some(byte) == run.first()))
}

/// The name of a variable: `OPENAI_API_KEY`.
fn is_name(text: &str) -> bool {
    text.contains('_') && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_references_and_names_are_no_keys() {
        for text in [
            "",
            "sk-...",
            "sk-1234",
            "<your key>",
            "your-key-here",
            "sk-ant-xxxxxxxxxxxxxxxxxxxxxxxx",
            "${OPENAI_API_KEY}",
            "$OPENAI_API_KEY",
            "op://Private/xai/key",
            "os.environ/GROQ_API_KEY",
            "{env:GROQ_API_KEY}",
            "!modelforge-credential print openai",
            "ANTHROPIC_API_KEY",
            "ollama",
            "lm-studio-no-key-needed",
            "https://example.com/a/b/c",
            "${{ secrets.OPENAI_API_KEY }}",
            "prefix${OPENAI_API_KEY}suffix",
        ] {
            assert!(!is_key(text), "{text}");
        }
    }

    #[test]
    fn what_looks_like_one_is_one() {
        for text in [
            "sk-sentinel-5f0c9a7e41d84b1f",
            "25uBlJ7mIk43vpIk8dZYJBAMCXDVTojh",
            "hf_FakecGQJUaqsWFkexlfVGWjMmDNJsnFViO",
            "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",
        ] {
            assert!(is_key(text), "{text}");
        }
    }
}
