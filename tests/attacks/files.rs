//! Hostile configuration files, variables and files of ModelForge.

use std::time::{Duration, Instant};

use super::mode;
use crate::support::Test;

#[test]
fn a_configuration_that_others_may_write_or_that_is_no_file_is_refused() {
    let config = ".config/modelforge-credential/config.toml";
    let get = |test: Test| test.args(["get"]).stdin("provider=openai\n");
    let test = Test::new().config("helpers = []");
    mode(&test.home().join(config), 0o666);
    let test = get(test)
        .stderr(&format!("error: others can change `~/{config}`, so it is not used\nhint: chmod go-w ~/{config}\n"))
        .failure();
    std::fs::remove_file(test.home().join(config)).unwrap();
    std::fs::create_dir(test.home().join(config)).unwrap();
    let test = get(test).stderr(&format!("error: `~/{config}` is not a file\n")).failure();
    std::fs::remove_dir(test.home().join(config)).unwrap();
    let made = test.run(&["/usr/bin/mkfifo", &test.home().join(config).display().to_string()], "");
    assert!(made.status.success());
    let start = Instant::now();
    let test = get(test).stderr(&format!("error: `~/{config}` is not a file\n")).failure();
    assert!(start.elapsed() < Duration::from_secs(5), "it waited for the pipe");
    std::fs::remove_file(test.home().join(config)).unwrap();
    let test = test.config(&"#".repeat(2 << 20));
    let test = get(test).stderr(&format!("error: `~/{config}` is larger than 1 MiB\n")).failure();
    let test = test.file(config, b"helpers = ['\xff']");
    let test = get(test).stderr(&format!("error: `~/{config}` is not UTF-8\n")).failure();
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
    let test = get(test).stderr(&format!("error: `~/{name}` is larger than 1 MiB\n")).failure();
    std::fs::remove_file(test.home().join(name)).unwrap();
    let made = test.run(&["/usr/bin/mkfifo", &test.home().join(name).display().to_string()], "");
    assert!(made.status.success());
    get(test).stderr(&format!("error: `~/{name}` is not a file\n")).failure();
}

#[test]
fn a_configuration_below_a_folder_that_others_can_change_is_refused_but_not_for_the_owners_private_group() {
    use std::os::unix::fs::MetadataExt;
    let folder = ".config/modelforge-credential";
    let mut test = Test::new().config("helpers = []");
    for (bits, place) in [(0o777, folder), (0o757, ".config"), (0o777, ".config")] {
        mode(&test.home().join(place), bits);
        test = test.args(["get"]).stdin("provider=openai\n").stderr(&format!(
            "error: `~/{folder}/config.toml` is not used: others can change `~/{place}`\nhint: chmod go-w ~/{place}\n"
        ));
        test = test.failure();
        mode(&test.home().join(place), 0o755);
    }
    // As umask 002 makes it, for the private group of its owner.
    let owner = std::fs::metadata(test.home().join(folder)).unwrap();
    if owner.uid() == owner.gid() {
        mode(&test.home().join(folder), 0o775);
        mode(&test.home().join(".config"), 0o775);
        mode(&test.home().join(folder).join("config.toml"), 0o664);
    }
    test.args(["get"]).stdin("provider=openai\n").success();
}

#[test]
#[ignore = "needs root"]
fn a_configuration_below_a_folder_that_another_group_can_change_is_refused_as_root() {
    let folder = ".config/modelforge-credential";
    let test = Test::new().config("helpers = []");
    mode(&test.home().join(folder), 0o775);
    std::os::unix::fs::chown(test.home().join(folder), None, Some(50)).unwrap();
    let refused = format!(
        "error: `~/{folder}/config.toml` is not used: others can change `~/{folder}`\nhint: chmod go-w ~/{folder}\n"
    );
    test.args(["get"]).stdin("provider=openai\n").stderr(&refused).failure();
}

#[test]
fn a_configuration_in_a_repository_of_the_users_own_is_read_through_its_link() {
    let test = Test::new().file("dotfiles/forge.toml", "helpers = ['mine']").script("mine", "echo password=found");
    std::fs::create_dir_all(test.home().join(".config/modelforge-credential")).unwrap();
    let link = test.home().join(".config/modelforge-credential/config.toml");
    std::os::unix::fs::symlink("../../dotfiles/forge.toml", link).unwrap();
    let found = "protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword=found\n";
    let test = test.args(["get"]).stdin("provider=openai\n").stdout(found).success();
    mode(&test.home().join("dotfiles"), 0o777);
    let refused = "error: `~/.config/modelforge-credential/config.toml` is not used: others can change `~/dotfiles`\n\
        hint: chmod go-w ~/dotfiles\n";
    test.args(["get"]).stdin("provider=openai\n").stderr(refused).failure();
}
