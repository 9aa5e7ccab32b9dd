//! The arguments of `scan`.

use std::path::PathBuf;

use clap::Args;

use crate::command::scan::Options;

pub const MORE: &str = "\
Without a path, it searches where tools leave keys: the files of your home
directory and its settings, shell histories, transcripts of agents, logs. Of a
git repository, the whole history is searched. Gzip files are unpacked. Keys
are found as they are, and in base64, percent-encoded, in JSON and more.
No key is printed. The exit status is 1 if one was found.

Example:
  modelforge-credential scan
  modelforge-credential scan ~/projects --json";

#[derive(Args)]
pub struct ScanOptions {
    /// Directories and files to search instead of the usual places
    #[arg(value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    paths: Vec<PathBuf>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl From<ScanOptions> for Options {
    fn from(options: ScanOptions) -> Self {
        Self { paths: options.paths, json: options.json }
    }
}
