//! Sources: helpers whose credentials are in files of other programs. Each case begins with a copy of the directory that the person named.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::case::{Case, source};
use crate::checked::{Broken, Checked, must};
use crate::found::Found;
use crate::session::Session;

pub const CASES: &[Case] = &[
    source("S1", "without consent no file changes, whatever is stored or erased", |s| {
        let before = files(s);
        for entry in entries(s)? {
            for more in ["", "consent=0\n", &format!("password={}\n", entry.password)] {
                s.does("erase", format!("{}{more}", entry.description))?;
            }
            s.does("store", format!("{}password={}\n", entry.description, s.secret))?;
            s.does("store", format!("{}consent=no\npassword={}\n", entry.description, s.secret))?;
            must(files(s) == before, "a file was changed without `consent`")?;
        }
        Ok(())
    }),
    source("S2", "`list` names the file of each credential, and `get` hands out the one in it", |s| {
        for entry in entries(s)? {
            must(!entry.password.is_empty(), "`get` finds no password where `list` names one")?;
            let elsewhere = format!("{}file=/nowhere\n", entry.place);
            s.finds_nothing(elsewhere)?;
        }
        Ok(())
    }),
    source("S3", "with consent an erase takes out what it names, and nothing else", |s| {
        let all = entries(s)?;
        let Some(first) = all.first() else { return Ok(()) };
        let (before, other) = (files(s), format!("{}consent=1\npassword={}\n", first.description, s.secret));
        s.erases(other)?;
        must(files(s) == before, "another password was named, and a file was changed")?;
        for (at, entry) in all.iter().enumerate() {
            s.erases(entry.asked("password"))?;
            s.finds_nothing(&entry.description)?;
            for left in &all[at + 1..] {
                s.finds(&left.description, &left.password)?;
            }
        }
        let now = files(s);
        must(all.iter().all(|entry| !holds(&now, &entry.password)), "what was taken out is still in a file")
    }),
    source("S4", "what was taken out is put back where it was, and in no other's place", |s| {
        for entry in entries(s)? {
            s.does("store", entry.asked("other"))?;
            s.finds(&entry.description, &entry.password)?;
            s.erases(entry.asked("password"))?;
            s.does("store", entry.asked("password"))?;
            s.finds(&entry.description, &entry.password)?;
        }
        Ok(())
    }),
    source("S5", "a file is handed out whole and put back byte for byte", |s| {
        let (before, all) = (files(s), entries(s)?);
        let wholes = all.iter().map(|entry| whole(s, &entry.file)).collect::<Checked<Vec<_>>>()?;
        for (entry, whole) in all.iter().zip(&wholes) {
            s.erases(entry.asked("password"))?;
            s.does("store", whole)?;
            must(files(s) == before, "the file is not what it was")?;
        }
        for entry in &all {
            s.erases(entry.asked("password"))?;
        }
        wholes.iter().try_for_each(|whole| s.does("store", whole))?;
        must(files(s) == before, "the files are not what they were")
    }),
    source("S5", "a whole file is not handed out without consent, and no file but its own", |s| {
        for entry in entries(s)? {
            for consent in ["", "consent=0\n"] {
                s.refuses("get", format!("protocol=file\nhost=\nfile={}\n{consent}", entry.file))?;
            }
            s.refuses("get", format!("protocol=file\nhost=\nfile={}.of-another\nconsent=1\n", entry.file))?;
        }
        s.refuses("get", "protocol=file\nhost=\nconsent=1\n")
    }),
];

/// A credential in a file in the home directory.
struct Entry {
    /// The lines of its description, without the file.
    place: String,
    /// The same with the file.
    description: String,
    file: String,
    password: String,
}

impl Entry {
    /// The credential with consent, with its own or another password.
    fn asked(&self, password: &str) -> String {
        let password = if password == "password" { &self.password } else { password };
        format!("{}consent=1\npassword={password}\n", self.description)
    }
}

/// The entries that it lists in plain text, each with its password.
fn entries(s: &Session) -> Checked<Vec<Entry>> {
    let answer = s.run("list", "consent=1\ncapability[]=problem\n")?;
    must(answer.status.success(), format!("`list` failed with {}", s.said(&answer)))?;
    let text = String::from_utf8_lossy(&answer.output).into_owned();
    let mut entries = Vec::new();
    for block in text.split_terminator("\n\n") {
        let record = Found::parse(block.as_bytes())?;
        let (Some(file), Some("1" | "true")) = (record.text("file"), record.text("plain_text").as_deref()) else {
            continue;
        };
        let lines = ["protocol", "host", "path", "username"];
        let place: String = lines.iter().filter_map(|key| Some(format!("{key}={}\n", record.text(key)?))).collect();
        let description = format!("{place}file={file}\n");
        let found = s.get(&description)?.ok_or_else(|| Broken::rule("`get` finds nothing where `list` names one"))?;
        let password = found.text("password").unwrap_or_default();
        entries.push(Entry { place, description, file, password });
    }
    must(!entries.is_empty(), "it lists nothing with `plain_text` and `file` in the folder it was given")?;
    Ok(entries)
}

/// A file as the helper returns it, ready to be restored.
fn whole(s: &Session, file: &str) -> Checked<String> {
    let place = format!("protocol=file\nhost=\nfile={file}\nconsent=1\n");
    let answer = s.run("get", &place)?;
    must(answer.status.success(), format!("`get` of a whole file failed with {}", s.said(&answer)))?;
    let text = String::from_utf8_lossy(&answer.output).into_owned();
    must(text.lines().any(|line| line.starts_with("content[]=")), "the answer has no `content[]`")?;
    Ok(place + &text)
}

/// Every file in the home directory that is not empty. An empty one may be a helper's lock, which may stay.
fn files(s: &Session) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = s.home().map(crate::home::files).unwrap_or_default();
    files.retain(|_, content| !content.is_empty());
    files
}

fn holds(files: &BTreeMap<PathBuf, Vec<u8>>, secret: &str) -> bool {
    // S2 has already reported that it is empty.
    !secret.is_empty()
        && files.values().any(|content| content.windows(secret.len()).any(|window| window == secret.as_bytes()))
}
