//! `modelforge-credential`: asks credential helpers, in the configured order, for the keys of LLM providers.

mod chain;
mod cli;
mod config;
mod error;
mod links;
mod lock;
mod modelforge;
mod program;
mod providers;
mod request;
mod terminal;
mod url;
mod wire;

use std::process::ExitCode;

use cli::Command;

/// Whatever held a secret is wiped when it is freed, in the libraries as well.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    modelforge_credential_protocol::harden();
    let cli = cli::parse();
    terminal::set_verbose(cli.verbose || std::env::var_os("MODELFORGE_CREDENTIAL_TRACE").is_some_and(|on| on == "1"));
    let outcome = match cli.command {
        Command::Fill => wire::fill(),
        Command::Approve | Command::Store => wire::approve(),
        Command::Reject | Command::Erase => wire::reject(),
        Command::Get => wire::get(),
        Command::List => wire::list(),
        Command::Capability => wire::capability(),
        Command::Unknown(words) => wire::unknown(&words),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            terminal::error(&problem);
            ExitCode::from(if problem.is::<error::Usage>() { 2 } else { 1 })
        }
    }
}
