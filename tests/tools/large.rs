//! Large tools of other people, each in its own home. They are a separate test target: `sh tests/tools/run` installs them and runs it.

#![cfg(unix)]

#[path = "../support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "these tests use a part of it")]
mod support;

mod by_variables;
mod engines;
mod hooks;
mod journey;
mod services;
