//! Makes the chain out of what is configured: finds each program, and says what it is called.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use modelforge_credential_client::{Caller, Entry, Failure, Hop, Outcome, Program};
use modelforge_credential_protocol::{Error, Helper, Record};

use crate::chain::{Chain, GENERATES, Link};
use crate::config::{Helpers, similar_helper};
use crate::error::{self, tilde};
use crate::lock;
use crate::person::Person;
use crate::providers::{Provider, Providers};
use crate::terminal;

/// The chain, and whether a person chose its helpers.
pub struct Opened {
    pub chain: Chain,
    pub automatic: bool,
    /// A helper of the default chain that this machine has no use for now: worth a word where nothing was found.
    pub left_out: Option<Error>,
}

/// Finds the helpers of a request.
pub fn open(providers: &Providers, request: &Record, person: &Person) -> Result<Opened> {
    let helpers = providers.helpers_for(request)?;
    let left_out = (helpers.automatic && !has_session_bus()).then(error::keyring_left_out);
    let chain = of(&helpers, person, providers.store_in_all());
    Ok(Opened { chain, automatic: helpers.automatic, left_out })
}

/// The chain that most providers share, and those of the providers that have helpers of their own.
pub struct Chains {
    common: Opened,
    own: BTreeMap<String, Opened>,
}

/// What a helper lists: copies, each with its provider; `None` if it has no list.
type Copies = std::result::Result<Option<Vec<(Provider, Record)>>, Failure>;

impl Chains {
    /// Finds the helpers of all providers.
    pub fn open(providers: &Providers, person: &Person) -> Result<Self> {
        let of = |name: &str| Ok((name.to_owned(), open(providers, &Record::of([("provider", name)])?, person)?));
        let own = providers.with_helpers_of_their_own().map(of).collect::<Result<_>>()?;
        Ok(Self { common: open(providers, &Record::new(), person)?, own })
    }

    /// Finds the helpers of one provider, as if there were no other.
    pub fn open_one(providers: &Providers, provider: &Provider, person: &Person) -> Result<Self> {
        let common = open(providers, &Record::of([("provider", &provider.name)])?, person)?;
        Ok(Self { common, own: BTreeMap::new() })
    }

    /// Whether nobody chose any of the helpers.
    pub fn automatic(&self) -> bool {
        self.common.automatic && self.own.is_empty()
    }

    /// A helper of the default chain that this machine has no use for now.
    pub fn left_out(&self) -> Option<&Error> {
        self.common.left_out.as_ref()
    }

    /// Every chain once.
    pub fn each(&self) -> impl Iterator<Item = &Opened> {
        std::iter::once(&self.common).chain(self.own.values())
    }

    /// The chain of a provider.
    pub fn of(&self, provider: &str) -> &Opened {
        self.own.get(provider).unwrap_or(&self.common)
    }

    /// What each helper of each chain holds of the providers that it is asked for. Credentials for other places, which
    /// are in the same stores, are left out.
    pub fn list(&self, providers: &Providers) -> Result<Vec<(String, Copies)>> {
        let context = providers.context_of_all()?;
        let mut listed = Vec::new();
        for opened in self.each() {
            for (helper, answer) in opened.chain.list_each(&context) {
                let copies = answer
                    .and_then(|records| Ok(records.map(|all| self.copies(opened, all, providers)).transpose()?));
                listed.push((helper, copies));
            }
        }
        Ok(listed)
    }

    fn copies(
        &self,
        asked: &Opened,
        all: Vec<Record>,
        providers: &Providers,
    ) -> modelforge_credential_protocol::Result<Vec<(Provider, Record)>> {
        let mut copies = Vec::new();
        for record in all {
            if let Some(provider) = providers.by_location(&record)?
                && std::ptr::eq(self.of(&provider.name), asked)
            {
                copies.push((provider, record));
            }
        }
        Ok(copies)
    }
}

