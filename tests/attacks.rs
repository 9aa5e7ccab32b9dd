//! Attacks: each known one on programs of this kind, and what else a hostile input, folder or environment may try. Nothing may
//! crash, hang, start a process that should not start, or change what is kept.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::{SECRET, Test, program};

const OPERATIONS: [&str; 6] = ["fill", "get", "approve", "store", "reject", "erase"];
const HELPERS: [&str; 3] = ["env", "age", "keyring"];

/// A helper that leaves a mark when it is started.
fn marking(test: Test) -> Test {
    let mark = test.home().join("started");
    test.script("mark", &format!("echo \"$@\" >> '{}'; cat > /dev/null", mark.display())).helpers("mark")
}

#[track_caller]
fn assert_not_started(test: &Test) {
    let mark = test.home().join("started");
    assert!(!mark.exists(), "a helper was started: {}", std::fs::read_to_string(&mark).unwrap_or_default());
}

/// The core refuses the request for every operation, in one line, before any helper starts.
#[track_caller]
fn core_refuses(request: impl AsRef<[u8]>) {
    let mut test = marking(Test::new());
    for operation in OPERATIONS {
        test = refuses(test, operation, request.as_ref());
        assert_not_started(&test);
    }
}

/// Each helper refuses the request, before it looks anywhere: the keyring without a word about the bus that it has not got.
#[track_caller]
fn helpers_refuse(request: impl AsRef<[u8]>) {
    for helper in HELPERS {
        let mut test = Test::new().program(format!("modelforge-credential-{helper}"));
        for operation in ["get", "store", "erase"] {
            test = refuses(test, operation, request.as_ref());
        }
    }
}

#[track_caller]
fn refuses(test: Test, operation: &str, request: &[u8]) -> Test {
    let test = test.args([operation]).stdin(request);
    let output = test.output();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let seen = format!("{operation} of {:?}: {stdout}{stderr}", String::from_utf8_lossy(request).get(..200));
    assert_eq!(output.status.code(), Some(1), "{seen}");
    assert_eq!(stdout, "", "{seen}");
    let lines: Vec<&str> = stderr.lines().collect();
    assert!(matches!(lines[..], [error] | [error, _] if error.starts_with("error: ")), "{seen}");
    assert!(lines.len() < 2 || lines[1].starts_with("hint: "), "{seen}");
    assert!(!stderr.contains("D-Bus") && !stderr.contains(['\r', '\0', '\u{1b}']), "{seen}");
    test
}

#[track_caller]
fn all_refuse(request: impl AsRef<[u8]>) {
    core_refuses(&request);
    helpers_refuse(&request);
}

// The known attacks, by the table of protocol.md's sources.

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
        .stderr("error: no credential for `https://github.com\\u{1b}]0;x\\u{7}`, account `a\\u{1b}[2Jb\\u{202e}c`\n")
        .failure();
}

#[test]
fn cve_2024_53263_what_a_repository_wrote_into_its_url_is_refused_by_every_client() {
    all_refuse("url=http://%0Ahost=github.com%0Aprotocol=https%0A@localhost/\n");
    all_refuse("protocol=http\nhost=localhost\npath=a\0b\n");
}

#[test]
fn cve_2024_53858_a_variable_goes_to_the_host_of_its_provider_and_to_no_other() {
    let variables = |mut test: Test| {
        for name in ["OPENAI_API_KEY", "GITHUB_TOKEN", "MODELFORGE_OPENAI_API_KEY", "GH_ENTERPRISE_TOKEN"] {
            test = test.env(name, SECRET);
        }
        test.env("CODESPACES", "true").helpers("env")
    };
    for host in [
        "api.openai.com.evil.example", // an unanchored comparison: vscode#320634
        "evil.example",
        "xapi.openai.com",
        "API.OPENAI.COM",
        "api.openai.com:443",
        "api.openai.com@evil.example",
        "api.openai.com.",
        "github.com",
        "models.github.ai.evil.example",
    ] {
        let request = format!("protocol=https\nhost={host}\n");
        let test = variables(Test::new()).args(["get"]).stdin(&request).success();
        test.program("modelforge-credential-env").args(["get"]).stdin(request).success();
    }
    let test = variables(Test::new()).args(["get"]).stdin("protocol=http\nhost=api.openai.com\n").success();
    drop(test);
}

