//! Requests that add a line, hide a character or name nothing. A refused request changes nothing.

use super::{OPERATIONS, all_refuse, core_refuses, marking, refuses};
use crate::support::{SECRET, Test};

#[test]
fn cve_2020_5260_a_url_cannot_smuggle_a_line() {
    all_refuse("url=https://evil.example?%0ahost=github.com\n");
    all_refuse("url=https://evil.example/%0Ahost=github.com\n");
}

#[test]
fn cve_2020_11008_a_blank_protocol_or_host_matches_nothing() {
    for request in ["url=//github.com/x\n", "url=://github.com\n", "url=https:///x\n", "url=https://\n", "url=\n"] {
        all_refuse(request);
    }
    for request in ["", "\n", "protocol=https\n", "host=github.com\n", "protocol=\nhost=github.com\n", "username=u\n"] {
        all_refuse(request);
    }
    for request in ["protocol=https\nhost=\n", "protocol=http\nhost=\nusername=u\n"] {
        core_refuses(request);
    }
}

#[test]
fn cve_2024_52006_a_carriage_return_in_a_value_is_refused() {
    all_refuse("protocol=https\nhost=example.com\nusername=al\rice\n");
    all_refuse("protocol=https\nhost=example.com\rgithub.com\n");
    all_refuse("protocol=https\nhost=example.com\nunknown=a\rb\n");
    core_refuses("url=https://example.com%0dgithub.com/\n");
}

#[test]
fn cve_2024_50338_only_a_line_feed_ends_a_line() {
    all_refuse("protocol=http\nhost=localhost\nusername=\rprotocol=https\rhost=github.com\r\n");
    all_refuse("protocol=https\rhost=github.com\r");
}

#[test]
fn cve_2025_23040_no_character_of_unicode_ends_a_line() {
    core_refuses("url=http://%0dprotocol=https%0dhost=github.com%0d@localhost:13337/\n");
    let sees = |test: Test| test.script("sees", "cat >&2; echo password=p").helpers("sees");
    for separator in ["\u{85}", "\u{2028}", "\u{2029}", "\u{b}", "\u{c}", "\u{1c}"] {
        let test = sees(Test::new()).args(["get"]);
        let test = test.stdin(format!("protocol=https\nhost=localhost{separator}host=github.com\nusername=u\n"));
        let output = test.output();
        let asked = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(asked.lines().all(|line| line != "host=github.com"), "{asked}");
        let answer = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(answer.matches("\nhost=").count(), 1, "{answer:?}");
    }
}

#[test]
fn cve_2024_50349_control_characters_are_shown_and_not_sent_to_the_terminal() {
    let test = Test::new().helpers("").args(["fill"]);
    test.stdin("protocol=https\nhost=github.com\u{1b}]0;x\u{7}\nusername=a\u{1b}[2Jb\u{202e}c\n")
        .stderr("error: no credential for `https://github.com%1B]0%3Bx%07`, account `a\\u{1b}[2Jb\\u{202e}c`\n")
        .failure();
}

#[test]
fn long_headers_are_refused_whole_and_never_split() {
    for length in [65_525, 65_536, 100_000, 300_000] {
        all_refuse(format!("protocol=https\nwwwauth[]={}host=victim\nhost=h\n", "x".repeat(length)));
    }
    for length in [1000, 1024, 8191, 65_000] {
        let test = Test::new().script("sees", "grep -c '^host=' >&2").helpers("sees").args(["get"]);
        let request = format!("protocol=https\nhost=h\nwwwauth[]={}host=victim\n", "x".repeat(length));
        test.stdin(request).stderr("1\n").success();
    }
}

