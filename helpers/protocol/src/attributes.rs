//! Which attributes mean what: each list stands once, here.

use crate::{Record, Result};

/// The attributes that say which credential is meant. What a description leaves out may be anything.
pub const DESCRIPTION: [&str; 4] = ["protocol", "host", "path", "username"];

/// The attributes that hold a secret worth keeping.
pub const SECRETS: [&str; 3] = ["password", "credential", "oauth_refresh_token"];

/// Attributes that only the program that asks the helpers may send: with these, a caller could name the variable that is read or
/// the server that a refresh token is sent to, or have the files of other programs changed; and so could an answer on its way to the
/// next helper.
pub const SETTINGS: [&str; 8] =
    ["env[]", "client_id", "consent", "device_code_url", "folder[]", "rewire", "sign_in", "token_url"];

/// Attributes about the copy that a helper keeps. They are of no use to another helper, and stored there they would be wrong.
pub const ABOUT_THE_COPY: [&str; 12] = [
    "asks",
    "created_utc",
    "file",
    "identity",
    "locked",
    "plain_text",
    "protected_by",
    "start",
    "storage",
    "tool",
    "tool_variable",
    "variable",
];

/// Attributes about this one exchange. Kept with the credential, they would come back in another.
pub const ABOUT_THE_EXCHANGE: [&str; 9] =
    ["capability[]", "consent", "continue", "outcome", "quit", "reason", "state[]", "url", "wwwauth[]"];

/// Each capability, and the attributes that only a side which announced it may send or get.
pub const CAPABILITIES: [(&str, &[&str]); 2] =
    [("authtype", &["authtype", "credential", "ephemeral"]), ("state", &["state[]", "continue"])];

/// Takes from `record` what needs a capability that `announced` does not announce.
///
/// ```
/// use modelforge_credential_protocol::{Record, gate};
///
/// # fn main() -> Result<(), modelforge_credential_protocol::Error> {
/// let mut answer = Record::of([("password", "p"), ("authtype", "Bearer"), ("credential", "c")])?;
/// gate(&mut answer, &Record::of([("host", "example.com")])?);
/// assert_eq!(answer, Record::of([("password", "p")])?);
/// # Ok(())
/// # }
/// ```
pub fn gate(record: &mut Record, announced: &Record) {
    for (capability, keys) in CAPABILITIES {
        if !announced.announces(capability) {
            record.retain(|key| !keys.contains(&key));
        }
    }
}

/// `answer` as `request` may be answered: gated, with the capabilities that it makes use of announced first.
///
/// # Errors
/// If there are more attributes than a record may hold.
pub fn gated_answer(mut answer: Record, request: &Record) -> Result<Record> {
    answer.remove("capability[]");
    gate(&mut answer, request);
    let mut gated = Record::new();
    for (capability, keys) in CAPABILITIES {
        if keys.iter().any(|key| answer.has(key)) {
            gated.push("capability[]", capability)?;
        }
    }
    gated.merge(&answer)?;
    Ok(gated)
}
