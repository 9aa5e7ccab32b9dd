//! Replaces secrets in a stream of output, however it is cut into pieces. A secret may be split by line ends as well (`base64`
//! wraps its lines): they are passed over when it is looked for.
//!
//! What could be the beginning of a secret is held back until it is clear what it is. A prompt must appear all the same, so after a
//! moment ([`Filter::show_a_little`]) the first few bytes of it are shown, and never more.

mod patterns;

use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};
use anyhow::Result;
use zeroize::Zeroizing;

/// Fewer bytes than this are no secret that could be told from ordinary text.
pub const SHORTEST: usize = 8;

/// How many bytes of what may be a secret are shown before it is clear.
const A_LITTLE: usize = SHORTEST - 1;

/// More line ends than these in a row wrap nothing: a secret does not go on behind them, or output that consists of them would be
/// held back for ever.
const WRAPPING: usize = 4;

/// The secrets that must not be seen, and what is shown instead.
pub struct Mask {
    forms: Vec<Zeroizing<Vec<u8>>>,
    /// For each form, what replaces it.
    replacements: Vec<String>,
    /// The forms that begin with this byte.
    by_first_byte: Vec<Vec<usize>>,
    search: AhoCorasick,
}

impl Mask {
    /// `secrets` are pairs of a provider and its secret, none shorter than [`SHORTEST`].
    pub fn new<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Self> {
        let (mut forms, mut replacements) = (Vec::<Zeroizing<Vec<u8>>>::new(), Vec::new());
        for (provider, secret) in secrets {
            for mut form in patterns::forms(secret) {
                form.retain(|byte| !is_line_end(*byte));
                if form.len() >= SHORTEST && !forms.contains(&form) {
                    forms.push(form);
                    replacements.push(format!("<{provider} key>"));
                }
            }
        }
        let mut by_first_byte = vec![Vec::new(); 256];
        for (at, form) in forms.iter().enumerate() {
            if let Some(starting) = form.first().and_then(|byte| by_first_byte.get_mut(usize::from(*byte))) {
                starting.push(at);
            }
        }
        let search = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(forms.iter().map(|form| form.as_slice()))?;
        Ok(Self { forms, replacements, by_first_byte, search })
    }

    /// Where, not before `from`, the text may have the beginning of a secret at its end.
    fn unclear_from(&self, text: &[u8], from: usize) -> usize {
        let longest = self.forms.iter().map(|form| form.len()).max().unwrap_or(0);
        let mut places = from.max(text.len().saturating_sub(longest))..text.len();
        places.find(|at| self.may_become(text, *at) > 0).unwrap_or(text.len())
    }

    /// How long the longest secret is that may begin here and that the text ends in the middle of; 0 if none may.
    fn may_become(&self, text: &[u8], at: usize) -> usize {
        let (Some(end), Some(first)) = (text.get(at..), text.get(at)) else { return 0 };
        let starting = self.by_first_byte.get(usize::from(*first)).into_iter().flatten();
        let forms = starting.filter_map(|at| self.forms.get(*at));
        forms.filter(|form| form.len() > end.len() && form.starts_with(end)).map(|form| form.len()).max().unwrap_or(0)
    }
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// One stream of output on its way through a mask.
pub struct Filter {
    mask: Arc<Mask>,
    /// What is not clear yet.
    held: Zeroizing<Vec<u8>>,
    /// How much of it was shown all the same.
    shown: usize,
}

/// What is certain about the text at hand.
#[derive(Clone, Copy, PartialEq)]
enum Certain {
    /// More will come, and make a longer secret of one that is there.
    Nothing,
    /// A secret that is there whole is the one that is meant, unless a much longer one begins like it.
    Secrets,
    /// There is no more.
    End,
}

impl Filter {
    pub fn new(mask: Arc<Mask>) -> Self {
        Self { mask, held: Zeroizing::default(), shown: 0 }
    }

    /// Takes the next piece of output, and returns what may be shown of all that came so far.
    pub fn push(&mut self, piece: &[u8]) -> Zeroizing<Vec<u8>> {
        self.held.extend_from_slice(piece);
        self.take(Certain::Nothing)
    }

    /// Nothing came for a moment: returns what a person who waits for a prompt may see.
    pub fn show_a_little(&mut self) -> Zeroizing<Vec<u8>> {
        let mut output = self.take(Certain::Secrets);
        let limit = self.limit();
        output.extend_from_slice(self.held.get(self.shown..limit).unwrap_or_default());
        self.shown = self.shown.max(limit);
        output
    }

    /// Whether [`Filter::show_a_little`] would show anything.
    pub fn waits(&self) -> bool {
        self.shown < self.limit()
    }

    /// There is no more output: returns the rest.
    pub fn finish(&mut self) -> Zeroizing<Vec<u8>> {
        self.take(Certain::End)
    }

