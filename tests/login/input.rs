//! Where the key comes from: the terminal, a pipe, an askpass program or the arguments.

use std::time::{Duration, Instant};

use super::{BY_AGE, PROMPT, age, at_a_terminal, openai_is, signed_in};
#[cfg(unix)]
use crate::prompt::Session;
use crate::support::{SECRET, Test, program};

#[cfg(unix)]
#[test]
fn a_key_is_typed_at_the_terminal_without_echo() {
    let test = at_a_terminal(age()).args(["login", "openai"]);
    let mut session = Session::typed(&test);
    session.expect(PROMPT);
    session.expect_hidden();
    session.types(&format!("{SECRET}\r"));
    let (status, answer, shown) = session.end();
    let told = format!("{PROMPT}\r\nthe key has 28 characters, and it ends in …4b1f\r\n");
    assert_eq!((status.code(), &*answer, &*shown), (Some(0), &*signed_in("openai"), &*told));
    openai_is(test, SECRET);
}

#[cfg(unix)]
#[test]
fn nothing_typed_and_ctrl_c_keep_nothing_and_leave_the_terminal_as_it_was() {
    let test = at_a_terminal(age());
    for keys in ["\r", "   \r", "\u{4}"] {
        let test = at_a_terminal(age()).args(["login", "openai"]);
        let mut session = Session::typed(&test);
        session.expect_hidden();
        session.types(keys);
        let (status, answer, shown) = session.end();
        assert_eq!((status.code(), &*answer), (Some(1), ""), "{keys:?}");
        assert_eq!(shown, format!("{PROMPT}\r\nerror: nothing was entered\r\n"), "{keys:?}");
    }
    let test = test.args(["login", "openai"]);
    let mut session = Session::typed(&test);
    session.expect_hidden();
    session.types(&format!("{SECRET}\u{3}"));
    let (status, answer, _) = session.end();
    assert!(!status.success() && answer.is_empty());
    openai_is(test, "");
}

#[test]
fn a_piped_key_is_one_line_however_it_ends() {
    for input in [
        SECRET.to_owned(),
        format!("{SECRET}\n"),
        format!("{SECRET}\r\n"),
        format!("{SECRET}\n\n"),
        format!("\u{feff}{SECRET}\r\n"),
    ] {
        let test = age().args(["login", "openai"]).stdin(&input).stdout(&signed_in("openai")).success();
        openai_is(test, SECRET);
    }
}

