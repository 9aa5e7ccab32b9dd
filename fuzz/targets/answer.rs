#![no_main]
//! A helper's answer to a `get` and to a `list`.

libfuzzer_sys::fuzz_target!(|input: &[u8]| modelforge_credential_client::fuzz::check(input));
