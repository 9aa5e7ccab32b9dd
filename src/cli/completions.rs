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
    /// Write the pages to man1 and man5 in this directory; without it, print the first
    pub folder: Option<PathBuf>,
}