#[test]
fn a_request_cannot_name_the_variable_that_is_read_or_where_a_token_goes() {
    let request = "protocol=https\nhost=evil.example\nenv[]=OPENAI_API_KEY evil https://evil.example\n\
        token_url=https://evil.example\nclient_id=x\ndevice_code_url=https://evil.example\nsign_in=device_flow\n";
    let test = Test::new().env("OPENAI_API_KEY", SECRET).helpers("env");
    let test = test.args(["get"]).stdin(request).success();
    let test = test.script("sees", "cat >&2").helpers("sees").args(["get"]).stdin(request);
    let asked = String::from_utf8_lossy(&test.output().stderr).into_owned();
    for key in ["token_url=", "client_id=", "device_code_url=", "sign_in=", "env[]=O"] {
        assert!(!asked.contains(key), "{key} in {asked}");
    }
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
fn ghsa_rxqw_wxqg_g7hw_a_helper_that_crashes_on_erase_is_not_passed_over_in_silence() {
    let test = Test::new().script("crashes", "kill -SEGV $$").helpers("crashes");
    test.args(["reject"])
        .stdin("provider=openai\n")
        .stderr(
            "warning: helper `crashes` failed: it was ended by signal 11\n\
             error: a helper could not erase the credential for `openai` (`https://api.openai.com`): it may still hold it\n",
        )
        .failure();
}

/// Writes a program that leaves a mark.
fn plant(folder: &Path, name: &str, mark: &Path) {
    std::fs::create_dir_all(folder).expect("a program is planted");
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\necho \"$0\" >> '{}'; echo password=planted\n", mark.display()))
        .expect("a program is planted");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a program is planted");
}

#[test]
fn cve_2020_26233_nothing_is_started_from_the_folder_one_stands_in() {
    let test = Test::new();
    let mark = test.home().join("started");
    for name in ["modelforge-credential-planted", "modelforge-credential-age", "planted", "git"] {
        for folder in [".", "bin", "~", "~/bin"] {
            plant(&test.work().join(folder), name, &mark);
        }
    }
    let mut test = test.config("helpers = ['planted', { command = ['planted', 'x'] }]");
    for path in ["", ":", ".", ":.:", "./bin", "bin:..", "~:~/bin", "::/nonexistent:"] {
        test = test.env("PATH", path).args(["get"]).stdin("provider=openai\n").any_stderr().failure();
        assert_not_started(&test);
        // The real one lies beside the core, whatever PATH says.
        test = test.helpers("age").args(["get"]).stdin("provider=openai\n").success();
        test = test.env("MODELFORGE_CREDENTIAL_ASKPASS", "planted").env("MODELFORGE_CREDENTIAL_INTERACTIVE", "1");
        test = test.args(["fill"]).stdin("provider=openai\n").any_stderr().failure();
        assert_not_started(&test);
        test = test.env("MODELFORGE_CREDENTIAL_ASKPASS", "").env("MODELFORGE_CREDENTIAL_INTERACTIVE", "0");
        test = test.helpers("planted\n/bin/true");
    }
}

