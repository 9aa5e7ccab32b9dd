#![no_main]
//! The editors of other programs' files. `plaintext` is a program, not a library, so its modules are included by path.

#[path = "../../helpers/plaintext/src"]
mod program {
    pub mod entries;
    pub mod ini;
    pub mod json;
    pub mod put_back;
    pub mod source;
    pub mod table;
    pub mod time;
    pub mod whole;
}
#[path = "../support.rs"]
mod fuzz_support;

use program::{entries, ini, json, put_back, source, table, time, whole};

libfuzzer_sys::fuzz_target!(|input: &[u8]| whole::fuzz::check(input));
