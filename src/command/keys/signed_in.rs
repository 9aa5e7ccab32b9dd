//! Every provider for which there is a credential.

use anyhow::Result;

use super::error;
use crate::session::Session;
use crate::terminal::warn_once;

/// Every provider for which a helper lists a credential.
pub fn signed_in(session: &Session) -> Result<Vec<String>> {
    let (mut names, mut failed) = (Vec::new(), Vec::new());
    for (helper, listed) in session.list(None)? {
        match listed {
            Ok(Some(copies)) => names.extend(copies.into_iter().filter_map(|(provider, _)| Some(provider?.name))),
            Ok(None) => {
                let unlisted = session.unlisted(&helper, None)?;
                names.extend(unlisted.found.into_iter().map(|(provider, _)| provider.name));
                failed.extend(unlisted.failed.map(|problem| error::helper_failed(&helper, &problem)));
            }
            Err(problem) => failed.push(error::helper_failed(&helper, &problem)),
        }
    }
    // A helper that is skipped here is worth a warning only if nothing was found; one that fails, also if a person chose the chain.
    if !session.is_automatic(None)? || names.is_empty() {
        failed.iter().for_each(warn_once);
    }
    session.left_out(None)?.filter(|_| names.is_empty()).into_iter().for_each(warn_once);
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return Err(error::no_key_at_all().into());
    }
    Ok(names)
}