#[test]
fn cve_2022_24826_without_path_nothing_is_looked_for_in_the_current_folder() {
    let test = Test::new().helpers("planted");
    let mark = test.home().join("started");
    plant(&test.work(), "modelforge-credential-planted", &mark);
    let test = test.args(["get"]);
    let mut command = test.command();
    let output = command.env_remove("PATH").stdin(std::process::Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(!mark.exists());
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a mode can be set");
}

#[test]
fn cve_2019_15752_a_helper_that_anyone_could_have_put_there_is_not_started_and_the_reason_is_said() {
    let test = Test::new();
    let folder = test.work().join("shared");
    let mark = test.home().join("started");
    plant(&folder, "modelforge-credential-planted", &mark);
    plant(&folder, "modelforge-credential-keyring", &mark);
    let file = folder.join("modelforge-credential-planted");
    let refused = |what: &str| {
        format!(
            "warning: helper `planted` failed: `TEST/work/shared/modelforge-credential-planted` is not started: \
             anyone can write to `{what}`\n\
             hint: chmod o-w {what}\n\
             error: no credential for `openai` (`https://api.openai.com`) was found, but not every helper could be asked\n"
        )
    };
    let path = folder.display().to_string();
    let mut test = test.env("PATH", &path).helpers("planted");
    for bits in [0o777, 0o1777, 0o757] {
        mode(&folder, bits);
        let expected = refused("TEST/work/shared");
        test = test.args(["get"]).stdin("provider=openai\n").stderr(&expected).failure();
    }
    mode(&folder, 0o755);
    for bits in [0o777, 0o757] {
        mode(&file, bits);
        let expected = refused("TEST/work/shared/modelforge-credential-planted");
        test = test.args(["get"]).stdin("provider=openai\n").stderr(&expected).failure();
    }
    mode(&file, 0o755);
    // Whoever can rename the folder can put another in its place.
    mode(&test.work(), 0o777);
    test = test.args(["get"]).stdin("provider=openai\n").stderr(&refused("TEST/work")).failure();
    // By an absolute path as well.
    let absolute = test.work().join("shared/modelforge-credential-planted").display().to_string();
    test = test.helpers(&absolute).args(["get"]).stdin("provider=openai\n").any_stderr().failure();
    assert_not_started(&test);
    // In a sticky folder nobody can rename what is not theirs.
    mode(&test.work(), 0o1777);
    let answer = "protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword=planted\n";
    test.helpers("planted").args(["get"]).stdin("provider=openai\n").stdout(answer).success();
}

#[test]
fn a_helper_of_the_default_chain_that_may_not_be_started_is_a_warning() {
    let test = Test::new();
    let folder = test.work().join("shared");
    plant(&folder, "modelforge-credential-oauth", &test.home().join("started"));
    mode(&folder, 0o777);
    // Beside this copy of the program lies no other.
    let alone = test.home().join("alone");
    std::fs::create_dir(&alone).unwrap();
    crate::support::place("modelforge-credential", &alone.join("modelforge-credential"));
    let path = folder.display().to_string();
    let test = test.program(alone.join("modelforge-credential")).env("PATH", path);
    let test = test
        .args(["get"])
        .stdin("provider=openai\n")
        .stderr(
            "warning: `TEST/work/shared/modelforge-credential-oauth` is not started: anyone can write to `TEST/work/shared`\n\
             hint: chmod o-w TEST/work/shared\n",
        )
        .success();
    assert_not_started(&test);
}

#[test]
fn a_link_to_a_helper_is_as_good_as_the_place_that_it_leads_to() {
    let test = Test::new().helpers("linked");
    let (good, shared) = (test.home().join("good"), test.home().join("shared"));
    let mark = test.home().join("started");
    plant(&good, "real", &mark);
    plant(&shared, "real", &mark);
    mode(&shared, 0o777);
    let link = test.bin().join("modelforge-credential-linked");
    let get = |test: Test| test.args(["get"]).stdin("provider=openai\n").any_stderr();
    std::os::unix::fs::symlink(shared.join("real"), &link).unwrap();
    let test = get(test).failure();
    assert_not_started(&test);
    // A link within a link: anyone could have the first lead elsewhere.
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(good.join("real"), shared.join("second")).unwrap();
    std::os::unix::fs::symlink(shared.join("second"), &link).unwrap();
    let test = get(test).failure();
    assert_not_started(&test);
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("/nonexistent", &link).unwrap();
    let test = get(test).failure();
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(&link, &link).unwrap();
    let test = get(test).failure();
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(good.join("real"), &link).unwrap();
    let answer = "protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword=planted\n";
    get(test).stdout(answer).success();
}

#[test]
fn a_folder_a_pipe_or_a_plain_file_is_no_helper() {
    let test = Test::new().helpers("odd");
    let path = test.bin().join("modelforge-credential-odd");
    let missing = "warning: helper `odd` failed: helper `odd` is not installed beside the program or on PATH\n\
        hint: put a program named modelforge-credential-odd on PATH\n\
        error: no credential for `openai` (`https://api.openai.com`) was found, but not every helper could be asked\n";
    let get = |test: Test| test.args(["get"]).stdin("provider=openai\n").stderr(missing).failure();
    std::fs::create_dir(&path).unwrap();
    let test = get(test);
    std::fs::remove_dir(&path).unwrap();
    std::fs::write(&path, "#!/bin/sh\n").unwrap();
    let test = get(test);
    std::fs::remove_file(&path).unwrap();
    let made = test.run(&["/usr/bin/mkfifo", &path.display().to_string()], "");
    assert!(made.status.success());
    let test = get(test);
    let absolute = test.home().display().to_string();
    test.helpers(&absolute)
        .args(["get"])
        .stdin("provider=openai\n")
        .stderr(
            "warning: helper `~` failed: `~` is not a program that can be started\n\
             error: no credential for `openai` (`https://api.openai.com`) was found, but not every helper could be asked\n",
        )
        .failure();
}

#[test]
fn a_program_without_an_interpreter_or_of_rubbish_is_a_warning() {
    let test = Test::new().helpers("rubbish");
    let path = test.bin().join("modelforge-credential-rubbish");
    for content in [&b"\x7fELF rubbish"[..], b"", b"#!/nonexistent/interpreter\n", b"\0\0\0\0"] {
        std::fs::write(&path, content).unwrap();
        mode(&path, 0o755);
        let output = test.run(&[program("modelforge-credential").as_os_str(), "get".as_ref()], "provider=openai\n");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(matches!(output.status.code(), Some(0 | 1)), "{content:?}: {stderr}");
        assert!(output.stdout.is_empty() && !stderr.contains("panicked"), "{stderr}");
    }
    drop(test);
}

#[test]
fn cve_2021_41092_a_helper_that_cannot_be_started_never_changes_where_a_key_goes() {
    let kept = Test::new().script("other", "[ $1 = store ] && cat > /dev/null; exit 0").helpers("absent");
    let test = kept.args(["approve"]).stdin(format!("provider=openai\npassword={SECRET}\n"));
    test.stderr(
        "warning: helper `absent` did not keep the credential: helper `absent` is not installed beside the program or on \
         PATH; an older copy may remain in it\n\
         hint: put a program named modelforge-credential-absent on PATH\n\
         error: no helper kept the credential for `openai` (`https://api.openai.com`)\n\
         hint: modelforge-credential doctor\n",
    )
    .failure();
}

#[test]
fn cve_2024_45340_and_cve_2020_15157_a_key_for_one_host_is_never_given_to_another() {
    let test = Test::new().helpers("age");
    let mut test =
        test.args(["store"]).stdin(format!("protocol=https\nhost=a\nusername=u\npassword={SECRET}\n")).success();
    for request in [
        "protocol=https\nhost=b\nusername=u\n",
        "protocol=http\nhost=a\nusername=u\n",
        "protocol=https\nhost=a:443\nusername=u\n",
        "protocol=https\nhost=A\nusername=u\n",
        "protocol=https\nhost=a\nusername=v\n",
        "protocol=https\nhost=a\npath=p\nusername=u\n",
        "protocol=https\nhost=a/../a\nusername=u\n",
        "protocol=https\nhost=*\nusername=u\n",
        "protocol=https\nhost=a*\nusername=u\n",
        "protocol=*\nhost=a\nusername=u\n",
        "protocol=https\nhost=a\nusername=\n",
        "protocol=https\nhost=a\nusername=*\n",
    ] {
        test = test.args(["get"]).stdin(request).success();
        test = test.program("modelforge-credential-age").args(["get"]).stdin(request).success();
        test = test.program("modelforge-credential");
    }
}

#[test]
fn cargo_6545_a_host_that_nobody_knows_gets_no_key_of_a_default_provider() {
    let test = Test::new().env("OPENAI_API_KEY", SECRET).helpers("env");
    let test = test.args(["get"]).stdin("url=https://llm.evil.example/v1\n").success();
    test.args(["get"]).stdin("provider=opnai\n").any_stderr().failure();
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
fn osxkeychain_4580bcd_a_state_from_a_request_does_not_keep_a_helper_from_storing() {
    let test = Test::new().helpers("age");
    let request = format!("capability[]=state\nprovider=openai\nstate[]=age:seen=1\nstate[]=seen\npassword={SECRET}\n");
    let test = test.args(["store"]).stdin(request).success();
    let found = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}\n");
    test.args(["get"]).stdin("provider=openai\n").stdout(&found).success();
}

// A refused request changes nothing.

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
        (format!("provider=openai\n{SECRET}\0=x\n"), "line 2: an attribute holds a line break or a NUL"),
        (format!("provider=openai\npassword={SECRET}\r{SECRET}\n"), "line 2: `password` holds a line break or a NUL"),
        (
            format!("provider=openai\npassword_expiry_utc={SECRET}\n"),
            "line 2: `password_expiry_utc` is not a plain number",
        ),
        (format!("provider=openai\nquit={SECRET}\n"), "line 2: `quit` is neither true nor false"),
        (format!("url={SECRET}\n"), "the URL has no scheme"),
        (format!("url=https://u:{SECRET}%0a@h\n"), "the URL is not allowed: `password` holds a line break or a NUL"),
    ] {
        marking(Test::new()).args(["approve"]).stdin(request).stderr(&format!("error: {problem}\n")).failure();
    }
}

