//! The helper `env`: keys from environment variables, each for the URL of its provider and no other.

use std::borrow::Cow;
use std::process::ExitCode;

use modelforge_credential_protocol::{
    About, DEFAULT_ACCOUNT, Error, Helper, Nature, Record, Result, Shell, serve, visible,
};
use modelforge_credential_providers::{Flaw, Location, Provider, all, by_location};

#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

const HELP: &str = include_str!("help.txt");

const ABOUT: About = About { program: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION"), help: HELP };

struct Env;

/// A variable, and the one place that its value may go to.
struct Binding<'a> {
    variable: Cow<'a, str>,
    provider: &'a str,
    location: Location<'a>,
}

impl Helper for Env {
    fn nature(&self) -> Nature {
        Nature { readonly: true, ..Nature::default() }
    }

    fn get(&self, request: &Record) -> Result<Option<Record>> {
        // A variable has no account, so it is not the credential of a particular one.
        if request.get("username").is_some_and(|account| account != DEFAULT_ACCOUNT.as_bytes()) {
            return Ok(None);
        }
        let (Some(protocol), Some(host)) = (request.text("protocol"), request.text("host")) else { return Ok(None) };
        let path = request.text("path");
        let known = || by_location(protocol, host, path).map(std::slice::from_ref).unwrap_or_default();
        for Binding { variable, provider, location } in bindings(request, known)? {
            if location.covers(protocol, host, path)
                && let Some(value) = value(&variable, provider)?
            {
                return Record::of([
                    ("username", DEFAULT_ACCOUNT),
                    ("password", &value),
                    ("ephemeral", "1"),
                    ("storage", "environment"),
                    ("variable", &variable),
                ])
                .map_err(|_| fault(&variable, "is longer than a key can be"))
                .map(Some);
            }
        }
        Ok(None)
    }

    fn list(&self, request: &Record) -> Result<Option<Vec<Record>>> {
        let mut records = Vec::new();
        let mut answered = Vec::new();
        for Binding { variable, provider, location } in bindings(request, all)? {
            // A value that is not fit to be a key is listed too: it is what `get` comes upon, and stops at.
            if answered.contains(&location) || std::env::var_os(&*variable).is_none_or(|value| value.is_empty()) {
                continue;
            }
            answered.push(location);
            let mut record = Record::of([("protocol", location.protocol), ("host", location.host)])?;
            if let Some(path) = location.path {
                record.push("path", path)?;
            }
            record.push("username", DEFAULT_ACCOUNT)?;
            record.push("provider", provider)?;
            record.push("storage", "environment")?;
            record.push("variable", &*variable)?;
            records.push(record);
        }
        Ok(Some(records))
    }
}

/// Who asks may say with `env[]` which variables belong where, because it knows the configuration: that is then the whole
/// truth, also when it is none. Else it is what the providers in `known` are known for.
fn bindings(request: &Record, known: impl FnOnce() -> &'static [Provider]) -> Result<Vec<Binding<'_>>> {
    if request.has("env[]") {
        let given = request.all("env[]").filter(|value| !value.is_empty());
        return given.map(|value| binding(value).ok_or_else(|| MALFORMED.into())).collect();
    }
    let places = known().iter().filter_map(|provider| Some((provider, provider.location()?)));
    let bindings = places.flat_map(|(provider, location)| {
        provider.lookup_order().map(move |variable| Binding { variable, provider: provider.name, location })
    });
    Ok(bindings.collect())
}

const MALFORMED: &str = "an `env[]` is not `<variable> <provider> <url>`";

fn binding(value: &[u8]) -> Option<Binding<'_>> {
    let mut words = std::str::from_utf8(value).ok()?.splitn(3, ' ').filter(|word| !word.is_empty());
    let (variable, provider, url) = (words.next()?.into(), words.next()?, words.next()?);
    Some(Binding { variable, provider, location: Location::parse(url)? })
}

/// Set to nothing is not set. What surrounds or breaks a key came from a paste or a file, and would be sent with it.
fn value(variable: &str, provider: &str) -> Result<Option<String>> {
    let Some(value) = std::env::var_os(variable).filter(|value| !value.is_empty()) else { return Ok(None) };
    let value = value.into_string().map_err(|_| fault(variable, "is not UTF-8"))?;
    if value.trim() != value {
        return Err(fault(variable, "has white space around its value"));
    }
    if visible(&value) != value {
        return Err(fault(variable, "holds a line break or another character that cannot be seen"));
    }
    // Docker's `--env-file` keeps quotation marks, and a secret that a CI job lacks may be a name or a mask.
    if let Some(flaw) = Flaw::of(provider, &value) {
        return Err(fault(variable, &flaw.to_string()));
    }
    Ok(Some(value))
}

fn fault(variable: &str, problem: &str) -> Error {
    Error::new(format!("`{variable}` {problem}"))
        .hint(format!("set it to the key alone, or `{}`", Shell::of_the_person().unset(variable)))
}

fn main() -> ExitCode {
    match ABOUT.switches(&[]) {
        Ok(_) => serve(Env),
        Err(ended) => ended,
    }
}
