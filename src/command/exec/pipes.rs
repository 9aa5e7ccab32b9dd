//! Passes the command's output through the mask.

use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, TryRecvError, channel, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::command::exec::mask::{Filter, Mask};

/// How long a possible part of a secret is held back before a few bytes are shown.
const A_BLINK: Duration = Duration::from_millis(30);

/// How long to read after the command has exited from what it left running.
const LINGER: Duration = Duration::from_millis(100);

/// The most bytes to read then: as much as a pipe can have.
const MOST_AFTER_THE_END: usize = 1 << 20;

/// Bytes per read: as much as a pipe can have.
const BLOCK: usize = 64 << 10;

/// The number of buffers per stream: one is filled while the other is masked and written.
const BUFFERS: usize = 2;

type Buffer = Zeroizing<Vec<u8>>;

enum Event {
    /// The first bytes of a buffer. The buffer goes back to the reader.
    Piece(Buffer, usize),
    /// The stream is closed.
    Closed,
    /// The command has exited. A process that it started may keep the stream open forever.
    Ended,
}

/// The streams of a command.
#[derive(Default)]
pub struct Pipes {
    streams: Vec<(SyncSender<Event>, JoinHandle<io::Result<()>>)>,
}

impl Pipes {
    /// Passes output from `from` to `to`. All of this is set up before the command is started: a command whose output cannot be shown is
    /// not run.
    ///
    /// # Errors
    /// If the system cannot start another thread.
    pub fn add(
        &mut self,
        from: impl Read + Send + 'static,
        to: impl Write + Send + 'static,
        mask: Arc<Mask>,
    ) -> io::Result<()> {
        // Back-pressure: if our output is not read, we stop reading the command's.
        let (sender, events) = sync_channel(1);
        let (back, buffers) = channel();
        for _ in 0..BUFFERS {
            let _ = back.send(Zeroizing::new(vec![0; BLOCK]));
        }
        let reader = sender.clone();
        Builder::new().spawn(move || listen(from, &buffers, &reader))?;
        let thread = Builder::new().spawn(move || carry(&events, &back, to, Filter::new(mask)))?;
        self.streams.push((sender, thread));
        Ok(())
    }

    /// After the command has exited, waits until all its output has arrived. Returns the error if some was lost. It is not an error if the
    /// reader closed the pipe.
    pub fn finish(self) -> Option<io::Error> {
        for (sender, _) in &self.streams {
            // A closed stream no longer receives this.
            let _ = sender.send(Event::Ended);
        }
        let ended = self.streams.into_iter().map(|(_, thread)| thread.join());
        let problems: Vec<io::Error> = ended.filter_map(|carried| carried.ok()?.err()).collect();
        problems.into_iter().find(|problem| problem.kind() != io::ErrorKind::BrokenPipe)
    }
}

fn listen(mut from: impl Read, buffers: &Receiver<Buffer>, events: &SyncSender<Event>) {
    while let Ok(mut buffer) = buffers.recv() {
        let event = loop {
            match from.read(&mut buffer) {
                Err(problem) if problem.kind() == io::ErrorKind::Interrupted => {}
                // A terminal whose other end is closed reports an error.
                Ok(0) | Err(_) => break Event::Closed,
                Ok(count) => break Event::Piece(buffer, count),
            }
        };
        let is_last = matches!(event, Event::Closed);
        // If the output can no longer be written, close the stream, so that the command gets an error at its next write.
        if events.send(event).is_err() || is_last {
            return;
        }
    }
}

fn carry(events: &Receiver<Event>, back: &Sender<Buffer>, mut to: impl Write, mut filter: Filter) -> io::Result<()> {
    let mut after_the_end: Option<usize> = None;
    let mut output = Zeroizing::new(Vec::with_capacity(2 * BLOCK));
    loop {
        let event = match events.try_recv() {
            Err(TryRecvError::Empty) => {
                filter.catch_up(&mut output);
                to.write_all(&output)?;
                output.clear();
                wait(events, after_the_end.is_some(), filter.waits())
            }
            event => event.map_err(|_| RecvTimeoutError::Disconnected),
        };
        match event {
            _ if after_the_end.is_some_and(|count| count > MOST_AFTER_THE_END) => {
                filter.finish(&mut output);
                return to.write_all(&output);
            }
            Ok(Event::Piece(buffer, count)) => {
                after_the_end = after_the_end.map(|before| before + count);
                filter.push(&buffer[..count], &mut output);
                // If the reader is gone, it needs no buffer.
                let _ = back.send(buffer);
            }
            Ok(Event::Ended) => after_the_end = Some(0),
            Err(RecvTimeoutError::Timeout) if after_the_end.is_none() => filter.show_a_little(&mut output),
            Ok(Event::Closed) | Err(_) => {
                filter.finish(&mut output);
                return to.write_all(&output);
            }
        }
        if output.len() >= BLOCK {
            to.write_all(&output)?;
            output.clear();
        }
    }
}

/// Waits for the next event, with a time limit if a person or a command that has exited is waiting.
fn wait(events: &Receiver<Event>, has_exited: bool, something_is_held: bool) -> Result<Event, RecvTimeoutError> {
    match (has_exited, something_is_held) {
        (true, _) => events.recv_timeout(LINGER),
        (false, true) => events.recv_timeout(A_BLINK),
        (false, false) => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
    }
}

/// Standard error without a buffer.
pub fn stderr() -> io::Result<File> {
    #[cfg(unix)]
    return Ok(File::from(std::os::fd::AsFd::as_fd(&io::stderr()).try_clone_to_owned()?));
    #[cfg(windows)]
    return Ok(File::from(std::os::windows::io::AsHandle::as_handle(&io::stderr()).try_clone_to_owned()?));
}
