//! `env`: prints lines that set keys in a shell's environment, quoted for that shell.

use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::Result;
use modelforge_credential_protocol::Shell as ShellOfHints;
use zeroize::Zeroizing;

use crate::audit::Operation;
use crate::command::keys::error;
use crate::command::keys::{self, Purpose, Wanted};
use crate::terminal;

/// The options of `env`.
pub struct Env {
    pub wanted: Wanted,
    pub shell: Option<Shell>,
}

/// The names of programs that are shells.
pub const SHELLS: [&str; 16] = [
    "ash",
    "bash",
    "cmd",
    "csh",
    "dash",
    "elvish",
    "fish",
    "ksh",
    "mksh",
    "nu",
    "powershell",
    "pwsh",
    "sh",
    "tcsh",
    "xonsh",
    "zsh",
];

/// A language for the lines; bash stands for every shell that follows POSIX.
#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
    /// Of Windows.
    Cmd,
}

pub fn env(env: &Env) -> Result<()> {
    let shell = env.shell.map_or_else(usual, Ok)?;
    let variables = keys::variables(&env.wanted, Purpose::of(Operation::Env))?;
    let mut lines = Zeroizing::new(Vec::with_capacity(16 << 10));
    for variable in &variables {
        if variable.is_file {
            return Err(error::a_file_does_not_go_into_lines(&variable.name).into());
        }
        match line(shell, &variable.name, &variable.value) {
            Some(line) => lines.extend_from_slice(&line),
            None => terminal::warning(&error::no_name_in_this_shell(&variable.name)),
        }
    }
    terminal::answer(&lines)?;
    if std::io::stdout().is_terminal() {
        terminal::warning(&error::keys_on_the_terminal(&env.wanted.providers));
    }
    Ok(())
}

/// The shell that will read the lines: the one that started this program, otherwise the login shell.
fn usual() -> Result<Shell> {
    let shell = parent().unwrap_or_else(|| std::env::var_os("SHELL").unwrap_or_default().into());
    match shell.file_stem().and_then(|name| name.to_str()) {
        Some("zsh") => Ok(Shell::Zsh),
        Some("fish") => Ok(Shell::Fish),
        Some("pwsh" | "powershell") => Ok(Shell::Powershell),
        Some("cmd") if cfg!(windows) => Ok(Shell::Cmd),
        Some(name @ ("csh" | "tcsh" | "elvish" | "nu" | "xonsh")) => Err(error::no_lines_for(name).into()),
        // No known shell started us, but Git Bash and similar shells set a variable.
        None => Ok(match ShellOfHints::of_the_person() {
            ShellOfHints::Posix => Shell::Bash,
            ShellOfHints::PowerShell => Shell::Powershell,
        }),
        _ => Ok(Shell::Bash),
    }
}

/// The shell that waits for the lines, as in `eval "$(…)"`, if it is our parent.
#[cfg(unix)]
fn parent() -> Option<PathBuf> {
    let name = std::fs::read_to_string(format!("/proc/{}/comm", std::os::unix::process::parent_id())).ok()?;
    SHELLS.contains(&name.trim()).then(|| PathBuf::from(name.trim()))
}

#[cfg(not(unix))]
fn parent() -> Option<PathBuf> {
    let program = crate::audit::asker().first()?.program.clone()?;
    let name = PathBuf::from(program.to_ascii_lowercase()).file_stem()?.to_owned();
    SHELLS.contains(&name.to_str()?).then(|| name.into())
}

/// A line that sets a variable; `None` if the shell allows no variable with such a name.
fn line(shell: Shell, name: &str, value: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !is_name || (!starts_well && !matches!(shell, Shell::Powershell | Shell::Cmd)) {
        return None;
    }
    let (before, after) = match shell {
        Shell::Bash | Shell::Zsh => (format!("export {name}='"), "'\n"),
        // The command substitution of fish joins all lines, as in `eval (…)`, so each needs a semicolon.
        Shell::Fish => (format!("set -gx {name} '"), "';\n"),
        Shell::Powershell => (format!("${{env:{name}}} = '"), "'\n"),
        Shell::Cmd => (format!("set \"{name}="), "\"\n"),
    };
    let mut line = Zeroizing::new(Vec::with_capacity(before.len() + value.len() * 4 + after.len()));
    line.extend_from_slice(before.as_bytes());
    match shell {
        Shell::Bash | Shell::Zsh => value.iter().for_each(|byte| match byte {
            b'\'' => line.extend_from_slice(b"'\\''"),
            byte => line.push(*byte),
        }),
        Shell::Fish => value.iter().for_each(|byte| match byte {
            b'\'' | b'\\' => line.extend_from_slice(&[b'\\', *byte]),
            byte => line.push(*byte),
        }),
        // To PowerShell, typographic quotation marks are the same as plain ones.
        Shell::Powershell => {
            for character in std::str::from_utf8(value).ok()?.chars() {
                let mut bytes = [0; 4];
                let bytes = character.encode_utf8(&mut bytes).as_bytes();
                line.extend_from_slice(bytes);
                if matches!(character, '\'' | '\u{2018}'..='\u{201b}') {
                    line.extend_from_slice(bytes);
                }
            }
        }
        // Whether these characters are literal depends on how the line is read, and no quoting works in every case.
        Shell::Cmd if value.iter().any(|byte| !matches!(byte, b' '..=b'~') || b"\"%!".contains(byte)) => return None,
        Shell::Cmd => line.extend_from_slice(value),
    }
    line.extend_from_slice(after.as_bytes());
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(shell: Shell, value: &str) -> String {
        String::from_utf8(line(shell, "KEY", value.as_bytes()).unwrap().to_vec()).unwrap()
    }

    #[test]
    fn each_shell_has_its_own_quotation() {
        assert_eq!(text(Shell::Bash, "a'b\\c$d"), "export KEY='a'\\''b\\c$d'\n");
        assert_eq!(text(Shell::Fish, "a'b\\c$d"), "set -gx KEY 'a\\'b\\\\c$d';\n");
        assert_eq!(text(Shell::Powershell, "a'b$c`d"), "${env:KEY} = 'a''b$c`d'\n");
        assert_eq!(text(Shell::Cmd, "a'b$c^d&e"), "set \"KEY=a'b$c^d&e\"\n");
        assert_eq!(text(Shell::Powershell, "a\u{2019};b"), "${env:KEY} = 'a\u{2019}\u{2019};b'\n");
    }

    #[test]
    fn what_no_variable_can_be_called_gets_no_line() {
        for name in ["302AI_API_KEY", "A;B", "A B", "A-B", "Ä"] {
            assert!(line(Shell::Bash, name, b"x").is_none(), "{name}");
            assert!(line(Shell::Fish, name, b"x").is_none(), "{name}");
        }
        for shell in [Shell::Powershell, Shell::Cmd] {
            assert!(line(shell, "302AI_API_KEY", b"x").is_some());
        }
        assert!(line(Shell::Powershell, "A}B", b"x").is_none());
    }

    #[test]
    fn what_cmd_could_take_for_more_than_a_value_gets_no_line() {
        for value in ["a\"&calc&\"", "%PATH%", "a!b!", "\u{e9}", "a\u{1b}"] {
            assert!(line(Shell::Cmd, "KEY", value.as_bytes()).is_none(), "{value}");
        }
    }
}
