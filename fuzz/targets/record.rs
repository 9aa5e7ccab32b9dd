#![no_main]
//! The reader of records.

libfuzzer_sys::fuzz_target!(|input: &[u8]| modelforge_credential_protocol::fuzz::check(input));
