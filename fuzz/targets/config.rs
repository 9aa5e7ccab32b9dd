#![no_main]
//! `config.toml`, and the entries of the chain. The core is a program, not a library, so its modules are included by path.

#[path = "../../src"]
mod program {
    pub mod config;
    pub mod error;
    pub mod text;
    pub mod url;
}
#[path = "../support.rs"]
mod fuzz_support;

use program::{config, error, text, url};

/// Nothing is written here.
mod lock {
    pub fn one_change_of_settings() -> modelforge_credential_protocol::Result<()> {
        Ok(())
    }
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| config::fuzz::check(input));
