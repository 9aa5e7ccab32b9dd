//! File extensions of programs on Windows: there `npm` is `npm.cmd`.

use std::ffi::{OsStr, OsString};

/// The extensions that the system can start, in the usual order. The standard library passes arguments to batch files safely, or refuses
/// to.
const STARTED: [&str; 4] = [".com", ".exe", ".bat", ".cmd"];

/// The possible file names of a program: the name itself if it has such an extension, otherwise the name with each extension, in the order
/// of `PATHEXT`. Other extensions in that variable (such as `.vbs`) are documents, not programs.
pub fn names(program: &OsStr, path_ext: Option<&str>) -> Vec<OsString> {
    if ending_of(&program.to_string_lossy()).is_some() {
        return vec![program.to_owned()];
    }
    let with = |ending: &str| {
        let mut name = program.to_owned();
        name.push(ending);
        name
    };
    let chosen: Vec<_> = path_ext.into_iter().flat_map(|list| list.split(';')).filter_map(ending_of).collect();
    if chosen.is_empty() { STARTED.map(with).into() } else { chosen.into_iter().map(with).collect() }
}

/// The extension of a program's file, in lower case.
pub fn ending_of(file: &str) -> Option<&'static str> {
    let ends_with = |ending: &str| {
        let start = file.len().checked_sub(ending.len()).and_then(|at| file.get(at..));
        start.is_some_and(|end| end.eq_ignore_ascii_case(ending))
    };
    STARTED.into_iter().find(|ending| ends_with(ending))
}

/// Programs of the Microsoft Store are links that cannot be followed, but they can be started.
#[cfg(windows)]
pub fn is_program(path: &std::path::Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| !metadata.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(program: &str, path_ext: Option<&str>) -> Vec<String> {
        names(OsStr::new(program), path_ext).into_iter().map(|name| name.into_string().unwrap()).collect()
    }

    #[test]
    fn a_program_without_ending_is_tried_with_those_of_pathext_that_can_be_started() {
        let usual = Some(".COM;.EXE;.BAT;.CMD;.VBS;.JS;.PS1");
        assert_eq!(tried("npm", usual), ["npm.com", "npm.exe", "npm.bat", "npm.cmd"]);
        assert_eq!(tried("tool3.11", Some(".CMD;.EXE")), ["tool3.11.cmd", "tool3.11.exe"]);
        for none in [None, Some(""), Some(".py")] {
            assert_eq!(tried("npm", none), ["npm.com", "npm.exe", "npm.bat", "npm.cmd"]);
        }
    }

    #[test]
    fn a_program_with_its_ending_is_that_file_and_no_other() {
        for name in ["npm.cmd", "NPM.CMD", "a.exe", ".exe"] {
            assert_eq!(tried(name, None), [name]);
        }
        assert_eq!(tried("ü", Some(".EXE")), ["ü.exe"]);
    }
}