/// A chain of these helpers. Of a default chain, those that are not installed are left out.
pub fn of(helpers: &Helpers, person: &Person, store_in_all: bool) -> Chain {
    let mut links = Vec::new();
    for entry in &helpers.entries {
        if is_left_out(helpers, entry) {
            terminal::trace(&error::keyring_left_out().to_string());
            continue;
        }
        let program = program(entry);
        if let (true, Err(failure)) = (helpers.automatic, &program) {
            // That it is not installed is no news; that it is and may not be started is.
            if failure.is_missing() {
                terminal::trace(&failure.to_string());
            } else {
                terminal::warning(&failure.clone().into());
            }
            continue;
        }
        let attended = match (&program, person) {
            (Ok(program), Person::Askpass(_) | Person::Terminal) => Some(boxed(program.attended())),
            _ => None,
        };
        links.push(Link { name: entry.name(), helper: program.map(boxed), attended });
    }
    Chain::new(links, store_in_all)
}

/// The helper that needs a session.
pub const KEYRING: &str = "keyring";

/// Whether the default chain has no use for it on this machine, now.
pub fn is_left_out(helpers: &Helpers, entry: &Entry) -> bool {
    helpers.automatic && entry.words.first().is_some_and(|word| word == KEYRING) && !has_session_bus()
}

/// Whether there is a D-Bus session, which the keyring of a free Unix is reached through. In a container, on a server or in a build there
/// is none: the default chain then does without, instead of complaining each time.
pub fn has_session_bus() -> bool {
    #[cfg(all(unix, not(target_os = "macos")))]
    {
        let is_set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let runtime = is_set("XDG_RUNTIME_DIR").map_or_else(
            || std::path::PathBuf::from(format!("/run/user/{}", rustix::process::geteuid().as_raw())),
            std::path::PathBuf::from,
        );
        is_set("DBUS_SESSION_BUS_ADDRESS").is_some() || runtime.join("bus").exists()
    }
    #[cfg(not(all(unix, not(target_os = "macos"))))]
    true
}

pub fn boxed(program: Program) -> Box<dyn Helper + Send + Sync> {
    Box::new(program)
}

/// How long a person may take to confirm a code in a browser; the codes themselves end sooner.
const LIMIT_OF_A_DEVICE_FLOW: Duration = Duration::from_secs(20 * 60);

/// Finds the program of a helper; this session asks it.
pub fn program(entry: &Entry) -> std::result::Result<Program, Failure> {
    let program = match Program::find(entry) {
        Err(Failure::HelperMissing { name, hint }) => {
            return Err(Failure::HelperMissing { hint: how_to_install(&name).unwrap_or(hint), name });
        }
        found => found?.called_by(Arc::new(Asker)),
    };
    let waits_for_the_browser = !entry.is_command && program.name() == GENERATES;
    Ok(if waits_for_the_browser { program.with_patience(LIMIT_OF_A_DEVICE_FLOW) } else { program })
}

/// What to do where one of our own helpers is missing, or was mistyped.
fn how_to_install(name: &str) -> Option<String> {
    Some(match similar_helper(name)? {
        ours if ours == name => format!("cargo install --locked --path helpers/{name}  # in the project's folder"),
        ours => format!("did you mean `{ours}`?"),
    })
}

/// This program, as it asks helpers.
struct Asker;

impl Caller for Asker {
    fn environment(&self) -> Vec<(&'static str, String)> {
        vec![(lock::HELD, lock::held().unwrap_or_default())]
    }

    /// A helper that is asked more than once may say the same each time.
    fn said(&self, helper: &str, lines: &[String]) {
        if !terminal::is_news(&format!("{helper}: {}", lines.join("\n"))) {
            return;
        }
        for line in lines {
            let is_kind = line.starts_with("warning: ") || line.starts_with("hint: ");
            if !is_kind || terminal::is_news(line) {
                terminal::remark(line);
            }
        }
    }

    fn hop(&self, hop: &Hop) {
        if !terminal::is_verbose() {
            return;
        }
        let outcome = match hop.outcome {
            Outcome::Found => "found".to_owned(),
            Outcome::FoundNothing => "found nothing".to_owned(),
            Outcome::Done => "done".to_owned(),
            Outcome::Failed(failure) => format!("failed: {failure}"),
        };
        let milliseconds = hop.elapsed.as_secs_f64() * 1000.0;
        let (helper, operation, path) = (hop.helper, hop.operation.name(), tilde(hop.program));
        let line = format!("{helper} {operation}: {outcome} in {milliseconds:.1} ms ({path}) {:?}", hop.record);
        terminal::trace(line.trim_end());
    }
}
