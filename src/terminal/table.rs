//! Tables for people.

use std::io::{self, IsTerminal};

use super::fold::{fold, width_of};

/// The style of a line of a table.
#[derive(Clone, Copy, PartialEq)]
pub enum Paint {
    Plain,
    /// Red, if colours are used.
    Alarm,
}

/// Lines in columns that are as wide as necessary; in colour only on a terminal, and not with `NO_COLOR`.
pub fn columns(lines: &[Vec<String>], paints: &[Paint]) -> String {
    let is_wanted = || std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let colours = io::stdout().is_terminal() && is_wanted() && understands_escapes();
    let count = lines.iter().map(Vec::len).max().unwrap_or(0);
    let used = |at: usize| lines.iter().skip(1).any(|line| line.get(at).is_some_and(|cell| !cell.is_empty()));
    let width =
        |at: usize| lines.iter().filter_map(|line| line.get(at)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let shown: Vec<(usize, usize)> = (0..count).filter(|at| used(*at)).map(|at| (at, width(at))).collect();
    let screen = width_of(&io::stdout());
    let indent = screen.map_or(0, |screen| hanging(&shown, screen));
    let mut text = String::new();
    for (line, paint) in lines.iter().zip(paints) {
        let cells = shown.iter().map(|(at, width)| format!("{:width$}", line.get(*at).map_or("", String::as_str)));
        let row = cells.collect::<Vec<_>>().join("  ");
        let row = row.trim_end();
        let row = screen.map_or_else(|| row.to_owned(), |screen| fold(row, screen, indent));
        match paint {
            Paint::Alarm if colours => text.push_str(&format!("\u{1b}[31m{row}\u{1b}[0m\n")),
            _ => text.push_str(&format!("{row}\n")),
        }
    }
    text
}

/// True if the terminal supports escape sequences. The Windows console does after a program asks for it.
#[cfg(windows)]
pub fn understands_escapes() -> bool {
    anstyle_query::windows::enable_ansi_colors().unwrap_or(true)
}

#[cfg(not(windows))]
pub fn understands_escapes() -> bool {
    true
}

/// The column at which a long row continues: the last one that begins in the left half of the screen.
fn hanging(shown: &[(usize, usize)], screen: usize) -> usize {
    let mut start = 0;
    let starts = shown.iter().map(|(_, width)| {
        start += width + 2;
        start - width - 2
    });
    starts.filter(|start| *start <= screen / 2).last().unwrap_or(0)
}
