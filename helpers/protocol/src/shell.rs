//! Commands for hints, in the syntax of the shell that the person uses.

use std::fmt::Display;

/// The shell that a hint is written for. The caller quotes words with [`Shell::word`] if they need it.
///
/// ```
/// use modelforge_credential_protocol::Shell;
///
/// assert_eq!(Shell::Posix.unset("OPENAI_API_KEY"), "unset OPENAI_API_KEY");
/// assert_eq!(Shell::PowerShell.unset("OPENAI_API_KEY"), "Remove-Item Env:OPENAI_API_KEY");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// `sh` and its like; on Windows Git Bash.
    Posix,
    /// PowerShell, which Windows has.
    PowerShell,
}

impl Shell {
    /// The shell that the person probably uses.
    pub fn of_the_person() -> Self {
        // Git Bash and similar shells set this variable.
        let is_posix = !cfg!(windows) || std::env::var_os("MSYSTEM").is_some_and(|system| !system.is_empty());
        if is_posix { Self::Posix } else { Self::PowerShell }
    }

    /// Quotes a text as one word.
    pub fn word(self, text: &str) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./\\:=+~".contains(c);
        match self {
            Self::PowerShell if !text.is_empty() && text.chars().all(plain) => text.to_owned(),
            Self::PowerShell => format!("'{}'", text.replace('\'', "''")),
            Self::Posix => shell_words::quote(text).into_owned(),
        }
    }

    /// Removes a variable from the environment.
    pub fn unset(self, variable: impl Display) -> String {
        match self {
            Self::Posix => format!("unset {variable}"),
            Self::PowerShell => format!("Remove-Item Env:{variable}"),
        }
    }

    /// Adds a directory to `PATH`.
    pub fn add_to_path(self, folder: impl Display) -> String {
        match self {
            Self::Posix => format!("export PATH=\"{folder}:$PATH\""),
            Self::PowerShell => format!("$env:PATH = \"{folder};$env:PATH\""),
        }
    }

    /// Sets a variable to several lines.
    pub fn set_lines(self, variable: impl Display, lines: &[&str]) -> String {
        match self {
            Self::Posix => format!("export {variable}=\"$(printf '{}')\"", lines.join("\\n")),
            Self::PowerShell => format!("$env:{variable} = \"{}\"", lines.join("`n")),
        }
    }

    /// Runs a command with a file as its input.
    pub fn with_input(self, command: impl Display, file: impl Display) -> String {
        match self {
            Self::Posix => format!("{command} < {file}"),
            Self::PowerShell => format!("Get-Content {file} | {command}"),
        }
    }

    /// Runs a command with these lines as its input.
    pub fn with_lines(self, lines: &[String], command: impl Display) -> String {
        match self {
            Self::Posix => {
                let text: String = lines.iter().map(|line| format!("{}\\n", line.replace('%', "%%"))).collect();
                format!("printf {} | {command}", self.word(&text))
            }
            Self::PowerShell => {
                let words: Vec<String> = lines.iter().map(|line| format!("'{}'", line.replace('\'', "''"))).collect();
                format!("{} | {command}", words.join(", "))
            }
        }
    }

    /// Runs a command with one line as its input.
    pub fn with_line(self, line: &str, command: impl Display) -> String {
        self.with_lines(&[line.to_owned()], command)
    }

    /// Gives a file or a folder another name.
    pub fn rename(self, from: impl Display, to: impl Display) -> String {
        match self {
            Self::Posix => format!("mv {from} {to}"),
            Self::PowerShell => format!("Move-Item {from} {to}"),
        }
    }

    /// Removes a file.
    pub fn remove(self, path: impl Display) -> String {
        match self {
            Self::Posix => format!("rm {path}"),
            Self::PowerShell => format!("Remove-Item {path}"),
        }
    }

    /// Shows a file and what it is.
    pub fn show(self, path: impl Display) -> String {
        match self {
            Self::Posix => format!("ls -l {path}"),
            Self::PowerShell => format!("Get-Item {path} | Format-List"),
        }
    }

    /// Shows the processes of a program.
    pub fn processes(self, name: impl Display) -> String {
        match self {
            // On macOS, `-a` means ancestors.
            Self::Posix if cfg!(target_os = "macos") => format!("pgrep -fl {name}"),
            Self::Posix => format!("pgrep -a {name}"),
            Self::PowerShell => format!("Get-Process {name}*"),
        }
    }

    /// Shows a process, and how to end it.
    pub fn process(self, id: u32) -> String {
        match self {
            Self::Posix => format!("ps -fp {id}  # then: kill {id}"),
            Self::PowerShell => format!("Get-Process -Id {id}  # then: Stop-Process -Id {id}"),
        }
    }

    /// Shows which processes have a file open; where the system cannot say that, those of a program.
    pub fn holders(self, path: impl Display, name: impl Display) -> String {
        match self {
            Self::Posix if cfg!(target_os = "macos") => format!("lsof {path}"),
            Self::Posix => format!("fuser -v {path}"),
            Self::PowerShell => self.processes(name),
        }
    }

    /// Removes the access of all other users to change a path.
    pub fn close(self, path: impl Display) -> String {
        match self {
            // Everyone, authenticated users, users.
            _ if cfg!(windows) => self.icacls(path, "/inheritance:d /remove:g *S-1-1-0 *S-1-5-11 *S-1-5-32-545"),
            _ => format!("chmod o-w {path}"),
        }
    }

    /// On Windows, gives access to the user alone: nothing is inherited from the directory above.
    pub fn leave_to_the_user(self, path: impl Display, is_folder: bool) -> String {
        let user = match self {
            Self::Posix => "$USERNAME",
            Self::PowerShell => "${env:USERNAME}",
        };
        // Without it, nobody could open the files in the directory.
        let and_below = if is_folder { "(OI)(CI)" } else { "" };
        self.icacls(path, format_args!("/inheritance:r /grant:r \"{user}:{and_below}F\""))
    }

    /// Changes an access list of Windows. Git Bash converts arguments that begin with a slash to paths, unless it is told not to.
    fn icacls(self, path: impl Display, options: impl Display) -> String {
        let before = match self {
            Self::Posix => "MSYS2_ARG_CONV_EXCL='*' ",
            Self::PowerShell => "",
        };
        format!("{before}icacls {path} {options}")
    }

    /// Runs the lines that a command prints.
    pub fn evaluate(self, command: impl Display) -> String {
        match self {
            Self::Posix => format!("eval \"$({command})\""),
            Self::PowerShell => format!("{command} | Out-String | Invoke-Expression"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_powershell_has_nothing_of_a_posix_shell() {
        let shell = Shell::PowerShell;
        let hints = [
            shell.unset("KEY"),
            shell.with_input("modelforge-credential login openai", "key.txt"),
            shell.with_line("provider=openai", "modelforge-credential fill"),
            shell.rename("a", "b"),
            shell.remove("a"),
            shell.show("a"),
            shell.processes("modelforge-credential"),
            shell.process(7),
            shell.holders("a", "modelforge-credential"),
            shell.leave_to_the_user("a", true),
            shell.evaluate("modelforge-credential env openai"),
        ];
        for hint in hints {
            for word in ["printf", "unset", "eval ", "chmod", "pgrep", "fuser", "mv ", "rm ", "<", "$(", "MSYS"] {
                assert!(!hint.contains(word), "{hint}");
            }
        }
    }

    #[test]
    fn what_is_left_to_the_user_stays_theirs_with_what_is_in_it() {
        let options = "a /inheritance:r /grant:r";
        for (shell, is_folder, hint) in [
            (Shell::PowerShell, false, format!("icacls {options} \"${{env:USERNAME}}:F\"")),
            (Shell::PowerShell, true, format!("icacls {options} \"${{env:USERNAME}}:(OI)(CI)F\"")),
            (Shell::Posix, true, format!("MSYS2_ARG_CONV_EXCL='*' icacls {options} \"$USERNAME:(OI)(CI)F\"")),
        ] {
            assert_eq!(shell.leave_to_the_user("a", is_folder), hint);
        }
        let closes = match cfg!(windows) {
            true => "icacls a /inheritance:d /remove:g *S-1-1-0 *S-1-5-11 *S-1-5-32-545",
            false => "chmod o-w a",
        };
        assert_eq!(Shell::PowerShell.close("a"), closes);
    }

    #[test]
    fn a_word_is_one_word_in_each_shell() {
        assert_eq!(Shell::PowerShell.word(r"C:\Users\O'Neill\a b"), r"'C:\Users\O''Neill\a b'");
        assert_eq!(Shell::PowerShell.word(r"C:\a.txt"), r"C:\a.txt");
        assert_eq!(Shell::PowerShell.word("a$b"), "'a$b'");
        assert_eq!(Shell::Posix.word("a b"), "'a b'");
    }
}
