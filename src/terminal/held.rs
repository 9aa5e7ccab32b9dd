//! Holds remarks back for a report that shows them in its own way.

use std::sync::{Mutex, MutexGuard};

use modelforge_credential_protocol::Error;

/// A remark and its source.
pub enum Remark {
    /// A warning of this program.
    Own(Error),
    /// A line of a helper.
    OfAHelper(String),
}

static HELD: Mutex<Option<Vec<Remark>>> = Mutex::new(None);

fn held() -> MutexGuard<'static, Option<Vec<Remark>>> {
    HELD.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// From now on, warnings and messages of helpers are held back.
pub fn hold() {
    held().get_or_insert_default();
}

/// Returns the held remarks. Later ones are printed again.
pub fn release() -> Vec<Remark> {
    held().take().unwrap_or_default()
}

/// Holds a remark back, or returns it if remarks are not held.
pub fn keep(remark: Remark) -> Option<Remark> {
    match held().as_mut() {
        Some(kept) => {
            kept.push(remark);
            None
        }
        None => Some(remark),
    }
}
