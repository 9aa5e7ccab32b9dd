//! `modelforge-credential`: asks credential helpers, in the configured order, for the keys of LLM providers.

mod accounts;
mod audit;
mod canary;
mod chain;
mod cli;
mod command;
mod config;
mod error;
#[cfg(test)]
#[path = "../fuzz/support.rs"]
mod fuzz_support;
mod key_shape;
mod lock;
mod person;
mod providers;
mod request;
mod session;
mod side_by_side;
mod sources;
mod state;
mod terminal;
mod text;
mod url;

use std::io::ErrorKind::BrokenPipe;
use std::process::ExitCode;

use anyhow::Result;
use audit::Operation;
use cli::{Auth, Cli, Command, HelpersCommand, SignOut, Task};
use command::{
    audit as log, credential, doctor, env, exec, helpers, identity, login, logout, members, migrate, print,
    providers as known, purge, scan, status, sync,
};
use person::{Person, person};

/// Wipes all memory when it is freed, also in libraries, because it may have held a secret.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    modelforge_credential_protocol::harden();
    match cli::parse().map_err(anyhow::Error::from).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            // After `… | head` has closed the pipe, no error is needed.
            if problem.downcast_ref::<std::io::Error>().is_none_or(|problem| problem.kind() != BrokenPipe) {
                terminal::error(&problem);
            }
            ExitCode::from(error::exit_status(&problem))
        }
    }
}

fn run(Cli { verbose, command }: Cli) -> Result<()> {
    terminal::set_verbose(traces(verbose, &command));
    match command {
        Command::Login { provider, options } => login::login(&options.of(provider)?),
        Command::Logout { provider, options } => sign_out(options.of(provider)?),
        Command::Status { provider, options } => status::status(&options.of(provider, verbose)),
        Command::Auth { command: Auth::Login { options } } => login::login(&options.of(None)?),
        Command::Auth { command: Auth::Logout { options } } => sign_out(options.of(None)?),
        Command::Auth { command: Auth::Status { options } } => status::status(&options.of(None, verbose)),
        Command::Auth { command: Auth::Migrate { options } } | Command::Migrate { options } => {
            move_keys(options.into())
        }
        Command::Exec(options) => exec::exec(&options.into()),
        Command::Print(options) => print::print(&options.into()),
        Command::Env(options) => env::env(&options.into()),
        Command::Providers { word, json } => known::providers(&known::Asked { word, json }),
        Command::Doctor { options } => doctor::doctor(&options.into()),
        Command::Scan(options) => scan::scan(&options.into()),
        Command::Audit { options } => log::audit(&options.of(verbose)),
        Command::Helpers { options } => match options.command {
            Some(HelpersCommand::Test(options)) => helpers::test::test(&options.of(verbose)),
            Some(HelpersCommand::Add(options)) => helpers::change::add(&options.into()),
            Some(HelpersCommand::Remove { name }) => helpers::change::remove(&name),
            Some(HelpersCommand::New(options)) => helpers::start::new(&options.into()),
            None => helpers::helpers(options.json),
        },
        Command::Identity { options } => identity::identity(&options.into()),
        Command::Members(options) => members::members(&options.into()),
        Command::Sync(options) => sync::sync(&options.into()),
        Command::Completions(options) => cli::shell_completions::completions(options.shell),
        Command::Man(options) => cli::manual::man(options.folder.as_deref()),
        Command::Fill => credential::fill(),
        Command::Approve => credential::approve(Operation::Approve, person()),
        Command::Reject => credential::reject(Operation::Reject, person()),
        Command::Store => credential::approve(Operation::Store, Person::Nobody),
        Command::Erase => credential::reject(Operation::Erase, Person::Nobody),
        Command::Get => credential::get(),
        Command::List => credential::list(),
        Command::Capability => credential::capability(),
        Command::Unknown(words) => Ok(cli::unknown(&words)?),
    }
}

/// For `status`, `--verbose` shows details instead of the trace.
fn traces(verbose: bool, command: &Command) -> bool {
    let is_status = matches!(command, Command::Status { .. } | Command::Auth { command: Auth::Status { .. } });
    let shows_details = is_status || matches!(command, Command::Audit { .. });
    (verbose && !shows_details) || std::env::var_os("MODELFORGE_CREDENTIAL_TRACE").is_some_and(|on| on == "1")
}

fn sign_out(asked: SignOut) -> Result<()> {
    match asked {
        SignOut::Provider { provider, account } => logout::logout(&provider, account.as_deref()),
        SignOut::Everywhere { yes } => logout::logout_all(yes),
        SignOut::ForGood { yes } => purge::purge(yes),
    }
}

fn move_keys(task: Task) -> Result<()> {
    match task {
        Task::Migrate(asked) => migrate::migrate(&asked),
        Task::Status(asked) => migrate::status(&asked),
        Task::List(asked) => migrate::list(&asked),
        Task::Rollback { id, named, yes, json } => migrate::roll_back(id.as_deref(), &named, yes, json),
        Task::Backups { named, json } => migrate::backups(&named, json),
        Task::ForgetBackup { id, named } => migrate::forget_backup(&id, &named),
    }
}
