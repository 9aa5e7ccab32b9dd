//! The project's end-to-end tests: real programs, real files, one file per subject, and a folder beside it where a subject has several
//! parts. A test that needs more than Rust, a C compiler and git is ignored and names its need; `tests/run` installs it.
//!
//! Most are for Unix: their helpers are shell scripts. `systems` has what is tested on every system.

#[cfg_attr(not(unix), allow(dead_code, unused_imports, reason = "most tests are for Unix"))]
mod support;

#[cfg(unix)]
mod attacks;
#[cfg(unix)]
mod audit;
#[cfg(unix)]
mod chain;
#[cfg(unix)]
mod completions;
#[cfg(unix)]
mod config;
#[cfg(unix)]
mod conformance;
#[cfg(unix)]
mod doctor;
#[cfg(unix)]
mod documents;
#[cfg(unix)]
mod elsewhere;
#[cfg(unix)]
mod engines;
#[cfg(unix)]
mod exec;
#[cfg(unix)]
mod faults;
#[cfg(unix)]
mod flaw;
#[cfg(unix)]
mod git;
#[cfg(unix)]
mod helpers;
#[cfg(unix)]
mod identity;
#[cfg(unix)]
mod interop;
mod layers;
#[cfg(unix)]
mod login;
#[cfg(unix)]
mod logout;
#[cfg(unix)]
mod manual;
mod messages;
#[cfg(unix)]
mod migrate;
#[cfg(unix)]
mod oauth;
#[cfg(unix)]
mod print;
#[cfg(unix)]
mod prompt;
#[cfg(unix)]
mod property;
#[cfg(unix)]
mod protocol;
#[cfg(unix)]
mod providers;
#[cfg(unix)]
mod reason;
#[cfg(unix)]
mod scan;
#[cfg(unix)]
mod status;
#[cfg(unix)]
mod stores;
mod systems;
#[cfg(unix)]
mod team;
#[cfg(unix)]
mod tools;
#[cfg(unix)]
mod trace;
#[cfg(unix)]
mod vault;
mod wrong_calls;
