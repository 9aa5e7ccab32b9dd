//! The findings, as text and as JSON.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use modelforge_credential_protocol::visible;
use modelforge_credential_providers::keys_page;
use serde::Serialize;

use super::error::{PROGRAM, tilde};
use super::keys::Key;
use super::stream::Lines;
use super::{Counts, Object, Scan, Standing};
use crate::terminal::{self, Paint};

/// Enough characters of a commit's name to identify it.
const SHORT: usize = 12;

/// `scan --json`. The format is stable: fields are only added.
#[derive(Serialize)]
pub struct Report {
    version: u32,
    files: u64,
    bytes: u64,
    repositories: u64,
    objects: u64,
    /// One for each key and place.
    findings: Vec<Finding>,
    /// The keys that were found and should be replaced.
    rotate: Vec<Rotate>,
    /// Why there may be more.
    failed: Vec<String>,
}

#[derive(Serialize)]
struct Finding {
    #[serde(flatten)]
    key: Named,
    /// A file, or the folder of a repository.
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    /// The path in the repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// True if no commit has it, and it is staged for that path.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    staged: bool,
    /// The annotated tag that contains it.
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    /// The first lines.
    lines: Vec<u64>,
    /// How many lines there are.
    count: u64,
    /// True if it is there only in base64 or the like.
    encoded: bool,
    in_name: bool,
    /// The place for people.
    #[serde(skip)]
    place: String,
    #[serde(skip)]
    named: String,
}

#[derive(Serialize, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Named {
    provider: Option<String>,
    url: String,
    account: String,
}

#[derive(Serialize)]
struct Rotate {
    #[serde(flatten)]
    key: Named,
    /// The page where a new key is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<&'static str>,
    /// The command that stores the new key.
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<String>,
    /// The name for people.
    #[serde(skip)]
    named: String,
}

impl Report {
    pub fn new(scan: &Scan) -> Self {
        let places = scan.places.iter();
        let findings: Vec<Finding> = places
            .map(|((file, object, key), lines)| finding(scan, file, object.as_ref(), &scan.keys[*key], lines))
            .collect();
        let found: BTreeSet<usize> = scan.places.keys().map(|(_, _, key)| *key).collect();
        let Counts { files, bytes, repositories, objects } = scan.counts;
        Self {
            version: 1,
            files,
            bytes,
            repositories,
            objects,
            findings,
            rotate: found.into_iter().map(|key| rotate(&scan.keys[key])).collect(),
            failed: scan.failed.iter().map(ToString::to_string).collect(),
        }
    }

    pub fn to_json(&self) -> Result<Vec<u8>> {
        terminal::json(self)
    }

    /// The table of places.
    pub fn to_text(&self) -> String {
        let counts =
            Counts { files: self.files, bytes: self.bytes, repositories: self.repositories, objects: self.objects };
        let searched = format!("searched {}\n", looked_at(counts));
        if self.findings.is_empty() {
            return format!("no stored key was found; {searched}");
        }
        let mut rows = vec![["PLACE", "LINE", "KEY OF", "AS"].map(String::from).to_vec()];
        rows.extend(self.findings.iter().map(Finding::row));
        let paints = vec![Paint::Plain; rows.len()];
        terminal::columns(&rows, &paints) + &searched
    }

    /// What a person has to do, one line for each key.
    pub fn advice(&self) -> String {
        self.rotate.iter().map(|key| format!("{}\n", key.advice())).collect()
    }
}

fn finding(scan: &Scan, file: &Path, object: Option<&Object>, key: &Key, lines: &Lines) -> Finding {
    let standing = object.map(|object| &object.standing);
    let shown = |text: &str| visible(&scan.redacted(text));
    let path = standing.and_then(Standing::path).map(shown);
    let tag = standing.and_then(Standing::tag).map(shown);
    let shown = scan.redacted(&tilde(file));
    let place = match object {
        None => shown,
        Some(object) => format!("{shown} {}", in_repository(object, path.as_deref(), tag.as_deref())),
    };
    Finding {
        key: Named::of(key),
        file: scan.redacted(&file.to_string_lossy()),
        object: object.map(|object| object.id.clone()),
        commit: standing.and_then(Standing::commit).map(str::to_owned),
        path,
        staged: matches!(standing, Some(Standing::Staged { .. })),
        tag,
        lines: lines.first.clone(),
        count: lines.count,
        encoded: !lines.is_plain && !lines.is_in_name,
        in_name: lines.is_in_name,
        place,
        named: visible(&key.name()),
    }
}

/// The place in a repository, with a path and a tag that are safe to show.
fn in_repository(object: &Object, path: Option<&str>, tag: Option<&str>) -> String {
    match (&object.standing, path.or(tag)) {
        (Standing::Committed { commit, .. }, Some(path)) => format!("{}:{path}", short(commit)),
        (Standing::Committed { commit, .. }, None) => format!("{} (message)", short(commit)),
        (Standing::Staged { .. }, Some(path)) => format!("{} (staged as {path})", short(&object.id)),
        (Standing::Tag { .. }, Some(name)) => format!("{} (tag {name})", short(&object.id)),
        (_, _) => format!("{} (no commit)", short(&object.id)),
    }
}

fn rotate(key: &Key) -> Rotate {
    let page = key.provider.as_deref().and_then(keys_page);
    let name = shell_words::quote(&key.name()).into_owned();
    let command = key.provider.is_some().then(|| format!("{PROGRAM} login {name}"));
    Rotate { key: Named::of(key), page, command, named: visible(&key.name()) }
}

fn short(id: &str) -> &str {
    id.get(..SHORT).unwrap_or(id)
}

impl Named {
    fn of(key: &Key) -> Self {
        Self { provider: key.provider.clone(), url: key.url.clone(), account: key.account.clone() }
    }
}

impl Finding {
    fn row(&self) -> Vec<String> {
        let mut line: Vec<String> = self.lines.iter().take(3).map(u64::to_string).collect();
        line.extend((self.count > 3).then(|| format!("and {} more", grouped(self.count - 3))));
        line.extend(self.in_name.then(|| "name".to_owned()));
        let form = if self.encoded { "encoded" } else { "plain text" };
        vec![self.place.clone(), line.join(", ").replace(", and", " and"), self.named.clone(), form.to_owned()]
    }
}

impl Rotate {
    fn advice(&self) -> String {
        let page = self.page.map(|page| format!(" at {page}")).unwrap_or_default();
        let then = self.command.as_ref().map(|command| format!(", run `{command}`")).unwrap_or_default();
        format!("to do for `{}`: create a new key{page}{then}, and revoke the old one", self.named)
    }
}

/// `1,204 files, 1.3 GB, 300 objects of 2 repositories`
pub fn looked_at(counts: Counts) -> String {
    let plural = |count: u64, one, many| format!("{} {}", grouped(count), if count == 1 { one } else { many });
    let mut parts = vec![plural(counts.files, "file", "files")];
    if counts.repositories > 0 {
        let objects = plural(counts.objects, "object", "objects");
        parts.push(format!("{objects} of {}", plural(counts.repositories, "repository", "repositories")));
    }
    parts.push(size(counts.bytes));
    parts.join(", ")
}

fn size(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{:.1} {name}", bytes as f64 / unit as f64),
        None => format!("{bytes} bytes"),
    }
}

/// `1,204`
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
