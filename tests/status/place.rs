//! Credentials that belong to no provider, such as git's, in the same helpers.

use super::{status, told};
use crate::support::{SECRET, Test};

fn with_gits() -> Test {
    let request = format!("url=https://ann@git.example.com\npassword={SECRET}\n");
    Test::new().helpers("age").args(["approve"]).stdin(request).success()
}

const ROW: &str = "PROVIDER                 SIGNED IN  ACCOUNT  KEPT BY  PROTECTED BY\n\
                   https://git.example.com  yes        ann      age      \
                   encrypted file\n\
                   age: encrypted file, identity ~/.local/share/modelforge-credential/identity.txt\n\
                   age: identity protection: unprotected\n";

#[test]
fn a_credential_of_git_has_a_row_and_can_be_named_by_its_url() {
    let test = status(with_gits(), &[]);
    assert_eq!(told(&test), format!("{ROW}[0]"));
    let test = status(test, &["https://git.example.com"]);
    assert_eq!(told(&test), format!("{ROW}[0]"));
    let only = "warning: using the only account of `https://git.example.com`\n";
    let test = test.args(["print", "https://git.example.com"]).stdout(&format!("{SECRET}\n")).stderr(only).success();
    let test = test.args(["print", "https://ann@git.example.com"]).stdout(&format!("{SECRET}\n")).success();
    // It is no provider's, so signing out of those leaves it.
    let nothing = "there was nothing to sign out of\n\
                   not touched, because it belongs to no provider: `https://git.example.com` \
                   (`modelforge-credential logout URL` deletes one)\n";
    let test = test.args(["logout", "--all"]).stdout(nothing).success();
    let test = test.args(["logout", "https://git.example.com"]);
    let test = test.stdout("signed out of `https://git.example.com`\n").success();
    let test = status(test, &["https://git.example.com"]);
    assert_eq!(
        told(&test),
        "PROVIDER                 SIGNED IN\nhttps://git.example.com  no\n! error: no credential for `https://git.example.com`\n[1]"
    );
    let nothing = "nothing was stored for `https://git.example.com`\n";
    test.args(["logout", "https://git.example.com"]).stdout(nothing).success();
}

#[test]
fn the_url_of_a_provider_means_the_provider() {
    let test = Test::new().helpers("age").args(["approve"]).stdin(format!("provider=openai\npassword={SECRET}\n"));
    let test = test.success().args(["print", "https://api.openai.com/v1"]).stdout(&format!("{SECRET}\n")).success();
    let test = test.args(["logout", "https://api.openai.com"]);
    test.stdout("signed out of `openai` (`https://api.openai.com`)\n").success();
}

#[test]
fn of_two_accounts_at_a_url_none_is_guessed_and_none_is_shown() {
    let request = format!("url=https://bob@git.example.com\npassword={SECRET}\n");
    let test = with_gits().args(["approve"]).stdin(request).success();
    let several = |command| {
        format!(
            "error: `https://git.example.com` has several accounts\n\
             hint: modelforge-credential {command} https://git.example.com --account NAME\n"
        )
    };
    let test = test.args(["print", "https://git.example.com"]).stderr(&several("print")).failure();
    test.args(["logout", "https://git.example.com"]).stderr(&several("logout")).failure();
}
