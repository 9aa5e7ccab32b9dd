//! The arguments of `doctor`.

use clap::Args;

#[derive(Args)]
pub struct DoctorOptions {
    /// As JSON
    #[arg(long)]
    pub json: bool,
}
