#![no_main]
//! `exec --mask`. The core is a program, not a library, so its modules are included by path.

#[path = "../../src/command/exec"]
mod program {
    pub mod mask;
}
#[path = "../support.rs"]
mod fuzz_support;

use program::mask;

libfuzzer_sys::fuzz_target!(|input: &[u8]| mask::fuzz::check(input));
