//! The architecture: which file may use which, and where programs are started. Read from the `use` lines and paths in the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The crates, with the folder of their sources.
const CRATES: [&str; 15] = [
    "src",
    "helpers/age/src",
    "helpers/ask/src",
    "helpers/client/src",
    "helpers/conformance/src",
    "helpers/env/src",
    "helpers/files/src",
    "helpers/http/src",
    "helpers/keyring/src",
    "helpers/oauth/src",
    "helpers/plaintext/src",
    "helpers/protocol/src",
    "helpers/providers/src",
    "helpers/tools/src",
    "helpers/vault/src",
];

/// From the top to the ground. What stands nowhere here stands between `session` and the libraries: it may be named by all, and
/// names none of these but by the way of what it names itself.
const FLOORS: [&str; 4] = ["cli", "command", "session", "chain"];

/// The files that start programs.
const STARTERS: [&str; 3] =
    ["helpers/client/src/process.rs", "helpers/client/src/watcher.rs", "src/command/exec/start.rs"];

/// A module, as the words of its path: `command::exec`.
type Module = Vec<String>;

/// Which module names which.
struct Sources {
    modules: BTreeMap<Module, BTreeSet<Module>>,
}

impl Sources {
    fn read(folder: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let texts: BTreeMap<Module, String> = files(&root)
            .into_iter()
            .map(|file| (module(file.strip_prefix(&root).expect("it is below")), code(&file)))
            .collect();
        assert!(!texts.is_empty(), "{folder} has no sources");
        let names = |(module, text): (&Module, &String)| {
            let named = paths(text).filter_map(|path| resolve(&path, module, &texts));
            // A module may name its own children: they are a part of it.
            (module.clone(), named.filter(|named| !named.starts_with(module)).collect())
        };
        Self { modules: texts.iter().map(names).collect() }
    }