// Names of helpers.

#[test]
fn a_name_of_a_helper_is_only_a_name() {
    for name in
        ["../x", "..", "./x", "x/../y", "-x", "x;y", "x|y", "!x", "$HOME", "`x`", "X", "x_y", "x\\u0000", "é", " "]
    {
        let test = marking(Test::new()).config(&format!("helpers = [\"{}\"]", name.replace('"', "\\\"")));
        let test = test.args(["get"]);
        let mut command = test.command();
        command.env_remove("MODELFORGE_CREDENTIAL_HELPERS").stdin(std::process::Stdio::null());
        let output = command.output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{name}: {stderr}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn nothing_in_an_entry_is_run_by_a_shell() {
    let test = Test::new();
    let said = test.home().join("said");
    let body = format!("printf '%s\\n' \"$@\" > '{}'", said.display());
    let test = test.script("sees", &body).helpers("sees $(touch pwned) `touch pwned` ; touch pwned | x > y * ~");
    let test = test.args(["get"]).stdin("provider=openai\n").success();
    let words = "$(touch\npwned)\n`touch\npwned`\n;\ntouch\npwned\n|\nx\n>\ny\n*\n~\nget\n";
    assert_eq!(std::fs::read_to_string(&said).unwrap(), words);
    assert!(!test.work().join("pwned").exists() && !test.work().join("y").exists());
}

// The configuration as an attack.

#[test]
fn a_configuration_that_others_may_write_or_that_is_no_file_is_refused() {
    let config = ".config/modelforge-credential/config.toml";
    let get = |test: Test| test.args(["get"]).stdin("provider=openai\n");
    let test = Test::new().config("helpers = []");
    mode(&test.home().join(config), 0o666);
    let test = get(test)
        .stderr(&format!(
            "error: `~/{config}` can be changed by anyone, so it is not used\nhint: chmod go-w ~/{config}\n"
        ))
        .failure();
    std::fs::remove_file(test.home().join(config)).unwrap();
    std::fs::create_dir(test.home().join(config)).unwrap();
    let test = get(test).stderr(&format!("error: cannot read `~/{config}`: it is not a file\n")).failure();
    std::fs::remove_dir(test.home().join(config)).unwrap();
    let made = test.run(&["/usr/bin/mkfifo", &test.home().join(config).display().to_string()], "");
    assert!(made.status.success());
    let start = Instant::now();
    let test = get(test).stderr(&format!("error: cannot read `~/{config}`: it is not a file\n")).failure();
    assert!(start.elapsed() < Duration::from_secs(5), "it waited for the pipe");
    std::fs::remove_file(test.home().join(config)).unwrap();
    let test = test.config(&"#".repeat(2 << 20));
    let test = get(test).stderr(&format!("error: cannot read `~/{config}`: it is larger than 1 MiB\n")).failure();
    let test = test.file(config, b"helpers = ['\xff']");
    let test =
        get(test).stderr(&format!("error: cannot read `~/{config}`: stream did not contain valid UTF-8\n")).failure();
    drop(test);
}

#[test]
fn deep_nesting_in_a_file_overflows_no_stack() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000));
    let name = ".config/modelforge-credential/config.toml";
    for text in [
        format!("helpers = {}", deep("[", "]")),
        format!("a = {}1{}", "{a=".repeat(100_000), "}".repeat(100_000)),
        format!("{}a = 1", "a.".repeat(100_000)),
        format!("[{}a]\n", "a.".repeat(100_000)),
    ] {
        let test = Test::new().config(&text).args(["get"]).stdin("provider=openai\n");
        test.stderr(&format!("error: `~/{name}`, line 1: this is not TOML\n")).failure();
    }
    for text in [
        deep("[", "]"),
        format!("{{\"providers\": {}}}", deep("[", "]")),
        format!("{{\"providers\": {{\"nix\": {}}}}}", deep("[", "]")),
        format!("{{\"x\": {}, \"providers\": {{}}}}", deep("[", "]")),
        format!("{}1{}", "{\"providers\":".repeat(100_000), "}".repeat(100_000)),
    ] {
        let test = Test::new().helpers("").file(".config/model-forge/config.json", text);
        let output = test.args(["get"]).stdin("provider=nix\n").output();
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_variable_that_is_not_utf_8_is_refused() {
    use std::os::unix::ffi::OsStrExt;
    let test = Test::new().args(["get"]);
    let mut command = test.command();
    command.env("MODELFORGE_CREDENTIAL_HELPERS", std::ffi::OsStr::from_bytes(b"age\xff"));
    let mut child = command.stdin(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"provider=openai\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "error: MODELFORGE_CREDENTIAL_HELPERS is not UTF-8\n");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn the_file_of_modelforge_as_a_pipe_or_huge_breaks_nothing_that_is_known() {
    let name = ".config/model-forge/config.json";
    let get = |test: Test| {
        let test = test.args(["get"]).stdin("provider=openai\n").success();
        test.args(["get"]).stdin("provider=nix\n")
    };
    let test = Test::new().helpers("").file(name, " ".repeat(2 << 20));
    let test = get(test).stderr(&format!("error: cannot read `~/{name}`: it is larger than 1 MiB\n")).failure();
    std::fs::remove_file(test.home().join(name)).unwrap();
    let made = test.run(&["/usr/bin/mkfifo", &test.home().join(name).display().to_string()], "");
    assert!(made.status.success());
    get(test).stderr(&format!("error: cannot read `~/{name}`: it is not a file\n")).failure();
}

#[test]
fn a_hostile_repository_cannot_point_a_provider_at_its_host() {
    let hostile = r#"{"providers": {"openai": {"base_url": "https://evil.example/v1", "auth_strategy": "api_key"},
        "evil": {"base_url": "https://evil.example/v1", "auth_strategy": "api_key"}}}"#;
    let test = Test::new().env("OPENAI_API_KEY", SECRET).env("MODELFORGE_OPENAI_API_KEY", SECRET).helpers("env");
    let local = test.work().join(".model-forge");
    std::fs::create_dir(&local).unwrap();
    std::fs::write(local.join("config.json"), hostile).unwrap();
    let found = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}\n");
    // The local file is not read at all.
    let test = test.args(["get"]).stdin("provider=openai\n").stdout(&found).success();
    let test = test.args(["get"]).stdin("provider=evil\n").any_stderr().failure();
    let test = test.args(["get"]).stdin("url=https://evil.example/v1\n").success();
    // The global one cannot redefine what is known.
    let test = test.file(".config/model-forge/config.json", hostile);
    let test = test.args(["get"]).stdin("provider=openai\n").stdout(&found).success();
    let test = test.args(["get"]).stdin("provider=evil\n").success();
    let test = test.args(["get"]).stdin("url=https://evil.example/v1\n").success();
    test.args(["get"])
        .stdin("provider=openai\nurl=https://evil.example/v1\n")
        .stderr(
            "error: provider `openai` is at `https://api.openai.com`, not at `https://evil.example/v1`\n\
             hint: leave out `provider`, or set `url` of `[provider.openai]` in config.toml\n",
        )
        .failure();
}

