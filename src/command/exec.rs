//! `exec`: runs a command with keys in its environment. Usually it becomes the command. To mask the output, or to remove a file afterwards,
//! it stays and passes on signals and the exit status.

mod ended;
mod file;
pub mod mask;
mod parent;
mod pipes;
mod signals;
mod start;
#[cfg(unix)]
mod terminal;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::process::Command;
use std::sync::Arc;

use anyhow::Result;
use modelforge_credential_client::{DEPTH, expect_children};

use crate::audit::Operation;
use crate::command::keys::{self, Purpose, Variable, Wanted, error, is_credentials_file};
use crate::lock;
use crate::terminal as screen;
use file::PrivateFile;
use mask::Mask;

/// The options of `exec`.
pub struct Exec {
    pub wanted: Wanted,
    pub mask: bool,
    pub command: Vec<OsString>,
}

/// Runs the command. On success this does not return: this process exits with the command's status.
pub fn exec(exec: &Exec) -> Result<()> {
    let Some((word, arguments)) = exec.command.split_first() else { return Err(error::no_command_to_run().into()) };
    let program = start::find(word)?;
    expect_children();
    let variables = keys::variables(&exec.wanted, Purpose::command(Operation::Exec, &program))?;
    let mut command = start::command(&program, word, arguments);
    clear_our_own(&mut command);
    let files = hand_over(&mut command, &variables)?;
    let mask = exec.mask.then(|| mask_of(&variables));
    if mask.is_none() && files.is_empty() {
        return Err(start::instead(command, &program).into());
    }
    let mask = mask.map(Arc::new);
    let run = |command| match &mask {
        Some(mask) => parent::masked(command, Arc::clone(mask)),
        None => parent::plain(command),
    };
    let ended = start::or_through_the_shell(command, run);
    drop(files);
    let ended = ended.map_err(|problem| error::command_not_started(&program, &problem))?;
    if let Some(problem) = ended.lost {
        let problem = error::output_lost(&problem);
        if ended.status.success() {
            return Err(problem.into());
        }
        screen::warning(&problem);
    }
    ended::end_like(ended.status)
}

/// Our own variables must not leak into the command, except the one that stops a helper from asking itself forever.
fn clear_our_own(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let is_ours = name.to_string_lossy().to_ascii_uppercase().starts_with("MODELFORGE_CREDENTIAL_");
        if is_ours && name != DEPTH && name != lock::HELD {
            command.env_remove(name);
        }
    }
}

/// Puts the keys into the command's environment, and service accounts into files.
fn hand_over(command: &mut Command, variables: &[Variable]) -> Result<Vec<PrivateFile>> {
    let mut files = Vec::new();
    for variable in variables {
        if variable.is_file {
            let file = PrivateFile::new(&variable.value).map_err(|problem| error::no_private_file(&problem))?;
            command.env(&variable.name, file.path());
            files.push(file);
            continue;
        }
        let value = text(&variable.value).ok_or_else(|| error::not_text(&variable.provider))?;
        if std::env::var_os(&variable.name).is_some_and(|before| !before.is_empty() && before != value) {
            screen::warning(&error::variable_replaced(&variable.name, &variable.provider));
        }
        command.env(&variable.name, value);
    }
    Ok(files)
}

#[cfg(unix)]
fn text(value: &[u8]) -> Option<OsString> {
    Some(std::os::unix::ffi::OsStringExt::from_vec(value.to_vec()))
}

#[cfg(not(unix))]
fn text(value: &[u8]) -> Option<OsString> {
    std::str::from_utf8(value).ok().map(OsString::from)
}

/// The mask for the keys that the command gets. For a service account, its secret parts are masked as well.
fn mask_of(variables: &[Variable]) -> Mask {
    let mut secrets: Vec<(&str, zeroize::Zeroizing<Vec<u8>>)> = Vec::new();
    let mut not_masked = BTreeSet::new();
    for variable in variables {
        let provider = variable.provider.as_str();
        if secrets.iter().any(|(_, secret)| *secret == variable.value) {
            continue;
        }
        if variable.value.len() < mask::SHORTEST {
            if not_masked.insert(provider) {
                screen::warning(&error::too_short_to_mask(provider));
            }
            continue;
        }
        if is_credentials_file(&variable.value) {
            secrets.extend(secret_parts(&variable.value).into_iter().map(|part| (provider, part)));
        }
        secrets.push((provider, variable.value.clone()));
    }
    Mask::new(secrets.iter().map(|(provider, secret)| (*provider, secret.as_slice())))
}

/// The parts of a service account that are secrets themselves.
pub fn secret_parts(credentials: &[u8]) -> Vec<zeroize::Zeroizing<Vec<u8>>> {
    let parts: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(credentials).unwrap_or_default();
    let secret = ["private_key", "client_secret", "refresh_token"];
    let texts = secret.iter().filter_map(|key| parts.get(*key)?.as_str());
    // A tool may print the lines of a private key one by one, or without the first one, which is not secret.
    let texts = texts.flat_map(|text| std::iter::once(text).chain(text.lines().filter(|line| !line.starts_with('-'))));
    let texts = texts.map(|text| zeroize::Zeroizing::new(text.trim().as_bytes().to_vec()));
    texts.filter(|text| text.len() >= mask::SHORTEST).collect()
}
