//! Modes, owners, links and locks of the file system.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

use super::*;

const LINK: &str = "error: `~/project/.model-forge/config.json` is a link or behind one, so it is not used\n\
    hint: ls -ld HOME/project/.model-forge HOME/project/.model-forge/config.json\n";

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn the_mode_stays_and_nothing_is_left_beside_the_file() {
    let test = Test::with(GLOBAL, LOGGED_IN);
    let path = test.path(GLOBAL);
    fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
    // The files that a killed process left hold keys.
    let test = test.file(".config/model-forge/.config.json.modelforge-credential-a1b2c3", "sk-SENTINEL");
    test.change("erase", OPENAI).nothing();
    assert_eq!(mode(&path), 0o640);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

#[test]
#[ignore = "needs root"]
fn the_group_stays_as_root() {
    let test = Test::with(GLOBAL, LOGGED_IN);
    let path = test.path(GLOBAL);
    chown(&path, None, Some(1234)).expect("only root can give it to another group");
    test.change("erase", OPENAI).nothing();
    assert_eq!(fs::metadata(&path).unwrap().gid(), 1234);
}

#[test]
fn a_link_stays_a_link_and_the_real_file_is_edited() {
    let test = Test::with("dotfiles/forge.json", LOGGED_IN);
    fs::create_dir_all(test.path(GLOBAL).parent().unwrap()).unwrap();
    symlink("../../dotfiles/forge.json", test.path(GLOBAL)).unwrap();
    symlink("config.json", test.path(OLD)).unwrap();
    assert!(test.run(&["list"], "").success().stdout.ends_with("count=3\n"));
    test.change("erase", OPENAI).nothing();
    assert!(fs::symlink_metadata(test.path(GLOBAL)).unwrap().is_symlink());
    assert!(!test.content("dotfiles/forge.json").contains("sk-zA1k9"));
    assert_eq!(fs::read_dir(test.path("dotfiles")).unwrap().count(), 1);
}

#[test]
fn a_link_in_the_folder_that_one_is_in_is_refused() {
    let test = Test::with(GLOBAL, LOGGED_IN);
    fs::create_dir_all(test.path("project/.model-forge")).unwrap();
    symlink(test.path(GLOBAL), test.path("project/.model-forge/config.json")).unwrap();
    let request = format!("{OPENAI}username=project\nconsent=1\n");
    for operation in ["get", "erase"] {
        test.run_in(&test.path("project"), &[operation], &request).failure(LINK);
    }
    assert_eq!(test.content(GLOBAL), LOGGED_IN);
}

#[test]
fn a_second_name_that_would_keep_the_key_is_refused() {
    let test = Test::with(GLOBAL, LOGGED_IN);
    fs::hard_link(test.path(GLOBAL), test.path("copy")).unwrap();
    let answer = test.change("erase", OPENAI);
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("has a second name (a hard link), where the key would stay"), "{}", answer.stderr);
    assert_eq!(test.content(GLOBAL), LOGGED_IN);
}

// rustix makes no FIFO on Apple's systems.
#[test]
#[cfg(not(target_vendor = "apple"))]
fn what_is_no_file_is_not_waited_for() {
    let test = Test::new();
    fs::create_dir_all(test.path(GLOBAL).parent().unwrap()).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, test.path(GLOBAL), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    test.run(&["get"], OPENAI).failure("error: `~/.config/model-forge/config.json` is not a file\n");
    fs::create_dir(test.path(OLD)).unwrap();
    test.run(&["list"], "").success().stdout("count=0\n").stderr(
        "warning: `~/.config/model-forge/config.json` is not a file\n\
         warning: `~/.config/model-forge/models.json` is not a file\n",
    );
    fs::remove_file(test.path(GLOBAL)).unwrap();
    symlink("/dev/zero", test.path(GLOBAL)).unwrap();
    test.run(&["get"], OPENAI).failure("error: `~/.config/model-forge/config.json` is not a file\n");
}

