//! Plugins of age.

use std::fs;

use super::{Home, credential, set_mode, text};

const PLUGIN: &str = include_str!("plugin.sh");

#[test]
fn an_age_plugin_opens_and_one_that_anybody_could_have_planted_is_not_started() {
    let home = Home::new();
    let bin = home.path("bin");
    fs::create_dir(&bin).unwrap();
    let program = bin.join("age-plugin-witness");
    fs::write(&program, PLUGIN).unwrap();
    let identity = home.path("plugin.txt");
    fs::write(&identity, age::plugin::Identity::default_for_plugin("witness").unwrap().to_string()).unwrap();
    for (path, mode) in [(&bin, 0o755), (&program, 0o755), (&identity, 0o600)] {
        set_mode(path, mode);
    }
    fs::write(home.path("untouched"), "").unwrap();
    let ran = home.path("ran");
    let store = ["--identity", "plugin.txt", "store"];
    let get = ["--identity", "plugin.txt", "get"];
    let request = "protocol=https\nhost=h\n";

    assert_eq!(
        home.complaint(&store, &credential("h", "u")),
        "error: the age plugin `age-plugin-witness` is not on PATH\n"
    );
    let path = format!("{}:/usr/bin:/bin", bin.display());
    let home = home.env("PATH", &path);
    home.ask(&store, &credential("h", "u"));
    let output = home.helper(&get, request);
    assert_eq!((text(&output.stdout), text(&output.stderr)), (credential("h", "u"), String::from("Touch it\n")));
    assert_eq!(fs::read_to_string(&ran).unwrap(), "--age-plugin=recipient-v1\n--age-plugin=identity-v1\n");

    fs::remove_file(&ran).unwrap();
    set_mode(&bin, 0o777);
    assert!(
        home.complaint(&get, request)
            .starts_with("error: the age plugin `~/bin/age-plugin-witness` may be another user's")
    );
    set_mode(&bin, 0o755);
    set_mode(&program, 0o757);
    assert!(
        home.complaint(&get, request)
            .starts_with("error: the age plugin `~/bin/age-plugin-witness` may be another user's")
    );
    set_mode(&program, 0o755);
    let home = home.env("PATH", "bin:/usr/bin:/bin");
    assert!(
        home.complaint(&get, request)
            .starts_with("error: the age plugin `bin/age-plugin-witness` may be another user's")
    );
    let home = home.env("PATH", &path).env("AGEDEBUG", "plugin");
    assert!(home.complaint(&get, request).starts_with("error: `AGEDEBUG` would print the keys"));
    assert!(!ran.exists());
}
