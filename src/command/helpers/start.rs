//! `helpers new`: writes a helper to begin with, which keeps the rules of the protocol.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::ValueEnum;
use modelforge_credential_files as files;
use modelforge_credential_protocol::{Shell, visible};

use super::error;
use crate::config::is_name;
use crate::error::{PROGRAM, tilde};
use crate::terminal;

/// What it is written in.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Language {
    Sh,
    Python,
}

pub struct New {
    pub name: String,
    pub language: Language,
    pub folder: Option<PathBuf>,
}

/// Writes the script, and prints the next steps. An existing file is not changed.
pub fn new(asked: &New) -> Result<()> {
    if !is_name(&asked.name) {
        return Err(error::not_a_name(&asked.name).into());
    }
    let folder = match &asked.folder {
        Some(folder) => std::path::absolute(folder)?,
        None => files::home().ok_or_else(error::no_home)?.join(".local/bin"),
    };
    let text = match asked.language {
        Language::Sh => include_str!("start/helper.sh"),
        Language::Python => include_str!("start/helper.py"),
    };
    let file = folder.join(format!("{PROGRAM}-{}", asked.name));
    write(&file, &text.replace("NAME", &asked.name))?;
    let (name, file) = (visible(&asked.name), tilde(&file));
    let mut steps = vec![
        "change the marked line in it".to_owned(),
        format!("{PROGRAM} helpers test {name}"),
        format!("{PROGRAM} helpers add {name}"),
    ];
    if !is_looked_in(&folder) {
        let folder = Shell::of_the_person().add_to_path(visible(&folder.display().to_string()));
        steps.insert(0, format!("helpers are not searched for there yet: {folder}"));
    }
    let steps: String = steps.iter().enumerate().map(|(at, step)| format!("  {}. {step}\n", at + 1)).collect();
    Ok(terminal::tell(&format!("wrote {file}\nnext:\n{steps}"))?)
}

/// True if programs in this directory are found: it is on PATH, or the core's own.
fn is_looked_in(folder: &Path) -> bool {
    let same = |other: &Path| {
        other == folder || matches!((other.canonicalize(), folder.canonicalize()), (Ok(one), Ok(two)) if one == two)
    };
    let own = std::env::current_exe().ok().and_then(|program| program.parent().map(same));
    own == Some(true) || std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|one| same(&one)))
}

fn write(file: &Path, text: &str) -> Result<()> {
    use std::io::Write;
    let make = || {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o755);
        let mut file = options.open(file)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    Ok(make().map_err(files::failed("write", file))?)
}
