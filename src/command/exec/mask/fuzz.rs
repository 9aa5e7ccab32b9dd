//! What must hold for any output that passes through a mask.

use std::sync::{Arc, OnceLock};

use super::text::Text;
use super::{ENOUGH, Filter, Mask};

/// Keys for the test: one of the usual length, a short one, one with a character that several forms escape, and one that begins like
/// another.
const SECRETS: [(&str, &str); 4] = [
    ("openai", "sk-test-4f6Q9zL2mN8rT1vX5yB7cD0e"),
    ("other", "longer-than-eight"),
    ("short", "eight=888"),
    ("longer", "longer-than-eight-\u{e9}/+'\"0123"),
];

fn mask() -> Arc<Mask> {
    static MASK: OnceLock<Arc<Mask>> = OnceLock::new();
    let make = || Arc::new(Mask::new(SECRETS.map(|(name, secret)| (name, secret.as_bytes()))));
    Arc::clone(MASK.get_or_init(make))
}

/// Sends an output through a mask. Two bytes say how it is split; the rest is input for [`output`].
pub fn check(input: &[u8]) {
    let mask = mask();
    let Some((cuts, input)) = input.split_first_chunk::<2>() else { return };
    let stream = output(&mask, input);
    let whole = filtered(&mask, [(stream.as_slice(), Pause::No)]);
    for sizes in [cuts.map(|cut| usize::from(cut % 40) + 1), [1, 1], [7, 33]] {
        assert!(filtered(&mask, pieces(&stream, sizes, &[Pause::No])) == whole, "cut into {sizes:?}, it is another");
    }
    // A program may print a replacement itself.
    if memchr::memmem::find(&stream, b" key>").is_none() {
        assert_eq!(text(&seen(&mask, &stream)), text(&rest(&whole)), "of {:?}", text(&stream));
    }
    let pauses = [Pause::No, Pause::Short, Pause::Long, Pause::No, Pause::Long];
    let with_pauses = filtered(&mask, pieces(&stream, cuts.map(|cut| usize::from(cut % 19) + 1), &pauses));
    for shown in [whole, with_pauses] {
        let squeezed = squeezed(&shown);
        for (name, secret) in SECRETS {
            let enough = secret.len().min(ENOUGH);
            let is_there = |part: &[u8]| memchr::memmem::find(&squeezed, part).is_some();
            assert!(!secret.as_bytes().windows(enough).any(is_there), "{name} is shown in {:?}", text(&shown));
        }
    }
}

/// The output: a byte below 128 stands for itself. Others stand for part of a form of a key, which the fuzzer would hardly guess.
fn output(mask: &Mask, input: &[u8]) -> Vec<u8> {
    let forms: Vec<&[u8]> = mask.search.forms().map(|(form, _)| form).collect();
    let (mut output, mut bytes) = (Vec::new(), input.iter().map(|byte| usize::from(*byte)));
    let mut add = |form: &[u8], start: usize, length: usize| {
        let start = start % form.len();
        output.extend_from_slice(&form[start..(start + length).min(form.len())]);
    };
    while let Some(byte) = bytes.next() {
        let mut next = || bytes.next().unwrap_or(0);
        match byte {
            0..0x80 => add(&[byte as u8], 0, 1),
            // A part of a key as it is, a form, a part of one, any byte.
            0x80..0xa0 => add(SECRETS[byte % SECRETS.len()].1.as_bytes(), next(), byte / 4),
            0xa0..0xc0 => add(forms[next() % forms.len()], 0, usize::MAX / 2),
            0xc0..0xe0 => add(forms[next() % forms.len()], next(), next()),
            _ => add(&[next() as u8], 0, 1),
        }
    }
    output
}

#[derive(Clone, Copy)]
enum Pause {
    No,
    Short,
    Long,
}

fn pieces<'a>(stream: &'a [u8], sizes: [usize; 2], pauses: &[Pause]) -> Vec<(&'a [u8], Pause)> {
    let (mut rest, mut pieces) = (stream, Vec::new());
    for (size, pause) in sizes.iter().cycle().zip(pauses.iter().cycle()) {
        let (piece, left) = rest.split_at(rest.len().min(*size));
        pieces.push((piece, *pause));
        rest = left;
        if rest.is_empty() {
            break;
        }
    }
    pieces
}

fn filtered<'a>(mask: &Arc<Mask>, pieces: impl IntoIterator<Item = (&'a [u8], Pause)>) -> Vec<u8> {
    let (mut filter, mut output) = (Filter::new(Arc::clone(mask)), Vec::new());
    for (piece, pause) in pieces {
        filter.push(piece, &mut output);
        match pause {
            Pause::No => {}
            Pause::Short => filter.catch_up(&mut output),
            Pause::Long => filter.show_a_little(&mut output),
        }
    }
    filter.finish(&mut output);
    output
}

/// What must be visible of an output, computed in the simplest way: each byte outside gaps and keys.
pub fn seen(mask: &Mask, stream: &[u8]) -> Vec<u8> {
    let bytes = squeezed(stream);
    let mut is_hidden = vec![false; bytes.len()];
    for (form, enough) in mask.search.forms() {
        for part in form.windows(enough) {
            for at in memchr::memmem::find_iter(&bytes, part) {
                is_hidden[at..at + part.len()].fill(true);
            }
        }
    }
    without_bells(bytes.into_iter().zip(is_hidden).filter(|(_, is_hidden)| !is_hidden).map(|(byte, _)| byte))
}

/// What was shown of an output, without gaps. A bell in place of each replacement separates its neighbours.
fn rest(shown: &[u8]) -> Vec<u8> {
    let mut shown = shown.to_vec();
    for (name, _) in SECRETS {
        let replacement = format!("<{name} key>");
        let found: Vec<usize> = memchr::memmem::find_iter(&shown, replacement.as_bytes()).collect();
        for at in found.into_iter().rev() {
            shown.splice(at..at + replacement.len(), [7]);
        }
    }
    without_bells(squeezed(&shown).into_iter())
}

fn without_bells(bytes: impl Iterator<Item = u8>) -> Vec<u8> {
    bytes.filter(|byte| *byte != 7).collect()
}

/// The text without gaps.
pub fn squeezed(input: &[u8]) -> Vec<u8> {
    let mut text = Text::default();
    text.add(input);
    text.complete();
    text.bytes().to_vec()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
#[test]
fn what_fuzzing_has_seen_is_masked_as_it_should_be() {
    crate::fuzz_support::replay("mask", check);
}