#[test]
fn a_file_too_large_is_not_read() {
    let test = Test::with(GLOBAL, "");
    fs::File::options().write(true).open(test.path(GLOBAL)).unwrap().set_len(1 << 40).unwrap();
    test.run(&["get"], OPENAI).failure("error: `~/.config/model-forge/config.json` is larger than 4 MiB\n");
}

#[test]
fn a_file_of_another_user_is_refused() {
    let test = Test::with(GLOBAL, LOGGED_IN);
    // Only root can give a file away.
    if chown(test.path(GLOBAL), Some(1234), None).is_ok() {
        test.run(&["get"], OPENAI).failure(
            "error: `~/.config/model-forge/config.json` belongs to another user, so it is not used\n\
             hint: sudo chown \"$(id -un)\" HOME/.config/model-forge/config.json\n",
        );
    }
}

#[test]
fn who_else_can_read_it_is_said() {
    let test = Test::with(GLOBAL, LOGGED_IN);
    for (folder, file, readers) in [
        (0o755, 0o644, ", which any user of this machine can read (mode 0644)"),
        (0o755, 0o640, ", which its group can read (mode 0640)"),
        (0o755, 0o600, ""),
        (0o700, 0o644, ""),
    ] {
        fs::set_permissions(test.home.path(), PermissionsExt::from_mode(folder)).unwrap();
        fs::set_permissions(test.path(GLOBAL), PermissionsExt::from_mode(file)).unwrap();
        test.run(&["get"], OPENAI).success().stderr(&format!(
            "warning: the key for `openai` is in plain text in `~/.config/model-forge/config.json`{readers}\n\
             hint: modelforge-credential migrate\n"
        ));
    }
}

#[test]
fn erases_at_the_same_time_lose_none() {
    let entry = |n: usize| {
        format!("\"p{n}\": {{\"base_url\": \"https://h{n}/v1\", \"auth_data\": {{\"api_key\": \"sk-SENTINEL-{n}\"}}}}")
    };
    let entries: Vec<_> = (0..12).map(entry).collect();
    let test = Test::with(GLOBAL, &format!("{{\"providers\": {{{}}}}}", entries.join(", ")));
    std::thread::scope(|scope| {
        for n in 0..12 {
            let test = &test;
            scope.spawn(move || test.change("erase", &format!("protocol=https\nhost=h{n}\n")).nothing());
        }
    });
    assert!(!test.content(GLOBAL).contains("SENTINEL"));
    assert_eq!(test.content(GLOBAL).matches("base_url").count(), 12);
    assert_eq!(fs::read_dir(test.path(GLOBAL).parent().unwrap()).unwrap().count(), 1);
}

#[test]
#[cfg(target_os = "linux")]
fn a_folder_that_is_swapped_with_a_link_meanwhile_leads_nowhere() {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use std::sync::atomic::{AtomicBool, Ordering};
    let test = Test::with(GLOBAL, LOGGED_IN);
    let (folder, link) = (test.path("project/.model-forge"), test.path("project/link"));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.json"), "{}").unwrap();
    symlink(test.path(GLOBAL).parent().unwrap(), &link).unwrap();
    let ends = AtomicBool::new(false);
    let mut answers = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ends.load(Ordering::Relaxed) {
                renameat_with(CWD, &folder, CWD, &link, RenameFlags::EXCHANGE).unwrap();
            }
        });
        let request = format!("{OPENAI}username=project\n");
        let operations = ["get", "erase"].repeat(50);
        answers = operations.iter().map(|name| test.run_in(&test.path("project"), &[name], &request)).collect();
        ends.store(true, Ordering::Relaxed);
    });
    for answer in answers {
        assert!(
            answer.stdout.is_empty() && (answer.code == 0 || answer.stderr.contains("or behind one")),
            "{}",
            answer.stderr
        );
    }
    assert_eq!(test.content(GLOBAL), LOGGED_IN);
}
