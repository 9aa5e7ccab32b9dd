//! The store of the operating system as a helper: Secret Service, macOS Keychain or Windows Credential Manager.

mod item;
mod modelforge;
#[cfg(any(windows, target_os = "macos"))]
mod native;
#[cfg(not(any(windows, target_os = "macos")))]
mod secret_service;

use std::io::Write;
use std::process::ExitCode;

use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Error, Helper, Record, Result, serve, stdout};
#[cfg(any(windows, target_os = "macos"))]
use native as store;
#[cfg(not(any(windows, target_os = "macos")))]
use secret_service as store;

/// The secret went through buffers of D-Bus that nobody else wipes.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

const USAGE: &str = "\
usage: modelforge-credential-keyring [--modelforge] get|store|erase|list|capability

Keeps credentials in the store of the operating system: Secret Service (GNOME Keyring, KWallet, KeePassXC), macOS
Keychain or Windows Credential Manager. It reads git's credential protocol on standard input.

With --modelforge it means the items of ModelForge 0.2 instead: the service is the provider, the user its name and `_user`.
MODELFORGE_CREDENTIAL_INTERACTIVE=0 makes a locked keyring an error instead of a prompt.
";

struct Keyring;

impl Helper for Keyring {
    fn get(&self, request: &Record) -> Result<Option<Record>> {
        if !item::can_be_named(request) {
            return Ok(None);
        }
        let service = item::service(request);
        let Some((account, secret)) = store::find(&service, request.text("username"))? else { return Ok(None) };
        let mut credential = Record::of([("username", &account)])?;
        let kept = item::decode(&secret)
            .map_err(|e| Error::new(format!("the item `{service}` of `{account}` cannot be used: {e}")))?;
        credential.merge(&kept);
        Ok(Some(credential))
    }

    fn store(&self, credential: &Record) -> Result<()> {
        if !item::can_be_named(credential) {
            return Err("the OS keyring names items by URL, and this protocol, host and path make none".into());
        }
        let account = credential.text("username").unwrap_or(DEFAULT_ACCOUNT);
        store::set(&item::service(credential), account, &item::encode(credential)?)
    }

    fn erase(&self, description: &Record) -> Result<()> {
        match (description.text("path"), description.text("username")) {
            _ if !item::can_be_named(description) => Ok(()),
            (Some(_), Some(account)) => store::erase_named(&item::service(description), account, description),
            _ => store::erase(&item::URL, description),
        }
    }

    fn list(&self, _: &Record) -> Result<Option<Vec<Record>>> {
        let mut found = store::list(&item::URL)?;
        found.sort_by(|a, b| (item::service(a), a.text("username")).cmp(&(item::service(b), b.text("username"))));
        found.iter_mut().try_for_each(|record| record.set("storage", store::NAME))?;
        Ok(Some(found))
    }
}

fn main() -> ExitCode {
    let option = std::env::args_os().nth(1).filter(|word| word.as_encoded_bytes().starts_with(b"-"));
    let line = match option.as_ref().map(|word| word.to_str().unwrap_or_default()) {
        None => return serve(Keyring),
        Some("--modelforge") => return serve(modelforge::ModelForge),
        Some("--version") => concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"), "\n"),
        Some("--help") => USAGE,
        Some(_) => {
            let _ = std::io::stderr().write_all(b"error: unknown option\nhint: modelforge-credential-keyring --help\n");
            return ExitCode::from(2);
        }
    };
    match stdout().and_then(|mut out| out.write_all(line.as_bytes())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
