//! The built-in commands, and how other programs are started.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::run::{Done, Shell, Stop, Streams};
use crate::stream::{Input, Output};

pub fn run(shell: &mut Shell, words: &[String], set: &[(String, String)], streams: Streams) -> Done {
    let arguments: Vec<&str> = words[1..].iter().map(String::as_str).collect();
    let status = match (words[0].as_str(), arguments.as_slice()) {
        (":" | "true", _) => 0,
        ("false", _) => 1,
        ("exit", _) => {
            let status = arguments.first().and_then(|status| status.parse().ok());
            return Err(Stop::Exit(status.unwrap_or(shell.variables.status)));
        }
        ("exec", []) => {
            shell.streams = streams;
            0
        }
        ("exec", _) => return Err(Stop::Exit(run(shell, &words[1..], set, streams)?)),
        ("echo", _) => written(&streams, format!("{}\n", arguments.join(" ")).as_bytes()),
        ("printf", [format, values @ ..]) => written(&streams, &formatted(format, values)?),
        ("cat", _) => cat(&arguments, &streams),
        ("[", [inner @ .., "]"]) => u8::from(!test(inner)?),
        ("test", _) => u8::from(!test(&arguments)?),
        ("sleep", [seconds]) => {
            let seconds = seconds.parse().map_err(|_| format!("`{seconds}` is no number"))?;
            std::thread::sleep(Duration::from_secs_f64(seconds));
            0
        }
        ("read", _) => read(shell, arguments.last().copied(), &streams),
        ("grep", _) => grep(&arguments, &streams)?,
        ("sed", ["-n", script]) => written(&streams, crate::sed::replaced(script, &text_of(&streams))?.as_bytes()),
        ("sort", []) => {
            let text = text_of(&streams);
            let mut lines: Vec<&str> = text.lines().collect();
            lines.sort_unstable();
            written(&streams, lines.iter().map(|line| format!("{line}\n")).collect::<String>().as_bytes())
        }
        ("seq", [from, to]) => {
            let number = |text: &str| text.parse::<u64>().map_err(|_| format!("`{text}` is no number"));
            let numbers: String = (number(from)?..=number(to)?).map(|number| format!("{number}\n")).collect();
            written(&streams, numbers.as_bytes())
        }
        ("cut", [range]) => written(&streams, cut(range, &text_of(&streams))?.as_bytes()),
        ("env", []) => {
            let all: String = std::env::vars().map(|(name, value)| format!("{name}={value}\n")).collect();
            written(&streams, all.as_bytes())
        }
        ("printenv", [name]) => match std::env::var(name) {
            Ok(value) => written(&streams, format!("{value}\n").as_bytes()),
            Err(_) => 1,
        },
        ("shift", []) => {
            if shell.variables.arguments.len() > 1 {
                shell.variables.arguments.remove(1);
            }
            0
        }
        ("rm", ["-f" | "-rf", paths @ ..] | paths) => {
            u8::from(!paths.iter().all(|path| std::fs::remove_file(path).is_ok()) && arguments.first() != Some(&"-f"))
        }
        ("touch", [path]) => u8::from(std::fs::File::options().append(true).create(true).open(path).is_err()),
        ("mkdir", ["-p", path] | [path]) => u8::from(std::fs::create_dir_all(path).is_err()),
        ("cp", [from, to]) => u8::from(std::fs::copy(from, to).is_err()),
        ("mv", [from, to]) => u8::from(!moved(from, to)),
        // The started program would get this variable as well.
        ("export", _) => return Err(Stop::Problem("use `NAME=value COMMAND`".to_owned())),
        _ => return start(shell, words, set, &streams),
    };
    Ok(status)
}

fn written(streams: &Streams, bytes: &[u8]) -> u8 {
    u8::from(streams.output.write(bytes).is_err())
}

