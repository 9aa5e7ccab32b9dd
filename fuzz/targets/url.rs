#![no_main]
//! URLs. The core is a program, not a library, so its modules are included by path.

#[path = "../../src"]
mod program {
    pub mod error;
    pub mod url;
}
#[path = "../support.rs"]
mod fuzz_support;

use program::{error, url};

libfuzzer_sys::fuzz_target!(|input: &[u8]| url::fuzz::check(input));
