//! Why a key is looked up.

use std::path::Path;

use crate::audit::Operation;

/// The operation as the log and messages name it, and the program that gets the keys, if it is not the caller.
#[derive(Clone, Copy)]
pub struct Purpose<'a> {
    pub operation: Operation,
    pub program: Option<&'a Path>,
}

impl<'a> Purpose<'a> {
    /// For the program that called this one.
    pub fn of(operation: Operation) -> Self {
        Self { operation, program: None }
    }

    /// For a command that this program starts.
    pub fn command(operation: Operation, program: &'a Path) -> Self {
        Self { operation, program: Some(program) }
    }
}
