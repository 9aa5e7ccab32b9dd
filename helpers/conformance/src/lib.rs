#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod case;
mod cases;
mod checked;
mod discover;
mod exchange;
mod found;
mod home;
mod kind;
mod report;
mod run;
mod session;
mod subject;
mod throw_away;

pub use case::{Case, Level};
pub use cases::cases;
pub use exchange::Exchange;
pub use kind::Kind;
pub use report::{Judged, KEEPS_NOTHING, Outcome, Report, Verdict};
pub use run::run;
pub use subject::{Options, Subject};
pub use throw_away::ThrowAway;
