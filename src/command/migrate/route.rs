//! The source and target of a migration: the helpers to take from, and the chain to store in.

use std::collections::BTreeSet;
use std::path::Path;

use modelforge_credential_client::Program;
use modelforge_credential_protocol::{Error, Record, Result, Stays, visible};

use super::way::Way;
use crate::chain::{Asked, Chain, Inventory, Left, Link};
use crate::command::migrate::error;
use crate::config::{DEFAULT_CHAIN, entry_of_text};
use crate::person::Person;
use crate::providers::Providers;
use crate::session::{self, Opened, PerProvider, Session};
use crate::sources::{DEFAULT_SOURCES, OLD_KEYRING, TOOLS, are_default};
use crate::terminal;

/// True if a helper that only the journal names may be started: it is one of the defaults, or the person's configuration names it.
pub fn is_configured(providers: &Providers, words: &str) -> bool {
    let Ok(entry) = entry_of_text(words) else { return false };
    let own = providers.with_helpers_of_their_own().filter_map(|name| Record::of([("provider", name)]).ok());
    let chains = std::iter::once(Record::new()).chain(own).filter_map(|request| providers.helpers_for(&request).ok());
    DEFAULT_SOURCES.contains(&words)
        || DEFAULT_CHAIN.iter().any(|row| row.name == words)
        || chains
            .flat_map(|chain| chain.entries)
            .any(|one| one.words == entry.words && one.is_command == entry.is_command)
}

/// A helper to take credentials from.
pub struct Source {
    /// The helper as the person named it.
    pub words: String,
    /// Its name in messages.
    pub name: String,
    chain: Chain,
    program: Program,
    /// The same helper, which may prompt a person.
    attended: Option<Program>,
    /// True if it is only searched in case it has something.
    is_optional: bool,
    /// The directories that the person named. Empty: the source's own files.
    folders: Vec<String>,
}

/// How a tool asks from now on.
pub struct Asks {
    pub word: String,
    /// True if a line in a shell's profile may replace the key.
    pub by_line: bool,
}

/// What to remove from a source.
pub struct Taken<'a> {
    pub credential: Record,
    pub file: Option<&'a str>,
    pub asks: Option<Asks>,
}

impl Taken<'_> {
    /// The credential in the form that the source gets.
    fn credential(&self) -> Result<Record> {
        let mut credential = self.credential.clone();
        credential.set("consent", "1")?;
        if let Some(asks) = &self.asks {
            credential.set("rewire", &asks.word)?;
            if asks.by_line {
                credential.set("shell_line", "1")?;
            }
        }
        credential.remove("file");
        self.file.map_or(Ok(()), |file| credential.set("file", file))?;
        Ok(credential)
    }
}

/// The sources and the targets.
pub struct Route {
    pub sources: Vec<Source>,
    /// The helper of `--to`, as the person named it.
    pub to: Option<String>,
    targets: PerProvider<Opened>,
}

impl Source {
    fn open(words: &str, person: &Person, is_optional: bool) -> Result<Self> {
        let entry = entry_of_text(words).map_err(error::bad_helper)?;
        let program = session::program(&entry)?.with("MODELFORGE_CREDENTIAL_WARN_PLAINTEXT", "0");
        let attended = (!matches!(person, Person::Nobody)).then(|| program.attended());
        let name = entry.name();
        let helper = Ok(session::boxed(program.clone()));
        let link = Link::new(name.clone(), helper, attended.clone().map(session::boxed));
        let chain = Chain::new(vec![link], false);
        Ok(Self { words: words.to_owned(), name, chain, program, attended, is_optional, folders: Vec::new() })
    }

    /// True if its credentials belong to other programs.
    pub fn is_foreign(&self) -> bool {
        self.program.capabilities().foreign
    }

