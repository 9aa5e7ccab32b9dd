//! Recognises texts that cannot be a key, and whose key a text looks like. The same rules apply to typed input, variables and files. The
//! text is never repeated.
//!
//! Sources of the shapes: the issuers' own pages, if they describe them (GitHub's "token formats" of 2021, Google, Anthropic, Hugging
//! Face), otherwise the rules of gitleaks and GitHub's secret scanning (2026).

use std::ops::RangeInclusive;

use crate::by_name;

/// The prefix of a provider's keys.
#[derive(Debug)]
pub struct Shape {
    /// The provider whose keys begin with it.
    pub provider: &'static str,
    /// The prefix. If several match, the longest one counts.
    pub prefix: &'static str,
    /// The possible numbers of characters of a key.
    pub length: RangeInclusive<usize>,
}

const fn shape(provider: &'static str, prefix: &'static str, least: usize, most: usize) -> Shape {
    Shape { provider, prefix, length: least..=most }
}

const SHAPES: &[Shape] = &[
    shape("amazon_bedrock", "ABSK", 100, 300),
    shape("amazon_bedrock", "bedrock-api-key-", 40, 4096),
    shape("anthropic", "sk-ant-", 80, 200),
    shape("cerebras", "csk-", 40, 80),
    shape("databricks", "dapi", 36, 40),
    shape("fireworks_ai", "fw_", 20, 80),
    shape("github_copilot", "gho_", 40, 255),
    shape("github_copilot", "ghp_", 40, 255),
    shape("github_copilot", "ghu_", 40, 255),
    shape("github_copilot", "github_pat_", 82, 110),
    shape("gitlab", "glpat-", 26, 320),
    shape("google", "AIza", 39, 39),
    shape("groq", "gsk_", 40, 80),
    shape("huggingface", "hf_", 30, 60),
    shape("nvidia", "nvapi-", 60, 90),
    shape("openai", "sk-admin-", 40, 220),
    shape("openai", "sk-proj-", 40, 220),
    shape("openai", "sk-svcacct-", 40, 220),
    shape("openrouter", "sk-or-", 60, 90),
    shape("perplexity", "pplx-", 40, 80),
    shape("vercel", "vck_", 30, 80),
    shape("xai", "xai-", 60, 110),
];

/// The provider of Google's service accounts, and the members that each of them has.
const GOOGLE: &str = "google_vertex";
const SERVICE_ACCOUNT: &str = "\"service_account\"";

/// The shape with the prefix of a key.
pub fn shape_of(key: &str) -> Option<&'static Shape> {
    SHAPES.iter().filter(|shape| key.starts_with(shape.prefix)).max_by_key(|shape| shape.prefix.len())
}

/// Why a text cannot be a provider's key. Its `Display` is the end of a sentence that begins with the name of the text: "`OPENAI_API_KEY`
/// has quotation marks around it".
///
/// ```
/// use modelforge_credential_providers::Flaw;
///
/// assert_eq!(Flaw::of("openai", "sk-proj-abc"), None);
/// assert_eq!(Flaw::of("openai", "\"sk-proj-abc\""), Some(Flaw::Quoted));
/// assert_eq!(Flaw::of("openai", "sk-ant-api03-abc"), Some(Flaw::OfAnother("anthropic")));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// It is empty.
    Empty,
    /// It has more than one line.
    LineBreak,
    /// It has a character that controls a terminal.
    Control,
    /// Docker's `--env-file` and cmd.exe's `set` keep the quotation marks around a value.
    Quoted,
    /// It is a line of a shell script: `OPENAI_API_KEY=…`.
    Assignment,
    /// It is the value of a header, with `Bearer` before the key.
    Bearer,
    /// It has `***` or `…`, as on a page or in a log that hides part of the key.
    Masked,
    /// It is a reference to a variable that was not replaced: `$OPENAI_API_KEY`, `${{ secrets.KEY }}`, `%KEY%`.
    Variable,
    /// It is a placeholder: `<your key>`.
    Placeholder,
    /// It contains whitespace.
    WhiteSpace,
    /// It has a character outside ASCII, so it cannot be in a header.
    NotAscii,
    /// It begins like the keys of this other known provider, or is a service account for it.
    OfAnother(&'static str),
}

impl Flaw {
    /// Why `key` cannot be a key of `provider`, if so. A service account (JSON on one line) has spaces, and may have any other visible
    /// character.
    pub fn of(provider: &str, key: &str) -> Option<Self> {
        if key.is_empty() {
            return Some(Self::Empty);
        }
        if key.contains(['\n', '\r']) {
            return Some(Self::LineBreak);
        }
        if key.chars().any(char::is_control) {
            return Some(Self::Control);
        }
        if is_json(key) {
            return key.contains(SERVICE_ACCOUNT).then(|| Self::unless_of(provider, GOOGLE)).flatten();
        }
        Self::of_a_paste(key).or_else(|| Self::of_characters(key)).or_else(|| Self::of_owner(provider, key))
    }

    /// Other text that was copied with the key, or instead of it.
    fn of_a_paste(key: &str) -> Option<Self> {
        const QUOTES: [char; 7] = ['"', '\'', '`', '\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}'];
        if key.starts_with(QUOTES) || key.ends_with(QUOTES) {
            return Some(Self::Quoted);
        }
        let bearer = |word: &str| word.eq_ignore_ascii_case("bearer") || word.eq_ignore_ascii_case("authorization:");
        if key.split_whitespace().next().is_some_and(bearer) {
            return Some(Self::Bearer);
        }
        if key.starts_with('$') || (key.len() > 2 && key.starts_with('%') && key.ends_with('%')) {
            return Some(Self::Variable);
        }
        if key.starts_with('<') && key.ends_with('>') {
            return Some(Self::Placeholder);
        }
        if is_assignment(key) {
            return Some(Self::Assignment);
        }
        let hidden = ["***", "...", "…", "••", "●●"].iter().any(|mark| key.contains(mark));
        hidden.then_some(Self::Masked)
    }

