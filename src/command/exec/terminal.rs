//! A terminal for a command whose output is masked. It has the same size and mode as ours, and input is passed on to it.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Command, Stdio};
use std::sync::Arc;

use pty_process::blocking::Pty;
use rustix::termios::{OptionalActions, OutputModes, Termios, tcgetattr, tcgetwinsize, tcsetattr, tcsetwinsize};
use zeroize::Zeroizing;

use super::ended::{Ended, wait};
use super::pipes::{self, Pipes};
use super::signals::{Signals, Where};
use crate::command::exec::mask::Mask;

/// The outer end of the command's terminal, and our own terminal.
pub struct Terminal {
    end: File,
    real: OwnedFd,
}

impl Terminal {
    fn new(end: &Pty, real: impl AsFd) -> io::Result<Arc<Self>> {
        let end = File::from(end.as_fd().try_clone_to_owned()?);
        let terminal = Arc::new(Self { end, real: real.as_fd().try_clone_to_owned()? });
        terminal.resize();
        Ok(terminal)
    }

    /// Copies the size of our terminal.
    pub fn resize(&self) {
        if let Ok(size) = tcgetwinsize(&self.real) {
            let _ = tcsetwinsize(&self.end, size);
        }
    }
}

/// A terminal for the command's standard error alone: its output goes elsewhere, and it reads input itself.
pub fn stderr_alone(command: &mut Command) -> io::Result<(Pty, Arc<Terminal>)> {
    let (outer, inner) = pty_process::blocking::open().map_err(io::Error::other)?;
    let terminal = Terminal::new(&outer, io::stderr())?;
    complete_no_line_ends(&mut tcgetattr(&inner)?, &inner)?;
    command.stderr(inner.as_fd().try_clone_to_owned()?);
    Ok((outer, terminal))
}

/// The outer terminal converts line ends.
fn complete_no_line_ends(modes: &mut Termios, terminal: impl AsFd) -> io::Result<()> {
    modes.output_modes.remove(OutputModes::OPOST);
    Ok(tcsetattr(terminal, OptionalActions::Now, modes)?)
}

/// Runs the command at its own terminal. Streams that are not a terminal here are not one there either.
pub fn run(command: Command, mask: Arc<Mask>) -> io::Result<Ended> {
    let (outer, inner) = pty_process::blocking::open().map_err(io::Error::other)?;
    let terminal = Terminal::new(&outer, io::stdout())?;
    // In the background, the keyboard belongs to others, and so do the modes: a shell may be editing its next line.
    let in_front = !is_in_the_background();
    match in_front {
        true => tcsetattr(&terminal.end, OptionalActions::Now, &tcgetattr(io::stdout())?)?,
        false => complete_no_line_ends(&mut tcgetattr(&terminal.end)?, &terminal.end)?,
    }
    let mut command = pty_process::blocking::Command::from(command);
    let mut pipes = Pipes::default();
    if !io::stderr().is_terminal() {
        let (said, end) = io::pipe()?;
        command = command.stderr(end);
        pipes.add(said, pipes::stderr()?, Arc::clone(&mask))?;
    }
    pipes.add(outer, modelforge_credential_protocol::stdout()?, mask)?;
    let signals = Signals::listen(Where::At({
        let terminal = Arc::clone(&terminal);
        Arc::new(move || terminal.resize())
    }))?;
    let is_typed = io::stdin().is_terminal();
    if !is_typed {
        command = command.stdin(Stdio::inherit());
    }
    let raw = if is_typed && in_front { Some(Raw::new()?) } else { None };
    if raw.is_some() {
        pass_on_keys(terminal.end.try_clone()?)?;
    }
    let mut child = command.spawn(inner).map_err(|problem| match problem {
        pty_process::Error::Io(problem) => problem,
        other => io::Error::other(other),
    })?;
    let signals = signals.pass_on_to(&child);
    let status = wait(&mut child, || signals.end());
    let lost = pipes.finish();
    drop(raw);
    Ok(Ended { status: status?, lost })
}

/// True if another process group reads this terminal. Known only for the controlling terminal.
fn is_in_the_background() -> bool {
    rustix::termios::tcgetpgrp(io::stdout()).is_ok_and(|group| group != rustix::process::getpgrp())
}

/// Passes on the input. The thread ends with this process.
fn pass_on_keys(mut end: File) -> io::Result<()> {
    let mut keys = modelforge_credential_protocol::stdin()?;
    let pass_on = move || {
        let mut buffer = Zeroizing::new([0; 4096]);
        while let Ok(count @ 1..) = keys.read(buffer.as_mut_slice()) {
            if end.write_all(&buffer[..count]).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new().spawn(pass_on).map(drop)
}

/// Our own terminal passes every key on unchanged, until this is dropped.
struct Raw {
    before: Termios,
}

impl Raw {
    fn new() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(io::stdin(), OptionalActions::Now, &raw)?;
        Ok(Self { before })
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}