    /// Its credentials, and why there may be more.
    pub fn list(&self, context: &Record) -> Result<(Vec<Record>, Vec<Error>)> {
        // All of them: a chain lists each credential once, but two files may have the same one.
        let mut question = context.clone();
        question.set("consent", "1")?;
        question.push("capability[]", "problem")?;
        for folder in &self.folders {
            question.push("folder[]", folder)?;
        }
        let answer = match (self.program.list(&question), &self.attended) {
            (Err(_), Some(attended)) => attended.list(&question),
            (answer, _) => answer,
        };
        let (mut records, mut failed) = (Vec::new(), Vec::new());
        match answer {
            Ok(Some(listed)) => records = listed,
            Ok(None) => failed.push(error::cannot_list(&self.name)),
            Err(problem) => failed.push(error::helper_failed(&self.name, &problem)),
        }
        // A problem with a file is listed in place of a credential.
        records.retain(|record| {
            record.text("problem").is_none_or(|problem| {
                let mut problem = Error::new(visible(problem));
                if let Some(hint) = record.text("hint") {
                    problem = problem.hint(visible(hint));
                }
                failed.push(if record.is_true("stays") { problem.with_cause(Stays) } else { problem });
                false
            })
        });
        if self.is_optional {
            failed.clear();
        }
        // A variable cannot be removed from the environment that the program got.
        for record in records.iter().filter(|record| record.has("variable")) {
            terminal::warn_once(&error::variable_stays(record));
        }
        records.retain(|record| !record.has("variable"));
        Ok((records, failed))
    }

    /// The files that it searches, or its credentials if it does not report files.
    pub fn places(&self, context: &Record) -> Result<Vec<Record>> {
        let mut question = context.clone();
        for (name, value) in [("consent", "1"), ("capability[]", "problem"), ("capability[]", "place")] {
            question.push(name, value)?;
        }
        for folder in &self.folders {
            question.push("folder[]", folder)?;
        }
        match self.program.list(&question) {
            Err(problem) if !self.is_optional => Err(error::helper_failed(&self.name, &problem)),
            answer => Ok(answer.ok().flatten().unwrap_or_default()),
        }
    }

    /// Gets a credential. `file` distinguishes those with the same description in several files.
    pub fn get(&self, description: &Record, file: Option<&str>) -> Result<Option<Record>> {
        self.get_each(&[(description, file)])?.pop().unwrap_or(Ok(None))
    }

    /// The same for several credentials.
    pub fn get_each(&self, wanted: &[(&Record, Option<&str>)]) -> Result<Vec<Result<Option<Record>>>> {
        let context = |file: Option<&str>| {
            let mut context = Record::of([("consent", "1")])?;
            file.map_or(Ok(()), |file| context.set("file", file))?;
            Ok(context)
        };
        let contexts = wanted.iter().map(|(_, file)| context(*file)).collect::<Result<Vec<_>>>()?;
        let asked: Vec<_> =
            wanted.iter().zip(&contexts).map(|((description, _), context)| Asked { description, context }).collect();
        let found = self.chain.copies_each(&asked, true)?.into_iter().map(|mut copies| match copies.failed.pop() {
            Some(failed) => Err(failed.failure.into()),
            None => Ok(copies.found.pop().map(|(_, found)| found)),
        });
        Ok(found.collect())
    }

    /// Restores a credential. Returns whether it is there afterwards.
    pub fn put_back(&self, credential: &Record, file: Option<&str>) -> Result<bool> {
        let mut credential = credential.clone();
        credential.set("consent", "1")?;
        if let Some(file) = file {
            credential.set("file", file)?;
        }
        self.program.store(&credential)?;
        let found = self.get(&credential, file)?;
        Ok(found.is_some_and(|found| found.holds_the_same_secrets(&credential)))
    }

    /// Erases the credentials with exactly these secrets, and makes their tools ask for them from now on. An error says why one is still
    /// there; a remark says that the source now has another one.
    pub fn erase_each(&self, takes: &[Taken]) -> Result<Vec<Result<Option<Error>>>> {
        let credentials = takes.iter().map(Taken::credential).collect::<Result<Vec<_>>>()?;
        let left = self.chain.erase_copies_each(&credentials)?.into_iter().zip(takes).zip(&credentials);
        let outcomes = left.map(|((left, taken), credential)| match left.into_iter().next() {
            None | Some(Ok(Left::Nothing)) => Ok(None),
            // It was replaced since the plan was made.
            Some(Ok(Left::Newer)) => Err(error::changed_since_the_plan(credential)),
            Some(Ok(Left::Another)) => Ok(Some(error::another_is_left(credential, taken.file.unwrap_or(&self.name)))),
            Some(Err(problem)) => Err(problem),
        });
        Ok(outcomes.collect())
    }