#[test]
fn cve_2025_48386_long_names_hosts_and_paths_are_kept_or_refused_and_overflow_nothing() {
    for length in [255, 256, 1024, 4096, 60_000] {
        let long = "x".repeat(length);
        for description in [
            format!("protocol=https\nhost={long}\nusername=u\n"),
            format!("protocol=https\nhost=h\nusername={long}\n"),
            format!("protocol=https\nhost=h\npath={long}\nusername=u\n"),
        ] {
            let test = Test::new().helpers("age").args(["store"]).stdin(format!("{description}password={SECRET}\n"));
            let stored = test.output();
            let test = test.args(["get"]).stdin(&description);
            let found = test.output();
            let answer = String::from_utf8_lossy(&found.stdout).into_owned();
            match stored.status.code() {
                Some(0) => assert_eq!(answer, format!("{description}password={SECRET}\n")),
                Some(1) => assert_eq!(answer, ""),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn ghsa_98p4_xjmm_8mfh_no_value_of_a_request_becomes_an_argument() {
    let test = Test::new();
    let said = test.home().join("said");
    let body = format!("printf '<%s>' \"$@\" >> '{}'; cat > /dev/null", said.display());
    let mut test = test.script("sees", &body).config("helpers = ['sees --option -x']");
    for operation in OPERATIONS {
        let request = format!(
            "protocol=https\nhost=--upload-pack=x\nusername=-rf\npath=--help\npassword={}\n",
            if operation == "fill" || operation == "get" { "" } else { SECRET }
        );
        let request = request.replace("password=\n", "");
        test = test.args([operation]).stdin(request);
        test.output();
    }
    let arguments = std::fs::read_to_string(&said).unwrap();
    for operation in arguments.trim_matches(['<', '>']).split("><--option>").map(|call| call.replace("<--option>", ""))
    {
        assert!(operation.starts_with("<-x>") || operation.starts_with("--option><-x>"), "{arguments}");
    }
    assert!(!arguments.contains("-rf") && !arguments.contains("upload") && !arguments.contains("help"), "{arguments}");
}

#[test]
fn a_refused_erase_leaves_every_credential_where_it_was() {
    let test = Test::new().helpers("age");
    let credential = |name: &str| format!("protocol=https\nhost=example.com\nusername={name}\n");
    let mut test = test;
    for name in ["alice", "bob"] {
        test = test.args(["store"]).stdin(format!("{}password={SECRET}\n", credential(name))).success();
    }
    for request in [
        "protocol=https\nhost=example.com\nusername=al\rice\n",
        "protocol=https\nhost=exam\rple.com\n",
        "protocol=https\n",
        "host=example.com\n",
        "username=alice\n",
        "",
        "protocol=https\nhost=example.com\nnonsense\n",
        "protocol=https\nhost=example.com\n\0=x\n",
        "protocol=https\nhost=example.com\npassword_expiry_utc=-5\n",
        "url=https://example.com%0a\n",
    ] {
        for (program, operation) in [
            ("modelforge-credential", "reject"),
            ("modelforge-credential", "erase"),
            ("modelforge-credential-age", "erase"),
        ] {
            test = refuses(test.program(program), operation, request.as_bytes());
        }
    }
    test = test.program("modelforge-credential");
    // An empty host is a value, and nobody's.
    test = test.program("modelforge-credential-age").args(["erase"]).stdin("protocol=https\nhost=\n").success();
    test = test.program("modelforge-credential");
    for name in ["alice", "bob"] {
        let found = format!("{}password={SECRET}\n", credential(name));
        test = test.args(["get"]).stdin(credential(name)).stdout(&found).success();
    }
}

#[test]
fn lines_that_are_none_and_values_out_of_range_are_refused() {
    for line in ["nonsense", "=value", "\0", "a\0b=c", "host\0=x", "password_expiry_utc=-5", "password_expiry_utc= 1"] {
        all_refuse(format!("protocol=https\nhost=example.com\n{line}\n"));
    }
    for line in
        ["password_expiry_utc=1x", "password_expiry_utc=", "password_expiry_utc=99999999999999999999", "quit=maybe"]
    {
        all_refuse(format!("protocol=https\nhost=example.com\n{line}\n"));
    }
    all_refuse(b"protocol=https\nhost=\xff\xfe\n");
    all_refuse(b"protocol=https\nhost=h\n\xff=x\n");
    all_refuse(format!("protocol=https\nhost=h\n{}", "state[]=x\n".repeat(2000)));
}

#[test]
fn what_is_refused_is_named_by_its_line_and_never_quoted() {
    for (request, problem) in [
        (format!("provider=openai\n{SECRET}\n"), "line 2 has no `=`"),
        (format!("provider=openai\n{SECRET}\0=x\n"), "line 2: an attribute has a line break or a NUL"),
        (format!("provider=openai\npassword={SECRET}\r{SECRET}\n"), "line 2: `password` has a line break or a NUL"),
        (
            format!("provider=openai\npassword_expiry_utc={SECRET}\n"),
            "line 2: `password_expiry_utc` is not a plain number",
        ),
        (format!("provider=openai\nquit={SECRET}\n"), "line 2: `quit` must be true or false"),
        (format!("url={SECRET}\n"), "the URL has no scheme"),
        (format!("url=https://u:{SECRET}%0a@h\n"), "the URL is not allowed: `password` has a line break or a NUL"),
    ] {
        marking(Test::new()).args(["approve"]).stdin(request).stderr(&format!("error: {problem}\n")).failure();
    }
}
