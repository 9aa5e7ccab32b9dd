//! `print`: prints a key and nothing else, for tools that run a command to get it, and for `$(…)`.

use std::io::IsTerminal;

use anyhow::Result;
use modelforge_credential_protocol::{Error, Record};
use zeroize::Zeroizing;

use crate::accounts::Named;
use crate::audit::Operation;
use crate::command::keys::error;
use crate::command::keys::{Found, Purpose, find, session};
use crate::request::Request;
use crate::session::Session;
use crate::terminal;

/// The options of `print`.
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
    let named = Named::new(name, print.account.as_deref())?;
    let request = named.request(&session.providers)?;
    let name = named_in_messages(&request);
    let record = match find(Purpose::of(Operation::Print), &session, &request)? {
        Found::Key(record) => record,
        Found::NotNeeded => return Err(error::needs_no_key(&name).into()),
        Found::Nothing { certain } => {
            return Err(nothing(&session, &request, named.account.as_deref(), certain)?.into());
        }
    };
    let mut output = if print.json { json(&record)? } else { field(&record, print.field, &name)? };
    let is_obeyed = |output: &[u8]| String::from_utf8_lossy(output).chars().any(|c| c.is_control() && c != '\n');
    if std::io::stdout().is_terminal() && is_obeyed(&output) {
        return Err(error::not_for_a_terminal(&name).into());
    }
    if !print.no_newline {
        output.push(b'\n');
    }
    Ok(terminal::answer(&output)?)
}

/// The provider's name, or the URL if it belongs to no provider.
fn named_in_messages(request: &Request) -> String {
    request.provider.as_ref().map_or_else(|| request.record.url(), |provider| provider.name.clone())
}

fn nothing(session: &Session, request: &Request, account: Option<&str>, certain: bool) -> Result<Error> {
    Ok(match &request.provider {
        Some(provider) if certain && account.is_none() && session.keeps_nothing(&request.record)? => {
            error::not_given(provider)
        }
        Some(provider) if certain => error::not_signed_in(provider, account),
        None if certain => error::no_credential(&request.record),
        Some(provider) => error::set_or_repair(error::not_every_key_could_be_looked_for(&provider.name), provider),
        None => error::not_every_key_could_be_looked_for(&request.record.url()),
    })
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

/// The answer as one JSON object. The expiry is a number, everything else is text.
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
