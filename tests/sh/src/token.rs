//! Splits characters into tokens: words with their quotes, and operators.

use std::iter::Peekable;
use std::str::Chars;

/// A piece of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Plain text; `true`: it was quoted.
    Text(String, bool),
    /// `$NAME`, `$1`, `$@`, `${NAME-other}`; `quoted`: in quotes, so that it stays one word.
    Variable { name: String, other: Option<Vec<Piece>>, or_if_empty: bool, quoted: bool },
    /// `$(…)`.
    Output { lines: String, quoted: bool },
}

pub type Word = Vec<Piece>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    Word(Word),
    /// `;` (or the end of a line), `&&`, `||`, `|`, `(`, `)`, `;;`.
    Operator(&'static str),
    /// `>`, `>>`, `<`, `>&`, `<&`, and the stream.
    Redirect(u8, &'static str),
}

impl Token {
    /// An unquoted word, such as `if`.
    pub fn plain(&self) -> Option<&str> {
        match self {
            Self::Word(pieces) => match pieces.as_slice() {
                [Piece::Text(text, false)] => Some(text),
                _ => None,
            },
            _ => None,
        }
    }
}

pub fn tokens(lines: &str) -> Result<Vec<Token>, String> {
    let mut characters = lines.chars().peekable();
    let mut tokens = Vec::new();
    while let Some(&character) = characters.peek() {
        match character {
            ' ' | '\t' | '\r' => drop(characters.next()),
            '#' => while characters.next_if(|&next| next != '\n').is_some() {},
            '\\' if characters.clone().nth(1) == Some('\n') => drop(characters.nth(1)),
            '\n' | ';' | '&' | '|' | '(' | ')' | '<' | '>' => tokens.push(operator(&mut characters, 0)?),
            '0'..='2' if matches!(characters.clone().nth(1), Some('<' | '>')) => {
                characters.next();
                let stream = character.to_digit(10).unwrap_or_default();
                tokens.push(operator(&mut characters, u8::try_from(stream).unwrap_or_default() + 1)?);
            }
            _ => tokens.push(Token::Word(word(&mut characters)?)),
        }
    }
    Ok(tokens)
}

/// `stream` is one more than the number before a redirection, 0 for none.
fn operator(characters: &mut Peekable<Chars>, stream: u8) -> Result<Token, String> {
    let first = characters.next().unwrap_or_default();
    let mut follows = |next: char| characters.next_if_eq(&next).is_some();
    Ok(match first {
        '\n' => Token::Operator(";"),
        ';' => Token::Operator(if follows(';') { ";;" } else { ";" }),
        '&' if follows('&') => Token::Operator("&&"),
        '|' => Token::Operator(if follows('|') { "||" } else { "|" }),
        '(' => Token::Operator("("),
        ')' => Token::Operator(")"),
        '<' | '>' => {
            let input = first == '<';
            let kind = match (input, follows('&')) {
                (true, true) => "<&",
                (false, true) => ">&",
                (false, false) if follows('>') => ">>",
                (true, false) => "<",
                (false, false) => ">",
            };
            Token::Redirect(stream.checked_sub(1).unwrap_or(u8::from(!input)), kind)
        }
        _ => return Err(format!("`{first}` is not understood")),
    })
}

fn word(characters: &mut Peekable<Chars>) -> Result<Word, String> {
    let mut pieces = Vec::new();
    while let Some(&character) = characters.peek() {
        match character {
            ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|' | '(' | ')' | '<' | '>' => break,
            _ => piece(characters, &mut pieces, false)?,
        }
    }
    Ok(pieces)
}

/// Reads the next piece. In quotes it may be several pieces.
fn piece(characters: &mut Peekable<Chars>, pieces: &mut Word, quoted: bool) -> Result<(), String> {
    match characters.next().unwrap_or_default() {
        '\'' if !quoted => {
            let text: String = characters.by_ref().take_while(|&next| next != '\'').collect();
            pieces.push(Piece::Text(text, true));
        }
        '"' if !quoted => {
            pieces.push(Piece::Text(String::new(), true));
            while characters.next_if_eq(&'"').is_none() {
                characters.peek().ok_or("a quotation mark is missing")?;
                piece(characters, pieces, true)?;
            }
        }
        '$' => dollar(characters, pieces, quoted)?,
        '`' => return Err("use `$(…)`".to_owned()),
        '\\' if characters.next_if_eq(&'\n').is_some() => {}
        '\\' => {
            let next = characters.next().unwrap_or_default();
            let keeps = quoted && !matches!(next, '$' | '`' | '"' | '\\');
            let text = if keeps { format!("\\{next}") } else { next.to_string() };
            pieces.push(Piece::Text(text, true));
        }
        other => match pieces.last_mut() {
            Some(Piece::Text(text, before)) if *before == quoted => text.push(other),
            _ => pieces.push(Piece::Text(other.to_string(), quoted)),
        },
    }
    Ok(())
}

fn dollar(characters: &mut Peekable<Chars>, pieces: &mut Word, quoted: bool) -> Result<(), String> {
    let variable = |name: String| Piece::Variable { name, other: None, or_if_empty: false, quoted };
    let piece = match characters.peek() {
        Some('(') => {
            characters.next();
            Piece::Output { lines: until_closed(characters)?, quoted }
        }
        Some('{') => {
            characters.next();
            let name = name(characters);
            let or_if_empty = characters.next_if_eq(&':').is_some();
            let mut other = None;
            if characters.next_if_eq(&'-').is_some() {
                let mut word = Vec::new();
                while characters.peek().is_some_and(|&next| next != '}') {
                    self::piece(characters, &mut word, quoted)?;
                }
                other = Some(word);
            }
            if characters.next() != Some('}') {
                return Err(format!("what is done with `${{{name}` is not understood"));
            }
            Piece::Variable { name, other, or_if_empty, quoted }
        }
        Some('0'..='9' | '@' | '*' | '#' | '?' | '$') => variable(characters.next().unwrap_or_default().to_string()),
        Some(next) if next.is_ascii_alphabetic() || *next == '_' => variable(name(characters)),
        _ => Piece::Text("$".to_owned(), quoted),
    };
    pieces.push(piece);
    Ok(())
}

fn name(characters: &mut Peekable<Chars>) -> String {
    let mut name = String::new();
    while let Some(next) = characters.next_if(|next| next.is_ascii_alphanumeric() || *next == '_') {
        name.push(next);
    }
    name
}

/// The text before the `)` that closes an open `$(`.
fn until_closed(characters: &mut Peekable<Chars>) -> Result<String, String> {
    let (mut lines, mut open, mut quote) = (String::new(), 1, None);
    for next in characters.by_ref() {
        match (quote, next) {
            (None, '\'' | '"') => quote = Some(next),
            (Some(mark), _) if mark == next => quote = None,
            (None, '(') => open += 1,
            (None, ')') => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Ok(lines);
        }
        lines.push(next);
    }
    Err("`)` is missing".to_owned())
}
