//! The helper `keyring`: the store of the operating system (Secret Service, macOS Keychain or Windows Credential Manager).

mod aside;
mod beside;
#[cfg(test)]
#[path = "../../../fuzz/support.rs"]
mod fuzz_support;
mod item;
#[cfg(any(target_os = "macos", test))]
mod keychain;
mod modelforge;
#[cfg(any(windows, target_os = "macos"))]
mod native;
mod one_line;
#[cfg(not(any(windows, target_os = "macos")))]
mod secret_service;

use std::process::ExitCode;

use modelforge_credential_protocol::{About, DEFAULT_ACCOUNT, Error, Helper, Record, Result, serve};
#[cfg(any(windows, target_os = "macos"))]
use native as store;
#[cfg(not(any(windows, target_os = "macos")))]
use secret_service as store;

/// The secret was in buffers of D-Bus that nobody else wipes.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

const HELP: &str = include_str!("help.txt");

const ABOUT: About = About { program: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION"), help: HELP };

/// False if nobody can answer a dialog.
#[cfg(not(windows))]
fn may_prompt() -> bool {
    use modelforge_credential_protocol::Interactive;
    Interactive::of_environment() != Interactive::Never
}

struct Keyring;

impl Helper for Keyring {
    fn get(&self, request: &Record) -> Result<Option<Record>> {
        if !item::can_be_named(request) {
            return Ok(None);
        }
        let service = item::service(request);
        let Some(found) = store::find(&service, request.text("username"))? else { return Ok(None) };
        let unusable = |e| Error::new(format!("the item `{service}` of `{}` cannot be used: {e}", found.account));
        beside::joined(&found).map(Some).map_err(unusable)
    }

    fn store(&self, credential: &Record) -> Result<()> {
        if !item::can_be_named(credential) {
            return Err("the OS keyring names items by URL, and this protocol, host and path are not a URL".into());
        }
        let mut credential = credential.clone();
        credential.name_the_account()?;
        let account = credential.text("username").unwrap_or(DEFAULT_ACCOUNT);
        store::set(&item::service(&credential), account, &credential)
    }

    fn erase(&self, description: &Record) -> Result<()> {
        // A URL without a path also matches its paths.
        let is_whole = description.has("path") || item::is_bare(description);
        match description.text("username") {
            _ if !item::can_be_named(description) => Ok(()),
            Some(account) if is_whole => store::erase_named(&item::service(description), account, description),
            _ => store::erase(item::kind_of(description), description),
        }
    }

    fn list(&self, _: &Record) -> Result<Option<Vec<Record>>> {
        let mut found = store::list(&item::URL)?;
        found.sort_by(|a, b| (item::service(a), a.text("username")).cmp(&(item::service(b), b.text("username"))));
        for record in &mut found {
            record.set("storage", store::NAME)?;
            record.set("plain_text", "0")?;
        }
        Ok(Some(found))
    }
}

fn main() -> ExitCode {
    match ABOUT.switches(&["--modelforge"]) {
        Ok(given) if given.is_empty() => serve(Keyring),
        Ok(_) => serve(modelforge::ModelForge),
        Err(ended) => ended,
    }
}
