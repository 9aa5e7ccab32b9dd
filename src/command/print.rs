//! `print`: a key on standard output and nothing else, for tools that run a command to get it, and for `$(…)`.

use std::io::IsTerminal;

use anyhow::Result;
use modelforge_credential_protocol::Record;
use zeroize::Zeroizing;

use crate::command::exec::error;
use crate::command::keys::{Found, find, session};
use crate::terminal;

/// What `print` was asked for.
pub struct Print {
    pub provider: Option<String>,
    pub account: Option<String>,
    pub no_newline: bool,
    pub field: Field,
    pub json: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
pub enum Field {
    Token,
    Username,
    Expiry,
}

pub fn print(print: &Print) -> Result<()> {
    let session = session()?;
    let name = print.provider.as_deref().ok_or_else(|| error::no_provider("print"))?;
    // As `exec` and `env` have it.
    let (name, account) = match (print.account.as_deref(), name.split_once(':')) {
        (None, Some((name, account))) => (name, Some(account)),
        (account, _) => (name, account),
    };
    let provider = session.providers.by_name(name)?;
    let record = match find("print", &session, &provider, account)? {
        Found::Key(record) => record,
        Found::NotNeeded => return Err(error::needs_no_key(&provider.name).into()),
        Found::Nothing { certain: true } => {
            return Err(error::not_signed_in(&provider.name, account).into());
        }
        Found::Nothing { certain: false } => {
            return Err(error::not_every_key_could_be_looked_for(&provider.name).into());
        }
    };
    let mut output = if print.json { json(&record)? } else { field(&record, print.field, &provider.name)? };
    let is_obeyed = |output: &[u8]| String::from_utf8_lossy(output).chars().any(|c| c.is_control() && c != '\n');
    if std::io::stdout().is_terminal() && is_obeyed(&output) {
        return Err(error::not_for_a_terminal(&provider.name).into());
    }
    if !print.no_newline {
        output.push(b'\n');
    }
    Ok(terminal::answer(&output)?)
}

fn field(record: &Record, field: Field, provider: &str) -> Result<Zeroizing<Vec<u8>>> {
    let (key, name) = match field {
        Field::Token => ("password", "key"),
        Field::Username => ("username", "user name"),
        Field::Expiry => ("password_expiry_utc", "expiry"),
    };
    let Some(value) = record.get(key) else {
        return Err(match field {
            Field::Token => error::no_plain_key(provider),
            Field::Username | Field::Expiry => error::no_such_field(provider, name),
        }
        .into());
    };
    let mut output = Zeroizing::new(Vec::with_capacity(value.len() + 1));
    output.extend_from_slice(value);
    Ok(output)
}

/// The answer as one object; the time at which it ends is a number, all else is text.
fn json(record: &Record) -> Result<Zeroizing<Vec<u8>>> {
    let mut object = serde_json::Map::new();
    for (key, value) in record.iter().filter(|(key, _)| !key.ends_with("[]")) {
        let value = match record.expiry() {
            Some(expiry) if key == "password_expiry_utc" => expiry.into(),
            _ => std::str::from_utf8(value).map_err(|_| error::not_text(record.text("provider").unwrap_or("")))?.into(),
        };
        object.insert(key.to_owned(), value);
    }
    Ok(Zeroizing::new(serde_json::to_vec_pretty(&object)?))
}
