//! Converts a caller's request for the helper, and the helper's answer for the caller.

use std::borrow::Cow;

use crate::attributes::{ABOUT_THE_EXCHANGE, announced_answer, retain_announced};
use crate::{Error, Helper, Operation, Reason, Record, Result};

/// What a `get`, `store` or `erase` asks of the helper; `None` if there is nothing to do.
pub(crate) fn meant_by<'r>(
    helper: &dyn Helper,
    operation: Operation,
    request: &'r Record,
) -> Result<Option<Cow<'r, Record>>> {
    // An empty value counts as a value. A request without these attributes would match everything.
    for key in ["protocol", "host"] {
        if !request.has(key) || (key == "protocol" && request.get(key) == Some(b"")) {
            return Err(Error::new(format!("the request has no `{key}`")).with_reason(Reason::InvalidRequest));
        }
    }
    let consent = request.is_true("consent");
    if request.is_of_a_migration() && !consent {
        return Err(Error::new("only a migration asks for files and their backups").with_reason(Reason::Refused));
    }
    match operation {
        // Nothing is removed from an `erase`: a `credential` in it narrows what is erased, announced or not.
        Operation::Get => Ok(Some(Cow::Borrowed(request))),
        _ if helper.capabilities().foreign && !consent => Ok(None),
        Operation::Store => Ok(to_store(request)?.map(Cow::Owned)),
        _ => Ok(Some(Cow::Borrowed(request))),
    }
}

fn to_store(request: &Record) -> Result<Option<Record>> {
    if request.is_true("ephemeral") {
        return Ok(None);
    }
    let mut credential = request.clone();
    retain_announced(&mut credential, request);
    credential.retain(|key| !ABOUT_THE_EXCHANGE.contains(&key));
    credential.refuse_empty_secrets(request)?;
    let is_something = credential.has_something_to_store() || request.is_of_a_migration();
    Ok(is_something.then_some(credential))
}

/// The found credential in the form in which this request may be answered.
pub(crate) fn answered(found: Option<Record>, request: &Record) -> Result<Option<Record>> {
    let Some(found) = found else { return Ok(None) };
    found.refuse_empty_secrets(request)?;
    announced_answer(found, request).map(Some)
}
