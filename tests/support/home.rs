//! A separate home folder for a test, on every system.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The variables for folders that Windows has besides `HOME`, and their folders in a home.
pub const FOLDERS: [(&str, &str); 6] = [
    ("XDG_CONFIG_HOME", ".config"),
    ("XDG_DATA_HOME", ".local/share"),
    ("XDG_STATE_HOME", ".local/state"),
    ("USERPROFILE", ""),
    ("APPDATA", "roaming"),
    ("LOCALAPPDATA", "local"),
];

/// One of these folders.
pub fn folder(home: &Path, (_, name): (&str, &str)) -> OsString {
    if name.is_empty() { home.into() } else { home.join(name).into_os_string() }
}

/// The variables for this home folder, so that nothing of the person is used. Below it, paths are as on Linux. The keyrings of macOS and
/// Windows cannot be moved, so a test's items have special names there.
pub fn variables(home: &Path) -> Vec<(&'static str, OsString)> {
    let mut variables = vec![("HOME", home.into())];
    if cfg!(any(windows, target_os = "macos")) {
        // The name of a test's folder is unique.
        let own = home.parent().and_then(Path::file_name).unwrap_or_default();
        variables.push(("MODELFORGE_CREDENTIAL_KEYRING_PREFIX", own.to_owned()));
    }
    if cfg!(windows) {
        variables.extend(FOLDERS.map(|each| (each.0, folder(home, each))));
        // Without these, nothing of the system is found.
        let of_the_system = ["SystemRoot", "SystemDrive", "PATHEXT", "ComSpec", "TEMP", "TMP", "WINEPREFIX"];
        variables.extend(of_the_system.iter().filter_map(|name| Some((*name, std::env::var_os(name)?))));
    }
    variables
}

/// The folders of the system's own programs.
pub fn programs_of_the_system() -> Vec<PathBuf> {
    let root = std::env::var_os("SystemRoot").map(PathBuf::from).unwrap_or_default();
    if cfg!(windows) {
        vec![root.join("System32")]
    } else {
        ["/usr/local/bin", "/usr/bin", "/bin"].map(PathBuf::from).into()
    }
}
