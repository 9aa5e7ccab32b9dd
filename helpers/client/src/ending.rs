//! The endings of programs on Windows: `npm` is `npm.cmd` there.

use std::ffi::{OsStr, OsString};

/// Those that the system starts, in the usual order. The standard library hands a batch file its arguments safely, or refuses to.
const STARTED: [&str; 4] = [".com", ".exe", ".bat", ".cmd"];

/// The names of the files that a program may be: as it is if it has such an ending, else with each of them, in the order of
/// `PATHEXT`. What else that variable allows (a `.vbs`, say) is no program, but a document of one.
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

/// The ending of a program's file, in small letters.
pub fn ending_of(file: &str) -> Option<&'static str> {
    let ends_with = |ending: &str| {
        let start = file.len().checked_sub(ending.len()).and_then(|at| file.get(at..));
        start.is_some_and(|end| end.eq_ignore_ascii_case(ending))
    };
    STARTED.into_iter().find(|ending| ends_with(ending))
}

/// What the Microsoft Store installs is a link that cannot be followed, and can be started.
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
