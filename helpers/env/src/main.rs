//! The helper `env`: finds keys in environment variables, each only for the URL of its provider.

use std::borrow::Cow;
use std::process::ExitCode;

use modelforge_credential_protocol::{
    About, Capabilities, DEFAULT_ACCOUNT, Error, Helper, Record, Result, Shell, serve, visible,
};
use modelforge_credential_providers::{Flaw, Location, Provider, all, by_location};

#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

const HELP: &str = include_str!("help.txt");

const ABOUT: About = About { program: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION"), help: HELP };

struct Env;

/// A variable, and the URL that its value is for.
struct Binding<'a> {
    variable: Cow<'a, str>,
    provider: &'a str,
    location: Location<'a>,
}

impl Helper for Env {
    fn capabilities(&self) -> Capabilities {
        Capabilities { readonly: true, ..Capabilities::default() }
    }

    fn get(&self, request: &Record) -> Result<Option<Record>> {
        // A variable has no account, so it does not match a request for a certain one.
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
            // A variable with a value that cannot be a key is listed, too, because `get` would stop with an error there.
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

/// A caller that knows the configuration lists with `env[]` all variables and their URLs. That list counts, even if it is empty. Otherwise
/// the variables of the providers in `known` are used.
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

/// An empty variable counts as not set. Whitespace around a key, or a line break in it, comes from pasting or a file, and would be sent
/// with it.
fn value(variable: &str, provider: &str) -> Result<Option<String>> {
    let Some(value) = std::env::var_os(variable).filter(|value| !value.is_empty()) else { return Ok(None) };
    let value = value.into_string().map_err(|_| fault(variable, "is not UTF-8"))?;
    if value.trim() != value {
        return Err(fault(variable, "has whitespace around its value"));
    }
    if visible(&value) != value {
        return Err(fault(variable, "has a line break or another invisible character"));
    }
    // Docker's `--env-file` keeps quotation marks. In CI, a missing secret may appear as its name or as a mask.
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
