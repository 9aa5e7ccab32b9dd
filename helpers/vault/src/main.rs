//! The helper `vault`: stores credentials in a server with Vault's API. `store` decides the path, `kv` how it is written, `token` with
//! which rights.

use std::process::ExitCode;

use modelforge_credential_protocol::{About, Capabilities, Helper, Record, Result, serve};

use crate::options::Options;
use crate::store::Store;

mod address;
mod fields;
mod foreign;
mod kv;
mod login;
mod options;
mod proof;
mod refusal;
mod server;
mod store;
mod token;

#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

const HELP: &str = include_str!("help.txt");

const ABOUT: About = About { program: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION"), help: HELP };

struct Vault {
    options: Options,
}

impl Helper for Vault {
    fn capabilities(&self) -> Capabilities {
        Capabilities { readonly: self.options.foreign.is_some(), ..Capabilities::default() }
    }

    fn get(&self, request: &Record) -> Result<Option<Record>> {
        if let Some(foreign) = &self.options.foreign {
            return foreign.get(&self.options, request);
        }
        match Store::open_for(&self.options, request)? {
            Some(store) => store.get(request),
            None => Ok(None),
        }
    }

    fn store(&self, credential: &Record) -> Result<()> {
        match Store::open_for(&self.options, credential)? {
            Some(store) => store.store(credential),
            None => Ok(()),
        }
    }

    fn erase(&self, description: &Record) -> Result<()> {
        match Store::open_for(&self.options, description)? {
            Some(store) => store.erase(description),
            None => Ok(()),
        }
    }

    fn list(&self, _: &Record) -> Result<Option<Vec<Record>>> {
        if self.options.foreign.is_some() {
            return Ok(None);
        }
        Store::open(&self.options)?.list().map(Some)
    }
}

fn main() -> ExitCode {
    let given = match ABOUT.values(&options::NAMES) {
        Ok(given) => given,
        Err(ended) => return ended,
    };
    match Options::of(&given) {
        Ok(options) => serve(Vault { options }),
        Err(message) => ABOUT.explain(&message),
    }
}
