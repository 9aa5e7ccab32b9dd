//! Lists of attributes by meaning. Each list is defined only here.

use crate::{Record, Result};

/// The attributes that describe a credential. A missing one matches anything.
pub const DESCRIPTION: [&str; 4] = ["protocol", "host", "path", "username"];

/// The attributes that contain a secret worth storing.
pub const SECRETS: [&str; 3] = ["password", "credential", "oauth_refresh_token"];

/// Attributes that only the core may send. With them, a caller, or the answer of another helper, could choose the variable that is read or
/// the server that gets a refresh token, or have the files of other programs changed.
pub const SETTINGS: [&str; 8] =
    ["env[]", "client_id", "consent", "device_code_url", "folder[]", "rewire", "sign_in", "token_url"];

/// Attributes about the copy in one helper. In another helper they would be wrong.
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

/// Attributes about one exchange. They must not be stored with the credential.
pub const ABOUT_THE_EXCHANGE: [&str; 9] =
    ["capability[]", "consent", "continue", "outcome", "quit", "reason", "state[]", "url", "wwwauth[]"];

/// Each capability, with the attributes that a side may send or get only if it announced the capability.
pub const CAPABILITIES: [(&str, &[&str]); 2] =
    [("authtype", &["authtype", "credential", "ephemeral"]), ("state", &["state[]", "continue"])];

/// Removes from `record` the attributes whose capability `announced` does not announce.
///
/// ```
/// use modelforge_credential_protocol::{Record, retain_announced};
///
/// # fn main() -> Result<(), modelforge_credential_protocol::Error> {
/// let mut answer = Record::of([("password", "p"), ("authtype", "Bearer"), ("credential", "c")])?;
/// retain_announced(&mut answer, &Record::of([("host", "example.com")])?);
/// assert_eq!(answer, Record::of([("password", "p")])?);
/// # Ok(())
/// # }
/// ```
pub fn retain_announced(record: &mut Record, announced: &Record) {
    for (capability, keys) in CAPABILITIES {
        if !announced.announces(capability) {
            record.retain(|key| !keys.contains(&key));
        }
    }
}

/// Prepares `answer` for the sender of `request`: gated, and with the capabilities that it uses announced first.
///
/// # Errors
/// If there are more attributes than a record may hold.
pub fn announced_answer(mut answer: Record, request: &Record) -> Result<Record> {
    answer.remove("capability[]");
    retain_announced(&mut answer, request);
    let mut gated = Record::new();
    for (capability, keys) in CAPABILITIES {
        if keys.iter().any(|key| answer.has(key)) {
            gated.push("capability[]", capability)?;
        }
    }
    gated.merge(&answer)?;
    Ok(gated)
}
