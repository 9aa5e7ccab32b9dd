//! `doctor`: checks for everything that commonly goes wrong, with one module for each kind of check. It tries each helper that stores with
//! a test credential. It works with a broken configuration, without a home directory and with helpers that hang.

mod clock;
mod config;
mod disk;
mod error;
mod files;
mod finding;
mod helpers;
mod locks;
mod log;
mod migration;
mod path;
mod plaintext;
mod variables;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Result;

use crate::audit::{Operation, Outcome};
use crate::canary;
use crate::lock::Lock;
use crate::side_by_side::side_by_side;
use crate::terminal;
use finding::{Finding, Report};
use helpers::Asked;

/// How long to wait for another process that is storing.
const PATIENCE: Duration = Duration::from_secs(3);

/// The options of `doctor`.
pub struct Doctor {
    pub json: bool,
}

/// Runs all checks, in parallel if they take time, and shows the findings. With an error, the exit status is 1.
pub fn doctor(asked: &Doctor) -> Result<()> {
    let interrupted = signals()?;
    let progress = terminal::Progress::start("checking");
    terminal::hold();
    let findings = examine(&interrupted);
    let remarks = terminal::release();
    let mut findings = findings?;
    finding::add(&mut findings, remarks);
    drop(progress);
    let signal = interrupted.load(Ordering::Relaxed);
    if signal != 0 {
        // The test credential has been erased or reported by now, so this process may end as the signal says.
        let urgent = findings.iter().filter(|finding| finding.is_urgent);
        urgent.for_each(|finding| terminal::warning(&finding.as_warning()));
        end_as_told(i32::try_from(signal)?);
    }
    let report = Report::new(findings);
    match asked.json {
        true => terminal::answer(&report.to_json()?)?,
        false => terminal::answer(report.to_text().as_bytes())?,
    }
    if report.errors == 0 { Ok(()) } else { Err(error::checks_failed(report.errors).into()) }
}

/// Signals such as Ctrl-C are only recorded, so that the test credential is erased first.
#[cfg(unix)]
fn signals() -> Result<Arc<AtomicUsize>> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    let interrupted = Arc::new(AtomicUsize::new(0));
    for signal in modelforge_credential_client::heeded(&[SIGHUP, SIGINT, SIGQUIT, SIGTERM]) {
        signal_hook::flag::register_usize(signal, interrupted.clone(), usize::try_from(signal)?)?;
    }
    // Until this process ends.
    std::mem::forget(modelforge_credential_client::take_signals());
    Ok(interrupted)
}

#[cfg(unix)]
fn end_as_told(signal: i32) {
    let _ = signal_hook::low_level::emulate_default_handler(signal);
}

#[cfg(not(unix))]
fn signals() -> Result<Arc<AtomicUsize>> {
    let interrupted = Arc::new(AtomicUsize::new(0));
    let noted = interrupted.clone();
    ctrlc::set_handler(move || noted.store(1, Ordering::Relaxed))?;
    Ok(interrupted)
}

/// Exits with the status that the system uses after Ctrl-C (`STATUS_CONTROL_C_EXIT`).
#[cfg(not(unix))]
fn end_as_told(_: i32) {
    std::process::exit(0xc000_013a_u32.cast_signed());
}

fn examine(interrupted: &AtomicUsize) -> Result<Vec<Finding>> {
    let (session, mut findings) = config::check();
    let providers = &session.providers;
    let (entries, chains) = helpers::configured(providers, &mut findings);
    let mut event = session.event(Operation::Doctor, &canary::place()?);
    let context = providers.context_of_all()?;
    // Two doctors at once would erase each other's test credential.
    let lock = Lock::wait_at_most(PATIENCE, &canary::place()?);
    let stores = lock.is_ok();
    if !stores {
        findings.push(Finding::error("locks", &error::canary_locked_out()));
    }
    let asked = side_by_side(&entries, |entry| Asked::ask(entry, &context, stores, interrupted));
    let asked: Vec<Asked> = asked.into_iter().flatten().collect();
    drop(lock);
    event.outcome(Outcome::Checked);
    drop(event);
    for one in &asked {
        findings.extend(one.findings());
    }
    findings.extend(helpers::nobody_stores(&asked).filter(|_| stores));
    findings.extend(path::check());
    findings.extend(plaintext::check(providers, &asked));
    findings.extend(variables::check(&chains, &asked));
    findings.extend(files::check());
    findings.extend(clock::check());
    findings.extend(locks::check());
    findings.extend(migration::check());
    findings.extend(disk::check());
    findings.extend(log::check(providers));
    Ok(findings)
}