    /// A whole file, as its helper returns it.
    pub fn file(&self, file: &str) -> Result<Option<Record>> {
        Ok(self.program.get(&whole(file)?)?)
    }

    /// Restores a whole file.
    pub fn put_file_back(&self, file: &str, content: &Record) -> Result<()> {
        let mut record = whole(file)?;
        for piece in content.all("content[]") {
            record.push("content[]", piece)?;
        }
        Ok(self.program.store(&record)?)
    }
}

/// The request for a whole file.
fn whole(file: &str) -> Result<Record> {
    Record::of([("protocol", "file"), ("host", ""), ("file", file), ("consent", "1")])
}

impl Route {
    /// Finds the helpers. Without `from`, those for plain-text files; without `to`, the chain without the sources.
    pub fn open(session: &Session, from: &[String], to: Option<&str>) -> Result<Self> {
        let person = &session.person;
        let mut sources = Vec::new();
        if from.is_empty() {
            sources.push(Source::open(DEFAULT_SOURCES[0], person, false)?);
            // An older installation may not have this helper.
            sources.extend(Source::open(TOOLS, person, false).ok());
            // It asks the keyring's daemon. If there is none, or it is locked, nothing is known about its keys.
            if session::has_session_bus() {
                sources.extend(Source::open(OLD_KEYRING, &Person::Nobody, true).ok());
            }
        }
        for words in from {
            sources.push(Source::open(words, person, false)?);
        }
        // A source must not be a target, even with another name: its key would be taken for a second copy, and the only one erased.
        let is_taken = |program: &Program| sources.iter().any(|source| source.program.is_same(program));
        let can_keep = |program: &Program| Ok(!is_taken(program) && program.known_capabilities()?.keeps());
        let targets = match to {
            Some(words) => {
                let entry = entry_of_text(words).map_err(error::bad_helper)?;
                if is_taken(&session::program(&entry)?) {
                    return Err(error::same_helper(words));
                }
                PerProvider::of_one(entry, person, &can_keep)
            }
            None => PerProvider::fitting(&session.providers, person, &can_keep)?,
        };
        Ok(Self { sources, to: to.map(str::to_owned), targets })
    }

    /// A migration only of the projects in these directories.
    pub fn of_folders(session: &Session, folders: &[String], to: Option<&str>) -> Result<Self> {
        if let Some(absent) = folders.iter().map(Path::new).find(|folder| !folder.exists()) {
            return Err(error::not_a_folder(absent));
        }
        let mut route = Self::open(session, &[TOOLS.to_owned()], to)?;
        route.sources.iter_mut().for_each(|source| folders.clone_into(&mut source.folders));
        Ok(route)
    }

    /// True if all sources are files of other programs, which is the default.
    pub fn is_from_plain_text(&self) -> bool {
        are_default(&self.from())
    }

    /// Where it searches, and where it stores.
    pub fn way(&self) -> Way {
        let folders: BTreeSet<&String> = self.sources.iter().flat_map(|source| &source.folders).collect();
        Way { from: self.from(), to: self.to.clone(), folders: folders.into_iter().cloned().collect() }
    }

    /// The sources as the person named them.
    pub fn from(&self) -> Vec<String> {
        self.sources.iter().map(|source| source.words.clone()).collect()
    }

    /// The chain for a provider's credential.
    pub fn target(&self, provider: Option<&str>) -> &Chain {
        &self.targets.of(provider).chain
    }

    /// Every chain that is a target.
    pub fn targets(&self) -> impl Iterator<Item = &Chain> {
        self.targets.all().map(|opened| &opened.chain)
    }

    /// The list of each target, with its backups.
    pub fn inventories(&self, context: &Record) -> Result<PerProvider<Inventory>> {
        let mut question = context.clone();
        question.set("consent", "1")?;
        Ok(self.targets.map(|opened| opened.chain.inventory(&question)))
    }

    /// A helper of the chain that is skipped here.
    pub fn left_out(&self) -> Option<&Error> {
        self.targets.of(None).left_out.as_ref()
    }
}
