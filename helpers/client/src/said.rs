//! A helper's standard error without secrets, split into its reason to fail and other lines.

use std::time::{Duration, Instant};

use modelforge_credential_protocol::{Operation, REDACTED, Record, Secrets, encode_batch};
use zeroize::Zeroizing;

use crate::process::{Finished, Moment};

/// How long a helper has to be silent before its lines are passed on. A script with `set -x` prints its answer on standard error a moment
/// before it sends it. After this time the answer is known and can be redacted.
const SILENCE: Duration = Duration::from_millis(200);

/// How long a line that may show a key is held while the helper is silent: it may wait for the person to do what the line says.
const HELD: Duration = Duration::from_secs(2);

/// The shortest word that could be a key.
const SHORTEST: usize = 16;

/// True if a line may show a key: a shell's trace, or a word that could be one. A path is not one, and people must see a URL to open it.
fn may_show_a_key(line: &str) -> bool {
    is_a_trace(line) || line.split_whitespace().any(could_be_a_key)
}

/// A line without the words that could be keys. `None` for a shell's trace: any word of it could be one.
pub fn without_keys(line: &str) -> Option<String> {
    let word = |word: &str| {
        let text = word.trim_end();
        if could_be_a_key(text) { format!("{REDACTED}{}", &word[text.len()..]) } else { word.to_owned() }
    };
    (!is_a_trace(line)).then(|| line.split_inclusive(char::is_whitespace).map(word).collect())
}

fn is_a_trace(line: &str) -> bool {
    line.starts_with('+')
}

fn could_be_a_key(word: &str) -> bool {
    let is_of_a_key = |b: u8| b.is_ascii_alphanumeric() || b"-_.~+/=:".contains(&b);
    let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '/' | '~'));
    let is_a_place = (word.contains("://") && !word.contains('@')) || word.starts_with(['/', '~']);
    !is_a_place
        && !is_a_time(word.rsplit('=').next().unwrap_or(word))
        && word.bytes().any(|b| b.is_ascii_digit())
        && word.as_bytes().split(|b| !is_of_a_key(*b)).any(|part| part.len() >= SHORTEST)
}

/// `2026-11-28T10:40:35.000Z`, with which many loggers begin each line.
fn is_a_time(word: &str) -> bool {
    word.as_bytes().get(4) == Some(&b'-') && word.bytes().all(|b| b.is_ascii_digit() || b"-:.,+TZ".contains(&b))
}

/// The text so far.
pub struct Said<'a> {
    requests: &'a [Record],
    /// True if its answer may contain other secrets than the requests.
    has_secrets_of_its_own: bool,
    /// The lines that are held until it answers.
    held: Vec<Zeroizing<String>>,
    /// True after the first line of an error. The error is shown once it has failed.
    is_failing: bool,
    /// How many lines have been handled.
    sorted: usize,
    /// How many bytes had come at the last read, and when that was.
    heard: (usize, Instant),
    has_waited: bool,
    /// True inside a Python traceback. Its last line is the reason.
    in_traceback: bool,
    /// The reason that the helper gave.
    pub reason: Option<String>,
    /// Its hint.
    pub hint: Option<String>,
}

impl<'a> Said<'a> {
    pub fn new(operation: Operation, requests: &'a [Record]) -> Self {
        Self {
            requests,
            has_secrets_of_its_own: matches!(operation, Operation::Get | Operation::GetEach),
            held: Vec::new(),
            is_failing: false,
            sorted: 0,
            heard: (0, Instant::now()),
            has_waited: false,
            in_traceback: false,
            reason: None,
            hint: None,
        }
    }

    /// The complete lines that can be shown now, while nothing more arrives. A line that may show a key is held until the answer is known.
    pub fn so_far(&mut self, moment: &Moment) -> Vec<String> {
        if moment.said.len() != self.heard.0 {
            self.heard = (moment.said.len(), Instant::now());
        }
        let whole = moment.said.iter().rposition(|b| *b == b'\n').map_or(0, |end| end + 1);
        if self.heard.1.elapsed() < SILENCE {
            return Vec::new();
        }
        let said = String::from_utf8_lossy(&moment.said[..whole]);
        let (mut now, mut later) = (Vec::new(), Vec::new());
        for line in said.lines().skip(self.sorted) {
            self.sorted += 1;
            if self.is_held(line) { later.push(Zeroizing::new(line.to_owned())) } else { now.push(line) }
        }
        self.held.append(&mut later);
        let mut shown = self.sort(&now, moment.output);
        if self.heard.1.elapsed() >= HELD && moment.output.is_empty() {
            shown.append(&mut self.shown_while_it_waits());
        }
        shown
    }

