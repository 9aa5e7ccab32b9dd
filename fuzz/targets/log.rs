#![no_main]
//! The reader of the log. The core is a program, not a library, so its modules are included by path.

#[path = "../../src/audit"]
mod program {
    pub mod backwards;
    pub mod fuzz;
    pub mod line;
}
#[path = "../support.rs"]
mod fuzz_support;

use program::{backwards, fuzz, line};

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::check(input));
