#![no_main]
//! The rules for keys. The core is a program, not a library, so its modules are included by path.

#[path = "../../src"]
mod program {
    pub mod key_shape;
}
#[path = "../support.rs"]
mod fuzz_support;

use program::key_shape;

libfuzzer_sys::fuzz_target!(|input: &[u8]| key_shape::fuzz::check(input));