#[test]
fn a_key_in_utf_16_is_read_as_powershell_writes_it() {
    let wide: Vec<u8> = format!("\u{feff}{SECRET}\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let test = age().args(["login", "openai"]).stdin(&wide).stdout(&signed_in("openai")).success();
    openai_is(test, SECRET);
}

#[test]
fn blanks_around_a_key_are_taken_off_with_a_remark() {
    let test = age().args(["login", "openai"]).stdin(format!(" \t{SECRET}  \n")).stdout(&signed_in("openai"));
    openai_is(test.stderr("warning: removed the whitespace around the key\n").success(), SECRET);
}

#[test]
fn what_is_not_one_line_with_a_key_is_an_error_that_does_not_show_it() {
    let not_one_line = "error: expected the key as a single line on standard input\n";
    let cannot_be = |what| {
        let is_final = matches!(what, "a line break" | "a control character");
        let hint = "hint: modelforge-credential login openai --unchecked  # to store it anyway\n";
        let hint = if is_final { "" } else { hint };
        format!("error: this cannot be a key for `openai`: it has {what} in it\n{hint}")
    };
    let inputs: [(Vec<u8>, String); 10] = [
        (format!("{SECRET}\nmore\n").into(), not_one_line.into()),
        (format!("{SECRET}\r{SECRET}\r").into(), cannot_be("a line break")),
        (SECRET.repeat(2500).into(), not_one_line.into()),
        ([SECRET.as_bytes(), b"\xff\n"].concat(), not_one_line.into()),
        (format!("{SECRET}\0\n").into(), cannot_be("a control character")),
        (format!("{SECRET}\u{1b}[A\n").into(), cannot_be("a control character")),
        (format!("{SECRET} {SECRET}\n").into(), cannot_be("whitespace")),
        (format!("{SECRET}\u{fc}\n").into(), cannot_be("a character that is not ASCII")),
        ("\n".into(), "error: nothing was entered\n".into()),
        (" \r\n".into(), "error: nothing was entered\n".into()),
    ];
    for (input, problem) in inputs {
        // It is long in `blanks` only.
        let test = age().args(["login", "openai"]).stdin(&input);
        let output = test.output();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let said = said.strip_prefix("warning: removed the whitespace around the key\n").unwrap_or(&said);
        assert_eq!((output.status.code(), said), (Some(1), &*problem), "{:?}", &input[..input.len().min(40)]);
        assert!(output.stdout.is_empty());
        openai_is(test, "");
    }
}

#[test]
fn with_no_terminal_and_nothing_piped_it_fails_at_once_and_says_what_to_do() {
    let core = program("modelforge-credential").display().to_string();
    for input in ["</dev/null", "<&-"] {
        let start = Instant::now();
        let test = age().program("/bin/sh").args(["-c", &format!("exec '{core}' login openai {input}")]);
        test.stderr(
            "error: cannot ask for the key: there is no terminal\n\
             hint: pipe it: modelforge-credential login openai < key.txt\n",
        )
        .failure();
        assert!(start.elapsed() < Duration::from_secs(8), "it waited");
    }
}

/// Windows opens no folder in place of a file.
#[cfg(unix)]
#[test]
fn an_input_that_cannot_be_read_is_named() {
    let core = program("modelforge-credential").display().to_string();
    age()
        .program("/bin/sh")
        .args(["-c", &format!("exec '{core}' login openai < /")])
        .stderr("error: cannot read the key from standard input: Is a directory (os error 21)\n")
        .failure();
}

#[test]
fn a_variable_that_holds_no_key_does_not_stop_a_sign_in() {
    let test = Test::new().helpers("env\nage").env("OPENAI_API_KEY", " blanks ").args(["login", "openai"]);
    test.stdin(SECRET)
        .stdout(&signed_in("openai"))
        .stderr(
            "warning: helper `env` did not store the credential: `OPENAI_API_KEY` has whitespace around its value; \
             it may still have an older copy\n\
             hint: set it to the key alone, or `unset OPENAI_API_KEY`\n",
        )
        .success();
}

#[test]
fn two_sign_ins_at_once_leave_one_key_whole() {
    let test = age().args(["login", "openai", "--force"]);
    std::thread::scope(|scope| {
        for key in ["sk-a", "sk-b", "sk-c", "sk-d"] {
            let (test, core) = (&test, program("modelforge-credential"));
            scope.spawn(move || {
                let words = [core.to_str().expect("text"), "login", "openai", "--force"];
                let output = test.run(&words, key);
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            });
        }
    });
    let test = test.args(["get"]).stdin("provider=openai\n");
    let found = String::from_utf8(test.output().stdout).expect("text");
    let key = found.lines().find_map(|line| line.strip_prefix("password=")).expect("a key");
    assert!(["sk-a", "sk-b", "sk-c", "sk-d"].contains(&key), "{found}");
}

#[cfg(unix)]
#[test]
fn an_empty_pipe_at_a_terminal_is_an_error_and_not_a_question() {
    let test = at_a_terminal(age()).args(["login", "openai"]);
    let (status, answer, shown) = Session::start(&test, "").end();
    let problem = "error: standard input is empty: it has no key\r\n";
    assert_eq!((status.code(), &*answer, &*shown), (Some(1), "", problem));
}

#[test]
fn a_piped_key_comes_before_an_askpass_which_desktops_set_for_every_program() {
    let test = at_a_terminal(age()).script("asks", "echo asked >> \"$HOME/asked\"; echo sk-from-askpass-0123456");
    let path = test.bin().join("modelforge-credential-asks").display().to_string();
    let test = test.env("SSH_ASKPASS", path);
    let piped = test.args(["login", "openai"]).stdin(format!("{SECRET}\n")).stdout(&signed_in("openai")).success();
    assert!(!piped.home().join("asked").exists());
    let test = piped.args(["login", "openai", "--force"]).stdout(&signed_in("openai")).success();
    assert!(test.home().join("asked").exists());
    openai_is(test, "sk-from-askpass-0123456");
}

const VISIBLE: &str = "warning: command-line arguments are visible to other users and saved in your shell history\n\
                       hint: pipe the key: modelforge-credential login openai < key.txt\n";

#[test]
fn a_key_among_the_arguments_is_kept_with_a_warning_in_both_spellings() {
    let test = age()
        .args(["login", "openai", "--api-key", "sk-one-0123456789abcd"])
        .stdout(&signed_in("openai"))
        .stderr(VISIBLE);
    let test = openai_is(test.success(), "sk-one-0123456789abcd");
    let test = test.args(["auth", "login", "--provider", "OpenAI", "--api-key", "sk-two-0123456789abcd"]);
    let another = "error: a different key for `openai` is already stored and was not replaced\n\
                   hint: modelforge-credential login openai --force < key.txt\n";
    let test = openai_is(test.stderr(&format!("{VISIBLE}{another}")).failure(), "sk-one-0123456789abcd");
    let test = test.args(["login", "openai", "--api-key", "sk-one-0123456789abcd"]).stderr(VISIBLE);
    let test =
        test.stdout(&format!("already signed in to `openai`: {BY_AGE}; use `--force` to replace the key\n")).success();
    let test = test.args(["auth", "login", "--provider", "openai", "--api-key", "sk-two-0123456789abcd", "--force"]);
    openai_is(test.stdout(&signed_in("openai")).stderr(VISIBLE).success(), "sk-two-0123456789abcd");
}
