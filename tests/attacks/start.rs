//! Which programs are started, and which must not be.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{assert_not_started, marking, mode};
use crate::support::{SECRET, Test, program};

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
             error: no credential for `openai` (`https://api.openai.com`); some helpers could not be queried\n"
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
    // A user who can rename the folder can put another in its place.
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
        error: no credential for `openai` (`https://api.openai.com`); some helpers could not be queried\n";
    let get = |test: Test| test.args(["get"]).stdin("provider=openai\n").stderr(missing).failure();
    std::fs::create_dir(&path).unwrap();
    let test = get(test);
    std::fs::remove_dir(&path).unwrap();
    std::fs::write(&path, "#!/bin/sh\n").unwrap();
    let not_executable = "warning: helper `odd` failed: `TEST/bin/modelforge-credential-odd` is not executable\n\
        hint: chmod +x TEST/bin/modelforge-credential-odd\n\
        error: no credential for `openai` (`https://api.openai.com`); some helpers could not be queried\n";
    let test = test.args(["get"]).stdin("provider=openai\n").stderr(not_executable).failure();
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
             error: no credential for `openai` (`https://api.openai.com`); some helpers could not be queried\n",
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
        "warning: helper `absent` did not store the credential: helper `absent` is not installed beside the program or on \
         PATH; it may still have an older copy\n\
         hint: put a program named modelforge-credential-absent on PATH\n\
         error: no helper stored the credential for `openai` (`https://api.openai.com`)\n\
         hint: modelforge-credential doctor\n",
    )
    .failure();
}

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

#[test]
fn an_alias_of_the_repository_one_stands_in_never_takes_the_place_of_gits_helper() {
    let test = Test::new();
    let stolen = test.home().join("stolen");
    let alias = format!("!f() {{ cat >> '{}'; }}; f", stolen.display());
    let git = crate::support::system("git", "git").display().to_string();
    assert!(test.run(&[&git, "init", "--quiet", "."], "").status.success());
    assert!(test.run(&[&git, "config", "alias.credential-nobody-has", &alias], "").status.success());
    let missing = "warning: helper `git credential-nobody-has` did not store the credential: program \
        `git-credential-nobody-has` is not on PATH; it may still have an older copy\n\
        error: no helper stored the credential for `openai` (`https://api.openai.com`)\n\
        hint: modelforge-credential doctor\n";
    let request = format!("provider=openai\npassword={SECRET}\n");
    let test = test.helpers("git credential-nobody-has").args(["approve"]).stdin(request).stderr(missing).failure();
    assert!(!stolen.exists());
    drop(test);
}

#[test]
fn a_helper_starts_in_the_root_folder_with_a_path_that_nobody_else_can_change() {
    let test = Test::new();
    let (said, shared, good) = (test.home().join("said"), test.home().join("shared"), test.home().join("good"));
    for folder in [&shared, &good] {
        std::fs::create_dir(folder).unwrap();
    }
    mode(&shared, 0o777);
    let body = "echo \"$PATH\"; pwd; echo \"$MODELFORGE_CREDENTIAL_FOLDER\"; echo \"${GIT_DIR-unset}\"";
    let test = test.script("tells", &format!("{{ {body}; }} > '{}'", said.display())).helpers("tells");
    let bin = test.bin();
    let path = format!(":.:bin:{}:{}:{}:/nonexistent:/usr/bin:/bin", shared.display(), bin.display(), good.display());
    let test = test.env("PATH", path).env("GIT_DIR", "/elsewhere/.git");
    let test = test.args(["get"]).stdin("provider=openai\n").success();
    let work = test.work();
    let expected = format!("{}:{}:/usr/bin:/bin\n/\n{}\nunset\n", bin.display(), good.display(), work.display());
    assert_eq!(std::fs::read_to_string(said).unwrap(), expected);
}

#[test]
fn a_script_is_as_good_as_the_program_that_its_first_line_names() {
    let test = Test::new().helpers("script");
    let (mark, shared) = (test.home().join("started"), test.home().join("shared"));
    plant(&shared, "interpreter", &mark);
    mode(&shared, 0o777);
    let place = shared.join("interpreter").display().to_string();
    let failed = |problem: &str| {
        format!(
            "warning: helper `script` failed: {problem}\n\
             error: no credential for `openai` (`https://api.openai.com`); some helpers could not be queried\n"
        )
    };
    let name = "`TEST/bin/modelforge-credential-script`";
    let mut test = test;
    for (line, problem) in [
        (
            format!("#!{place}"),
            "`~/shared/interpreter` is not started: anyone can write to `~/shared`\nhint: chmod o-w ~/shared"
                .to_owned(),
        ),
        (
            "#!/usr/bin/python9 -u".to_owned(),
            format!("{name} is a script for `/usr/bin/python9`, which does not exist"),
        ),
        ("#!bin/sh".to_owned(), format!("{name} is a script for `bin/sh`, which does not exist")),
        ("#!/usr/bin/env python9".to_owned(), format!("{name} is a script for `python9`, which does not exist")),
        ("#!/usr/bin/env -S python9 -u".to_owned(), format!("{name} is a script for `python9`, which does not exist")),
        (
            "#!/bin/sh\r".to_owned(),
            format!(
                "the first line of {name} ends with a carriage return\n\
                 hint: sed -i 's/\\r$//' TEST/bin/modelforge-credential-script"
            ),
        ),
    ] {
        test = test.on_path("modelforge-credential-script", format!("{line}\necho password=x\n"));
        test = test.args(["get"]).stdin("provider=openai\n").stderr(&failed(&problem)).failure();
        assert_not_started(&test);
    }
}

#[test]
#[ignore = "needs root"]
fn a_helper_that_belongs_to_another_user_is_not_started_nor_one_that_a_group_can_change_as_root() {
    const STRANGER: u32 = 61_002;
    let test = Test::new().helpers("planted");
    let folder = test.home().join("theirs");
    let mark = test.home().join("started");
    plant(&folder, "modelforge-credential-planted", &mark);
    let file = folder.join("modelforge-credential-planted");
    let mut test = test.env("PATH", folder.display().to_string());
    let refused = |what: &str, hint: &str| {
        format!(
            "warning: helper `planted` failed: `~/theirs/modelforge-credential-planted` is not started: {what}\n\
             hint: {hint}\n\
             error: no credential for `openai` (`https://api.openai.com`); some helpers could not be queried\n"
        )
    };
    for place in [&file, &folder] {
        std::os::unix::fs::chown(place, Some(STRANGER), None).unwrap();
        let shown = if *place == file { "~/theirs/modelforge-credential-planted" } else { "~/theirs" };
        let expected = refused(&format!("`{shown}` belongs to another user"), &format!("ls -ld {shown}"));
        test = test.args(["get"]).stdin("provider=openai\n").stderr(&expected).failure();
        std::os::unix::fs::chown(place, Some(0), None).unwrap();
    }
    assert_not_started(&test);
    // A group to which root gave the folder, as Debian gives /usr/local/bin to `staff`.
    std::os::unix::fs::chown(&folder, Some(0), Some(50)).unwrap();
    mode(&folder, 0o2775);
    let answer = "protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword=planted\n";
    test.args(["get"]).stdin("provider=openai\n").stdout(answer).success();
}
