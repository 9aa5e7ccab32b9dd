//! Tokens to commands.

use crate::token::{Token, Word, tokens};

#[derive(Debug, Clone)]
pub struct Redirect {
    pub stream: u8,
    pub kind: &'static str,
    pub target: Word,
}

#[derive(Debug, Clone)]
pub enum Command {
    Simple(Vec<Word>),
    Group(List),
    /// In a subshell: its variables do not change this one.
    Subshell(List),
    If(Vec<(List, List)>, List),
    Case(Word, Vec<(Vec<Word>, List)>),
    While(List, List),
    For(String, Vec<Word>, List),
}

/// A command with its redirections.
#[derive(Debug, Clone)]
pub struct Redirected(pub Command, pub Vec<Redirect>);

/// Commands, each with the output of the one before as its input; `true`: the status is inverted.
#[derive(Debug, Clone)]
pub struct Pipeline(pub bool, pub Vec<Redirected>);

/// Pipelines, each with the operator before it: `;`, `&&` or `||`.
pub type List = Vec<(&'static str, Pipeline)>;

pub fn parse(lines: &str) -> Result<List, String> {
    let mut parser = Parser { tokens: tokens(lines)?, at: 0 };
    let list = parser.list(&[])?;
    match parser.peek() {
        None => Ok(list),
        Some(token) => Err(format!("{token:?} is not expected")),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn takes(&mut self, operator: &str) -> bool {
        let is_next = matches!(self.peek(), Some(Token::Operator(other)) if *other == operator);
        self.at += usize::from(is_next);
        is_next
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let is_next = self.peek().and_then(Token::plain) == Some(word);
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, word: &str) -> Result<(), String> {
        if self.takes_word(word) { Ok(()) } else { Err(format!("`{word}` is missing before {:?}", self.peek())) }
    }

    fn ends(&mut self) {
        while self.takes(";") {}
    }

    fn word(&mut self) -> Result<Word, String> {
        match self.peek() {
            Some(Token::Word(word)) => {
                let word = word.clone();
                self.at += 1;
                Ok(word)
            }
            other => Err(format!("a word is missing before {other:?}")),
        }
    }

    /// Parses up to one of these words, or to `)`, `;;` or the end.
    fn list(&mut self, before: &[&str]) -> Result<List, String> {
        let mut list = Vec::new();
        let mut joint = ";";
        loop {
            self.ends();
            match self.peek() {
                None | Some(Token::Operator(")" | ";;")) => break,
                Some(token) if token.plain().is_some_and(|word| before.contains(&word)) => break,
                Some(_) => list.push((joint, self.pipeline()?)),
            }
            joint = match self.peek() {
                Some(Token::Operator(joint @ (";" | "&&" | "||"))) => joint,
                _ => break,
            };
            self.at += 1;
        }
        Ok(list)
    }

    fn pipeline(&mut self) -> Result<Pipeline, String> {
        let turned = self.takes_word("!");
        let mut commands = vec![self.redirected()?];
        while self.takes("|") {
            self.ends();
            commands.push(self.redirected()?);
        }
        Ok(Pipeline(turned, commands))
    }

    fn redirected(&mut self) -> Result<Redirected, String> {
        let mut redirects = Vec::new();
        let mut words = Vec::new();
        let mut compound = None;
        loop {
            match self.peek() {
                Some(Token::Redirect(stream, kind)) => {
                    let (stream, kind) = (*stream, *kind);
                    self.at += 1;
                    redirects.push(Redirect { stream, kind, target: self.word()? });
                }
                _ if compound.is_some() => break,
                Some(_) if words.is_empty() && redirects.is_empty() => match self.compound()? {
                    Some(command) => compound = Some(command),
                    None => words.push(self.word()?),
                },
                Some(Token::Word(_)) => words.push(self.word()?),
                _ => break,
            }
        }
        Ok(Redirected(compound.unwrap_or(Command::Simple(words)), redirects))
    }

    fn compound(&mut self) -> Result<Option<Command>, String> {
        if self.takes("(") {
            let list = self.list(&[])?;
            return if self.takes(")") { Ok(Some(Command::Subshell(list))) } else { Err("`)` is missing".to_owned()) };
        }
        let Some(word) = self.peek().and_then(Token::plain).map(str::to_owned) else { return Ok(None) };
        self.at += 1;
        Ok(Some(match word.as_str() {
            "{" => Command::Group(self.list_and(&["}"])?),
            "if" => self.conditions()?,
            "case" => self.case()?,
            "while" => {
                let condition = self.list_and(&["do"])?;
                Command::While(condition, self.list_and(&["done"])?)
            }
            "for" => {
                let name = self.peek().and_then(Token::plain).unwrap_or_default().to_owned();
                self.at += 1;
                self.expect("in")?;
                let mut words = Vec::new();
                while let Some(Token::Word(_)) = self.peek() {
                    words.push(self.word()?);
                }
                self.ends();
                self.expect("do")?;
                Command::For(name, words, self.list_and(&["done"])?)
            }
            _ => {
                self.at -= 1;
                return Ok(None);
            }
        }))
    }

    /// A list, and the word that ends it.
    fn list_and(&mut self, ends: &[&str]) -> Result<List, String> {
        let list = self.list(ends)?;
        if ends.iter().any(|end| self.takes_word(end)) { Ok(list) } else { Err(format!("`{}` is missing", ends[0])) }
    }

    fn conditions(&mut self) -> Result<Command, String> {
        let mut branches = Vec::new();
        loop {
            let condition = self.list_and(&["then"])?;
            branches.push((condition, self.list(&["elif", "else", "fi"])?));
            if self.takes_word("elif") {
                continue;
            }
            let otherwise = if self.takes_word("else") { self.list(&["fi"])? } else { Vec::new() };
            self.expect("fi")?;
            return Ok(Command::If(branches, otherwise));
        }
    }

    fn case(&mut self) -> Result<Command, String> {
        let word = self.word()?;
        self.ends();
        self.expect("in")?;
        let mut cases = Vec::new();
        loop {
            self.ends();
            if self.takes_word("esac") {
                return Ok(Command::Case(word, cases));
            }
            self.takes("(");
            let mut patterns = vec![self.word()?];
            while self.takes("|") {
                patterns.push(self.word()?);
            }
            if !self.takes(")") {
                return Err("`)` is missing".to_owned());
            }
            cases.push((patterns, self.list(&["esac"])?));
            self.takes(";;");
        }
    }
}
