//! Every form is masked, however the output is split, and nothing else is.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use proptest::prelude::*;

use super::fuzz::squeezed;
use super::*;

const KEY: &str = "sk-test-4f6Q9zL2mN8rT1vX5yB7cD0e";
const MASKED: &str = "<openai key>";

fn filter() -> Filter {
    Filter::new(Arc::new(Mask::new([
        ("openai", KEY.as_bytes()),
        ("other", b"longer-than-eight"),
        ("short", b"eight=888"),
    ])))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The masked form of a piece of output, when more follows at once.
fn push(filter: &mut Filter, piece: &str) -> String {
    let mut output = Vec::new();
    filter.push(piece.as_bytes(), &mut output);
    text(&output)
}

fn show_a_little(filter: &mut Filter) -> String {
    let mut output = Vec::new();
    filter.show_a_little(&mut output);
    text(&output)
}

fn cut(mut filter: Filter, input: &[u8], piece: usize) -> String {
    let mut output = Vec::new();
    for piece in input.chunks(piece) {
        filter.push(piece, &mut output);
    }
    filter.finish(&mut output);
    text(&output)
}

/// The masked form of the output as a whole; it is the same however it is cut.
fn masked(input: impl AsRef<[u8]>) -> String {
    let input = input.as_ref();
    let whole = cut(filter(), input, usize::MAX);
    for piece in [1, 2, 3, 5, 7, 31, 32, 33] {
        assert_eq!(cut(filter(), input, piece), whole, "cut into {piece}");
    }
    whole
}

fn hex(text: &str, between: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(between)
}

#[test]
fn a_key_is_replaced_however_the_output_is_cut() {
    assert_eq!(masked(format!("a {KEY}{KEY} b\n")), format!("a {MASKED}{MASKED} b\n"));
    assert_eq!(masked(format!("sk-test-sk-{KEY}")), format!("sk-test-sk-{MASKED}"));
    assert_eq!(masked("longer-than-eight"), "<other key>");
}

#[test]
fn sixteen_characters_of_a_key_are_replaced_and_fifteen_are_not() {
    for start in 0..=KEY.len() - 16 {
        let (part, less) = (&KEY[start..start + 16], &KEY[start..start + 15]);
        assert_eq!(masked(format!("({part})")), format!("({MASKED})"));
        assert_eq!(masked(format!("({less})")), format!("({less})"));
    }
    assert_eq!(masked(&KEY[1..]), MASKED);
    assert_eq!(masked(format!("{}\n", &KEY[..31])), format!("{MASKED}\n"));
}

#[test]
fn of_a_key_of_fewer_than_sixteen_characters_only_the_whole_is_replaced() {
    assert_eq!(masked("eight=888, eight=88"), "<short key>, eight=88");
    assert_eq!(masked("eight=\n888"), "<short key>");
}

#[test]
fn base64_is_replaced_whatever_stands_beside_the_key_and_however_it_is_wrapped() {
    for before in ["", "u", "us", "usr", "user:"] {
        for after in ["", "x", "xy", ":??>"] {
            let plain = format!("{before}{KEY}{after}");
            for encoded in [STANDARD.encode(&plain), URL_SAFE.encode(&plain)] {
                let output = masked(&encoded);
                assert!(output.contains(MASKED) && output.len() < 30, "{plain}: {output}");
                let (start, end) = encoded.split_at(20);
                assert_eq!(masked(format!("{start}\n{end}")), output);
            }
        }
    }
}

#[test]
fn hexadecimal_is_replaced_in_both_cases_and_with_blanks() {
    for between in ["", " "] {
        let digits = hex(KEY, between);
        assert_eq!(masked(format!("0a {digits}\n")), format!("0a {MASKED}\n"));
        assert_eq!(masked(digits.to_uppercase()), MASKED);
    }
    // The start that every key of a provider has in common.
    assert_eq!(masked(hex("sk-test-", "")), hex("sk-test-", ""));
}

#[test]
fn utf_16_is_replaced_in_both_byte_orders_and_as_viewers_show_it() {
    let units = || KEY.encode_utf16();
    let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
    assert_eq!(masked(&little), format!("{MASKED}\0"));
    assert_eq!(masked(&big), format!("\0{MASKED}"));
    assert_eq!(masked(text(&little).replace('\0', ".")), format!("{MASKED}."));
    assert_eq!(masked(text(&little).replace('\0', "^@")), format!("{MASKED}^@"));
    let odd = "schlüssel-größer";
    let filter = || Filter::new(Arc::new(Mask::new([("odd", odd.as_bytes())])));
    for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        let input: Vec<u8> = odd.encode_utf16().flat_map(bytes).collect();
        assert_eq!(cut(filter(), &input, 3), "<odd key>");
    }
}

