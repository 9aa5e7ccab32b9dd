//! Counts how often helpers are started.

use std::collections::BTreeMap;
use std::fs;

use super::Test;

impl Test {
    /// One of our helpers, whose starts are counted: see [`starts`](Self::starts).
    #[track_caller]
    pub fn counting(self, name: &str, program: &str) -> Self {
        let program = super::program(program).display().to_string();
        self.script(name, &format!("echo \"{name} $1\" >>\"$HOME/starts\"; exec '{program}' \"$@\""))
    }

    /// How often each operation of such a helper was started since the last call: `NAME OPERATION`.
    #[track_caller]
    pub fn starts(&self) -> BTreeMap<String, usize> {
        let file = self.home().join("starts");
        let mut starts = BTreeMap::new();
        for line in fs::read_to_string(&file).expect("they were counted").lines() {
            *starts.entry(line.to_owned()).or_default() += 1;
        }
        fs::remove_file(&file).expect("it is there");
        starts
    }
}
