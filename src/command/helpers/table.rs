//! The chain as a table for people.

use std::path::Path;

use modelforge_credential_protocol::visible;

use super::{ChainRow, Report, Row};
use crate::command::helpers::error::{PROGRAM, tilde};
use crate::terminal::{self, Paint};

pub fn table(report: &Report) -> String {
    let mut text = String::new();
    for chain in &report.chains {
        if let Some(provider) = &chain.provider {
            text.push_str(&format!("\nfor {}:\n", visible(provider)));
        }
        text.push_str(&rows(chain));
        for row in &chain.helpers {
            if let Some(problem) = &row.probed.problem {
                text.push_str(&format!("{}: {}\n", visible(&row.helper), visible(problem)));
            }
            if let Some(hint) = &row.probed.hint {
                text.push_str(&format!("  hint: {}\n", visible(hint)));
            }
        }
        if chain.helpers.is_empty() {
            text.push_str("the chain is empty\n");
        }
    }
    if !report.others.is_empty() {
        text.push_str("\ninstalled, and not in the chain; the command that adds it:\n");
    }
    for other in &report.others {
        let place = other.path.as_ref().map(|path| tilde(Path::new(path)));
        let place = place.or_else(|| other.problem.as_deref().map(visible)).unwrap_or_default();
        let (helper, name) = (visible(&other.helper), visible(&shell_words::quote(&other.helper)));
        text.push_str(&format!("{helper} ({place})\n  {PROGRAM} helpers add {name}\n"));
    }
    text
}

fn rows(chain: &ChainRow) -> String {
    let mut lines =
        vec![["HELPER", "ANSWER", "MS", "KEYS", "VERSION", "CONFIGURED", "PATH"].map(String::from).to_vec()];
    let mut paints = vec![Paint::Plain];
    for row in &chain.helpers {
        lines.push(cells(row));
        paints.push(if row.probed.is_ready() { Paint::Plain } else { Paint::Alarm });
    }
    terminal::columns(&lines, &paints)
}

fn cells(row: &Row) -> Vec<String> {
    let probed = &row.probed;
    vec![
        visible(&row.helper),
        probed.state.to_owned(),
        probed.milliseconds.map(|time| format!("{time:.1}")).unwrap_or_default(),
        probed.listed.map(|count| count.to_string()).unwrap_or_default(),
        probed.version.as_deref().map(visible).unwrap_or_default(),
        visible(&row.from),
        row.path.as_ref().map(|path| place(&row.helper, Path::new(path))).unwrap_or_default(),
    ]
}

/// Only the directory of a program that is named like its helper, because the whole path would not fit.
fn place(helper: &str, path: &Path) -> String {
    let usual = format!("{PROGRAM}-{helper}");
    match path.parent().filter(|_| path.file_stem().is_some_and(|name| name == usual.as_str())) {
        Some(folder) => format!("{}/", tilde(folder).trim_end_matches('/')),
        None => tilde(path),
    }
}
