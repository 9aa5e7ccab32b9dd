#![no_main]
//! The reader of the log. The core is a program, not a library, so its modules are taken in by their paths.

#[path = "../../src/audit/backwards.rs"]
mod backwards;
#[path = "../../src/audit/fuzz.rs"]
mod fuzz;
#[path = "../../src/audit/line.rs"]
mod line;
#[path = "../support.rs"]
mod fuzz_support;

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::check(input));