#[test]
fn quoted_printable_is_replaced_across_its_line_breaks() {
    for at in 1..KEY.len() {
        for line_end in ["\n", "\r\n"] {
            assert_eq!(masked(format!("x{}={line_end}{}\n", &KEY[..at], &KEY[at..])), format!("x{MASKED}\n"));
        }
    }
    let filter = Filter::new(Arc::new(Mask::new([("odd", b"a=b-\xc3\xa9-key".as_slice())])));
    assert_eq!(cut(filter, b"a=3Db-=C3=A9-key", 1), "<odd key>");
}

#[test]
fn colour_codes_inside_a_key_are_kept_behind_it() {
    let grep = |at: usize, to: usize| {
        format!("key \x1b[01;31m\x1b[K{}\x1b[m\x1b[K{}\x1b[1m{}.\n", &KEY[..at], &KEY[at..to], &KEY[to..])
    };
    assert_eq!(masked(grep(3, 9)), format!("key \x1b[01;31m\x1b[K{MASKED}\x1b[m\x1b[K\x1b[1m.\n"));
    assert_eq!(masked(format!("{}\x1b(B\x1b[m{}", &KEY[..5], &KEY[5..])), format!("{MASKED}\x1b(B\x1b[m"));
}

#[test]
fn a_wrapped_key_is_found_across_line_ends_and_indentation() {
    let (start, end) = KEY.split_at(10);
    assert_eq!(masked(format!("a\n{start}\r\n{end}\nb\n")), format!("a\n{MASKED}\nb\n"));
    assert_eq!(masked(format!("    {start}\n    {end}\n")), format!("    {MASKED}\n"));
    assert_eq!(masked(format!("{start}\x1b[K\r\n\x1b[32m\t {end}\n")), format!("{MASKED}\x1b[K\x1b[32m\n"));
    // Blanks within a line are text.
    assert_eq!(masked(format!("{start} {}", &KEY[10..20])), format!("{start} {}", &KEY[10..20]));
}

#[test]
fn many_line_ends_or_blanks_wrap_nothing() {
    let (start, end) = (&KEY[..10], &KEY[10..20]);
    for gap in ["\r\n\r\n\r\n".to_owned(), "\x1b[m".repeat(100), format!("\n{}", " ".repeat(300))] {
        let input = format!("{start}{gap}{end}");
        assert_eq!(masked(&input), input);
    }
    let mut filter = filter();
    assert_eq!(push(&mut filter, "sk-\r\n\r\n"), "");
    assert_eq!(push(&mut filter, "\r\n"), "sk-\r\n\r\n\r\n");
}

#[test]
fn a_title_of_a_window_is_masked() {
    assert_eq!(masked(format!("\x1b]0;{KEY}\x07")), format!("\x1b]0;{MASKED}\x07"));
}

#[test]
fn a_prompt_appears_and_of_a_key_never_more_than_a_little() {
    let mut filter = filter();
    assert_eq!(push(&mut filter, "Your key, as in sk-"), "Your key, as in ");
    assert!(filter.waits());
    assert_eq!(show_a_little(&mut filter), "sk-");
    assert!(!filter.waits());
    // Typed one by one, each after a pause.
    let typed: String =
        KEY[3..].chars().map(|c| push(&mut filter, &c.to_string()) + &show_a_little(&mut filter)).collect();
    assert_eq!(typed, format!("test{MASKED}"));
    assert_eq!(push(&mut filter, "!"), "!");
}

#[test]
fn what_does_not_begin_like_a_key_is_not_waited_for() {
    let mut filter = filter();
    let mut output = Vec::new();
    // The last letters stand inside the key.
    filter.push(b"ready: X5y\n", &mut output);
    filter.catch_up(&mut output);
    assert_eq!(text(&output), "ready: X5y\n");
    assert!(!filter.waits());
    filter.push(b"so: sk", &mut output);
    filter.catch_up(&mut output);
    assert_eq!(text(&output), "ready: X5y\nso: ");
    assert!(filter.waits());
}

