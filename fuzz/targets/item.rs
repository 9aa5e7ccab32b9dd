#![no_main]
//! The items of `keyring`. That is a program, not a library, so its modules are taken in by their paths.

#[path = "../../helpers/keyring/src/item.rs"]
mod item;
#[path = "../../helpers/keyring/src/one_line.rs"]
mod one_line;
#[path = "../support.rs"]
mod fuzz_support;

libfuzzer_sys::fuzz_target!(|input: &[u8]| item::fuzz::check(input));
