//! Prints the key of a provider, as a tool would get it: `cargo run --example ask -- openai`.

use std::io::Write;
use std::process::ExitCode;

use modelforge_credential_client::{Entry, Failure, Program};
use modelforge_credential_protocol::{Error, Record, fail};

fn main() -> ExitCode {
    let provider = std::env::args().nth(1).unwrap_or_else(|| "openai".to_owned());
    match ask(&provider) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => fail(&problem),
    }
}

fn ask(provider: &str) -> Result<(), Error> {
    let core = match Program::find(&Entry::command(["modelforge-credential"])) {
        // A tool that can get a key in another way continues with that.
        Err(Failure::ProgramMissing(_)) => return Err("modelforge-credential is not installed".into()),
        found => found?,
    };
    let found = core.get(&Record::of([("provider", provider)])?)?;
    match found.as_ref().and_then(|found| found.get("password")) {
        Some(key) => Ok(std::io::stdout().write_all(key)?),
        None => Err(Error::new("no key").hint(format!("modelforge-credential login {provider}"))),
    }
}