// Helpers as attackers.

#[test]
fn a_helper_that_shows_the_key_it_found_does_not_get_it_on_to_the_screen() {
    let found = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}\n");
    let test = Test::new().script("traces", &format!("set -x; echo password={SECRET}"));
    let test = test.helpers("traces").args(["get"]).stdin("provider=openai\n");
    let test = test.stdout(&found).stderr("+ echo password=<redacted>\n").success();
    let test = test.script("fails", &format!("echo password={SECRET}; echo 'fatal: bad {SECRET}' >&2; exit 1"));
    test.helpers("fails")
        .args(["get"])
        .stdin("provider=openai\n")
        .stderr(
            "warning: helper `fails` failed: bad <redacted>\n\
             error: no credential for `openai` (`https://api.openai.com`) was found, but not every helper could be asked\n",
        )
        .failure();
}

#[test]
fn what_a_helper_says_cannot_move_the_cursor() {
    let test = Test::new().script("paints", "printf '\\033[2Jhello\\007\\n' >&2; exit 0").helpers("paints");
    test.args(["get"]).stdin("provider=openai\n").stderr("\\u{1b}[2Jhello\\u{7}\n").success();
}

#[test]
fn a_helper_cannot_send_the_request_elsewhere() {
    for line in ["host=evil", "protocol=http", "username=eve", "path=x"] {
        let key = line.split('=').next().unwrap();
        let test = Test::new().script("moves", &format!("printf '{line}\\npassword=p\\n'")).helpers("moves");
        test.args(["get"])
            .stdin("protocol=ssh\nhost=h\nusername=u\npath=a\n")
            .stderr(&format!(
                "warning: helper `moves` failed: it changed `{key}` of the request, so its answer is not used\n\
                 error: no credential for `ssh://h/a`, account `u` was found, but not every helper could be asked\n"
            ))
            .failure();
    }
    let test = Test::new().script("moves", "printf 'provider=evil\\npassword=p\\n'").helpers("moves");
    let test = test.args(["get"]).stdin("provider=openai\n");
    test.stderr(
        "warning: helper `moves` failed: it changed `provider` of the request, so its answer is not used\n\
         error: no credential for `openai` (`https://api.openai.com`) was found, but not every helper could be asked\n",
    )
    .failure();
    // git would take a `url` for all the rest.
    let elsewhere = "url=https://evil\\ntoken_url=https://evil\\nenv[]=A evil https://evil\\nclient_id=evil\\n";
    let test = Test::new().script("says", &format!("printf '{elsewhere}username=evil\\n'"));
    let test = test.script("next", "cat >&2; echo password=p").helpers("says\nnext").args(["get"]);
    let output = test.stdin("protocol=https\nhost=h\n").output();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(stdout, "protocol=https\nhost=h\nusername=evil\npassword=p\n");
    assert!(!stderr.contains("https://evil") && !stderr.contains("client_id"), "{stderr}");
}

