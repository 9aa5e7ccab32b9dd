//! Manual pages of the program and each of its commands, from the definitions that `--help` shows.

use std::path::Path;

use anyhow::Result;
use clap_mangen::Man;
use roff::{Roff, bold, roman};

use crate::cli;
use crate::error::{self, PROGRAM};
use crate::terminal;

/// Writes every page into a folder, or prints that of the program.
pub fn man(folder: Option<&Path>) -> Result<()> {
    let pages = pages()?;
    match folder {
        Some(folder) => {
            std::fs::create_dir_all(folder).map_err(|problem| error::cannot_write(folder, &problem))?;
            for (name, page) in &pages {
                let path = folder.join(name);
                std::fs::write(&path, page).map_err(|problem| error::cannot_write(&path, &problem))?;
            }
        }
        None => {
            for (_, page) in pages.iter().take(1) {
                terminal::answer(page)?;
            }
        }
    }
    Ok(())
}

/// The name of each page's file, and the page; the program's comes first.
fn pages() -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut root = cli::command().disable_help_subcommand(true);
    root.build();
    let mut pages = Vec::new();
    add(&root, &mut pages)?;
    Ok(pages)
}

fn add(command: &clap::Command, pages: &mut Vec<(String, Vec<u8>)>) -> std::io::Result<()> {
    let man = Man::new(command.clone());
    let mut page = title(command.get_display_name().unwrap_or(PROGRAM), 1).into_bytes();
    man.render_name_section(&mut page)?;
    // The library's own leaves out what may be repeated, and the `--` before a command.
    let usage = command.clone().render_usage().to_string();
    let lines: Vec<&str> = usage.trim_start_matches("Usage:").lines().map(str::trim).collect();
    verbatim("SYNOPSIS", &lines.join("\n")).to_writer(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    let subcommands: Vec<_> = command.get_subcommands().filter(|command| !command.is_hide_set()).collect();
    if !subcommands.is_empty() {
        man.render_subcommands_section(&mut page)?;
    }
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let (notes, example) = help.split_once("Example:\n").unwrap_or((&help, ""));
    for (title, text) in [("NOTES", notes), ("EXAMPLE", example)] {
        if !text.trim().is_empty() {
            verbatim(title, text.trim_end()).to_writer(&mut page)?;
        }
    }
    let is_root = command.get_display_name().is_none_or(|name| name == PROGRAM);
    let see = match is_root {
        true => vec![bold("gitcredentials"), roman("(7), "), bold("age"), roman("(1)")],
        false => vec![bold(PROGRAM), roman("(1)")],
    };
    Roff::new().control("SH", ["SEE ALSO"]).text(see).to_writer(&mut page)?;
    pages.push((man.get_filename(), page));
    subcommands.into_iter().try_for_each(|command| add(command, pages))
}

/// A section whose lines stay as they are.
fn verbatim(title: &str, text: &str) -> Roff {
    let mut section = Roff::new();
    section.control("SH", [title]).control("nf", []).text([roman(text)]).control("fi", []);
    section
}

/// Without a date: the same source makes the same page.
fn title(name: &str, section: u8) -> String {
    let source = format!("{PROGRAM} {}", env!("CARGO_PKG_VERSION"));
    format!(".TH {name} {section} \"\" \"{source}\" \"\"\n").replace('-', "\\-")
}
