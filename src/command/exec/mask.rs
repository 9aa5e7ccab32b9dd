//! Replaces keys in a stream of output.
//!
//! 1. [`text::Text`] removes what may be inside a key: colour codes, and line ends with the indentation after them.
//! 2. [`search::Search`] finds every run in the rest that is a key in one of its forms, or a large enough part of one.
//! 3. Runs that overlap are joined, and replaced by `<openai key>`. The result depends on the stream alone, never on how it is split.
//! 4. A byte is released once no run that continues after the output so far can cover it.
//! 5. If nothing follows for a while, the first few bytes of a possible key are shown, because a person may wait for a prompt.

mod forms;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod search;
#[cfg(test)]
mod tests;
mod text;

use std::sync::Arc;

use search::{Found, Search};
use text::Text;

/// A key with fewer bytes than this cannot be told from ordinary text.
pub const SHORTEST: usize = 8;

/// This many consecutive characters of a key count as the key.
const ENOUGH: usize = 16;

/// The most bytes of a possible key that are shown before it is decided.
const A_LITTLE: usize = SHORTEST - 1;

/// The keys to hide, and their replacements.
pub struct Mask {
    replacements: Vec<String>,
    search: Search,
}

impl Mask {
    /// `secrets` are pairs of a provider and a secret of at least [`SHORTEST`] bytes.
    pub fn new<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let (mut forms, mut replacements) = (Vec::new(), Vec::new());
        for (provider, secret) in secrets {
            forms.extend(forms::forms(secret).into_iter().map(|form| (form, replacements.len())));
            replacements.push(format!("<{provider} key>"));
        }
        Self { replacements, search: Search::new(forms) }
    }
}

/// Whether more output follows.
#[derive(Clone, Copy, PartialEq)]
enum More {
    AtOnce,
    Later,
    Never,
}

/// A stream of output behind a mask.
pub struct Filter {
    mask: Arc<Mask>,
    /// Bytes that are not decided yet, with the context for the following ones.
    text: Text,
    /// How many raw bytes were shown or replaced.
    shown: usize,
    /// The end of the last replaced run. More bytes of that run add nothing.
    replaced: usize,
    found: Vec<Found>,
}

impl Filter {
    pub fn new(mask: Arc<Mask>) -> Self {
        Self { mask, text: Text::default(), shown: 0, replaced: 0, found: Vec::new() }
    }

    /// Takes the next piece of output, and adds to `output` what is decided by now.
    pub fn push(&mut self, piece: &[u8], output: &mut Vec<u8>) {
        self.text.add(piece);
        self.release(More::AtOnce, output);
    }

    /// No more output is available now: shows the last few bytes as well, unless they look like the start of a key.
    pub fn catch_up(&mut self, output: &mut Vec<u8>) {
        self.release(More::Later, output);
        let tail = self.text.bytes();
        if tail.len() <= A_LITTLE {
            let limit = self.text.end_of((0..tail.len()).find(|at| self.mask.search.begins_with(&tail[*at..])));
            self.show(limit, output);
        }
    }

    /// No output came for a while: shows as much as a person who waits for a prompt may see.
    pub fn show_a_little(&mut self, output: &mut Vec<u8>) {
        self.release(More::Later, output);
        self.show(self.limit(), output);
    }

    /// True if [`Filter::show_a_little`] would show anything.
    pub fn waits(&self) -> bool {
        self.shown < self.limit()
    }

    /// There is no more output: adds the rest.
    pub fn finish(&mut self, output: &mut Vec<u8>) {
        self.text.complete();
        self.release(More::Never, output);
    }

    /// How many raw bytes may be shown before they are decided.
    fn limit(&self) -> usize {
        if self.text.bytes().len() > A_LITTLE { self.text.place(A_LITTLE) } else { self.text.raw().len() }
    }

    fn show(&mut self, limit: usize, output: &mut Vec<u8>) {
        if self.shown < limit {
            output.extend_from_slice(&self.text.raw()[self.shown..limit]);
            self.shown = limit;
        }
    }

    fn release(&mut self, more: More, output: &mut Vec<u8>) {
        let mask = Arc::clone(&self.mask);
        let length = self.text.bytes().len();
        let mut found = std::mem::take(&mut self.found);
        mask.search.find(self.text.bytes(), &mut found);
        let mut clear = if more == More::Never { length } else { mask.search.unclear_from(self.text.bytes()) };
        let mut last = found.partition_point(|run| run.start < clear);
        if more == More::AtOnce {
            // A run may still be joined with what follows.
            if let Some(run) = last.checked_sub(1).and_then(|last| found.get(last)).filter(|run| run.end > clear) {
                clear = run.start;
                last -= 1;
            }
        } else if found.get(last).is_some_and(|run| run.start == clear) {
            // Whatever follows, this much is a key.
            last += 1;
        }
        for run in &found[..last] {
            self.replace(run, &mask.replacements[run.secret], output);
        }
        self.show(self.text.end_of((clear < length).then_some(clear)), output);
        let dropped = self.text.drop_before(clear);
        self.shown = self.shown.saturating_sub(dropped);
        self.replaced = self.replaced.saturating_sub(dropped);
        self.found = found;
    }

    /// Shows what comes before a run, and the replacement instead of the run.
    fn replace(&mut self, run: &Found, replacement: &str, output: &mut Vec<u8>) {
        let (start, end) = (self.text.place(run.start), self.text.place(run.end - 1) + 1);
        self.show(start, output);
        if start >= self.replaced {
            output.extend_from_slice(replacement.as_bytes());
        }
        self.text.escapes(self.shown.max(start)..end, output);
        self.shown = self.shown.max(end);
        self.replaced = self.replaced.max(end);
    }
}