#[test]
fn arguments_and_environment_of_a_helper_hold_no_secret() {
    let test = Test::new();
    let said = test.home().join("said");
    let body = format!(
        "{{ printf '%s\\n' \"$0\" \"$@\"; env; cat /proc/$$/cmdline /proc/$$/environ /proc/$PPID/cmdline; }} >> '{}' 2>/dev/null
         cat > /dev/null",
        said.display()
    );
    let mut test = test.script("sees", &body).helpers("sees");
    for operation in ["approve", "store", "reject", "erase"] {
        // The harness looks through every file that is left.
        test = test.args([operation]).stdin(format!("provider=openai\npassword={SECRET}\n"));
        test.output();
    }
    assert!(std::fs::read_to_string(said).unwrap().contains("MODELFORGE_CREDENTIAL_INTERACTIVE=0"));
}

// Size, streams and memory.

/// Runs a line of shell with the program as `$PROGRAM`.
#[track_caller]
fn shell(test: &Test, name: &str, line: &str) -> std::process::Output {
    let line = format!("PROGRAM='{}'; {line}", program(name).display());
    test.run(&["/bin/sh", "-c", &line], "")
}

#[test]
fn endless_and_huge_input_ends_soon_and_in_little_memory() {
    let test = marking(Test::new());
    // Far less than the input, and enough for the stacks and arenas that are only reserved.
    let limit = if cfg!(target_os = "linux") { "ulimit -v 262144;" } else { "" };
    let start = Instant::now();
    for name in [
        "modelforge-credential",
        "modelforge-credential-env",
        "modelforge-credential-age",
        "modelforge-credential-keyring",
    ] {
        for source in [
            "yes | head -c 104857600 | tr -d '\\n'",
            "yes state[]=x",
            "yes '' | tr '\\n' x",
            "(echo provider=openai; cat /dev/zero)",
            "(printf 'protocol=https\\nhost=h\\n'; yes \"password=$(head -c 60000 /dev/zero | tr '\\0' x)\")",
        ] {
            let output = shell(&test, name, &format!("{source} 2>/dev/null | {{ {limit} \"$PROGRAM\" get; }}"));
            let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(1), "{name} {source}: {stderr}");
            assert!(stderr.starts_with("error: line ") && stderr.len() < 200, "{name} {source}: {stderr}");
        }
    }
    assert_not_started(&test);
    assert!(start.elapsed() < Duration::from_secs(120), "it took {:?}", start.elapsed());
}

