//! Encrypts and decrypts in the age format. It knows nothing of files and people.

use std::io::{self, BufRead, BufReader, Read};

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::{DecryptError, Decryptor, EncryptError, Encryptor};
use modelforge_credential_protocol::MAX_RECORD;
use zeroize::Zeroizing;

/// Encrypts for all recipients.
pub fn encrypt(text: &[u8], recipients: &[Box<dyn age::Recipient>], format: Format) -> Result<Vec<u8>, EncryptError> {
    let encryptor = Encryptor::with_recipients(recipients.iter().map(|recipient| recipient.as_ref() as _))?;
    let mut content = Vec::with_capacity(text.len() + 4096);
    let mut writer = encryptor.wrap_output(ArmoredWriter::wrap_output(&mut content, format)?)?;
    io::Write::write_all(&mut writer, text)?;
    writer.finish()?.finish()?;
    Ok(content)
}

/// The most keys that a file may be encrypted for: over twice the limit of a store's members. Each of them is tried, which takes time, and
/// the author of the file can put in as many as fit.
const MOST_STANZAS: usize = 2_048;

/// The plain text of an age file, armored or not.
pub fn decrypt<'a>(
    content: &[u8],
    keys: impl Iterator<Item = &'a dyn age::Identity>,
) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
    if has_too_many_stanzas(content) {
        return Err(DecryptError::InvalidHeader);
    }
    let reader = Decryptor::new_buffered(ArmoredReader::new(content))?.decrypt(keys)?;
    // The plain text is shorter than the file, so this never grows and leaves no copy in memory.
    let mut text = Zeroizing::new(Vec::with_capacity(content.len()));
    reader.take(2 * MAX_RECORD as u64).read_to_end(&mut text)?;
    Ok(text)
}

/// The header has a line with `->` for each key, and ends with one with `---`.
fn has_too_many_stanzas(content: &[u8]) -> bool {
    let lines = BufReader::new(ArmoredReader::new(content)).split(b'\n').map_while(Result::ok);
    let header = lines.take_while(|line| !line.starts_with(b"---"));
    header.filter(|line| line.starts_with(b"-> ")).nth(MOST_STANZAS).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_for_more_keys_than_any_team_has_is_refused_before_one_is_tried() {
        let identity = age::x25519::Identity::generate();
        let encrypted = |keys: usize, is_armored: bool| {
            let format = if is_armored { Format::AsciiArmor } else { Format::Binary };
            let recipients: Vec<Box<dyn age::Recipient>> =
                (0..keys).map(|_| Box::new(identity.to_public()) as Box<dyn age::Recipient>).collect();
            encrypt(b"a key", &recipients, format).unwrap()
        };
        for is_armored in [false, true] {
            let opened = |keys| decrypt(&encrypted(keys, is_armored), std::iter::once(&identity as _));
            assert_eq!(opened(1_000).unwrap().as_slice(), b"a key");
            assert!(matches!(opened(MOST_STANZAS + 1), Err(DecryptError::InvalidHeader)));
        }
    }
}