    /// All that a module names, and what that names in turn.
    fn reach<'a>(&'a self, from: &'a Module) -> BTreeSet<&'a Module> {
        let (mut reached, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(module) = open.pop() {
            for named in self.modules.get(module).into_iter().flatten() {
                if reached.insert(named) {
                    open.push(named);
                }
            }
        }
        reached
    }

    /// The same between the rooms of the crate: its top-level modules.
    fn rooms(&self) -> Self {
        self.together(|module| module.first().map(|first| vec![first.clone()]))
    }

    /// The dependencies between commands. The parts of a command count as that command.
    fn commands(&self) -> Self {
        self.together(|module| module.get(..2).filter(|words| words[0] == "command").map(<[String]>::to_vec))
    }

    fn together(&self, room: impl Fn(&Module) -> Option<Module>) -> Self {
        let mut modules: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
        for (from, named) in &self.modules {
            let Some(own) = room(from) else { continue };
            let named = named.iter().filter_map(&room).filter(|other| *other != own);
            modules.entry(own.clone()).or_default().extend(named);
        }
        Self { modules }
    }

    fn circles(&self) -> Vec<String> {
        let in_one = self.modules.keys().filter(|module| self.reach(module).contains(module));
        in_one.map(|module| module.join("::")).collect()
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder is there").flatten() {
        let path = entry.path();
        let is_test = path.file_stem().is_some_and(|stem| stem == "tests");
        match path.is_dir() {
            _ if is_test => {}
            true => found.extend(files(&path)),
            false if path.extension().is_some_and(|extension| extension == "rs") => found.push(path),
            false => {}
        }
    }
    found
}

/// `command/exec/mod.rs` and `command/exec.rs` are `command::exec`; `main.rs` and `lib.rs` are the crate itself.
fn module(file: &Path) -> Module {
    let path = file.with_extension("");
    let words = path.iter().map(|word| word.to_string_lossy().into_owned());
    words.filter(|word| !matches!(word.as_str(), "main" | "lib" | "mod")).collect()
}

/// A source without its tests, comments and texts.
fn code(file: &Path) -> String {
    let text = std::fs::read_to_string(file).expect("it is text");
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let mut code = String::new();
    for line in text.lines().map(|line| line.split("//").next().unwrap_or_default()) {
        // The odd parts are within quotation marks.
        code.extend(line.split('"').step_by(2));
        code.push('\n');
    }
    code
}

/// Every path that begins at the crate or at a neighbour.
fn paths(code: &str) -> impl Iterator<Item = Vec<String>> {
    let mut paths = Vec::new();
    let is_start = |at: &usize| !code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
    for start in ["crate::", "super::", "self::"] {
        for at in code.match_indices(start).map(|(at, _)| at).filter(is_start) {
            expand(&code[at..], &mut Vec::new(), &mut paths);
        }
    }
    paths.into_iter()
}

/// `a::{b, c::d}` as `a::b` and `a::c::d`. Returns how much of the text that was.
fn expand(text: &str, before: &mut Vec<String>, paths: &mut Vec<Vec<String>>) -> usize {
    let depth = before.len();
    let mut at = 0;
    loop {
        let word: String = text[at..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        at += word.len();
        before.push(word);
        if !text[at..].starts_with("::") {
            break;
        }
        at += 2;
        if text[at..].starts_with('{') {
            at += 1;
            loop {
                at += text[at..].find(|c: char| !c.is_whitespace() && c != ',').unwrap_or(text.len() - at);
                if text[at..].starts_with('}') || at >= text.len() {
                    break;
                }
                at += expand(&text[at..], before, paths);
                // ` as other`.
                at += text[at..].find([',', '}']).unwrap_or(text.len() - at);
            }
            before.truncate(depth);
            return at + 1;
        }
    }
    paths.push(before.clone());
    before.truncate(depth);
    at
}

/// The module that a path leads into.
fn resolve(path: &[String], from: &Module, all: &BTreeMap<Module, String>) -> Option<Module> {
    let (first, rest) = path.split_first()?;
    let mut base = match first.as_str() {
        "crate" => Module::new(),
        "self" => from.clone(),
        _ => from[..from.len().checked_sub(1)?].to_vec(),
    };
    let mut rest = rest;
    while let Some((_, after)) = rest.split_first().filter(|(word, _)| *word == "super") {
        base.pop()?;
        rest = after;
    }
    let mut module = base.clone();
    for word in rest {
        module.push(word.clone());
        if !all.contains_key(&module) {
            module.pop();
            break;
        }
    }
    // The crate itself has nothing to name but what it names again.
    (!module.is_empty()).then_some(module)
}

#[test]
fn no_file_and_no_module_is_named_by_what_it_names() {
    for folder in CRATES {
        let sources = Sources::read(folder);
        assert!(sources.circles().is_empty(), "{folder}: circles of files through {}", sources.circles().join(", "));
        let rooms = sources.rooms();
        assert!(rooms.circles().is_empty(), "{folder}: circles of modules through {}", rooms.circles().join(", "));
    }
}

#[test]
fn no_command_is_named_by_a_part_of_what_it_names() {
    let circles = Sources::read("src").commands().circles();
    assert!(circles.is_empty(), "circles of commands through {}", circles.join(", "));
}

#[test]
fn no_floor_names_one_that_stands_above_it() {
    let rooms = Sources::read("src").rooms();
    let floor = |room: &Module| FLOORS.iter().position(|floor| room == &[*floor]);
    for (from, named) in &rooms.modules {
        for to in named {
            if let (Some(own), Some(other)) = (floor(from), floor(to)) {
                assert!(own < other, "{} names {}", from.join("::"), to.join("::"));
            }
            let is_ground = floor(from).is_none() && floor(to).is_some_and(|other| FLOORS[other] != "chain");
            assert!(!is_ground, "{} names {}", from.join("::"), to.join("::"));
        }
    }
}

#[test]
fn the_libraries_name_only_what_lies_below_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (library, below) in [
        ("protocol", &[][..]),
        ("providers", &[]),
        ("client", &["files", "protocol"]),
        ("files", &["protocol"]),
        ("http", &["protocol"]),
        ("conformance", &["client", "protocol"]),
    ] {
        let manifest = std::fs::read_to_string(root.join("helpers").join(library).join("Cargo.toml")).unwrap();
        let names = manifest.lines().filter_map(|line| line.strip_prefix("modelforge-credential-"));
        for name in names.map(|rest| rest.split(['.', ' ']).next().unwrap_or_default()) {
            assert!(below.contains(&name), "{library} depends on {name}");
        }
    }
}

#[test]
fn programs_are_started_in_few_files_and_nowhere_else() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut starters = BTreeSet::new();
    for file in CRATES.iter().flat_map(|folder| files(&root.join(folder))) {
        if code(&file).contains("Command::new(") {
            starters.insert(file.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/"));
        }
    }
    assert_eq!(starters.into_iter().collect::<Vec<_>>(), STARTERS);
}

#[test]
fn paths_are_read_from_every_form_of_use() {
    let text = "use crate::a::{self, b::{C, d}, e as f};\nuse super::g;\nlet x = crate::h::i(); mycrate::j::k;";
    let mut found: Vec<String> = paths(text).map(|path| path.join("::")).collect();
    found.sort();
    assert_eq!(found, ["crate::a::b::C", "crate::a::b::d", "crate::a::e", "crate::a::self", "crate::h::i", "super::g"]);
}
