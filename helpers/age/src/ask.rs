//! Everything that needs a person: passphrases, and the messages and questions of age plugins.

use std::env;
use std::io::{self, Write};
use std::path::Path;

use age::secrecy::SecretString;
use modelforge_credential_files::tilde;
use modelforge_credential_protocol::{Error, Interactive, Reason, Result, Shell, visible};

/// The passphrase of an identity or an SSH key.
pub fn passphrase(what: &str, path: &Path) -> Result<SecretString> {
    if let Some(answer) = answer(&format!("Passphrase of the {what} `{}`{}: ", tilde(path), purpose())) {
        return Ok(answer);
    }
    let message = format!("the {what} `{}` needs a passphrase, and nobody can be prompted for it", tilde(path));
    Err(Error::new(message)
        .with_reason(Reason::Locked)
        .hint("use `print` or `exec` at a terminal, or set MODELFORGE_CREDENTIAL_ASKPASS"))
}

/// After a store, another process reads back what was stored. If it asked with the same words, a person would think that the first
/// passphrase was wrong.
fn purpose() -> &'static str {
    match env::args_os().next_back().as_deref().and_then(std::ffi::OsStr::to_str) {
        Some("store") => ", to store a key",
        Some("get") => ", to read a key",
        _ => "",
    }
}

/// A new passphrase, which is asked for twice.
pub fn new_passphrase(path: &Path) -> Result<SecretString> {
    use age::secrecy::ExposeSecret;
    let nobody = || {
        Error::new("cannot ask for the new passphrase: there is no terminal")
            .hint("run it at a terminal, or set MODELFORGE_CREDENTIAL_ASKPASS")
    };
    let prompt = format!("New passphrase for the identity `{}`: ", path.display());
    let passphrase = answer(&prompt).ok_or_else(nobody)?;
    if passphrase.expose_secret().is_empty() {
        return Err("the passphrase is empty, so nothing was changed".into());
    }
    match answer("The same passphrase again: ") {
        Some(again) if again.expose_secret() == passphrase.expose_secret() => Ok(passphrase),
        _ => Err("the two passphrases differ, so nothing was changed".into()),
    }
}

/// As in git: an askpass program if one is set, otherwise the terminal.
fn answer(prompt: &str) -> Option<SecretString> {
    if Interactive::of_environment() == Interactive::Never {
        return None;
    }
    let prompt = visible(prompt);
    let Some(program) = modelforge_credential_ask::chosen_program() else { return at_the_terminal(&prompt) };
    let mut said = |line: &str| _ = writeln!(io::stderr(), "{line}");
    match modelforge_credential_ask::program(&program, &prompt, &mut said) {
        Ok(answer) => Some(SecretString::from(answer.as_str())),
        Err(failure) => {
            let warning = format!("the askpass program `{}` failed: {failure}", tilde(Path::new(&program)));
            let _ = writeln!(io::stderr(), "warning: {}", visible(&warning));
            at_the_terminal(&prompt)
        }
    }
}

fn at_the_terminal(prompt: &str) -> Option<SecretString> {
    modelforge_credential_ask::hidden(prompt).ok().map(|answer| SecretString::from(answer.as_str()))
}

/// Answers the questions of an age plugin.
#[derive(Clone)]
pub struct Person;

impl age::Callbacks for Person {
    fn display_message(&self, message: &str) {
        let _ = writeln!(io::stderr(), "{}", readable(message));
    }

    fn confirm(&self, message: &str, yes: &str, no: Option<&str>) -> Option<bool> {
        use age::secrecy::ExposeSecret;
        let no = no.map(|no| format!(", n = {no}")).unwrap_or_default();
        let answer = answer(&readable(&format!("{message} (y = {yes}{no}): ")))?;
        Some(answer.expose_secret().eq_ignore_ascii_case("y"))
    }

    fn request_public_string(&self, description: &str) -> Option<String> {
        use age::secrecy::ExposeSecret;
        answer(&readable(&format!("{description}: "))).map(|answer| answer.expose_secret().to_owned())
    }

    fn request_passphrase(&self, description: &str) -> Option<SecretString> {
        answer(&readable(&format!("{description}: ")))
    }
}

/// The age crate puts marks around quoted text.
fn readable(message: &str) -> String {
    visible(&message.replace(['\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}'], ""))
}

/// Why a plugin cannot be started, for any purpose.
pub enum Plugin {
    /// This one is not on PATH.
    Missing(String),
    /// This system cannot start any plugin.
    NotStarted,
}

/// Refuses a plugin that the age crate would find, but that another user may have put there.
///
/// That crate searches PATH itself, also relative entries and a literal `~`. So every program with that name on PATH must be below an
/// absolute entry, and pass the rule for programs: then root or the user has put there the one that is started. `AGEDEBUG` would print the
/// file key.
pub fn check_plugin(name: &str) -> Result<()> {
    if env::var_os("AGEDEBUG").is_some() {
        return Err(Error::new("`AGEDEBUG` would print the keys that go to an age plugin")
            .hint(Shell::of_the_person().unset("AGEDEBUG"))
            .with_cause(Plugin::NotStarted));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let home = modelforge_credential_files::home().unwrap_or_default();
    let programs = env::split_paths(&path)
        .map(|folder| folder.strip_prefix("~").map_or(folder.clone(), |below| home.join(below)))
        .flat_map(|folder| {
            ["", ".exe", ".com", ".cmd", ".bat"].map(|end| folder.join(format!("age-plugin-{name}{end}")))
        });
    for program in programs {
        if program.exists() && (!program.is_absolute() || is_anyones(&program)) {
            let message = format!(
                "the age plugin `{}` may be another user's: anyone can write to its directory",
                tilde(&program)
            );
            let hint = "remove that directory from PATH, or chmod o-w it";
            return Err(Error::new(message).hint(hint).with_cause(Plugin::NotStarted));
        }
    }
    Ok(())
}

/// The rule for every program that is started.
fn is_anyones(program: &Path) -> bool {
    modelforge_credential_files::check_program(program).is_err()
}