/// The output of `printf`, repeated for as many values as there are.
fn formatted(format: &str, values: &[&str]) -> Result<Vec<u8>, String> {
    let mut written = Vec::new();
    let mut values = values.iter();
    loop {
        let before = values.len();
        let mut characters = format.chars().peekable();
        while let Some(next) = characters.next() {
            match next {
                '\\' => match characters.next() {
                    Some('n') => written.push(b'\n'),
                    Some('r') => written.push(b'\r'),
                    Some('t') => written.push(b'\t'),
                    Some('a') => written.push(7),
                    Some(digit @ '0'..='7') => {
                        let mut value = digit.to_digit(8).unwrap_or_default();
                        for _ in 0..2 {
                            let Some(next) = characters.next_if(|next| next.is_digit(8)) else { break };
                            value = value * 8 + next.to_digit(8).unwrap_or_default();
                        }
                        written.push(u8::try_from(value).map_err(|_| "a number above 255".to_owned())?);
                    }
                    Some('\\') => written.push(b'\\'),
                    Some(other) => written.extend(format!("\\{other}").bytes()),
                    None => written.push(b'\\'),
                },
                '%' => match characters.next() {
                    Some('%') => written.push(b'%'),
                    Some('s' | 'd') => written.extend(values.next().copied().unwrap_or_default().bytes()),
                    other => return Err(format!("`%{}` is not understood", other.unwrap_or_default())),
                },
                other => written.extend(other.to_string().bytes()),
            }
        }
        if values.len() == 0 || values.len() == before {
            return Ok(written);
        }
    }
}

/// Windows cannot replace a file while somebody reads it.
fn moved(from: &str, to: &str) -> bool {
    (0..100).any(|attempt| {
        std::thread::sleep(Duration::from_millis(attempt));
        std::fs::rename(from, to).is_ok()
    })
}

fn text_of(streams: &Streams) -> String {
    String::from_utf8_lossy(&streams.input.all()).into_owned()
}

/// A range of characters of each line: `-c1-24`.
fn cut(range: &str, text: &str) -> Result<String, String> {
    let ends = range.strip_prefix("-c").and_then(|range| range.split_once('-'));
    let ends = ends.and_then(|(from, to)| Some((from.parse::<usize>().ok()?, to.parse::<usize>().ok()?)));
    let (from, to) = ends.filter(|(from, _)| *from > 0).ok_or_else(|| format!("`cut {range}` is not understood"))?;
    let line = |line: &str| line.chars().take(to).skip(from - 1).chain(['\n']).collect::<String>();
    Ok(text.lines().map(line).collect())
}

fn cat(paths: &[&str], streams: &Streams) -> u8 {
    let mut status = 0;
    let contents =
        if paths.is_empty() { vec![Ok(streams.input.all())] } else { paths.iter().map(std::fs::read).collect() };
    for content in contents {
        status |= content.map_or(1, |content| written(streams, &content));
    }
    status
}

fn test(words: &[&str]) -> Result<bool, String> {
    Ok(match words {
        ["!", rest @ ..] => !test(rest)?,
        [left, "=", right] => left == right,
        [left, "!=", right] => left != right,
        ["-n", text] | [text] => !text.is_empty(),
        ["-z", text] => text.is_empty(),
        ["-e", path] => Path::new(path).exists(),
        ["-f", path] => Path::new(path).is_file(),
        ["-d", path] => Path::new(path).is_dir(),
        ["-s", path] => std::fs::metadata(path).is_ok_and(|metadata| metadata.len() > 0),
        [] => false,
        _ => return Err(format!("`[ {} ]` is not understood", words.join(" "))),
    })
}

/// Reads one line, byte by byte, because the rest is for another command.
fn read(shell: &mut Shell, name: Option<&str>, streams: &Streams) -> u8 {
    let mut line = Vec::new();
    let ended = loop {
        match streams.input.byte() {
            Some(b'\n') => break true,
            Some(byte) => line.push(byte),
            None => break false,
        }
    };
    let line = String::from_utf8_lossy(&line).into_owned();
    shell.variables.set.insert(name.unwrap_or("REPLY").to_owned(), line);
    u8::from(!ended)
}

/// Lines that contain a text: at their beginning after `^`, at their end before `$`.
fn grep(arguments: &[&str], streams: &Streams) -> Result<u8, String> {
    let (mut patterns, mut paths) = (Vec::new(), Vec::new());
    let mut options = String::new();
    let mut arguments = arguments.iter();
    while let Some(&argument) = arguments.next() {
        match argument {
            "-e" => patterns.push(arguments.next().copied().unwrap_or_default()),
            option if option.strip_prefix('-').is_some_and(|all| all.chars().all(|one| "EFcqvx".contains(one))) => {
                options.push_str(option);
            }
            option if option.starts_with('-') => return Err(format!("`grep {option}` is not understood")),
            pattern if patterns.is_empty() => patterns.push(pattern),
            path => paths.push(path),
        }
    }
    let has = |option| options.contains(option);
    let (quiet, others, counts) = (has('q'), has('v'), has('c'));
    let mut plain = Vec::new();
    for pattern in patterns {
        match has('F') {
            true => plain.push(pattern.to_owned()),
            false if has('E') => plain.extend(alternatives(pattern)?),
            false => plain.push(without_backslashes(pattern)?),
        }
    }
    let patterns: Vec<String> =
        plain.into_iter().map(|pattern| if has('x') { format!("^{pattern}$") } else { pattern }).collect();
    let text = match paths.as_slice() {
        [] => streams.input.all(),
        paths => paths.iter().filter_map(|path| std::fs::read(path).ok()).collect::<Vec<_>>().concat(),
    };
    let lines = text.split_inclusive(|&byte| byte == b'\n').map(|line| String::from_utf8_lossy(line).into_owned());
    let found: Vec<String> =
        lines.filter(|line| patterns.iter().any(|pattern| holds(line, pattern)) != others).collect();
    let status = u8::from(found.is_empty());
    let shown = if counts { format!("{}\n", found.len()) } else { found.concat() };
    if !quiet {
        written(streams, shown.as_bytes());
    }
    Ok(status)
}

