//! Stays while the command runs, with its output masked or as it is.

use std::io;
use std::process::Command;
use std::sync::Arc;

use super::ended::{Ended, wait};
use super::pipes;
use super::signals::{Signals, Where};
use crate::command::exec::mask::Mask;

/// Runs it with this process's own input and output.
pub fn plain(mut command: Command) -> io::Result<Ended> {
    let signals = Signals::listen()?;
    let mut child = command.spawn()?;
    let signals = signals.pass_on_to(&child, Where::Here);
    let status = wait(&mut child, || signals.end())?;
    Ok(Ended { status, lost: None })
}

/// Runs it with its output masked; where that goes to a terminal, the command has one as well.
pub fn masked(mut command: Command, mask: Arc<Mask>) -> io::Result<Ended> {
    let signals = Signals::listen()?;
    #[cfg(unix)]
    if io::IsTerminal::is_terminal(&io::stdout()) {
        return super::terminal::run(command, mask, signals);
    }
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    #[cfg(unix)]
    let messages = match io::IsTerminal::is_terminal(&io::stderr()) {
        true => Some(super::terminal::stderr_alone(&mut command)?),
        false => None,
    };
    let mut child = command.spawn()?;
    // It holds an end of that terminal.
    drop(command);
    let mut pipes = pipes::Pipes::default();
    if let Some(stdout) = child.stdout.take() {
        pipes.add(stdout, modelforge_credential_protocol::stdout()?, Arc::clone(&mask));
    }
    if let Some(stderr) = child.stderr.take() {
        pipes.add(stderr, pipes::stderr()?, Arc::clone(&mask));
    }
    let place = Where::Here;
    #[cfg(unix)]
    let place = match messages {
        Some((outer, terminal)) => {
            pipes.add(outer, pipes::stderr()?, mask);
            Where::Beside(Arc::new(move || terminal.resize()))
        }
        None => place,
    };
    let signals = signals.pass_on_to(&child, place);
    let status = wait(&mut child, || signals.end());
    let lost = pipes.finish();
    Ok(Ended { status: status?, lost })
}
