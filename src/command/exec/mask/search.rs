//! Finds runs of text that are a form of a key, or a large enough part of one.
//!
//! Every run that is long enough has [`GRAM`] consecutive bytes of a form at one of the sampled positions. Those are as far apart as the
//! shortest run allows, so most of the text is never read. A match is extended to both sides.

use memchr::memmem;
use zeroize::Zeroizing;

use super::SHORTEST;
use super::forms::Form;

/// The number of bytes that are looked up at once.
const GRAM: usize = SHORTEST;

/// No form has this byte, because UTF-8 and base64 never use it. If one had it, more output than necessary would be held back.
const BETWEEN: u8 = 0xff;

pub struct Search {
    forms: Vec<(Form, usize)>,
    /// For each hash, the index of its first entry in `entries`, plus one.
    heads: Vec<u32>,
    entries: Vec<Entry>,
    shift: u32,
    stride: usize,
    longest: usize,
    /// All possible beginnings of a run with fewer bytes than a gram.
    beginnings: Zeroizing<Vec<u8>>,
}

/// A position in a form, and the next one with the same hash.
struct Entry {
    form: u32,
    offset: u32,
    next: u32,
}

/// A run of text to replace, and the secret that most of it belongs to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    pub start: usize,
    pub end: usize,
    pub secret: usize,
    /// The longest single run in it.
    length: usize,
}

impl Search {
    /// `forms` are pairs of a form, at least as long as a gram, and its secret.
    pub fn new(forms: Vec<(Form, usize)>) -> Self {
        let count: usize = forms.iter().map(|(form, _)| form.bytes.len()).sum();
        let bits = (count * 8).next_power_of_two().trailing_zeros().clamp(10, 24);
        let shortest = forms.iter().map(|(form, _)| form.enough).min().unwrap_or(GRAM);
        let mut search = Self {
            heads: vec![0; 1 << bits],
            entries: Vec::with_capacity(count),
            shift: u64::BITS - bits,
            stride: shortest.saturating_sub(GRAM) + 1,
            longest: forms.iter().map(|(form, _)| form.bytes.len()).max().unwrap_or(0),
            beginnings: Zeroizing::default(),
            forms,
        };
        for (at, (form, _)) in search.forms.iter().enumerate() {
            for (offset, gram) in form.bytes.windows(GRAM).enumerate() {
                let head = &mut search.heads[hash(gram, search.shift)];
                search.entries.push(Entry { form: at as u32, offset: offset as u32, next: *head });
                *head = search.entries.len() as u32;
            }
            let beginning = if form.is_partial() { form.bytes.len() - 1 } else { GRAM - 1 };
            search.beginnings.extend_from_slice(&form.bytes[..beginning]);
            search.beginnings.push(BETWEEN);
        }
        search
    }

    /// The positions in forms that have the hash of these bytes.
    fn places(&self, gram: &[u8]) -> impl Iterator<Item = (usize, usize)> {
        let first = self.heads[hash(gram, self.shift)];
        let entry = move |at: u32| self.entries.get((at as usize).wrapping_sub(1));
        let entries = std::iter::successors(entry(first), move |found| entry(found.next));
        entries.map(|entry| (entry.form as usize, entry.offset as usize))
    }

    /// The runs to replace, in order and without overlaps.
    pub fn find(&self, text: &[u8], found: &mut Vec<Found>) {
        found.clear();
        // For each form, the last run that was extended: where it would end if it were complete, and where it ends.
        let mut seen = vec![(0, 0); if text.len() < GRAM { 0 } else { self.forms.len() }];
        let mut at = 0;
        while let Some(gram) = text.get(at..at + GRAM) {
            let mut next = at + self.stride;
            for (index, offset) in self.places(gram) {
                let (form, secret) = &self.forms[index];
                let whole = (at + form.bytes.len()) - offset;
                if !form.bytes[offset..].starts_with(gram) || (seen[index].0 == whole && at < seen[index].1) {
                    continue;
                }
                let (start, end) = extend(text, at, &form.bytes, offset);
                seen[index] = (whole, end);
                if end - start >= form.enough {
                    add(found, Found { start, end, secret: *secret, length: end - start });
                    // A match that continues after this run has a gram that begins here or earlier.
                    next = next.max(end + 1 - GRAM);
                }
            }
            at = next;
        }
    }

    /// From this position on, the text may be the beginning of a run that continues.
    pub fn unclear_from(&self, text: &[u8]) -> usize {
        let candidates = text.len().saturating_sub(self.longest)..(text.len() + 1).saturating_sub(GRAM);
        let mut candidates = candidates.filter(|at| {
            let tail = &text[*at..];
            self.places(&tail[..GRAM]).any(|(index, offset)| {
                let form = &self.forms[index].0;
                let rest = &form.bytes[offset..];
                (offset == 0 || form.is_partial()) && rest.len() > tail.len() && rest.starts_with(tail)
            })
        });
        candidates.next().unwrap_or_else(|| {
            let tails = (1..GRAM.min(text.len() + 1)).map(|length| text.len() - length);
            let known = tails.take_while(|at| memmem::find(&self.beginnings, &text[*at..]).is_some());
            known.last().unwrap_or(text.len())
        })
    }

    /// Every form, and how many bytes of it are enough.
    #[cfg(any(test, fuzzing))]
    pub fn forms(&self) -> impl Iterator<Item = (&[u8], usize)> {
        self.forms.iter().map(|(form, _)| (form.bytes.as_slice(), form.enough))
    }

    /// True if a form begins with this text.
    pub fn begins_with(&self, text: &[u8]) -> bool {
        self.forms.iter().any(|(form, _)| form.bytes.starts_with(text))
    }
}

fn hash(gram: &[u8], shift: u32) -> usize {
    let number = gram.try_into().map_or(0, u64::from_le_bytes);
    (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> shift) as usize
}

/// How far the match extends before and after this position.
fn extend(text: &[u8], at: usize, form: &[u8], offset: usize) -> (usize, usize) {
    let before = text[..at].iter().rev().zip(form[..offset].iter().rev());
    let before = before.take_while(|(one, other)| one == other).count();
    let behind = text[at..].iter().zip(&form[offset..]).take_while(|(one, other)| one == other).count();
    (at - before, at + behind)
}

/// Adds a run. Runs that overlap are joined.
fn add(found: &mut Vec<Found>, mut run: Found) {
    while let Some(last) = found.pop_if(|last| run.start < last.end) {
        run.start = run.start.min(last.start);
        run.end = run.end.max(last.end);
        if last.length >= run.length {
            (run.secret, run.length) = (last.secret, last.length);
        }
    }
    found.push(run);
}
