//! Runs several helpers in parallel.

use std::thread::{self, Builder};

/// Returns the results in the order of the items. They run in parallel, or one after the other if the system cannot start another thread
/// (`ulimit -u`). `None`: it panicked.
pub fn side_by_side<T: Sync, R: Send>(items: &[T], act: impl Fn(&T) -> R + Sync) -> Vec<Option<R>> {
    thread::scope(|scope| {
        let act = &act;
        let start = |item| Builder::new().spawn_scoped(scope, move || act(item)).map_err(|_| act(item));
        let started: Vec<_> = items.iter().map(start).collect();
        started.into_iter().map(|one| one.map_or_else(Some, |thread| thread.join().ok())).collect()
    })
}
