//! Walks through the plain-text file of Python's keyring.

use base64::Engine;
use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Error, Result};
use modelforge_credential_providers::by_name;
use zeroize::Zeroizing;

use super::{Entries, File, OwnedLocation, Secret, Spot, place_of};
use crate::{ini, json};

impl File<'_> {
    pub(super) fn keyring(&self) -> Result<Entries> {
        let items = ini::items(self.text).map_err(|line| {
            Error::new(format!("`{}`, line {line}: this is neither a section nor an option", self.shown))
        })?;
        let mut found = Entries::default();
        for item in items {
            self.check_number(found.entries.len())?;
            // An item that is not for an LLM provider belongs to another program.
            let by_url = || {
                let (known, location) = place_of(&item.section)?;
                Some((known?, location, item.option.clone(), 2))
            };
            // ModelForge 0.2 is so old that anything else is newer.
            let by_its_name = || {
                let provider = by_name(&item.section)?;
                let is_modelforge = item.option == format!("{}_user", item.section.to_lowercase());
                let location = OwnedLocation::of(&provider.location()?);
                is_modelforge.then(|| (provider.name, location, DEFAULT_ACCOUNT.to_owned(), 1))
            };
            let Some((known, location, account, rank)) = by_url().or_else(by_its_name) else { continue };
            let place = format!("[{}] {}", item.section, item.option);
            let secret = self.keyring_secret(&place, &item.value);
            let mut entry = self.entry(&place, known, Some(known), location, secret, Spot::Lines(item.lines));
            (entry.account, entry.rank) = (account, rank);
            found.entries.push(entry);
        }
        Ok(found)
    }

    fn keyring_secret(&self, place: &str, value: &str) -> Result<Option<Secret>> {
        let decoded = base64::engine::general_purpose::STANDARD.decode(value).map(Zeroizing::new);
        let decoded = decoded.map_err(|_| self.fault(place, "is not base64"))?;
        let text = std::str::from_utf8(&decoded).map_err(|_| self.fault(place, "is not UTF-8"))?;
        // A token is stored as JSON.
        if text.starts_with('{') && json::check(text).is_ok() {
            let token = File { text, ..*self };
            return token.json_secret(&crate::table::MODELFORGE, place, &json::root(text));
        }
        let mut secret = Secret::default();
        self.put(&mut secret, "password", place, text)?;
        Ok(Some(secret).filter(|secret| secret.record.has_secret()))
    }
}
