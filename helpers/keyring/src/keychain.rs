//! The errors of the macOS Keychain, by number (`SecBase.h`): the crates for it name only some.

use modelforge_credential_protocol::Error;

/// There is no keychain, as in the home of a user who has never logged in. So there are no items either.
pub const NO_DEFAULT_KEYCHAIN: i32 = -25307;

/// The error for this number. `None`: a person can do nothing about it.
pub fn fault(code: i32) -> Option<Error> {
    let (message, hint) = match code {
        // Nobody can be prompted: over ssh, under launchd, or because we turned dialogs off.
        -25308 | -25315 => (
            "the macOS Keychain is locked in this session, or would have to ask whether this program may read the item",
            "security unlock-keychain",
        ),
        -25293 => ("the macOS Keychain did not accept the password", "security unlock-keychain"),
        -128 => ("you did not let this program use the macOS Keychain", "run it again, and choose `Always Allow`"),
        NO_DEFAULT_KEYCHAIN | -25294 => (
            "there is no keychain for the credential",
            "security default-keychain -s ~/Library/Keychains/login.keychain-db",
        ),
        _ => return None,
    };
    Some(Error::new(message).hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_can_do_something_about_has_a_message_of_its_own() {
        let said: Vec<String> =
            [-25308, -25293, -128, NO_DEFAULT_KEYCHAIN].iter().map(|code| fault(*code).unwrap().to_string()).collect();
        for (at, one) in said.iter().enumerate() {
            assert!(!said[..at].contains(one), "{one}");
        }
        assert!(said[0].contains("locked") && said[3].contains("no keychain"));
        assert_eq!(fault(-25308).unwrap().hint_text(), Some("security unlock-keychain"));
        assert!(fault(-25299).is_none());
    }
}
