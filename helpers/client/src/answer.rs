//! The checks of a helper's answer.

use modelforge_credential_protocol::{CAPABILITIES, DESCRIPTION, Error, Reader, Record, SETTINGS, is_public};

use crate::Failure;

/// The most attributes of an answer. The answers along a chain add up, and a record holds only so many.
const MAX_ANSWER: usize = 128;
/// The most credentials that a helper may list.
const MAX_LISTED: usize = 100_000;

/// The answer to a `get`, if it is one to this request.
pub fn found(output: &[u8], request: &Record) -> Result<Option<Record>, Failure> {
    checked(Record::read_from(output).map_err(malformed)?, request)
}

/// The same, for an answer that was read already.
pub fn checked(mut found: Record, request: &Record) -> Result<Option<Record>, Failure> {
    if found.len() > MAX_ANSWER {
        return Err(Failure::TooMuch { most: MAX_ANSWER, of: "attributes" });
    }
    found.refuse_empty_secrets(request).map_err(malformed)?;
    // These attributes could change what the answer is for: to git, a `url` replaces all the other parts.
    found.retain(|key| key != "url" && !SETTINGS.contains(&key));
    let differs =
        |key: &str| matches!((request.get(key), found.get(key)), (Some(asked), Some(answered)) if asked != answered);
    if found.has("path") && !request.has("path") && differs("provider") {
        // To a helper, no path means any path. What it found belongs to another provider of the same host.
        return Ok(None);
    }
    if let Some(key) = DESCRIPTION.into_iter().chain(["provider"]).find(|key| differs(key)) {
        return Err(Failure::Changed(key));
    }
    // A `credential` or a `state` counts only if the helper announced that capability. `ephemeral` needs no announcement.
    for (capability, keys) in CAPABILITIES {
        if !found.announces(capability) {
            found.retain(|key| key == "ephemeral" || !keys.contains(&key));
        }
    }
    Ok(if found.is_empty() { None } else { Some(found) })
}

/// The answer to a `list`: `None` from a helper that cannot list.
pub fn listed(output: &[u8]) -> Result<Option<Vec<Record>>, Failure> {
    let mut reader = Reader::new(output);
    let mut records = Vec::new();
    while let Some(mut record) = reader.record().map_err(malformed)? {
        if let Some(count) = record.text("count") {
            return if count == records.len().to_string() { Ok(Some(records)) } else { Err(Failure::CutShort) };
        }
        if records.len() == MAX_LISTED {
            return Err(Failure::TooMuch { most: MAX_LISTED, of: "credentials" });
        }
        if record.len() > MAX_ANSWER {
            return Err(Failure::TooMuch { most: MAX_ANSWER, of: "attributes" });
        }
        record.retain(is_public);
        records.push(record);
    }
    if records.is_empty() { Ok(None) } else { Err(Failure::CutShort) }
}

fn malformed(problem: Error) -> Failure {
    Failure::Malformed(problem.to_string())
}
