//! The helper `plaintext`: finds the keys that other programs keep in plain-text files, and takes them out of there.

use std::process::ExitCode;

use modelforge_credential_protocol::{Helper, serve};

#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

struct PlainText;

impl Helper for PlainText {}

fn main() -> ExitCode {
    serve(PlainText)
}
