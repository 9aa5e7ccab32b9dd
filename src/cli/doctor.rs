//! The arguments of `doctor`.

use clap::Args;

use crate::command::doctor::Doctor;

#[derive(Args)]
pub struct DoctorOptions {
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl From<DoctorOptions> for Doctor {
    fn from(options: DoctorOptions) -> Self {
        Self { json: options.json }
    }
}
