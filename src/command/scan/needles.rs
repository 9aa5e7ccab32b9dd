//! Finds keys in any of their forms, whole.
//!
//! Every place of a form has [`GRAM`] bytes in a row that begin at one of the sampled positions, which are as far apart as the shortest
//! form allows. So one lookup passes over many bytes; a small table of bits, which stays in the processor's nearest memory, answers
//! most of them. The last bytes of a form are the ones that are looked up: keys of one issuer begin alike.
//!
//! What is held here, as all else, is wiped when it is freed: the allocator of this program does that.

use zeroize::Zeroizing;

use crate::command::exec::mask::SHORTEST;

/// Bytes looked up at a time.
const GRAM: usize = SHORTEST;

/// The most places of forms that are kept: with more keys, the sampled positions move closer together instead.
const MOST_PLACES: usize = 1 << 20;

/// The farthest that sampled positions are apart. More gains nothing.
const FARTHEST: usize = 48;

/// A key in a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    pub start: usize,
    pub end: usize,
    /// Which of the keys.
    pub key: usize,
    /// True if it stands there as it is.
    pub is_plain: bool,
}

/// A form of a key.
struct Form {
    bytes: Zeroizing<Vec<u8>>,
    key: usize,
    is_plain: bool,
}

/// A place in a form, and the next one with the same hash.
struct Place {
    form: u32,
    offset: u32,
    next: u32,
}

pub struct Needles {
    forms: Vec<Form>,
    /// A bit for each hash that is in `heads`.
    bits: Vec<u64>,
    /// For each hash, the first of `places` plus one.
    heads: Vec<u32>,
    places: Vec<Place>,
    shift: u32,
    stride: usize,
    longest: usize,
}

impl Needles {
    /// `forms`: each with the number of its key, none shorter than a gram.
    pub fn new(forms: impl IntoIterator<Item = (Zeroizing<Vec<u8>>, usize, bool)>) -> Self {
        let forms: Vec<Form> = forms.into_iter().map(|(bytes, key, is_plain)| Form { bytes, key, is_plain }).collect();
        let shortest = forms.iter().map(|form| form.bytes.len()).min().unwrap_or(GRAM);
        let most = (MOST_PLACES / forms.len().max(1)).max(1);
        let stride = (shortest.saturating_sub(GRAM) + 1).min(FARTHEST).min(most);
        let bits = (forms.len() * stride * 16).next_power_of_two().trailing_zeros().clamp(12, 22);
        let longest = forms.iter().map(|form| form.bytes.len()).max().unwrap_or(0);
        let mut needles = Self {
            bits: vec![0; 1 << (bits - 6)],
            heads: vec![0; 1 << bits],
            places: Vec::with_capacity(forms.len() * stride),
            shift: u64::BITS - bits,
            stride,
            longest,
            forms,
        };
        for (at, form) in needles.forms.iter().enumerate() {
            let last = form.bytes.len() - GRAM;
            for offset in last + 1 - stride..=last {
                let hash = hash(&form.bytes[offset..offset + GRAM], needles.shift);
                let head = &mut needles.heads[hash];
                needles.places.push(Place { form: at as u32, offset: offset as u32, next: *head });
                *head = needles.places.len() as u32;
                needles.bits[hash / 64] |= 1 << (hash % 64);
            }
        }
        needles
    }

    /// The length of the longest form.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// Calls `found` for each key in the text. A key that fits two forms is found twice.
    pub fn find(&self, text: &[u8], mut found: impl FnMut(Hit)) {
        let mut at = 0;
        while let Some(gram) = text.get(at..at + GRAM) {
            let hash = hash(gram, self.shift);
            if self.bits[hash / 64] & (1 << (hash % 64)) != 0 {
                self.compare(text, at, hash, &mut found);
            }
            at += self.stride;
        }
    }

    #[cold]
    fn compare(&self, text: &[u8], at: usize, hash: usize, found: &mut impl FnMut(Hit)) {
        let mut next = self.heads[hash];
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

fn hash(gram: &[u8], shift: u32) -> usize {
    let number = gram.try_into().map_or(0, u64::from_le_bytes);
    (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> shift) as usize
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
