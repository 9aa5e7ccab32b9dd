//! The variables for the keys: their names, conflicts between two keys, and the form of a service account.

use anyhow::Result;
use modelforge_credential_protocol::Error;
use zeroize::Zeroizing;

use super::Key;
use super::error;

/// Google's libraries look in this variable for the path of a service account's file.
const FILE_OF_GOOGLE: &str = "GOOGLE_APPLICATION_CREDENTIALS";

/// A variable of the command.
pub struct Variable {
    pub name: String,
    pub provider: String,
    /// The name that a person uses for the credential.
    named: String,
    pub value: Zeroizing<Vec<u8>>,
    /// True if its value goes into a file, and the variable has the path of that file.
    pub is_file: bool,
    /// True if a person named it explicitly.
    is_assigned: bool,
}

impl Variable {
    fn new(name: String, key: &Key, value: Zeroizing<Vec<u8>>, is_file: bool, is_assigned: bool) -> Self {
        Self { name, provider: key.provider.name.clone(), named: key.named.clone(), value, is_file, is_assigned }
    }
}

#[derive(Default)]
pub struct Variables {
    all: Vec<Variable>,
    conflict: Option<Error>,
}

impl Variables {
    /// Sets a variable that was named explicitly.
    pub fn assign(&mut self, name: &str, key: &Key) -> Result<()> {
        let value = secret(key)?;
        let is_file = name == FILE_OF_GOOGLE && is_credentials_file(&value);
        self.all.retain(|variable| variable.name != name);
        self.all.push(Variable::new(name.to_owned(), key, value, is_file, true));
        Ok(())
    }

    /// Sets all variables in which tools look for this key, or only the named ones.
    pub fn add(&mut self, key: &Key, only: &[String]) -> Result<()> {
        let value = secret(key)?;
        let is_file = is_credentials_file(&value);
        let names = if is_file { vec![FILE_OF_GOOGLE.to_owned()] } else { key.variables.clone() };
        if names.is_empty() {
            return Err(error::no_variable(&key.provider).into());
        }
        for name in names.into_iter().filter(|name| only.is_empty() || only.contains(name)) {
            match self.all.iter().find(|variable| variable.name == name) {
                Some(same) if same.is_assigned || *same.value == *value => {}
                Some(other) => {
                    let conflict = error::shared_variable(&name, &other.named, &key.named);
                    self.conflict.get_or_insert(conflict);
                }
                None => self.all.push(Variable::new(name, key, value.clone(), is_file, false)),
            }
        }
        Ok(())
    }

    pub fn finish(self, only: &[String]) -> Result<Vec<Variable>> {
        if let Some(conflict) = self.conflict {
            return Err(conflict.into());
        }
        if let Some(name) = only.iter().find(|name| !self.all.iter().any(|variable| variable.name == **name)) {
            return Err(error::not_among_the_variables(name).into());
        }
        Ok(self.all)
    }
}

/// `NAME=provider` or `NAME=provider:account`.
pub fn assignment(text: &str) -> Result<(&str, &str)> {
    let (name, provider) = text.split_once('=').ok_or_else(error::bad_assignment)?;
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !starts_well || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') || provider.is_empty() {
        return Err(error::bad_assignment().into());
    }
    Ok((name, provider))
}

fn secret(key: &Key) -> Result<Zeroizing<Vec<u8>>> {
    match key.record.get("password") {
        Some(secret) => Ok(Zeroizing::new(secret.to_vec())),
        None => Err(error::no_plain_key(&key.provider.name).into()),
    }
}

/// The kinds of credentials that Google's libraries read from a file.
const KINDS: [&str; 5] =
    ["service_account", "authorized_user", "external_account", "impersonated_service_account", "gdch_service_account"];

/// True for a service account's file, or a similar file.
pub fn is_credentials_file(secret: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Kind {
        r#type: String,
    }
    secret.starts_with(b"{") && serde_json::from_slice::<Kind>(secret).is_ok_and(|kind| KINDS.contains(&&*kind.r#type))
}