    /// The held lines, without what could be a key.
    fn shown_while_it_waits(&mut self) -> Vec<String> {
        let (traces, lines): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.held).into_iter().partition(|line| is_a_trace(line));
        self.held = traces;
        let lines: Vec<String> = lines.iter().filter_map(|line| without_keys(line)).collect();
        self.sort(&lines.iter().map(String::as_str).collect::<Vec<_>>(), &[])
    }

    fn is_held(&mut self, line: &str) -> bool {
        let reasons = ["error: ", "fatal: ", "Traceback (most recent call last):"];
        self.is_failing |= reasons.iter().any(|beginning| line.starts_with(beginning));
        self.has_secrets_of_its_own && (self.is_failing || may_show_a_key(line))
    }

    /// The remaining lines, after it has exited.
    pub fn rest(&mut self, finished: &Finished) -> Vec<String> {
        let said = String::from_utf8_lossy(&finished.said);
        let held = std::mem::take(&mut self.held);
        let lines: Vec<&str> = held.iter().map(|line| line.as_str()).chain(said.lines().skip(self.sorted)).collect();
        self.sort(&lines, &finished.output)
    }

    /// True for the first call only.
    pub fn is_first_wait(&mut self) -> bool {
        !std::mem::replace(&mut self.has_waited, true)
    }

    /// A traceback is for the author of the helper. Only its last line says what went wrong.
    fn is_of_a_traceback(&mut self, line: &str) -> bool {
        if line.starts_with("Traceback (most recent call last):") {
            self.in_traceback = true;
        } else if self.in_traceback && !line.is_empty() && !line.starts_with(' ') {
            self.in_traceback = false;
            self.reason = Some(line.to_owned());
            return true;
        }
        self.in_traceback
    }

    fn sort(&mut self, lines: &[&str], output: &[u8]) -> Vec<String> {
        if lines.is_empty() {
            return Vec::new();
        }
        let mut remarks = Vec::new();
        // The secrets of the requests and of the answers, in case the helper repeats them.
        let requests = encode_batch(self.requests);
        let secrets = Secrets::of([requests.as_slice(), output]);
        for line in lines {
            let line = secrets.redacted(line);
            if self.is_of_a_traceback(&line) {
                continue;
            }
            if let Some(text) = line.strip_prefix("error: ").or(line.strip_prefix("fatal: ")) {
                self.reason = Some(text.to_owned());
            } else if let Some(text) = line.strip_prefix("hint: ").filter(|_| self.reason.is_some()) {
                self.hint = Some(text.to_owned());
            } else if !line.trim().is_empty() {
                remarks.push(line);
            }
        }
        remarks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_and_a_word_that_could_be_a_key_wait_and_what_a_person_is_asked_to_do_does_not() {
        for line in [
            "+ key=hunter2",
            "key 3f2b9c1e-77aa-4d10-9be2-0c5d1f6a8e41",
            "DEBUG: {\"key\": \"Kq3vB7nM1xZ9pL5tWd8s\"}",
            "token='Kq3vB7nM1xZ9pL5t'",
            "warning: token 3f2b9c1e-77aa-4d10-9be2-0c5d1f6a8e41 expires tomorrow",
            "open https://Kq3vB7nM1xZ9pL5t@example.com",
        ] {
            assert!(may_show_a_key(line), "{line}");
            assert!(without_keys(line).is_none_or(|shown| !may_show_a_key(&shown)), "{line}");
        }
        let shown = without_keys("enter the code ABCD-EFGH-1234-5678 at https://example.com/device");
        assert_eq!(shown.as_deref(), Some("enter the code <redacted> at https://example.com/device"));
        for line in [
            "Please touch your YubiKey 5 (serial 12345678)",
            "age: waiting for the plugin yubikey",
            "First copy your one-time code: ABCD-1234",
            "To sign in, open https://microsoft.com/devicelogin?state=Kq3vB7nM1xZ9pL5t and enter the code A1B2C3D4E",
            "reading `~/.config/age/identity-5.txt`, then /home/me/keys/id_ed25519",
            "17 of 20 credentials are encrypted again",
            "2026-11-28T10:40:35Z Touch your security key",
            "time=2026-11-28T10:40:35.000Z level=INFO msg=\"touch your key\"",
        ] {
            assert!(!may_show_a_key(line), "{line}");
        }
    }
}
