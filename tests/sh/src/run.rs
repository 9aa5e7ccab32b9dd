//! Runs commands.

use std::fs::File;
use std::rc::Rc;

use crate::commands;
use crate::parse::{Command, List, Pipeline, Redirect, Redirected, parse};
use crate::stream::{Input, Output};
use crate::token::{Piece, Word};
use crate::words::{Variables, fits};

#[derive(Clone)]
pub struct Streams {
    pub input: Input,
    pub output: Output,
    pub error: Output,
}

/// Why the rest of a list is not run.
pub enum Stop {
    Exit(u8),
    Problem(String),
}

impl From<String> for Stop {
    fn from(problem: String) -> Self {
        Self::Problem(problem)
    }
}

pub type Done = Result<u8, Stop>;

pub fn run(lines: &str, arguments: Vec<String>) -> Result<u8, String> {
    let list = parse(lines)?;
    let variables = Variables { set: Default::default(), arguments, status: 0 };
    let streams = Streams { input: Input::stdin(), output: Output::stdout(), error: Output::stderr() };
    Shell { variables, streams }.ended(&list)
}

pub struct Shell {
    pub variables: Variables,
    pub streams: Streams,
}

impl Shell {
    fn ended(&mut self, list: &List) -> Result<u8, String> {
        match self.list(list) {
            Ok(status) | Err(Stop::Exit(status)) => Ok(status),
            Err(Stop::Problem(problem)) => Err(problem),
        }
    }

    fn list(&mut self, list: &List) -> Done {
        for (joint, pipeline) in list {
            let skips = match *joint {
                "&&" => self.variables.status != 0,
                "||" => self.variables.status == 0,
                _ => false,
            };
            if !skips {
                self.variables.status = self.pipeline(pipeline)?;
            }
        }
        Ok(self.variables.status)
    }

    /// Runs one command after the other. Each exits before the next one reads its output.
    fn pipeline(&mut self, Pipeline(turned, commands): &Pipeline) -> Done {
        let mut input = self.streams.input.clone();
        let mut status = 0;
        for (number, command) in commands.iter().enumerate() {
            let mut streams = Streams { input, ..self.streams.clone() };
            if commands.len() == 1 {
                status = self.redirected(command, streams)?;
                break;
            }
            let memory = Rc::default();
            if number + 1 < commands.len() {
                streams.output = Output::Memory(Rc::clone(&memory));
            }
            status = self.apart().run(|shell| shell.redirected(command, streams))?;
            input = Input::of(memory.take());
        }
        Ok(if *turned { u8::from(status == 0) } else { status })
    }

    /// A copy of this shell, which cannot change this one.
    fn apart(&self) -> Self {
        let Variables { set, arguments, status } = &self.variables;
        let variables = Variables { set: set.clone(), arguments: arguments.clone(), status: *status };
        Self { variables, streams: self.streams.clone() }
    }

    fn run(mut self, inside: impl FnOnce(&mut Self) -> Done) -> Done {
        match inside(&mut self) {
            Err(Stop::Exit(status)) => Ok(status),
            other => other,
        }
    }

    fn redirected(&mut self, Redirected(command, redirects): &Redirected, mut streams: Streams) -> Done {
        for redirect in redirects {
            if let Err(problem) = self.redirect(redirect, &mut streams)? {
                let _ = self.streams.error.write(format!("sh: {problem}\n").as_bytes());
                return Ok(1);
            }
        }
        match command {
            Command::Simple(words) => self.simple(words, streams),
            compound => {
                let before = std::mem::replace(&mut self.streams, streams);
                let done = self.compound(compound);
                self.streams = before;
                done
            }
        }
    }

    fn redirect(&self, redirect: &Redirect, streams: &mut Streams) -> Result<Result<(), String>, Stop> {
        let target = self.word(&redirect.target)?;
        let opened = match redirect.kind {
            "<&" | ">&" => return Ok(Ok(duplicate(redirect, &target, streams)?)),
            _ if target == "/dev/null" => {
                // The file need not exist.
                match redirect.stream {
                    0 => streams.input = Input::Closed,
                    1 => streams.output = Output::Memory(Rc::default()),
                    _ => streams.error = Output::Memory(Rc::default()),
                }
                return Ok(Ok(()));
            }
            "<" => File::open(&target),
            ">" => File::create(&target),
            _ => File::options().append(true).create(true).open(&target),
        };
        Ok(opened.map_err(|problem| format!("{target}: {problem}")).map(|file| {
            let file = Rc::new(file);
            match redirect.stream {
                0 => streams.input = Input::File(file),
                1 => streams.output = Output::File(file),
                _ => streams.error = Output::File(file),
            }
        }))
    }