    /// Up to where the held bytes may be shown before they are clear.
    fn limit(&self) -> usize {
        let text = self.held.iter().enumerate().filter(|(_, byte)| !is_line_end(**byte));
        text.map(|(at, _)| at).nth(A_LITTLE).unwrap_or(self.held.len())
    }

    /// The held bytes in which secrets are looked for, and where each stands: without the line ends that may wrap a secret.
    fn text(&self) -> (Zeroizing<Vec<u8>>, Vec<usize>) {
        let mut text = Zeroizing::new(Vec::with_capacity(self.held.len()));
        let mut places = Vec::with_capacity(self.held.len());
        let mut line_ends = 0;
        for (at, byte) in self.held.iter().enumerate() {
            line_ends = if is_line_end(*byte) { line_ends + 1 } else { 0 };
            if line_ends == 0 || line_ends > WRAPPING {
                text.push(*byte);
                places.push(at);
            }
        }
        (text, places)
    }

    fn take(&mut self, certain: Certain) -> Zeroizing<Vec<u8>> {
        let mask = Arc::clone(&self.mask);
        let (text, places) = self.text();
        let place = |at: usize| places.get(at).copied().unwrap_or(self.held.len());
        let unclear_from = |from| if certain == Certain::End { text.len() } else { mask.unclear_from(&text, from) };
        let mut output = Zeroizing::new(Vec::with_capacity(self.held.len()));
        let (mut done, mut from, mut unclear) = (0, 0, unclear_from(0));
        for found in mask.search.find_iter(text.as_slice()) {
            let too_much = match certain {
                Certain::Nothing => 0,
                Certain::Secrets => found.len() + A_LITTLE,
                Certain::End => usize::MAX,
            };
            if (unclear..=found.start()).any(|at| mask.may_become(&text, at) > too_much) {
                break;
            }
            output.extend_from_slice(self.held.get(done.max(self.shown)..place(found.start())).unwrap_or_default());
            let replacement = mask.replacements.get(found.pattern().as_usize());
            output.extend_from_slice(replacement.map_or(b"", |text| text.as_bytes()));
            from = found.end();
            done = place(found.end() - 1) + 1;
            if unclear < from {
                unclear = unclear_from(from);
            }
        }
        let end = place(unclear.max(from));
        output.extend_from_slice(self.held.get(done.max(self.shown)..end).unwrap_or_default());
        let rest = Zeroizing::new(self.held.get(end..).unwrap_or_default().to_vec());
        self.shown = self.shown.saturating_sub(end);
        self.held = rest;
        output
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    const KEY: &str = "sk-test-4f6Q9zL2mN8rT1vX5yB7cD0e";

    fn filter() -> Filter {
        Filter::new(Arc::new(Mask::new([("openai", KEY.as_bytes()), ("other", b"longer-than-eight")]).unwrap()))
    }

    fn text(bytes: &[u8]) -> String {
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    fn masked(input: &str, piece: usize) -> String {
        let mut filter = filter();
        let mut output = Vec::new();
        for piece in input.as_bytes().chunks(piece) {
            output.extend_from_slice(&filter.push(piece));
        }
        output.extend_from_slice(&filter.finish());
        text(&output)
    }

    #[test]
    fn a_secret_is_replaced_however_the_output_is_cut() {
        let encoded = STANDARD.encode(format!("Basic user:{KEY}:"));
        for piece in [1, 2, 3, 5, 7, 31, 32, 33, 1000] {
            assert_eq!(masked(&format!("a {KEY}{KEY} b\n"), piece), "a <openai key><openai key> b\n");
            assert_eq!(masked(&format!("sk-test-sk-{KEY}"), piece), "sk-test-sk-<openai key>");
            assert_eq!(masked("no key at all: sk-test-4f6Q9\n", piece), "no key at all: sk-test-4f6Q9\n");
            assert_eq!(masked("longer-than-eight", piece), "<other key>");
            let output = masked(&encoded, piece);
            assert!(output.contains("<openai key>") && output.len() < 40, "{output}");
        }
    }

    #[test]
    fn a_secret_is_found_across_line_ends() {
        let (start, end) = KEY.split_at(10);
        assert_eq!(masked(&format!("a\n{start}\r\n{end}\nb\n"), 4), "a\n<openai key>\nb\n");
        let wrapped = STANDARD.encode(format!("{}{KEY}{}", "x".repeat(40), "y".repeat(40)));
        let (start, end) = wrapped.split_at(76);
        let output = masked(&format!("{start}\n{end}\n"), 9);
        assert!(output.contains("<openai key>"), "{output}");
    }

    #[test]
    fn a_prompt_appears_and_of_a_secret_never_more_than_a_little() {
        let mut filter = filter();
        assert_eq!(text(&filter.push(b"Your key, as in sk-")), "Your key, as in ");
        assert!(filter.waits());
        assert_eq!(text(&filter.show_a_little()), "sk-");
        assert!(!filter.waits());
        // Typed one by one, each after a pause.
        let mut output = Vec::new();
        for byte in &KEY.as_bytes()[3..] {
            output.extend_from_slice(&filter.push(&[*byte]));
            output.extend_from_slice(&filter.show_a_little());
        }
        assert_eq!(text(&output), "test<openai key>");
        assert_eq!(text(&filter.push(b"!")), "!");
    }

    #[test]
    fn what_turns_out_to_be_none_is_shown_whole_and_once() {
        let mut filter = filter();
        let mut output = filter.push(b"sk-test-4f6Q9z").to_vec();
        output.extend_from_slice(&filter.show_a_little());
        output.extend_from_slice(&filter.show_a_little());
        assert_eq!(text(&output), "sk-test");
        output.extend_from_slice(&filter.push(b" and no more"));
        assert_eq!(text(&output), "sk-test-4f6Q9z and no more");
    }

    #[test]
    fn one_secret_may_be_the_beginning_of_another() {
        let mask = Arc::new(Mask::new([("a", b"secret-one".as_slice()), ("b", b"secret-one-and-two")]).unwrap());
        let mut filter = Filter::new(Arc::clone(&mask));
        assert_eq!(text(&filter.push(b"secret-one-and")), "");
        assert_eq!(text(&filter.push(b"-two")), "<b key>");
        assert_eq!(text(&filter.push(b"secret-one-and-three")), "<a key>-and-three");
        // A pause does not make the shorter one of it: then the rest of the longer would be seen.
        assert_eq!(text(&filter.push(b"secret-one")), "");
        assert_eq!(text(&filter.show_a_little()), "secret-");
        assert_eq!(text(&filter.push(b"-and-two")), "<b key>");
        assert_eq!(text(&filter.push(b"secret-one\n")), "");
        assert_eq!(text(&filter.finish()), "<a key>\n");
    }

    #[test]
    fn a_secret_at_the_end_that_may_go_on_for_no_more_than_a_little_is_replaced_at_once() {
        let mask = Arc::new(Mask::new([("a", b"secret-one".as_slice()), ("b", b"secret-one-and-so")]).unwrap());
        let mut filter = Filter::new(mask);
        assert_eq!(text(&filter.push(b"secret-one")), "");
        assert_eq!(text(&filter.show_a_little()), "<a key>");
    }

    #[test]
    fn what_may_be_a_secret_is_not_held_back_behind_many_line_ends() {
        let mut filter = filter();
        assert_eq!(text(&filter.push(b"sk-\r\n\r\n")), "");
        assert_eq!(text(&filter.push(b"\r\n")), "sk-\r\n\r\n\r\n");
        assert_eq!(text(&filter.push(b"sk-\r\n\r\n")), "");
        assert_eq!(text(&filter.push(&KEY.as_bytes()[3..])), "<openai key>");
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config::with_cases(64))]

        /// Pieces of a secret, whole ones and line ends in any order, cut anywhere, with pauses anywhere.
        #[test]
        fn how_the_output_is_cut_makes_no_difference_and_no_pause_shows_more_than_a_little(
            parts in proptest::collection::vec((0..KEY.len(), 0..=KEY.len(), 0..6_usize), 0..12),
            cuts in proptest::collection::vec((1..40_usize, proptest::bool::ANY), 1..40),
        ) {
            let mut input = String::new();
            for (start, end, kind) in parts {
                match kind {
                    0 => input.push_str(KEY),
                    1 => input.push('\n'),
                    2 => input.push_str(" sk-"),
                    _ => input.push_str(KEY.get(start..end).unwrap_or("s")),
                }
            }
            let whole = masked(&input, usize::MAX);
            let (mut cut, mut paused) = (filter(), filter());
            let (mut output, mut after_pauses) = (Vec::new(), Vec::new());
            let mut rest = input.as_bytes();
            for (length, pauses) in cuts.iter().cycle() {
                let (piece, left) = rest.split_at(rest.len().min(*length));
                output.extend_from_slice(&cut.push(piece));
                after_pauses.extend_from_slice(&paused.push(piece));
                if *pauses {
                    after_pauses.extend_from_slice(&paused.show_a_little());
                }
                rest = left;
                if rest.is_empty() {
                    break;
                }
            }
            output.extend_from_slice(&cut.finish());
            after_pauses.extend_from_slice(&paused.finish());
            proptest::prop_assert_eq!(text(&output), whole.clone());
            // What was shown in a pause stands before the replacement, and is all that differs.
            let after_pauses = text(&after_pauses);
            proptest::prop_assert_eq!(after_pauses.matches("<openai key>").count(), whole.matches("<openai key>").count());
            let unwrapped = after_pauses.replace(&"\n".repeat(WRAPPING + 1), "|").replace('\n', "");
            proptest::prop_assert!(!unwrapped.contains(KEY));
            let more = whole.matches("<openai key>").count() * A_LITTLE;
            let line_ends = input.matches('\n').count();
            proptest::prop_assert!(after_pauses.len() <= whole.len() + more + line_ends);
        }
    }
}
