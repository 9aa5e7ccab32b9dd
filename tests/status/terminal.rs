//! Colours and widths of the terminal, and text that others wrote.

use super::{COPILOT, OPENAI, shelf, status, told};
use crate::prompt::Session;
use crate::support::{SECRET, Test};

#[test]
fn plain_text_is_red_on_a_terminal_and_nowhere_else() {
    let plain = format!("{OPENAI}\nstorage=a file\nplain_text=1\nfile=/etc/keys.json");
    let test = status(
        shelf(Test::new(), "one", &format!("{plain};\n{COPILOT}"), &format!("password={SECRET}")).helpers("one"),
        &[],
    );
    let row = "openai          yes        one      PLAIN TEXT";
    let table = told(&test);
    assert!(table.contains(row) && !table.contains('\u{1b}'), "{table}");
    let (_, _, shown) = Session::bare(&test).end();
    assert!(shown.contains(&format!("\u{1b}[31m{row}\u{1b}[0m")), "{shown:?}");
    assert_eq!(shown.matches("\u{1b}[31m").count(), 1);
    let (_, piped, shown) = Session::typed(&test).end();
    assert!(!piped.contains('\u{1b}') && !shown.contains('\u{1b}'));
    assert!(shown.contains("warning: keys are stored in plain text: `openai`"), "{shown}");
    let silenced = test.env("MODELFORGE_CREDENTIAL_WARN_PLAINTEXT", "0");
    assert!(Session::typed(&silenced).end().2.is_empty());
    for (value, colours) in [("1", false), ("", true)] {
        let test = status(shelf(Test::new(), "one", &plain, "").helpers("one").env("NO_COLOR", value), &[]);
        let (_, _, shown) = Session::bare(&test).end();
        assert_eq!(shown.contains('\u{1b}'), colours, "NO_COLOR={value}");
    }
}

#[test]
fn a_line_that_is_wider_than_the_terminal_ends_between_words_and_nowhere_else() {
    let plain = format!("{OPENAI}\nplain_text=1\nfile=/etc/a folder whose name is long/keys.json");
    let test = status(shelf(Test::new(), "one", &plain, "").helpers("one"), &[]);
    let row = "one: PLAIN TEXT, /etc/a folder whose name is long/keys.json\n";
    assert!(told(&test).contains(row), "{}", told(&test));
    let (_, _, shown) = Session::wide(&test, 50).end();
    assert!(shown.contains("one: PLAIN TEXT, /etc/a folder whose name is\r\nlong/keys.json\r\n"), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 50 || line.contains('\u{1b}')), "{shown}");
    assert!(Session::wide(&test, 120).end().2.contains(row.trim_end()), "a wide one shows it whole");
}

#[test]
fn the_table_of_ten_providers_fits_eighty_columns() {
    let names = ["anthropic", "cohere", "deepseek", "google", "groq", "mistral", "openai", "openrouter", "xai"];
    let kept = names.iter().fold(Test::new().helpers("age"), |test, name| {
        let key = format!("provider={name}\nusername=default\npassword={SECRET}\n");
        test.args(["approve"]).stdin(key).success()
    });
    let token = format!("password={SECRET}\npassword_expiry_utc=4102444800\nscope=read:user");
    let listed = format!("{COPILOT}\nstorage=OS keyring (Secret Service)");
    let test = status(shelf(kept, "keyring2", &listed, &token).helpers("keyring2\nage").stdin(""), &[]);
    let (_, _, shown) = Session::wide(&test, 80).end();
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{shown}");
    let rows = lines.iter().filter(|line| line.contains(" yes ")).count();
    assert_eq!((rows, lines.len()), (10, 13), "{shown}");
}

#[test]
fn what_others_wrote_cannot_move_the_cursor() {
    let odd =
        "protocol=https\nhost=api.openai.com\nusername=a\u{1b}[2Jb\u{202e}\nstorage=vault \u{1b}[31m\nfile=/\u{9b}x";
    let token = format!("password={SECRET}\nscope=\u{1b}[2J");
    let test = status(shelf(Test::new(), "one", odd, &token).helpers("one"), &["-v"]);
    let told = told(&test);
    assert!(!told.contains(['\u{1b}', '\u{202e}', '\u{9b}']) && told.contains("a\\u{1b}[2Jb\\u{202e}"), "{told}");
}
