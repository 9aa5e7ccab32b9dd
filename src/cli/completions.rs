//! `completions` and `man`, which are generated from these definitions.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

#[derive(Args)]
pub struct CompletionsOptions {
    /// Which shell
    pub shell: Shell,
}

#[derive(Args)]
pub struct ManOptions {
    /// The folder whose folders man1 and man5 the pages are written to; without it, the first is printed
    pub folder: Option<PathBuf>,
}
