//! Finds complete keys in any of their forms.
//!
//! Every occurrence of a form has [`GRAM`] consecutive bytes at one of the sampled positions, which are as far apart as the shortest form
//! allows. So one lookup covers many bytes. A small table of bits, which fits into the fastest cache, answers nearly all lookups: each
//! place sets three bits of one word, so one access shows whether all are set. The last bytes of a form are looked up, because keys of one
//! issuer begin alike.
//!
//! The allocator of this program wipes all memory when it is freed, also the memory used here.

use zeroize::Zeroizing;

use crate::command::exec::mask::SHORTEST;

/// The number of bytes that are looked up at once.
const GRAM: usize = SHORTEST;

/// The most places of forms that are stored. With more keys, the sampled positions move closer together instead.
const MOST_PLACES: usize = 1 << 20;

/// The largest distance of sampled positions. A larger one gains nothing.
const FARTHEST: usize = 48;

/// A key that was found in a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    pub start: usize,
    pub end: usize,
    /// The index of the key.
    pub key: usize,
    /// True if it is there in its plain form.
    pub is_plain: bool,
}

/// A form of a key.
struct Form {
    bytes: Zeroizing<Vec<u8>>,
    key: usize,
    is_plain: bool,
}

/// A position in a form, and the next one with the same hash.
struct Place {
    form: u32,
    offset: u32,
    next: u32,
}

pub struct Needles {
    forms: Vec<Form>,
    /// The marks of each hash in `heads`, in the word of that hash.
    words: Vec<u64>,
    /// For each hash, the index of its first place in `places`, plus one.
    heads: Vec<u32>,
    places: Vec<Place>,
    /// How many bits of a hash to drop for the index of its word, and of its head.
    shifts: [u32; 2],
    stride: usize,
    longest: usize,
}

impl Needles {
    /// `forms`: each with the index of its key, and at least as long as a gram.
    pub fn new(forms: impl IntoIterator<Item = (Zeroizing<Vec<u8>>, usize, bool)>) -> Self {
        let forms: Vec<Form> = forms.into_iter().map(|(bytes, key, is_plain)| Form { bytes, key, is_plain }).collect();
        let shortest = forms.iter().map(|form| form.bytes.len()).min().unwrap_or(GRAM);
        let most = (MOST_PLACES / forms.len().max(1)).max(1);
        let stride = (shortest.saturating_sub(GRAM) + 1).min(FARTHEST).min(most);
        let places = (forms.len() * stride).next_power_of_two().trailing_zeros();
        // Two places for each word.
        let [words, heads] = [places.saturating_sub(1).clamp(6, 19), places.clamp(6, 20)];
        let longest = forms.iter().map(|form| form.bytes.len()).max().unwrap_or(0);
        let mut needles = Self {
            words: vec![0; 1 << words],
            heads: vec![0; 1 << heads],
            places: Vec::with_capacity(forms.len() * stride),
            shifts: [words, heads].map(|exponent| u64::BITS - exponent),
            stride,
            longest,
            forms,
        };
        for (at, form) in needles.forms.iter().enumerate() {
            let last = form.bytes.len() - GRAM;
            for offset in last + 1 - stride..=last {
                let hash = hash(&form.bytes[offset..offset + GRAM]);
                let [word, head] = needles.shifts.map(|shift| (hash >> shift) as usize);
                needles.words[word] |= marks(hash);
                let head = &mut needles.heads[head];
                needles.places.push(Place { form: at as u32, offset: offset as u32, next: *head });
                *head = needles.places.len() as u32;
            }
        }
        needles
    }

    /// The length of the longest form.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// Calls `found` for each key in the text. A key that matches two forms is reported twice.
    pub fn find(&self, text: &[u8], mut found: impl FnMut(Hit)) {
        let mut at = 0;
        while let Some(gram) = text.get(at..at + GRAM) {
            let hash = hash(gram);
            let [word, head] = self.shifts.map(|shift| (hash >> shift) as usize);
            if self.words[word] & marks(hash) == marks(hash) {
                self.compare(text, at, self.heads[head], &mut found);
            }
            at += self.stride;
        }
    }

    #[cold]
    fn compare(&self, text: &[u8], at: usize, head: u32, found: &mut impl FnMut(Hit)) {
        let mut next = head;
        while let Some(place) = self.places.get((next as usize).wrapping_sub(1)) {
            next = place.next;
            let form = &self.forms[place.form as usize];
            let Some(start) = at.checked_sub(place.offset as usize) else { continue };
            let end = start + form.bytes.len();
            if text.get(start..end) == Some(form.bytes.as_slice()) {
                found(Hit { start, end, key: form.key, is_plain: form.is_plain });
            }
        }
    }
}

fn hash(gram: &[u8]) -> u64 {
    gram.try_into().map_or(0, u64::from_le_bytes).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Three bits, from parts of the hash that do not choose the word.
fn marks(hash: u64) -> u64 {
    [20, 26, 32].iter().fold(0, |marks, shift| marks | 1 << (hash >> shift & 63))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needles(forms: &[&[u8]]) -> Needles {
        Needles::new(forms.iter().enumerate().map(|(at, form)| (Zeroizing::new(form.to_vec()), at, true)))
    }

    fn found(needles: &Needles, text: &[u8]) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        needles.find(text, |hit| found.push((hit.start, hit.key)));
        found.sort_unstable();
        found
    }

    #[test]
    fn a_key_is_found_wherever_it_stands() {
        let long = b"sk-0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        for forms in [&[&long[..]][..], &[&long[..], b"12345678"], &[b"aaaaaaaaaaaaaaaaaaaa", long]] {
            let needles = needles(forms);
            for before in 0..200 {
                for (key, form) in forms.iter().enumerate() {
                    let text = [&vec![b'.'; before], *form, b"..........."].concat();
                    assert!(found(&needles, &text).contains(&(before, key)), "{before}");
                }
            }
        }
    }

    #[test]
    fn a_part_of_a_key_or_another_is_not_found() {
        let key = b"sk-0123456789abcdefghijklmnopqrstuvwxyz";
        let needles = needles(&[key]);
        assert!(found(&needles, &key[..key.len() - 1]).is_empty());
        assert!(found(&needles, &key[1..]).is_empty());
        assert!(found(&needles, &[0; 4096]).is_empty());
        assert!(found(&needles, b"").is_empty());
        assert!(found(&self::needles(&[]), key).is_empty());
    }
}
