#![no_main]
//! The names of files in the store of `age`. That is a program, not a library, so its module is taken in by its path.

#[path = "../../helpers/age/src"]
mod program {
    pub mod name;
}
#[path = "../support.rs"]
mod fuzz_support;

use program::name;

libfuzzer_sys::fuzz_target!(|input: &[u8]| name::fuzz::check(input));
