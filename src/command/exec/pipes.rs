//! Carries the command's output through the mask.

use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::command::exec::mask::{Filter, Mask};

/// How long what may be a secret is held back before a little of it is shown.
const A_BLINK: Duration = Duration::from_millis(30);

/// How long to listen to what the command left behind when it had ended.
const LINGER: Duration = Duration::from_millis(100);

/// As much as a pipe can hold of what the command wrote before it ended.
const MOST_AFTER_THE_END: usize = 1 << 20;

enum Event {
    Piece(Zeroizing<Vec<u8>>),
    /// The stream has ended.
    Closed,
    /// The command has ended; something that it started may hold the stream open for ever.
    Ended,
}

/// The streams of a command.
#[derive(Default)]
pub struct Pipes {
    streams: Vec<(SyncSender<Event>, JoinHandle<io::Result<()>>)>,
}

impl Pipes {
    /// Carries what comes out of `from` to `to`.
    pub fn add(&mut self, from: impl Read + Send + 'static, to: impl Write + Send + 'static, mask: Arc<Mask>) {
        // What nobody reads is not read from the command either.
        let (sender, events) = sync_channel(1);
        let reader = sender.clone();
        std::thread::spawn(move || listen(from, &reader));
        let thread = std::thread::spawn(move || carry(&events, to, Filter::new(mask)));
        self.streams.push((sender, thread));
    }

    /// The command has ended: waits until all that it wrote has arrived. Returns why some of it did not; that a reader had enough
    /// is no reason to complain.
    pub fn finish(self) -> Option<io::Error> {
        for (sender, _) in &self.streams {
            // A stream that has ended listens no longer.
            let _ = sender.send(Event::Ended);
        }
        let ended = self.streams.into_iter().map(|(_, thread)| thread.join());
        let problems: Vec<io::Error> = ended.filter_map(|carried| carried.ok()?.err()).collect();
        problems.into_iter().find(|problem| problem.kind() != io::ErrorKind::BrokenPipe)
    }
}

fn listen(mut from: impl Read, events: &SyncSender<Event>) {
    let mut buffer = Zeroizing::new([0; 16 << 10]);
    loop {
        let event = match from.read(buffer.as_mut_slice()) {
            Err(problem) if problem.kind() == io::ErrorKind::Interrupted => continue,
            // A terminal whose other end is closed says so with an error.
            Ok(0) | Err(_) => Event::Closed,
            Ok(count) => Event::Piece(Zeroizing::new(buffer[..count].to_vec())),
        };
        let is_last = matches!(event, Event::Closed);
        // Where the output cannot be written any more, the stream is closed, and the command told so when it writes again.
        if events.send(event).is_err() || is_last {
            return;
        }
    }
}

fn carry(events: &Receiver<Event>, mut to: impl Write, mut filter: Filter) -> io::Result<()> {
    let mut after_the_end: Option<usize> = None;
    loop {
        let event = match (after_the_end, filter.waits()) {
            (Some(count), _) if count > MOST_AFTER_THE_END => Ok(Event::Closed),
            (Some(_), _) => events.recv_timeout(LINGER),
            (None, true) => events.recv_timeout(A_BLINK),
            (None, false) => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        let output = match event {
            Ok(Event::Piece(piece)) => {
                after_the_end = after_the_end.map(|count| count + piece.len());
                filter.push(&piece)
            }
            Ok(Event::Ended) => {
                after_the_end = Some(0);
                continue;
            }
            Err(RecvTimeoutError::Timeout) if after_the_end.is_none() => filter.show_a_little(),
            Ok(Event::Closed) | Err(_) => return to.write_all(&filter.finish()),
        };
        to.write_all(&output)?;
    }
}

/// Standard error without a buffer.
pub fn stderr() -> io::Result<File> {
    #[cfg(unix)]
    return Ok(File::from(std::os::fd::AsFd::as_fd(&io::stderr()).try_clone_to_owned()?));
    #[cfg(windows)]
    return Ok(File::from(std::os::windows::io::AsHandle::as_handle(&io::stderr()).try_clone_to_owned()?));
}
