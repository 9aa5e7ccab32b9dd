//! Makes the chain out of what is configured: finds each program, and says what it is called.

use anyhow::Result;
use modelforge_credential_protocol::{Helper, Record};

use crate::chain::{Chain, Link};
use crate::config::{Entry, Helpers};
use crate::error;
use crate::program::Program;
use crate::providers::Providers;
use crate::terminal::{self, Person};

/// The chain, and whether a person chose its helpers.
pub struct Opened {
    pub chain: Chain,
    pub automatic: bool,
}

/// Finds the helpers of a request.
pub fn open(providers: &Providers, request: &Record, person: &Person) -> Result<Opened> {
    let helpers = providers.helpers_for(request)?;
    Ok(Opened { chain: of(&helpers, person, providers.store_in_all()), automatic: helpers.automatic })
}

/// A chain of these helpers. Of a default chain, those that are not installed are left out.
pub fn of(helpers: &Helpers, person: &Person, store_in_all: bool) -> Chain {
    let mut links = Vec::new();
    for entry in &helpers.entries {
        let program = Program::find(entry);
        if let (true, Err(problem)) = (helpers.automatic, &program) {
            // That it is not installed is no news; that it is and may not be started is.
            if *problem == error::helper_missing(entry.words.first().map_or("", String::as_str)) {
                terminal::trace(&problem.to_string());
            } else {
                terminal::warning(problem);
            }
            continue;
        }
        let attended = match (&program, person) {
            (Ok(program), Person::Askpass(_) | Person::Terminal) => Some(boxed(program.attended())),
            _ => None,
        };
        links.push(Link { name: name(entry), helper: program.map(boxed), attended });
    }
    Chain::new(links, store_in_all)
}

fn boxed(program: Program) -> Box<dyn Helper + Send + Sync> {
    Box::new(program)
}

/// What messages call a link: the helper's name, or the whole command.
fn name(entry: &Entry) -> String {
    if entry.is_command { entry.words.join(" ") } else { entry.words.first().cloned().unwrap_or_default() }
}
