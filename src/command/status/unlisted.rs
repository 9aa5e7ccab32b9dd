//! Helpers that cannot say what they hold, as git's own cannot: what they have for one provider is found by asking for it.

use modelforge_credential_protocol::{Record, Result};

use crate::chain::Chain;

/// What this helper answers for the place, without its secrets.
pub fn ask(chain: &Chain, helper: &str, place: &Record, context: &Record) -> Result<Option<Record>> {
    let found = chain.copy_in(helper, place, context)?.filter(Record::has_secret);
    let Some(found) = found else { return Ok(None) };
    let mut copy = place.clone();
    for key in ["username", "password_expiry_utc", "scope"] {
        if let Some(value) = found.get(key) {
            copy.set(key, value)?;
        }
    }
    Ok(Some(copy))
}
