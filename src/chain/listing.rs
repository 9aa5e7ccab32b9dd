//! The credentials in the helpers of a chain, without their secrets.

use std::collections::HashSet;

use modelforge_credential_client::Failure;
use modelforge_credential_protocol::{DESCRIPTION, Error, Record, Result};

use super::{Chain, Failed};
use crate::side_by_side::side_by_side;

/// A helper's list. `None` if it cannot list.
pub type ListOf = std::result::Result<Option<Vec<Record>>, Failure>;

/// The list of a chain.
#[derive(Default)]
pub struct Listed {
    /// One record per credential, with the `helper` that would answer.
    pub records: Vec<Record>,
    /// Helpers that could not be asked.
    pub failed: Vec<Failed>,
    /// Helpers that cannot list.
    pub cannot_list: Vec<String>,
}

impl Listed {
    /// True if the list is complete.
    pub fn is_whole(&self) -> bool {
        self.failed.is_empty() && self.cannot_list.is_empty()
    }
}

impl Chain {
    /// Lists each credential once, with the first helper that has it.
    pub fn list(&self, context: &Record) -> Result<Listed> {
        let mut listed = Listed::default();
        let mut seen = HashSet::new();
        for (name, answer) in self.list_each(context) {
            match answer {
                Ok(Some(records)) => {
                    for mut record in records {
                        if seen.insert(described(&record)) {
                            record.set("helper", &name)?;
                            listed.records.push(record);
                        }
                    }
                }
                Ok(None) => listed.cannot_list.push(name),
                Err(failure) => listed.failed.push(Failed::new(&name, failure)),
            }
        }
        Ok(listed)
    }

    /// The list of each helper, in the order of the chain. The helpers run in parallel.
    pub fn list_each(&self, context: &Record) -> Vec<(String, ListOf)> {
        let answers = side_by_side(&self.links, |link| -> ListOf { Ok(link.helper(false)?.list(context)?) });
        let broke_off = || Err(Error::from("it broke off").into());
        let names = self.links.iter().map(|link| link.name.clone());
        names
            .zip(answers)
            .map(|(name, answer)| {
                let listed = answer.unwrap_or_else(broke_off);
                (name, listed.map(|records| records.map(|records| visible_to(context, records))))
            })
            .collect()
    }
}

/// Backups are listed only for a migration.
fn visible_to(context: &Record, mut records: Vec<Record>) -> Vec<Record> {
    records.retain(|record| context.is_true("consent") || !record.is_of_a_migration());
    records
}

/// The description of a credential as one value, because thousands may have to be compared.
fn described(record: &Record) -> Box<[u8]> {
    let mut described = Vec::new();
    for value in DESCRIPTION.map(|key| record.get(key)) {
        described.extend_from_slice(value.unwrap_or(b"\r"));
        described.push(b'\n');
    }
    described.into_boxed_slice()
}
