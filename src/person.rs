//! Who may be prompted for a key: a person at the terminal, a person through a program, or nobody.

use std::ffi::{OsStr, OsString};

use modelforge_credential_ask::terminal_is_there;
use modelforge_credential_client::Failure;
use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Error, Interactive, Record, Result, shown_user, visible};
use zeroize::Zeroizing;

use crate::error;
use crate::terminal;

/// Who may be prompted.
pub enum Person {
    /// There is no terminal, or the caller forbade prompts.
    Nobody,
    /// A person, through this program (`ssh-askpass` and the like).
    Askpass(OsString),
    /// A person at the terminal.
    Terminal,
}

/// Finds out who may be prompted: `MODELFORGE_CREDENTIAL_ASKPASS`, `SSH_ASKPASS`, then the terminal.
pub fn person() -> Person {
    if Interactive::of_environment() == Interactive::Never {
        return Person::Nobody;
    }
    match modelforge_credential_ask::chosen_program() {
        Some(program) => Person::Askpass(program),
        None if terminal_is_there() => Person::Terminal,
        None => Person::Nobody,
    }
}

impl Person {
    /// Asks for what `request` lacks, and sets it: the secret, and the user name if it is needed.
    pub fn complete(&self, request: &mut Record, wants_username: bool) -> Result<()> {
        if wants_username && !request.has("username") {
            let username = self.ask(&format!("Username for '{}': ", request.url()), true)?;
            request.set("username", username.as_bytes())?;
        }
        let secret = self.secret(request)?;
        request.set("password", secret.as_bytes())
    }

    /// Asks for the secret of a request.
    pub fn secret(&self, request: &Record) -> Result<Zeroizing<String>> {
        let prompt = match (request.text("provider"), request.text("username")) {
            (Some(provider), Some(account)) if account != DEFAULT_ACCOUNT => {
                format!("API key for {} ({}, account {}): ", visible(provider), request.url(), shown_user(account))
            }
            (Some(provider), _) => format!("API key for {} ({}): ", visible(provider), request.url()),
            (None, Some(_)) => format!("Password for '{}': ", request.url_with_user()),
            (None, None) => format!("Password for '{}': ", request.url()),
        };
        self.ask(&prompt, false)
    }

    fn ask(&self, prompt: &str, echo: bool) -> Result<Zeroizing<String>> {
        let entered = match self {
            Self::Nobody => return Err(nobody_to_ask()),
            Self::Askpass(program) => {
                match modelforge_credential_ask::program(program, prompt, &mut terminal::remark) {
                    Ok(entered) => entered,
                    Err(failure) => {
                        let problem = no_answer(program, failure);
                        if !terminal_is_there() {
                            return Err(problem);
                        }
                        terminal::warning(&problem);
                        Self::Terminal.ask(prompt, echo)?
                    }
                }
            }
            Self::Terminal if echo => terminal::read_line(prompt)?,
            Self::Terminal => terminal::read_hidden(prompt)?,
        };
        if entered.trim().is_empty() {
            return Err(error::nothing_entered());
        }
        Ok(entered)
    }
}

fn no_answer(program: &OsStr, failure: Failure) -> Error {
    match failure {
        Failure::Failed { .. } => error::helper_failed(&program.to_string_lossy(), &failure),
        failure => failure.into(),
    }
}

fn nobody_to_ask() -> Error {
    Error::new("cannot ask for the key: there is no terminal")
        .hint("set MODELFORGE_CREDENTIAL_ASKPASS, or store the key first")
}