#[test]
fn what_turns_out_to_be_no_key_is_shown_whole_and_once() {
    let mut filter = filter();
    let mut output = push(&mut filter, "sk-test-4f6Q9z");
    output += &show_a_little(&mut filter);
    output += &show_a_little(&mut filter);
    assert_eq!(output, "sk-test");
    output += &push(&mut filter, " and no more");
    output += &show_a_little(&mut filter);
    assert_eq!(output, "sk-test-4f6Q9z and no more");
}

#[test]
fn one_key_may_be_the_beginning_of_another() {
    let mask = Arc::new(Mask::new([("a", b"secret-one".as_slice()), ("b", b"secret-one-and-two")]));
    let cut = |input: &str| cut(Filter::new(Arc::clone(&mask)), input.as_bytes(), 3);
    assert_eq!(cut("secret-one-and-two"), "<b key>");
    assert_eq!(cut("secret-one-and-more"), "<a key>-and-more");
    // After a pause the shorter one is replaced, and the rest of the longer is not seen.
    let mut filter = Filter::new(Arc::clone(&mask));
    assert_eq!(push(&mut filter, "secret-one"), "");
    assert_eq!(show_a_little(&mut filter), "<a key>");
    assert_eq!(push(&mut filter, "-and-two!"), "!");
}

#[test]
fn of_several_words_only_the_whole_is_secret() {
    let file = "{\n  \"type\": \"service_account\",\n  \"key\": \"abc\"\n}\n";
    let filter = || Filter::new(Arc::new(Mask::new([("google", file.as_bytes())])));
    assert_eq!(cut(filter(), format!("x{file}").as_bytes(), 5), "x<google key>\n");
    let other = file.replace("abc", "abd");
    assert_eq!(cut(filter(), other.as_bytes(), 5), other);
}

/// Pieces of a key, whole keys, gaps and other text.
fn inputs() -> impl Strategy<Value = String> {
    let part = (0..KEY.len(), 0..=KEY.len()).prop_map(|(one, other)| KEY[one.min(other)..one.max(other)].to_owned());
    let other =
        ["\n", "\r\n    ", "=\n", "\x1b[01;31m", "\x1b", "=", "\n\n\n\n\n\n", " sk-", " ", "s", ".", "\0", "eight=88"];
    let piece = prop_oneof![
        2 => Just(KEY.to_owned()),
        4 => part.clone(),
        2 => part.prop_map(|part| hex(&part, "")),
        1 => Just(STANDARD.encode(format!("u{KEY}:"))),
        4 => proptest::sample::select(other.to_vec()).prop_map(str::to_owned),
    ];
    proptest::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
}

/// The part of the output that must be seen.
fn seen(input: &str) -> String {
    text(&super::fuzz::seen(&filter().mask, input.as_bytes()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn how_the_output_is_cut_makes_no_difference(input in inputs(), cuts in proptest::collection::vec(1..40_usize, 1..40)) {
        let (mut filter, mut output, mut rest) = (filter(), Vec::new(), input.as_bytes());
        for length in cuts.iter().cycle() {
            let (piece, left) = rest.split_at(rest.len().min(*length));
            filter.push(piece, &mut output);
            rest = left;
            if rest.is_empty() {
                break;
            }
        }
        filter.finish(&mut output);
        prop_assert_eq!(text(&output), cut(super::tests::filter(), input.as_bytes(), usize::MAX));
    }

    #[test]
    fn all_that_is_no_key_comes_out_and_no_more(input in inputs()) {
        let output = masked(&input);
        let marked = output.replace(MASKED, "\x07").replace("<short key>", "\x07");
        prop_assert_eq!(text(&squeezed(marked.as_bytes())).replace('\x07', ""), seen(&input));
        if marked == output {
            prop_assert_eq!(output, input);
        }
    }

    #[test]
    fn no_pause_shows_more_than_a_little_of_a_key(input in inputs(), cuts in proptest::collection::vec((1..20_usize, 0..3_u8), 1..40)) {
        let (mut filter, mut output, mut rest) = (filter(), Vec::new(), input.as_bytes());
        for (length, pause) in cuts.iter().cycle() {
            let (piece, left) = rest.split_at(rest.len().min(*length));
            filter.push(piece, &mut output);
            match pause {
                0 => {}
                1 => filter.catch_up(&mut output),
                _ => filter.show_a_little(&mut output),
            }
            rest = left;
            if rest.is_empty() {
                break;
            }
        }
        filter.finish(&mut output);
        let shown = squeezed(&output);
        for part in KEY.as_bytes().windows(16) {
            prop_assert!(memchr::memmem::find(&shown, part).is_none(), "{:?} from {:?}", text(&output), input);
        }
    }
}
