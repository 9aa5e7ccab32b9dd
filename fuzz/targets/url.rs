#![no_main]
//! URLs. The core is a program, not a library, so its modules are taken in by their paths.

#[path = "../../src/error.rs"]
mod error;
#[path = "../../src/url.rs"]
mod url;
#[path = "../support.rs"]
mod fuzz_support;

libfuzzer_sys::fuzz_target!(|input: &[u8]| url::fuzz::check(input));
