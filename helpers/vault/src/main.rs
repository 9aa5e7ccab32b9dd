//! Keeps credentials in a server with Vault's API: `store` says where in it, `kv` how, `token` with which rights.

use std::process::ExitCode;

use modelforge_credential_protocol::{About, Helper, Nature, Record, Result, serve};

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

const HELP: &str = "\
A credential helper that keeps credentials in HashiCorp Vault or OpenBao.

Usage: modelforge-credential-vault [OPTIONS] get|store|erase|list|capability

Options:
  --address URL     the server: https, or http on this machine, or unix:// and
                    the path of an agent's socket
  --ca-cert FILE    the authority that signed its certificate, as PEM
  --namespace NAME  the namespace
  --mount NAME      the kv engine [default: secret]
  --kv 1|2          its version; without it, the server is asked
  --path PATH       answer with what others keep there, and never write:
                    `llm/{provider}` is for the URL of each known provider
  --field NAME      the field of it that is the key
  --url URL         whose key it is, where PATH has no {provider}
  --auth METHOD     token, approle, jwt or kubernetes [default: token]
  --auth-mount NAME where the method is, if not at its own name
  --role NAME       the role of jwt and kubernetes
  --role-id FILE    the role id of approle
  --secret-id FILE  the secret id of approle
  --jwt FILE        the token of jwt [default for kubernetes: the pod's]
  --help            this text
  --version         the version

Of the usual variables (BAO_…, then VAULT_…) it reads ADDR, AGENT_ADDR, CACERT,
CACERT_BYTES, CAPATH, CLIENT_CERT, CLIENT_KEY, NAMESPACE and TOKEN. Without a
token in a variable it asks the token helper that ~/.bao or ~/.vault names, and
reads ~/.vault-token.

Example:
  printf 'url=https://api.openai.com\\n' | modelforge-credential-vault get
";

const ABOUT: About = About { program: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION"), help: HELP };

struct Vault {
    options: Options,
}

impl Helper for Vault {
    fn nature(&self) -> Nature {
        Nature { readonly: self.options.foreign.is_some(), ..Nature::default() }
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
    match Options::of(given) {
        Ok(options) => serve(Vault { options }),
        Err(message) => ABOUT.explain(&message),
    }
}
