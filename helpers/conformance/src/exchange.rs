//! The request to a helper and its answer, for a person who looks for an error.

use modelforge_credential_protocol::{REDACTED, Secrets, is_public};

/// The most lines of a request or an answer that are kept.
const MOST_LINES: usize = 20;
/// The most characters of a line.
const MOST_CHARACTERS: usize = 200;
/// The first line of a Python traceback. The last one has the reason.
const TRACEBACK: &str = "Traceback (most recent call last)";

/// A request and its answer. It is safe to show: it has no secrets and no control characters, and long lines are cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// `get`, `store`, `erase`, or another operation.
    pub operation: String,
    /// The lines that were sent.
    pub request: Vec<String>,
    /// The lines that came back on standard output.
    pub answer: Vec<String>,
    /// Its standard error; for a Python traceback, the last line.
    pub said: Vec<String>,
    /// How it ended: `exit status 0`.
    pub end: String,
}

impl Exchange {
    pub(crate) fn new(operation: &str, request: &[u8], answer: &[u8], said: &[u8], end: String) -> Self {
        let hidden = Hidden::of(request, answer);
        let said = String::from_utf8_lossy(said);
        Self {
            operation: operation.to_owned(),
            request: hidden.lines(request),
            answer: hidden.lines(answer),
            said: remarks(&said).into_iter().map(|line| hidden.redacted(line)).collect(),
            end,
        }
    }
}

/// The lines of standard error that are not empty or part of a traceback.
pub fn remarks(said: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    if let Some(at) = lines.iter().position(|line| line.starts_with(TRACEBACK)) {
        lines.drain(at..lines.len() - 1);
    }
    lines
}

/// The secrets in a request and in its answer.
struct Hidden(Secrets);

impl Hidden {
    fn of(request: &[u8], answer: &[u8]) -> Self {
        Self(Secrets::of(lines(request).take(MOST_LINES).chain(lines(answer))))
    }

    fn lines(&self, text: &[u8]) -> Vec<String> {
        let all = lines(text).count();
        let mut shown: Vec<String> = lines(text).take(MOST_LINES).map(|line| self.line(line)).collect();
        if all > MOST_LINES {
            shown.push(format!("… and {} more lines", all - MOST_LINES));
        }
        shown
    }

    fn line(&self, line: &[u8]) -> String {
        let line = String::from_utf8_lossy(line);
        match line.split_once('=') {
            Some((key, value)) if !is_public(key) && !value.is_empty() => {
                format!("{}={REDACTED}", self.redacted(key))
            }
            _ => self.redacted(&line),
        }
    }

    fn redacted(&self, line: &str) -> String {
        let line = self.0.redacted(line);
        match line.char_indices().nth(MOST_CHARACTERS) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    }
}

/// The lines, without the empty part after the last line feed.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let whole = text.strip_suffix(b"\n").unwrap_or(text);
    let is_empty = text.is_empty();
    whole.split(|b| *b == b'\n').filter(move |_| !is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_shown_wherever_it_is_repeated() {
        let request = b"host=a.invalid\npassword=hunter2\n";
        let answer = b"username=ann\npassword=open sesame\nodd\x1b[2J\n";
        let exchange = Exchange::new("get", request, answer, b"+ echo open sesame hunter2\n", "exit status 0".into());
        assert_eq!(exchange.request, ["host=a.invalid", "password=<redacted>"]);
        assert_eq!(exchange.answer[..2], ["username=ann", "password=<redacted>"]);
        assert!(!exchange.answer[2].contains('\u{1b}'), "{:?}", exchange.answer);
        assert_eq!(exchange.said, ["+ echo <redacted> <redacted>"]);
    }

    #[test]
    fn of_a_traceback_the_last_line_is_shown() {
        let said = "starting\nTraceback (most recent call last):\n  File \"x\", line 1\nKeyError: 'host'\n";
        assert_eq!(remarks(said), ["starting", "KeyError: 'host'"]);
    }

    #[test]
    fn a_long_request_is_cut() {
        let long = format!("{}\n{}", "x".repeat(1000), "a=1\n".repeat(400));
        let exchange = Exchange::new("get", long.as_bytes(), b"", b"", String::new());
        assert_eq!(exchange.request.len(), MOST_LINES + 1);
        assert_eq!(exchange.request[MOST_LINES], "… and 381 more lines");
        assert!(exchange.request[0].chars().count() <= MOST_CHARACTERS + 1);
        assert!(exchange.answer.is_empty());
    }
}
