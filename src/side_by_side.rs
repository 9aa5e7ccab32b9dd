//! Several helpers at once.

use std::thread::{self, Builder};

/// What comes of each, in their order. They run at once, or in turn where the system starts no further thread (`ulimit -u`). `None`:
/// it broke off.
pub fn side_by_side<T: Sync, R: Send>(items: &[T], act: impl Fn(&T) -> R + Sync) -> Vec<Option<R>> {
    thread::scope(|scope| {
        let act = &act;
        let start = |item| Builder::new().spawn_scoped(scope, move || act(item)).map_err(|_| act(item));
        let started: Vec<_> = items.iter().map(start).collect();
        started.into_iter().map(|one| one.map_or_else(Some, |thread| thread.join().ok())).collect()
    })
}
