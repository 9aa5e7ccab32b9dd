#![no_main]
//! The lists of members of shared stores. `age` is a program, not a library, so its modules are included by path.

#[path = "../../helpers/age/src"]
mod program {
    pub mod ask;
    pub mod cipher;
    pub mod key;
    pub mod text;
    pub mod team {
        pub mod members;
    }
}
#[path = "../support.rs"]
mod fuzz_support;

use program::{ask, cipher, key, text};

libfuzzer_sys::fuzz_target!(|input: &[u8]| program::team::members::fuzz::check(input));