#[test]
#[cfg(target_os = "linux")]
fn the_memory_of_the_core_stays_below_20_mib_whatever_a_helper_answers() {
    for answer in [
        "yes state[]=x | head -c 100000000",
        "cat /dev/zero",
        "yes 'error: much ado' | head -c 50000000 >&2",
        "for i in 1 2 3 4 5 6 7 8; do printf 'state[]='; head -c 60000 /dev/zero | tr '\\0' x; echo; done; echo password=p",
    ] {
        let test = Test::new();
        let peak = test.home().join("peak");
        let body = format!("{answer} 2>/dev/null; sleep 0.2; grep VmHWM /proc/$PPID/status > '{}'", peak.display());
        let test = test.script("big", &body).script("last", &body.replace(answer, ":")).helpers("big\nlast");
        let test = test.args(["get"]).stdin("provider=openai\ncapability[]=state\n");
        let output = test.output();
        let peak = std::fs::read_to_string(peak).unwrap_or_else(|_| panic!("{answer}: {output:?}"));
        let kib: u64 = peak.split_whitespace().nth(1).unwrap().parse().unwrap();
        assert!(kib < 20 << 10, "{answer}: {peak}");
    }
}

#[test]
fn closed_or_full_streams_are_no_reason_to_crash_or_to_leak() {
    let test = Test::new().env("OPENAI_API_KEY", SECRET).helpers("env");
    for (line, code) in [
        ("printf 'provider=openai\\n' | \"$PROGRAM\" get >&-", Some(0)),
        ("printf 'provider=openai\\n' | \"$PROGRAM\" get > /dev/full", Some(1)),
        ("printf 'provider=openai\\n' | \"$PROGRAM\" get 2>&- >/dev/null", Some(0)),
        ("printf 'provider=nobody\\n' | \"$PROGRAM\" get 2>&-", Some(1)),
        ("printf 'provider=nobody\\n' | \"$PROGRAM\" get 2>/dev/full", Some(1)),
        ("\"$PROGRAM\" get <&-", Some(1)),
        ("\"$PROGRAM\" get <&- >&- 2>&-", Some(1)),
        ("\"$PROGRAM\" --help > /dev/full", None),
        ("\"$PROGRAM\" --help >&-", None),
        ("\"$PROGRAM\" list > /dev/full", Some(1)),
        ("\"$PROGRAM\" list < / >/dev/null", Some(0)),
        ("\"$PROGRAM\" get < /", Some(1)),
        ("printf 'provider=openai\\n' | { \"$PROGRAM\" get; echo $? >&2; } | true", Some(0)),
    ] {
        if line.contains("/dev/full") && !cfg!(target_os = "linux") {
            continue; // Only Linux has it.
        }
        let output = shell(&test, "modelforge-credential", line);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let ended = output.status.code();
        assert!(
            ended.is_some_and(|ended| ended < 3) && (code.is_none() || ended == code),
            "{line}: {ended:?} {stderr}"
        );
        assert!(!stderr.contains("panicked"), "{line}: {stderr}");
        assert!(output.stdout.is_empty(), "{line}: {}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn a_thousand_random_requests_crash_nothing() {
    const PIECES: [&[u8]; 40] = [
        b"protocol",
        b"host",
        b"path",
        b"username",
        b"password",
        b"url",
        b"provider",
        b"capability[]",
        b"state[]",
        b"wwwauth[]",
        b"quit",
        b"ephemeral",
        b"password_expiry_utc",
        b"authtype",
        b"env[]",
        b"=",
        b"=",
        b"=",
        b"=",
        b"\n",
        b"\n",
        b"\n",
        b"\n",
        b"\r\n",
        b"\r",
        b"\0",
        b"\xff\xfe",
        b"https",
        b"https://api.openai.com/v1",
        b"://",
        b"@",
        b"%0a",
        b"%",
        b"/",
        b"openai",
        b"../../etc",
        b"1",
        b"\xe2\x80\xae",
        b"github-copilot",
        b"[]",
    ];
    let mut seed: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut next = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % below as u64) as usize
    };
    let programs = [
        ("modelforge-credential", vec!["fill", "get", "approve", "reject", "erase", "store"]),
        ("modelforge-credential-env", vec!["get", "list", "store", "erase"]),
        ("modelforge-credential-age", vec!["get", "erase"]),
    ];
    let mut test = Test::new().helpers("env").env("OPENAI_API_KEY", SECRET);
    for _ in 0..1000 {
        let request: Vec<u8> = (0..next(30)).flat_map(|_| PIECES[next(PIECES.len())].repeat(1 + next(8) / 7)).collect();
        let (name, operations) = &programs[next(programs.len())];
        let operation = operations[next(operations.len())];
        test = test.program(name).args([operation]).stdin(&request);
        let output = test.output();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let seen = format!("{name} {operation} of {:?}: {stderr}", String::from_utf8_lossy(&request));
        assert!(matches!(output.status.code(), Some(0 | 1)), "{seen}");
        assert!(!stderr.contains("panicked"), "{seen}");
        let raw = stderr.chars().any(|c| c.is_control() && c != '\n');
        assert!(!raw, "a control character reached the terminal: {seen}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn every_program_forbids_core_dumps_and_being_looked_into_before_it_reads_anything() {
    let strace = crate::support::system("strace", "strace");
    for name in [
        "modelforge-credential",
        "modelforge-credential-env",
        "modelforge-credential-age",
        "modelforge-credential-keyring",
    ] {
        let test = Test::new().helpers("");
        let log = test.home().join("log");
        let (log_name, strace, path) = (log.display().to_string(), strace.display().to_string(), program(name));
        let traced = "trace=prctl,prlimit64,setrlimit,read,execve";
        let path = path.display().to_string();
        let arguments = [&*strace, "-f", "-o", &log_name, "-e", traced, &path, "get"];
        test.run(&arguments, format!("protocol=https\nhost=h\npassword={SECRET}\n"));
        let log = std::fs::read_to_string(log).unwrap();
        let place = |what: &str| log.find(what).unwrap_or_else(|| panic!("no {what} in {log}"));
        let read = log.find("read(0,").or(log.find("protocol=")).unwrap_or(log.len());
        assert!(place("PR_SET_DUMPABLE, SUID_DUMP_DISABLE") < read, "{log}");
        assert!(place("RLIMIT_CORE, {rlim_cur=0") < read, "{log}");
    }
}
