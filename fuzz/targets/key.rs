#![no_main]
//! The judgement of keys. The core is a program, not a library, so its modules are taken in by their paths.

#[path = "../../src/key_shape.rs"]
mod key_shape;
#[path = "../support.rs"]
mod fuzz_support;

libfuzzer_sys::fuzz_target!(|input: &[u8]| key_shape::fuzz::check(input));
