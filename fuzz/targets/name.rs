#![no_main]
//! The names of credentials in stores.

libfuzzer_sys::fuzz_target!(|input: &[u8]| modelforge_credential_files::name::fuzz::check(input));
