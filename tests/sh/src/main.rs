//! The helpers of tests are a few lines of shell. If there is no shell, this program runs them. It supports the part of sh that they use,
//! and refuses anything else.
//!
//! `tests-sh -c LINES [NAME [ARGUMENT…]]` runs lines, as sh does; so does `sh`. With any other name, it runs the file `NAME.sh` beside it
//! (the lines of a helper `modelforge-credential-x.exe` are in `modelforge-credential-x.sh`), otherwise the command with that name, such as
//! `cat`.

mod commands;
mod parse;
mod run;
mod sed;
mod stream;
mod token;
mod words;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args();
    let own = std::env::current_exe().unwrap_or_default();
    arguments.next();
    let arguments: Vec<String> = arguments.collect();
    match script(&own, &arguments).and_then(|(lines, arguments)| run::run(&lines, arguments)) {
        Ok(status) => ExitCode::from(status),
        Err(problem) => {
            let _ = stream::Output::stderr().write(format!("{}: {problem}\n", own.display()).as_bytes());
            ExitCode::from(2)
        }
    }
}

/// The lines to run, and their arguments from `$0` on.
fn script(own: &Path, arguments: &[String]) -> Result<(String, Vec<String>), String> {
    let beside = own.with_extension("sh");
    let name = own.file_stem().and_then(|name| name.to_str());
    match arguments {
        _ if beside.exists() => {
            let lines = std::fs::read_to_string(&beside).map_err(|problem| problem.to_string())?;
            Ok((lines, [&[own.display().to_string()], arguments].concat()))
        }
        _ if !matches!(name, Some("sh" | "tests-sh")) => {
            let name = name.unwrap_or_default();
            Ok((format!("{name} \"$@\""), [&[name.to_owned()], arguments].concat()))
        }
        [option, lines] if option == "-c" => Ok((lines.clone(), vec!["sh".to_owned()])),
        [option, lines, arguments @ ..] if option == "-c" => Ok((lines.clone(), arguments.to_vec())),
        _ => Err("say `-c LINES`".to_owned()),
    }
}
