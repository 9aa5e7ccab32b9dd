//! `modelforge-credential`: asks credential helpers, in the configured order, for the keys of LLM providers.

mod audit;
mod canary;
mod chain;
mod cli;
mod command;
mod config;
mod conformance;
mod error;
mod key_shape;
mod lock;
mod program;
mod providers;
mod request;
mod session;
mod state;
mod terminal;
mod url;

use std::io::ErrorKind::BrokenPipe;
use std::process::ExitCode;

use anyhow::Result;
use cli::{
    AuditOptions, Auth, Command, DoctorOptions, HelpersCommand, LoginOptions, LogoutOptions, MigrateOptions,
    StatusOptions, Task,
};
use command::{credential, doctor, env, exec, helpers, login, logout, migrate, print, purge, status};
use terminal::Person;

/// Whatever held a secret is wiped when it is freed, in the libraries as well.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    modelforge_credential_protocol::harden();
    let cli = match cli::parse() {
        Ok(cli) => cli,
        Err(mistake) => {
            terminal::error(&mistake.into());
            return ExitCode::from(2);
        }
    };
    let details = cli.verbose;
    let shows_details = matches!(cli.command, Command::Status { .. } | Command::Auth { command: Auth::Status { .. } });
    terminal::set_verbose(
        (details && !shows_details) || std::env::var_os("MODELFORGE_CREDENTIAL_TRACE").is_some_and(|on| on == "1"),
    );
    let outcome = match cli.command {
        Command::Login { provider, options } => sign_in(provider, options),
        Command::Logout { provider, options } => sign_out(provider, &options),
        Command::Status { provider, options } => show(provider, options, details),
        Command::Auth { command: Auth::Login { options } } => sign_in(None, options),
        Command::Auth { command: Auth::Logout { options } } => sign_out(None, &options),
        Command::Auth { command: Auth::Status { options } } => show(None, options, details),
        Command::Migrate { options } | Command::Auth { command: Auth::Migrate { options } } => move_keys(options),
        Command::Exec(options) => exec::exec(&options.into()),
        Command::Print(options) => print::print(&options.into()),
        Command::Env(options) => env::env(&options.into()),
        Command::Doctor { options: DoctorOptions { json } } => doctor::doctor(&doctor::Doctor { json }),
        Command::Audit { options } => show_log(options),
        Command::Helpers { options } => match options.command {
            Some(HelpersCommand::Test(options)) => helpers::test::test(&options),
            None => helpers::helpers(options.json),
        },
        Command::Completions(options) => cli::shell_completions::completions(options.shell),
        Command::Man(options) => cli::manual::man(options.folder.as_deref()),
        Command::Fill => credential::fill(),
        Command::Approve => credential::approve("approve", &terminal::person()),
        Command::Reject => credential::reject("reject", &terminal::person()),
        Command::Store => credential::approve("store", &Person::Nobody),
        Command::Erase => credential::reject("erase", &Person::Nobody),
        Command::Get => credential::get(),
        Command::List => credential::list(),
        Command::Capability => credential::capability(),
        Command::Unknown(words) => credential::unknown(&words),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            // `… | head` has read enough: nobody wants to hear of it.
            if problem.downcast_ref::<std::io::Error>().is_none_or(|problem| problem.kind() != BrokenPipe) {
                terminal::error(&problem);
            }
            ExitCode::from(error::exit_status(&problem))
        }
    }
}

fn sign_in(provider: Option<String>, options: LoginOptions) -> Result<()> {
    let provider = provider.or(options.provider).ok_or_else(|| error::no_provider("login"))?;
    login::login(&login::Login {
        provider,
        account: options.account,
        helper: options.helper,
        api_key: options.api_key.map(zeroize::Zeroizing::new),
        file: options.file,
        browser: options.browser,
        force: options.force,
    })
}

fn sign_out(provider: Option<String>, options: &LogoutOptions) -> Result<()> {
    if options.purge {
        return if options.all { purge::purge(options.yes) } else { Err(purge::error::purge_needs_all().into()) };
    }
    if options.all {
        return logout::logout_all();
    }
    let provider = provider.as_ref().or(options.provider.as_ref()).ok_or_else(|| error::no_provider("logout"))?;
    logout::logout(provider, options.account.as_deref())
}

fn show(provider: Option<String>, options: StatusOptions, details: bool) -> Result<()> {
    let StatusOptions { provider: option, account, json } = options;
    status::status(&status::Status { provider: provider.or(option), account, details, json })
}

fn show_log(options: AuditOptions) -> Result<()> {
    let AuditOptions { provider, account, since, limit, json, verify } = options;
    command::audit::audit(&command::audit::Audit { provider, account, since, limit, json, verify })
}

fn move_keys(options: MigrateOptions) -> Result<()> {
    match options.into() {
        Task::Migrate(asked) => migrate::migrate(&asked),
        Task::Status(asked) => migrate::status(&asked),
        Task::Rollback { id, named, yes, json } => migrate::roll_back(id.as_deref(), &named, yes, json),
        Task::Backups { named, json } => migrate::backups(&named, json),
        Task::ForgetBackup { id, named } => migrate::forget_backup(&id, &named),
    }
}