/// Splits a pattern of `grep -E`: `^(a|b)=` is `^a=` and `^b=`.
fn alternatives(pattern: &str) -> Result<Vec<String>, String> {
    let Some((before, rest)) = pattern.split_once('(') else { return Ok(vec![without_backslashes(pattern)?]) };
    let (inside, after) = rest.split_once(')').ok_or_else(|| format!("`{pattern}` is not understood"))?;
    inside.split('|').map(|one| without_backslashes(&format!("{before}{one}{after}"))).collect()
}

/// A pattern in which every character except `^` and `$` stands for itself.
fn without_backslashes(pattern: &str) -> Result<String, String> {
    let mut plain = String::new();
    let mut characters = pattern.chars();
    while let Some(next) = characters.next() {
        match (next, characters.as_str().chars().next()) {
            ('\\', Some(meant @ ('[' | ']' | '.' | '*'))) => {
                characters.next();
                plain.push(meant);
            }
            ('*' | '[' | '\\', _) => return Err(format!("`{pattern}` is not understood")),
            _ => plain.push(next),
        }
    }
    Ok(plain)
}

fn holds(line: &str, pattern: &str) -> bool {
    let line = line.trim_end_matches('\n');
    match (pattern.strip_prefix('^'), pattern.strip_suffix('$')) {
        (Some(start), None) => line.starts_with(start),
        (None, Some(end)) => line.ends_with(end),
        (Some(_), Some(_)) => line == &pattern[1..pattern.len() - 1],
        (None, None) => line.contains(pattern),
    }
}

/// Starts a program, and waits until it exits.
#[expect(clippy::disallowed_methods, reason = "this is a shell")]
fn start(shell: &Shell, words: &[String], set: &[(String, String)], streams: &Streams) -> Done {
    let Some(program) = found(&words[0], &shell.variables.get("PATH").unwrap_or_default()) else {
        let _ = streams.error.write(format!("sh: {}: not found\n", words[0]).as_bytes());
        return Ok(127);
    };
    let mut command = std::process::Command::new(program);
    command.args(&words[1..]).envs(set.iter().map(|(name, value)| (name, value)));
    let stdio = || Ok((streams.input.stdio()?, streams.output.stdio()?, streams.error.stdio()?));
    let (input, output, error) = stdio().map_err(|problem: std::io::Error| problem.to_string())?;
    let child = command.stdin(input).stdout(output).stderr(error).spawn();
    let mut child = child.map_err(|problem| format!("{}: {problem}", words[0]))?;
    if let (Input::Memory(_), Some(mut stdin)) = (&streams.input, child.stdin.take()) {
        let bytes = streams.input.all();
        // The program need not read it.
        std::thread::spawn(move || drop(stdin.write_all(&bytes)));
    }
    if let (Output::Memory(memory), Some(mut stdout)) = (&streams.output, child.stdout.take()) {
        let mut bytes = Vec::new();
        stdout.read_to_end(&mut bytes).map_err(|problem| problem.to_string())?;
        memory.borrow_mut().extend(bytes);
    }
    let status = child.wait().map_err(|problem| problem.to_string())?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(255))
}

fn found(name: &str, path: &str) -> Option<PathBuf> {
    if name.contains(['/', '\\']) {
        return Some(name.into());
    }
    let suffix = std::env::consts::EXE_SUFFIX;
    let names = [name.to_owned(), format!("{name}{suffix}")];
    std::env::split_paths(path)
        .flat_map(|folder| names.clone().map(|name| folder.join(name)))
        .find(|path| path.is_file())
}