    fn compound(&mut self, command: &Command) -> Done {
        match command {
            Command::Simple(_) => Ok(0),
            Command::Group(list) => self.list(list),
            Command::Subshell(list) => self.apart().run(|shell| shell.list(list)),
            Command::If(branches, otherwise) => {
                for (condition, list) in branches {
                    if self.list(condition)? == 0 {
                        self.variables.status = 0;
                        return self.list(list);
                    }
                }
                self.variables.status = 0;
                self.list(otherwise)
            }
            Command::Case(word, cases) => {
                let word = self.word(word)?;
                for (patterns, list) in cases {
                    for pattern in patterns {
                        if fits(&self.word(pattern)?, &word) {
                            return self.list(list);
                        }
                    }
                }
                Ok(0)
            }
            Command::While(condition, list) => {
                while self.list(condition)? == 0 {
                    self.list(list)?;
                }
                Ok(0)
            }
            Command::For(name, words, list) => {
                let mut status = 0;
                for value in self.words(words)? {
                    self.variables.set.insert(name.clone(), value);
                    status = self.list(list)?;
                }
                Ok(status)
            }
        }
    }

    /// Assignments, and the command that they are for, if there is one.
    fn simple(&mut self, words: &[Word], streams: Streams) -> Done {
        let first = words.iter().position(|word| assignment(word).is_none()).unwrap_or(words.len());
        let mut set = Vec::new();
        for (name, value) in words[..first].iter().filter_map(assignment) {
            set.push((name, self.word(&value)?));
        }
        let words = self.words(&words[first..])?;
        if words.is_empty() {
            self.variables.set.extend(set);
            return Ok(0);
        }
        commands::run(self, &words, &set, streams)
    }

    fn words(&self, words: &[Word]) -> Result<Vec<String>, Stop> {
        let mut all = Vec::new();
        for word in words {
            all.extend(self.variables.words(word, &mut |lines| self.output_of(lines))?);
        }
        Ok(all)
    }

    fn word(&self, word: &Word) -> Result<String, Stop> {
        Ok(self.variables.word(word, &mut |lines| self.output_of(lines))?)
    }

    fn output_of(&self, lines: &str) -> Result<String, String> {
        let list = parse(lines)?;
        let memory = Rc::default();
        let mut shell = self.apart();
        shell.streams.output = Output::Memory(Rc::clone(&memory));
        shell.ended(&list)?;
        Ok(String::from_utf8_lossy(&memory.take()).into_owned())
    }
}

fn duplicate(redirect: &Redirect, target: &str, streams: &mut Streams) -> Result<(), String> {
    match (redirect.stream, redirect.kind, target) {
        (0, "<&", "-") => streams.input = Input::Closed,
        (1, ">&", "-") => streams.output = Output::Closed,
        (2, ">&", "-") => streams.error = Output::Closed,
        (1, ">&", "2") => streams.output = streams.error.clone(),
        (2, ">&", "1") => streams.error = streams.output.clone(),
        (stream, kind, _) => return Err(format!("`{stream}{kind}{target}` is not understood")),
    }
    Ok(())
}

/// `NAME=value`, if the name is not quoted.
fn assignment(word: &Word) -> Option<(String, Word)> {
    let Some(Piece::Text(text, false)) = word.first() else { return None };
    let (name, value) = text.split_once('=')?;
    let is_name = |next: char| next.is_ascii_alphanumeric() || next == '_';
    let named =
        !name.is_empty() && name.chars().all(is_name) && !name.starts_with(|first: char| first.is_ascii_digit());
    let rest = [&[Piece::Text(value.to_owned(), true)], &word[1..]].concat();
    named.then(|| (name.to_owned(), rest))
}
