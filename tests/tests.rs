//! The project's end-to-end tests: real programs, real files, one file for each subject, and a folder beside it if a subject has several
//! parts. A test that needs more than Rust, a C compiler and git is ignored and names what it needs; `tests/run` installs it.
//!
//! Helpers are a few lines of shell, which a program of ours runs if there is no shell. `#[cfg(unix)]` is for tests about terminals,
//! signals, modes, links and Unix programs. `systems` has tests for what failed on one system and must work on every one.
#![cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, unused_imports, reason = "what tests of Linux or Unix alone use is left over")
)]

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
#[cfg(unix)]
mod team;
mod tools;
mod trace;
#[cfg(unix)]
mod vault;
mod wrong_calls;
