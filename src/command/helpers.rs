//! `helpers`: shows the chain. Each helper is looked up, started, and asked for a URL that cannot exist. Installed helpers that are not in
//! the chain are shown as well.

pub mod change;
pub mod error;
mod probe;
pub mod start;
mod table;
pub mod test;

use anyhow::Result;
use modelforge_credential_client::{Entry, Failure, installed};
use serde::{Serialize, Serializer};

use crate::config::{ON_DEMAND, Origin, as_toml, default_helper};
use crate::person::Person;
use crate::session::{Session, program, why_left_out};
use crate::sources::DEFAULT_SOURCES;
use crate::terminal;
use change::comes_last;
use probe::Probed;

/// `helpers --json`. The format is stable: fields are only added.
#[derive(Serialize)]
struct Report {
    version: u32,
    chains: Vec<ChainRow>,
    /// Helpers that are installed but in no chain.
    others: Vec<Other>,
}

#[derive(Serialize)]
struct ChainRow {
    /// The provider, if it has its own chain.
    provider: Option<String>,
    /// `default`, `config` or `variable`.
    origin: &'static str,
    helpers: Vec<Row>,
    #[serde(skip)]
    is_chosen: bool,
}

#[derive(Serialize)]
struct Row {
    helper: String,
    /// The words of its entry.
    #[serde(serialize_with = "words")]
    entry: Entry,
    /// Where the entry is defined, for people.
    from: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(flatten)]
    probed: Probed,
}

#[derive(Serialize)]
struct Other {
    helper: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    /// The line of the configuration that adds it.
    add: String,
}

fn words<S: Serializer>(entry: &Entry, serializer: S) -> Result<S::Ok, S::Error> {
    entry.words.serialize(serializer)
}

/// Shows the chains. If a configured helper cannot be asked, the exit status is 1.
pub fn helpers(json: bool) -> Result<()> {
    let session = Session::start(Person::Nobody)?;
    let config = session.providers.config();
    let mut wanted = vec![(None, config.helpers_for(None)?, config.origin_for(None))];
    for (name, provider) in config.providers.iter().filter(|(_, provider)| provider.helpers.is_some()) {
        let origin = config.origin_for(Some(provider));
        if origin != Origin::Variable {
            wanted.push((Some(name.clone()), config.helpers_for(Some(provider))?, origin));
        }
    }
    let context = session.providers.context_of_all()?;
    let progress = terminal::Progress::start("asking the helpers");
    let chains = wanted.into_iter().map(|(provider, helpers, origin)| {
        let row = |(at, entry): (usize, &Entry)| {
            let found = program(entry);
            let path = found.as_ref().ok().map(|program| program.path().to_string_lossy().into_owned());
            let probed = match (why_left_out(&helpers, entry), found) {
                (Some(reason), _) => Probed::left_out(&reason),
                (None, Ok(program)) => probe::probe(&program, &context, !entry.is_command),
                (None, Err(problem)) => Probed::missing(&problem.into()),
            };
            Row {
                helper: entry.name(),
                entry: entry.clone(),
                from: origin.of_entry(at),
                line: origin.line(at),
                path,
                probed,
            }
        };
        let rows = helpers.entries.iter().enumerate().map(row).collect();
        ChainRow { provider, origin: origin.name(), helpers: rows, is_chosen: origin.is_chosen() }
    });
    let chains: Vec<ChainRow> = chains.collect();
    let others = others(&chains);
    drop(progress);
    let report = Report { version: 1, chains, others };
    if json {
        terminal::answer(&terminal::json(&report)?)?;
    } else {
        terminal::tell(&table::table(&report))?;
    }
    let chosen = report.chains.iter().filter(|chain| chain.is_chosen).flat_map(|chain| &chain.helpers);
    let not_ready: Vec<String> = chosen.filter(|row| !row.probed.is_ready()).map(|row| row.helper.clone()).collect();
    if not_ready.is_empty() { Ok(()) } else { Err(error::helpers_not_ready(&not_ready).into()) }
}

/// True if it should not be proposed: it only serves `migrate`, or what it needs was never set up.
fn is_of_no_use(entry: &[String]) -> bool {
    let [name] = entry else { return false };
    let is_source = DEFAULT_SOURCES.contains(&name.as_str()) && default_helper(&Entry::helper(name)).is_none();
    let is_set = |variable: &&str| std::env::var_os(variable).is_some_and(|value| !value.is_empty());
    is_source || ON_DEMAND.iter().any(|row| row.name == name && !row.variables.iter().any(is_set))
}

/// Helpers that are installed but in no chain, each with the line that adds it to the shared chain.
fn others(chains: &[ChainRow]) -> Vec<Other> {
    let is_asked = |entry: &[String]| {
        let asked = chains.iter().flat_map(|chain| &chain.helpers);
        asked.into_iter().any(|row| row.entry.words.starts_with(entry) || row.helper == entry.join("-"))
    };
    let common: &[Row] = chains.first().map(|chain| &*chain.helpers).unwrap_or_default();
    let at = common.iter().position(|row| comes_last(row.probed.capabilities)).unwrap_or(common.len());
    let found = installed().into_iter().filter(|found| !is_asked(&found.entry) && !is_of_no_use(&found.entry));
    found
        .map(|found| {
            let mut entries: Vec<&Entry> = common.iter().map(|row| &row.entry).collect();
            let new =
                Entry { words: found.entry.clone(), is_command: found.entry.len() > 1, timeout: None, label: None };
            entries.insert(at, &new);
            let entries: Vec<String> = entries.into_iter().map(as_toml).collect();
            Other {
                helper: found.entry.join(" "),
                problem: found.path.as_ref().err().map(Failure::to_string),
                path: found.path.ok().map(|path| path.to_string_lossy().into_owned()),
                add: format!("helpers = [{}]", entries.join(", ")),
            }
        })
        .collect()
}
