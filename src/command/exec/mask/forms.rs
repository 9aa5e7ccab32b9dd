//! The forms of a key in a stream, and how much of each counts as the key.

use modelforge_credential_protocol::{Way, forms as written};
use zeroize::Zeroizing;

use super::text::without_gaps;
use super::{ENOUGH, SHORTEST};

/// A form in which a key may be written.
pub struct Form {
    /// Without gaps.
    pub bytes: Zeroizing<Vec<u8>>,
    /// This many bytes of it, from anywhere, count as all of it.
    pub enough: usize,
}

impl Form {
    /// True if a part of it is enough.
    pub fn is_partial(&self) -> bool {
        self.enough < self.bytes.len()
    }
}

/// Every form of a secret, each once. Of a text with several words (a service account's file), only the whole counts. Its secret parts are
/// added separately.
pub fn forms(secret: &[u8]) -> Vec<Form> {
    let is_one_word = !secret.iter().any(u8::is_ascii_whitespace);
    let mut forms: Vec<Form> = Vec::new();
    for form in written(secret) {
        let bytes = without_gaps(&form.bytes);
        let enough = if is_one_word { enough(form.way).min(bytes.len()) } else { bytes.len() };
        if bytes.len() >= SHORTEST && forms.iter().all(|form| form.bytes != bytes) {
            forms.push(Form { bytes, enough });
        }
    }
    forms
}

/// How many bytes [`ENOUGH`] characters of the key take in this form.
fn enough(way: Way) -> usize {
    match way {
        Way::Text => ENOUGH,
        // Wherever they begin, these bytes contain at least that many characters.
        Way::Base64 => (ENOUGH * 8 - 4) / 6,
        Way::Hex => 2 * ENOUGH,
        Way::SpacedHex => 3 * ENOUGH - 1,
        Way::Utf16 => 2 * ENOUGH - 1,
        Way::Caret => 3 * ENOUGH - 2,
    }
}
