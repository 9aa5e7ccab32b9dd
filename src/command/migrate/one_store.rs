//! Two helpers can use the same store: for example, `age` with two identities. Then storing in one replaces the credential of the other,
//! and erasing at the source removes it from the target. A test credential detects that before anything is moved.

use modelforge_credential_protocol::{Record, Result};

use super::route::{Route, Source};
use crate::canary;
use crate::chain::Link;
use crate::command::migrate::error;
use crate::terminal::warning;

/// Refuses a migration within one store.
pub fn refuse(route: &Route) -> Result<()> {
    // A foreign source reads the files of other programs, not a store.
    if route.sources.iter().all(Source::is_foreign) {
        return Ok(());
    }
    for link in route.targets().flat_map(|chain| chain.links()) {
        if let Some(source) = seen_at(link, route)? {
            return Err(error::one_store(&source, &link.name));
        }
    }
    Ok(())
}

/// Stores a test credential in a helper, and returns the source that lists it.
fn seen_at(link: &Link, route: &Route) -> Result<Option<String>> {
    // A helper that cannot be started cannot store the keys either, and a later step reports that.
    let Ok(helper) = link.helper(true) else { return Ok(None) };
    let canary = canary::throw_away("migrate");
    let outcome = helper.store(&canary.credential()?);
    let seen = source_with(&canary.description()?, route);
    // Erase it even if it was not listed. Without the account, so that the test credential of a killed run goes as well. A helper that
    // refused to store has nothing to erase, and usually refuses that too, so only a stored one is worth a warning.
    if let (Ok(()), Err(problem)) = (outcome, helper.erase(&canary::place()?)) {
        warning(&error::helper_failed(&link.name, &problem));
    }
    seen
}

/// The source that lists a credential. It compares only the description, because a credential may be encrypted for somebody else.
fn source_with(description: &Record, route: &Route) -> Result<Option<String>> {
    for source in &route.sources {
        let (listed, _) = source.list(&Record::new())?;
        if listed.iter().any(|record| record.matches(description)) {
            return Ok(Some(source.name.clone()));
        }
    }
    Ok(None)
}
