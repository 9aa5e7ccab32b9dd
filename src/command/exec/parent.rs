//! Runs the command as a child, with its output masked or unchanged.

use std::io;
use std::process::Command;
use std::sync::Arc;

use super::ended::{Ended, wait};
use super::pipes;
use super::signals::{Signals, Where};
use crate::command::exec::mask::Mask;

/// Runs it with the input and output of this process.
pub fn plain(mut command: Command) -> io::Result<Ended> {
    let signals = Signals::listen(Where::Here)?;
    let mut child = command.spawn()?;
    let together = Together::with(&child);
    let signals = signals.pass_on_to(&child);
    let status = wait(&mut child, || signals.end())?;
    together.let_go();
    Ok(Ended { status, lost: None })
}

/// Runs it with masked output. If the output goes to a terminal, the command gets a terminal as well.
pub fn masked(mut command: Command, mask: Arc<Mask>) -> io::Result<Ended> {
    #[cfg(unix)]
    if io::IsTerminal::is_terminal(&io::stdout()) {
        return super::terminal::run(command, mask);
    }
    let mut pipes = pipes::Pipes::default();
    let (output, end) = io::pipe()?;
    command.stdout(end);
    pipes.add(output, modelforge_credential_protocol::stdout()?, Arc::clone(&mask))?;
    #[cfg(unix)]
    let messages = match io::IsTerminal::is_terminal(&io::stderr()) {
        true => Some(super::terminal::stderr_alone(&mut command)?),
        false => None,
    };
    #[cfg(not(unix))]
    let messages: Option<()> = None;
    if messages.is_none() {
        let (said, end) = io::pipe()?;
        command.stderr(end);
        pipes.add(said, pipes::stderr()?, Arc::clone(&mask))?;
    }
    let place = Where::Here;
    #[cfg(unix)]
    let place = match messages {
        Some((outer, terminal)) => {
            pipes.add(outer, pipes::stderr()?, mask)?;
            Where::Beside(Arc::new(move || terminal.resize()))
        }
        None => place,
    };
    let signals = Signals::listen(place)?;
    let mut child = command.spawn()?;
    let together = Together::with(&child);
    // It has the other ends of the pipes, and of that terminal.
    drop(command);
    let signals = signals.pass_on_to(&child);
    let status = wait(&mut child, || signals.end());
    let lost = pipes.finish();
    together.let_go();
    Ok(Ended { status: status?, lost })
}

/// If this process is killed, the command and its children end, too. What they leave running after the command exits may continue.
struct Together {
    #[cfg(windows)]
    job: Option<modelforge_credential_client::Together>,
}

#[cfg(windows)]
impl Together {
    fn with(child: &std::process::Child) -> Self {
        let job = modelforge_credential_client::Together::with(child);
        job.iter().for_each(modelforge_credential_client::Together::ends_with_this_process);
        Self { job }
    }

    fn let_go(self) {
        self.job.into_iter().for_each(modelforge_credential_client::Together::let_go);
    }
}

/// On other systems, signals are passed on, but if this process is killed, its children continue.
#[cfg(not(windows))]
impl Together {
    fn with(_: &std::process::Child) -> Self {
        Self {}
    }

    fn let_go(self) {}
}
