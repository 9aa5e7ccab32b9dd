//! Redacts the secrets of a request and of its answer in the output of a program.

use zeroize::Zeroizing;

use crate::forms::{SHORTEST, forms};
use crate::{REDACTED, is_public, shown};

/// The shortest secret that is redacted in its plain form.
const SHORT: usize = 4;

/// The longest secret that is also redacted in other forms. A service account has 3 KiB; a helper may answer with megabytes.
const LONG: usize = 16 * 1024;

/// The secrets of an exchange, in every form in which a program may repeat them.
pub struct Secrets(Vec<Zeroizing<String>>);

impl Secrets {
    /// The secrets in these texts. Each text consists of lines `key=value`.
    ///
    /// ```
    /// use modelforge_credential_protocol::Secrets;
    ///
    /// let secrets = Secrets::of([b"host=a.invalid\npassword=open+sesame\n"]);
    /// assert_eq!(secrets.redacted("GET /?key=open%2Bsesame"), "GET /?key=<redacted>");
    /// ```
    pub fn of<T: AsRef<[u8]>>(texts: impl IntoIterator<Item = T>) -> Self {
        let mut secrets = Vec::new();
        for text in texts {
            for line in text.as_ref().split(|byte| matches!(byte, b'\n' | b'\r')) {
                let Some(split) = line.iter().position(|byte| *byte == b'=') else { continue };
                let (key, value) = (std::str::from_utf8(&line[..split]).unwrap_or_default(), &line[split + 1..]);
                if value.len() >= SHORT && !is_public(key) {
                    add(value, &mut secrets);
                }
            }
        }
        // The longest first, because one may be part of another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        Self(secrets)
    }

    /// The text with the secrets redacted.
    pub fn redacted(&self, text: &str) -> String {
        shown(&self.0.iter().fold(text.to_owned(), |text, secret| match text.contains(&**secret) {
            true => text.replace(&**secret, REDACTED),
            false => text,
        }))
    }
}

/// The output and the secrets are converted to text in the same way, because a secret need not be UTF-8.
fn add(secret: &[u8], secrets: &mut Vec<Zeroizing<String>>) {
    secrets.push(Zeroizing::new(String::from_utf8_lossy(secret).into_owned()));
    if (SHORTEST..=LONG).contains(&secret.len()) {
        let forms = forms(secret).into_iter().filter(|form| form.bytes.len() >= SHORTEST);
        secrets.extend(forms.map(|form| Zeroizing::new(String::from_utf8_lossy(&form.bytes).into_owned())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_of_equals_signs_does_not_fill_the_memory() {
        let signs = "=".repeat(LONG);
        let secrets = Secrets::of([format!("password={signs}")]);
        assert!(secrets.0.len() < 50, "{} forms", secrets.0.len());
        assert_eq!(secrets.redacted(&signs), REDACTED);
        let long = "=a".repeat(LONG);
        let secrets = Secrets::of([format!("password={long}")]);
        assert_eq!((secrets.0.len(), secrets.redacted(&long)), (1, REDACTED.to_owned()));
    }

    #[test]
    fn a_secret_is_taken_out_in_every_form() {
        let secrets = Secrets::of(["username=ann\npassword=open+sesame/1\r\noauth_refresh_token=abcd"]);
        for (text, expected) in [
            ("+ curl -H 'x: open+sesame/1'", "+ curl -H 'x: <redacted>'"),
            ("GET /?key=open%2Bsesame%2F1&a", "GET /?key=<redacted>&a"),
            ("GET /?key=open%2bsesame%2f1", "GET /?key=<redacted>"),
            ("Basic OmFubjpvcGVuK3Nlc2FtZS8x", "Basic OmFubjp<redacted>"),
            ("abcd of ann", "<redacted> of ann"),
        ] {
            assert_eq!(secrets.redacted(text), expected);
        }
        assert_eq!(Secrets::of(["password=abc\nlist"]).redacted("abc"), "abc");
    }
}
