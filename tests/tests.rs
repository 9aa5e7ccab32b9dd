//! The project's end-to-end tests: real programs, real files, one file per subject, and a folder beside it where a subject has several
//! parts. A test that needs more than Rust, a C compiler and git is ignored and names its need; `tests/run` installs it.
//!
//! Most are for Unix: their helpers are shell scripts. `systems` has what is tested on every system.

#[cfg_attr(not(unix), allow(dead_code, unused_imports, reason = "most tests are for Unix"))]
mod support;

#[cfg(unix)]
mod attacks;
mod audit;
mod chain;
#[cfg(unix)]
mod completions;
mod config;
mod conformance;
mod doctor;
#[cfg(unix)]
mod documents;
mod elsewhere;
#[cfg(unix)]
mod engines;
mod exec;
#[cfg(unix)]
mod faults;
mod flaw;
#[cfg(unix)]
mod git;
mod helpers;
mod identity;
#[cfg(unix)]
mod interop;
mod layers;
mod login;
mod logout;
mod manual;
mod messages;
mod migrate;
mod oauth;
mod print;
#[cfg(unix)]
mod prompt;
mod property;
mod protocol;
mod providers;
mod reason;
mod scan;
mod status;
mod stores;
mod systems;
mod tools;
mod trace;
#[cfg(unix)]
mod vault;
mod wrong_calls;
