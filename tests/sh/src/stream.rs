//! The input and output of a command: descriptors without a buffer, because the next command reads what one command leaves.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write};
use std::process::Stdio;
use std::rc::Rc;

#[derive(Clone)]
pub enum Input {
    File(Rc<File>),
    Memory(Rc<RefCell<VecDeque<u8>>>),
    Closed,
}

#[derive(Clone)]
pub enum Output {
    File(Rc<File>),
    Memory(Rc<RefCell<Vec<u8>>>),
    Closed,
}

#[cfg(unix)]
fn own(stream: &impl std::os::fd::AsFd) -> Option<File> {
    stream.as_fd().try_clone_to_owned().ok().map(File::from)
}

#[cfg(windows)]
fn own(stream: &impl std::os::windows::io::AsHandle) -> Option<File> {
    stream.as_handle().try_clone_to_owned().ok().map(File::from)
}

impl Input {
    pub fn stdin() -> Self {
        own(&io::stdin()).map_or(Self::Closed, |file| Self::File(Rc::new(file)))
    }

    pub fn of(bytes: Vec<u8>) -> Self {
        Self::Memory(Rc::new(RefCell::new(bytes.into())))
    }

    pub fn byte(&self) -> Option<u8> {
        match self {
            Self::File(file) => {
                let mut byte = [0];
                (file.as_ref().read(&mut byte).ok()? == 1).then_some(byte[0])
            }
            Self::Memory(bytes) => bytes.borrow_mut().pop_front(),
            Self::Closed => None,
        }
    }

    pub fn all(&self) -> Vec<u8> {
        let mut all = Vec::new();
        match self {
            Self::File(file) => drop(file.as_ref().read_to_end(&mut all)),
            Self::Memory(bytes) => all.extend(bytes.borrow_mut().drain(..)),
            Self::Closed => {}
        }
        all
    }

    /// For a program. If the stream is in memory, the caller writes it.
    pub fn stdio(&self) -> io::Result<Stdio> {
        Ok(match self {
            Self::File(file) => file.try_clone()?.into(),
            Self::Memory(_) => Stdio::piped(),
            Self::Closed => Stdio::null(),
        })
    }
}

impl Output {
    pub fn stdout() -> Self {
        own(&io::stdout()).map_or(Self::Closed, |file| Self::File(Rc::new(file)))
    }

    pub fn stderr() -> Self {
        own(&io::stderr()).map_or(Self::Closed, |file| Self::File(Rc::new(file)))
    }

    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::File(file) => file.as_ref().write_all(bytes),
            Self::Memory(memory) => {
                memory.borrow_mut().extend_from_slice(bytes);
                Ok(())
            }
            Self::Closed => Err(io::Error::other("the stream is closed")),
        }
    }

    pub fn stdio(&self) -> io::Result<Stdio> {
        Ok(match self {
            Self::File(file) => file.try_clone()?.into(),
            Self::Memory(_) => Stdio::piped(),
            Self::Closed => Stdio::null(),
        })
    }
}
