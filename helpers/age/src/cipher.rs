//! Encrypts and decrypts in the age format. It knows nothing of files and people.

use std::io::{self, Read};

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

/// The plain text of an age file, armored or not.
pub fn decrypt<'a>(
    content: &[u8],
    keys: impl Iterator<Item = &'a dyn age::Identity>,
) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
    let reader = Decryptor::new_buffered(ArmoredReader::new(content))?.decrypt(keys)?;
    // The plain text is shorter than the file, so this never grows and leaves no copy in memory.
    let mut text = Zeroizing::new(Vec::with_capacity(content.len()));
    reader.take(2 * MAX_RECORD as u64).read_to_end(&mut text)?;
    Ok(text)
}
