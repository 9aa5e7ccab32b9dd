//! Files that stock `age` reads and writes, and files that are not believed.

use std::fs;

use super::{Home, OPENAI, SECRET, credential, mode};

#[test]
#[ignore = "needs age"]
fn stock_age_opens_every_file_with_the_identity_that_the_first_store_made() {
    let home = Home::new();
    let stored = format!("{OPENAI}provider=openai\npassword={SECRET}\nunknown=1\n");
    assert_eq!(home.ask(&["store"], &stored), "");
    let file = home.store("https/api.openai.com/default.age");
    let opened = home.opened(&["-d", "-i", home.identity().to_str().unwrap(), file.to_str().unwrap()]);
    assert_eq!(opened, format!("{stored}username=default\n"));
    assert_eq!(home.ask(&["get"], OPENAI), opened);
    for (path, expected) in [(&file, 0o600), (&home.identity(), 0o600), (&home.store(""), 0o700)] {
        assert_eq!(mode(path), expected, "{}", path.display());
    }
    let identity = fs::read_to_string(home.identity()).unwrap();
    let lines: Vec<_> = identity.lines().collect();
    assert!(lines[0].starts_with("# created: 20") && lines[0].ends_with('Z'));
    assert_eq!(lines[1], format!("# public key: {}", home.public_key()));
    assert!(lines[2].starts_with("AGE-SECRET-KEY-1") && lines.len() == 3);
}

#[test]
#[ignore = "needs age"]
fn a_file_that_stock_age_made_is_read_armored_or_not() {
    let home = Home::new();
    home.ask(&["store"], &credential("first", "u"));
    let key = home.public_key();
    home.plant("https/binary/u.age", &["-r", &key], &credential("binary", "u"));
    home.plant("https/armored/u.age", &["-a", "-r", &key], &credential("armored", "u"));
    home.plant("https/nameless/default.age", &["-r", &key], "protocol=https\nhost=nameless\npassword=p\n");
    for host in ["binary", "armored"] {
        assert_eq!(home.ask(&["get"], &format!("protocol=https\nhost={host}\n")), credential(host, "u"));
    }
    let nameless = "protocol=https\nhost=nameless\npassword=p\nusername=default\n";
    assert_eq!(home.ask(&["get"], "protocol=https\nhost=nameless\n"), nameless);
}

#[test]
#[ignore = "needs age"]
fn a_file_is_believed_only_if_it_holds_what_its_name_says() {
    let home = Home::new();
    home.ask(&["store"], &credential("first", "u"));
    let key = home.public_key();
    for (name, content) in [
        ("https/other/u.age", credential("first", "u")),
        ("https/other/u.age", credential("other", "v")),
        ("https/other/u.age", format!("path=p\n{}", credential("other", "u"))),
        ("https/other/p/u.age", credential("other", "u")),
        ("http/other/u.age", credential("other", "u")),
    ] {
        let _ = fs::remove_dir_all(home.store("https/other"));
        home.plant(name, &["-r", &key], &content);
        let protocol = name.split('/').next().unwrap();
        let complaint = home.complaint(&["get"], &format!("protocol={protocol}\nhost=other\n"));
        let file = format!("~/data/modelforge-credential/age/{name}");
        assert_eq!(complaint, format!("error: `{file}` has another credential than its name says\n"));
    }
}

#[test]
#[ignore = "needs age"]
fn a_damaged_or_foreign_file_is_one_error_and_hides_no_other_credential() {
    let home = Home::new();
    home.ask(&["store"], &credential("good", "u"));
    let strange = home.path("strange.txt");
    home.stock("age-keygen", &["-o", strange.to_str().unwrap()], "");
    let strange = home.stock("age-keygen", &["-y", strange.to_str().unwrap()], "");
    home.plant("https/foreign/u.age", &["-r", strange.trim()], &credential("foreign", "u"));
    home.plant("https/garbage/u.age", &["-r", &home.public_key()], SECRET);
    for (host, content) in [("empty", ""), ("plain", SECRET), ("armor", "-----BEGIN AGE ENCRYPTED FILE-----\nx\n")] {
        fs::create_dir_all(home.store("https").join(host)).unwrap();
        fs::write(home.store("https").join(host).join("u.age"), content).unwrap();
    }
    home.ask(&["store"], &credential("cut", "u"));
    let cut = home.store("https/cut/u.age");
    let content = fs::read(&cut).unwrap();
    fs::write(&cut, &content[..content.len() - 1]).unwrap();
    fs::create_dir_all(home.store("https/folder/u.age")).unwrap();
    fs::create_dir_all(home.store("https/fifo")).unwrap();
    home.stock("mkfifo", &[home.store("https/fifo/u.age").to_str().unwrap()], "");

    for (host, problem) in [
        ("foreign", "is encrypted for another identity than"),
        ("garbage", "has no credential: line 1 has no `=`"),
        ("empty", "is damaged or not an age file"),
        ("plain", "is damaged or not an age file"),
        ("armor", "is damaged or not an age file"),
        ("cut", "is damaged or not an age file"),
        ("folder", "is not a file"),
        ("fifo", "is not a file"),
    ] {
        let complaint = home.complaint(&["get"], &format!("protocol=https\nhost={host}\nusername=u\n"));
        let file = format!("`~/data/modelforge-credential/age/https/{host}/u.age` {problem}");
        assert!(complaint.starts_with(&format!("error: {file}")), "{complaint}");
    }
    assert_eq!(home.ask(&["get"], "protocol=https\nhost=good\n"), credential("good", "u"));
    assert!(home.ask(&["list"], "").ends_with("\n\ncount=8\n"));
}
