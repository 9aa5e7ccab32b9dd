#![no_main]
//! The items of `keyring`, which is a program, not a library, so its modules are included by path.

#[path = "../../helpers/keyring/src"]
mod program {
    pub mod aside;
    pub mod beside;
    pub mod item;
    pub mod one_line;
}
#[path = "../support.rs"]
mod fuzz_support;

use program::{aside, beside, item, one_line};

libfuzzer_sys::fuzz_target!(|input: &[u8]| item::fuzz::check(input));
