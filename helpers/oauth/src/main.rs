//! The helper `oauth`: signs in through a browser, and refreshes tokens before they expire. It is the last helper of a chain, and stores
//! nothing.

use std::process::ExitCode;
use std::time::Duration;

use modelforge_credential_protocol::{About, Capabilities, Helper, Record, Result, serve};

use crate::flow::{Provider, Refreshed};
use crate::http::Http;
use crate::screen::Screen;

mod flow;
mod http;
mod screen;

#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

const HELP: &str = include_str!("help.txt");

const ABOUT: About = About { program: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION"), help: HELP };

/// If nobody is present, the caller stops helpers after ten seconds.
const LIMIT: Duration = Duration::from_secs(8);
const LIMIT_WITH_A_PERSON: Duration = Duration::from_secs(20);

struct Oauth {
    browser: bool,
}

impl Helper for Oauth {
    fn capabilities(&self) -> Capabilities {
        Capabilities { generates: true, ..Capabilities::default() }
    }

    fn get(&self, request: &Record) -> Result<Option<Record>> {
        let Some(provider) = Provider::of(request)? else { return Ok(None) };
        let token = request.text("oauth_refresh_token").filter(|token| !token.is_empty());
        let screen = Screen::open();
        if token.is_none() && screen.is_none() {
            return Ok(None);
        }
        let http = Http::new(if screen.is_some() { LIMIT_WITH_A_PERSON } else { LIMIT });
        let refused = match token.map(|token| provider.refresh(&http, token)).transpose()? {
            Some(Refreshed::Token(record)) => return Ok(Some(record)),
            Some(Refreshed::Refused(problem)) => Some(problem),
            None => None,
        };
        let found = screen.map(|screen| provider.device_flow(&http, &screen, self.browser)).transpose()?.flatten();
        match (found, refused) {
            (None, Some(problem)) => Err(problem),
            (found, _) => Ok(found),
        }
    }

    fn list(&self, _: &Record) -> Result<Option<Vec<Record>>> {
        Ok(Some(Vec::new()))
    }
}

fn main() -> ExitCode {
    match ABOUT.switches(&["--browser"]) {
        Ok(given) => serve(Oauth { browser: given.contains(&"--browser") }),
        Err(ended) => ended,
    }
}
