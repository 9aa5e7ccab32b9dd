//! Programs under strace, which counts their system calls and makes one of them fail or kill the process.

use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

use super::{SECRET, Test, files_below, program, system};

/// What to run: one of our programs, its arguments and its input.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    pub program: &'a str,
    pub words: &'a [&'a str],
    pub input: &'a str,
}

impl Run<'_> {
    /// Runs it in the home of a test, with these options of strace.
    pub fn traced(&self, test: &Test, options: &[&str]) -> Output {
        self.start(test, &system("strace", "strace"), options)
    }

    /// Runs it without strace.
    pub fn plainly(&self, test: &Test) -> Output {
        self.start(test, &system("env", "coreutils"), &[])
    }

    /// The caller checks what it leaves: a killed process may have been about to store a key there.
    fn start(&self, test: &Test, runner: &Path, options: &[&str]) -> Output {
        let mut command = test.command_of(runner);
        command.args(options).arg(program(self.program)).args(self.words);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        // It may be killed before it reads.
        let _ = child.stdin.take().expect("an input").write_all(self.input.as_bytes());
        let output = child.wait_with_output().expect("it ends");
        assert!(!String::from_utf8_lossy(&output.stderr).contains(SECRET), "standard error shows the secret");
        output
    }

    /// How many of these calls the busiest process makes in an undisturbed run, with or without its children.
    pub fn most_calls(&self, test: &Test, calls: &str, with_children: bool) -> usize {
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("log").display().to_string();
        let trace = format!("trace={calls}");
        let follow: &[&str] = if with_children { &["-ff"] } else { &[] };
        self.traced(test, &[follow, &["-o", &log, "-e", &trace]].concat());
        let names: Vec<&str> = calls.split(',').map(|call| call.trim_start_matches('?')).collect();
        let is_one = |line: &&str| names.iter().any(|name| line.starts_with(&format!("{name}(")));
        let count = |path: &std::path::PathBuf| {
            let text = std::fs::read(path).expect("a log");
            String::from_utf8_lossy(&text).lines().filter(is_one).count()
        };
        files_below(folder.path()).iter().map(count).max().unwrap_or(0)
    }
}
