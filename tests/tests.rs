//! The project's end-to-end tests: real programs, real files, one file per subject, and a folder beside it where a subject has several
//! parts. `tests/run` installs what they need.

#![cfg(unix)]

mod support;

mod attacks;
mod audit;
mod chain;
mod config;
mod conformance;
mod doctor;
mod exec;
mod git;
mod helpers;
mod interop;
mod login;
mod logout;
mod manual;
mod migrate;
mod oauth;
mod print;
mod prompt;
mod property;
mod protocol;
mod providers;
mod status;
mod tools;
mod trace;
