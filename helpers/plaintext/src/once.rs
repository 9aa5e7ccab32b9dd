//! Reads each file only once for several requests.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;

use modelforge_credential_protocol::Result;

use crate::source::{Held, Place};

/// The files that were read so far.
#[derive(Default)]
pub struct ReadOnce(RefCell<HashMap<PathBuf, Option<Result<Rc<Held>>>>>);

impl ReadOnce {
    /// The file of a place, as [`Place::held`] returns it.
    pub fn held(&self, place: Place) -> Option<Result<Rc<Held>>> {
        let place = place.whole();
        let mut read = self.0.borrow_mut();
        read.entry(place.path.clone()).or_insert_with(|| place.held()).clone()
    }
}
