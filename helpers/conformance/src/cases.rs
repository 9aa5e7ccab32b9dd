//! All cases, in an order that suits an author who is new to the protocol.

mod authtype;
mod concurrent;
mod each;
mod erasing;
mod framing;
mod listing;
mod places;
mod refusing;
mod sources;
mod storing;
mod values;

use crate::case::Case;

/// All cases.
pub fn cases() -> impl Iterator<Item = &'static Case> {
    let groups: [&'static [Case]; 11] = [
        storing::CASES,
        erasing::CASES,
        places::CASES,
        values::CASES,
        framing::CASES,
        refusing::CASES,
        authtype::CASES,
        listing::CASES,
        each::CASES,
        concurrent::CASES,
        sources::CASES,
    ];
    groups.into_iter().flatten()
}
