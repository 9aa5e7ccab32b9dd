#![no_main]
//! The editors of other programs' files. `plaintext` is a program, not a library, so its modules are taken in by their paths.

#[path = "../../helpers/plaintext/src/entries.rs"]
mod entries;
#[path = "../../helpers/plaintext/src/files.rs"]
mod files;
#[path = "../../helpers/plaintext/src/ini.rs"]
mod ini;
#[path = "../../helpers/plaintext/src/json.rs"]
mod json;
#[path = "../../helpers/plaintext/src/put_back.rs"]
mod put_back;
#[path = "../../helpers/plaintext/src/source.rs"]
mod source;
#[path = "../../helpers/plaintext/src/table.rs"]
mod table;
#[path = "../../helpers/plaintext/src/time.rs"]
mod time;
#[path = "../../helpers/plaintext/src/whole.rs"]
mod whole;

fn warn(_: &modelforge_credential_protocol::Error) {}
#[path = "../support.rs"]
mod fuzz_support;

libfuzzer_sys::fuzz_target!(|input: &[u8]| whole::fuzz::check(input));
