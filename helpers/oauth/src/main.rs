//! The helper `oauth`: signs in with the device flow, and renews tokens.

use std::process::ExitCode;

use modelforge_credential_protocol::{Helper, serve};

#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

struct Oauth;

impl Helper for Oauth {}

fn main() -> ExitCode {
    serve(Oauth)
}