    fn of_characters(key: &str) -> Option<Self> {
        match key.chars().find(|c| !c.is_ascii_graphic()) {
            Some(c) if c.is_whitespace() => Some(Self::WhiteSpace),
            Some(_) => Some(Self::NotAscii),
            None => None,
        }
    }

    fn of_owner(provider: &str, key: &str) -> Option<Self> {
        Self::unless_of(provider, shape_of(key)?.provider)
    }

    /// The problem if the key belongs to this other owner, and is of no use to a known provider of another company.
    fn unless_of(provider: &str, owner: &'static str) -> Option<Self> {
        // Services of the same company accept each other's tokens.
        let family = |name: &'static str| name.split_once('_').map_or(name, |(operator, _)| operator);
        // A provider of the user's own may be a gateway that accepts another provider's keys.
        let known = by_name(provider)?.name;
        (family(owner) != family(known)).then_some(Self::OfAnother(owner))
    }

    /// True if no program could send or show it. Then not even `--unchecked` accepts it.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Empty | Self::LineBreak | Self::Control)
    }
}

/// True if it may be a service account: a JSON object.
pub fn is_json(key: &str) -> bool {
    key.starts_with('{') && key.ends_with('}')
}

/// `NAME=…`. A key in base64 may end in `=`, but has nothing after it.
fn is_assignment(key: &str) -> bool {
    key.split_once('=').is_some_and(|(name, value)| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && !value.trim_start_matches('=').is_empty()
    })
}

impl std::fmt::Display for Flaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Empty => "is empty",
            Self::LineBreak => "has a line break in it",
            Self::Control => "has a control character in it",
            Self::Quoted => "has quotation marks around it",
            Self::Assignment => "begins with the name of a variable and `=`",
            Self::Bearer => "begins with `Bearer` or `Authorization:`",
            Self::Masked => "is partly hidden (`***` or `...`): copy the key itself",
            Self::Variable => "is the name of a variable and not its value",
            Self::Placeholder => "is a placeholder (`<…>`)",
            Self::WhiteSpace => "has whitespace in it",
            Self::NotAscii => "has a character that is not ASCII in it",
            Self::OfAnother(other) => return write!(f, "looks like a key for `{other}`"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shapes_are_those_of_known_providers() {
        for shape in SHAPES {
            assert_eq!(by_name(shape.provider).map(|known| known.name), Some(shape.provider));
        }
    }

    #[test]
    fn what_was_pasted_with_a_key_or_instead_of_one_is_told() {
        for (key, flaw) in [
            ("", Flaw::Empty),
            ("sk-a\nsk-b", Flaw::LineBreak),
            ("sk-a\u{1b}[2Jb", Flaw::Control),
            ("sk-a\u{9b}b", Flaw::Control),
            ("\"sk-abc\"", Flaw::Quoted),
            ("'sk-abc'", Flaw::Quoted),
            ("sk-abc\"", Flaw::Quoted),
            ("\u{201c}sk-abc\u{201d}", Flaw::Quoted),
            ("OPENAI_API_KEY=sk-abc", Flaw::Assignment),
            ("key=sk-abc", Flaw::Assignment),
            ("Bearer sk-abc", Flaw::Bearer),
            ("bearer\u{a0}sk-abc", Flaw::Bearer),
            ("Authorization: Bearer sk-abc", Flaw::Bearer),
            ("****************", Flaw::Masked),
            ("sk-...abcd", Flaw::Masked),
            ("sk-…abcd", Flaw::Masked),
            ("$OPENAI_API_KEY", Flaw::Variable),
            ("${OPENAI_API_KEY}", Flaw::Variable),
            ("${{ secrets.OPENAI_API_KEY }}", Flaw::Variable),
            ("%OPENAI_API_KEY%", Flaw::Variable),
            ("<your-key>", Flaw::Placeholder),
            ("sk abc", Flaw::WhiteSpace),
            ("sk-äbc", Flaw::NotAscii),
            ("sk-ant-api03-abc", Flaw::OfAnother("anthropic")),
        ] {
            assert_eq!(Flaw::of("openai", key), Some(flaw), "{key}");
        }
    }

    #[test]
    fn what_may_be_a_key_is_let_through() {
        for (provider, key) in [
            ("openai", "sk-proj-abc"),
            ("openai", "hunter2"),
            ("mistral", "YWJjZGVm=="),
            ("mistral", "YWJjZGVm="),
            ("my_gateway", "sk-ant-api03-abc"),
            ("github_models", "ghp_abc"),
            ("claude", "sk-ant-api03-abc"),
            ("google_vertex", r#"{"type": "service_account", "private_key": "-----BEGIN\n a b"}"#),
        ] {
            assert_eq!(Flaw::of(provider, key), None, "{provider} {key}");
        }
    }

    #[test]
    fn no_sentence_repeats_the_key() {
        for key in ["\"geheim\"", "K=geheim", "geheim geheim", "geheim…", "$geheim", "<geheim>"] {
            let flaw = Flaw::of("openai", key).unwrap().to_string();
            assert!(!flaw.contains("geheim"), "{flaw}");
        }
    }
}
