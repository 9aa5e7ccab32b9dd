//! Access lists on Windows: what users other than this one and administrators may do. They are read in the system's notation (SDDL), so the
//! rules can be tested on any system.

/// The names and numbers of the groups that every user of a machine is in.
const OTHERS: [&str; 12] =
    ["WD", "S-1-1-0", "AU", "S-1-5-11", "BU", "S-1-5-32-545", "BG", "S-1-5-32-546", "IU", "S-1-5-4", "AN", "S-1-5-7"];

/// The rights to change a file or the content of a directory: data, children, owner, list, or everything.
const CHANGE: u32 = 0x2 | 0x40 | 0x1_0000 | 0x4_0000 | 0x8_0000 | 0x1000_0000 | 0x4000_0000;
/// The rights to read the content.
const READ: u32 = 0x1 | 0x1000_0000 | 0x8000_0000;

/// Rights by their letters.
const RIGHTS: [(&str, u32); 18] = [
    ("GA", 0x1000_0000),
    ("GX", 0x2000_0000),
    ("GW", 0x4000_0000),
    ("GR", 0x8000_0000),
    ("FA", 0x1f_01ff),
    ("FR", 0x12_0089),
    ("FW", 0x12_0116),
    ("FX", 0x12_00a0),
    ("SD", 0x1_0000),
    ("RC", 0x2_0000),
    ("WD", 0x4_0000),
    ("WO", 0x8_0000),
    ("CC", 0x1),
    ("DC", 0x2),
    ("LC", 0x4),
    ("SW", 0x8),
    ("DT", 0x40),
    ("CR", 0x100),
];

/// True if others can change it.
pub fn lets_others_change(sddl: &str) -> bool {
    gives_others(sddl, CHANGE)
}

/// True if others can read or change it.
pub fn lets_others_in(sddl: &str) -> bool {
    gives_others(sddl, CHANGE | READ)
}

fn gives_others(sddl: &str, rights: u32) -> bool {
    // Without a list, everybody may do everything.
    let Some((_, list)) = sddl.split_once("D:") else { return true };
    let list = list.split_once("S:").map_or(list, |(list, _)| list);
    if list.starts_with("NO_ACCESS_CONTROL") {
        return true;
    }
    list.split('(').skip(1).any(|entry| {
        let mut fields = entry.trim_end_matches(')').split(';');
        let (Some(kind), Some(flags), Some(granted)) = (fields.next(), fields.next(), fields.next()) else {
            return true;
        };
        let who = fields.nth(2).unwrap_or_default();
        // `IO` (inherit only): it applies to what will be created inside, not to the directory itself.
        let is_for_itself = !pairs(flags).any(|flag| flag == "IO");
        kind.starts_with('A') && is_for_itself && OTHERS.contains(&who) && mask(granted) & rights != 0
    })
}

fn mask(text: &str) -> u32 {
    if let Some(hex) = text.strip_prefix("0x") {
        // A value that cannot be read may mean anything.
        return u32::from_str_radix(hex, 16).unwrap_or(u32::MAX);
    }
    pairs(text)
        .map(|pair| RIGHTS.iter().find(|(name, _)| *name == pair).map_or(0, |(_, bits)| *bits))
        .fold(0, |all, one| all | one)
}

fn pairs(text: &str) -> impl Iterator<Item = &str> {
    (0..text.len() / 2).filter_map(|at| text.get(2 * at..2 * at + 2))
}

#[cfg(windows)]
mod system {
    use std::io;
    use std::path::Path;

    use windows_permissions::constants::{SeObjectType::SE_FILE_OBJECT, SecurityInformation};
    use windows_permissions::wrappers::{GetNamedSecurityInfo, SetNamedSecurityInfo};
    use windows_permissions::{LocalBox, SecurityDescriptor};

    /// The owner and the access list of a file or directory.
    pub fn of(path: &Path) -> io::Result<String> {
        let which = SecurityInformation::Owner | SecurityInformation::Dacl;
        let descriptor = GetNamedSecurityInfo(path.as_os_str(), SE_FILE_OBJECT, which)?;
        Ok(descriptor.as_sddl()?.to_string_lossy().into_owned())
    }

    /// Restricts a directory, and what will be created in it, to its owner, the system and administrators.
    pub fn make_private(folder: &Path) -> io::Result<()> {
        let sddl = of(folder)?;
        if !super::lets_others_in(&sddl) {
            return Ok(());
        }
        let owner = sddl.strip_prefix("O:").and_then(|rest| rest.split("G:").next()?.split("D:").next());
        let owner = owner.ok_or(io::ErrorKind::InvalidData)?;
        let entry = |who: &str| format!("(A;OICI;FA;;;{who})");
        set(folder, &format!("D:P{}{}{}", entry(owner), entry("SY"), entry("BA")))
    }

    fn set(folder: &Path, list: &str) -> io::Result<()> {
        let descriptor: LocalBox<SecurityDescriptor> = list.parse()?;
        let which = SecurityInformation::Dacl | SecurityInformation::ProtectedDacl;
        SetNamedSecurityInfo(folder.as_os_str(), SE_FILE_OBJECT, which, None, None, descriptor.dacl(), None)
    }

    #[cfg(test)]
    #[test]
    fn a_folder_that_everybody_could_enter_is_made_private() {
        let folder = tempfile::tempdir().unwrap();
        set(folder.path(), "D:P(A;OICI;FA;;;WD)").unwrap();
        assert!(super::lets_others_change(&of(folder.path()).unwrap()));
        make_private(folder.path()).unwrap();
        let list = of(folder.path()).unwrap();
        assert!(!super::lets_others_in(&list), "{list}");
    }
}

#[cfg(windows)]
pub use system::{make_private, of};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_the_profile_is_the_users_alone() {
        let profile = "O:S-1-5-21-1-2-3-1001G:S-1-5-21-1-2-3-513D:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIID;FA;;;S-1-5-21-1-2-3-1001)";
        assert!(!lets_others_in(profile));
        let programs =
            "O:SYG:SYD:PAI(A;OICIIO;GA;;;CO)(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;;0x1200a9;;;BU)(A;OICIIO;GXGR;;;BU)";
        assert!(lets_others_in(programs) && !lets_others_change(programs));
    }

    #[test]
    fn what_every_user_may_change_is_open() {
        // The root of a data drive, and a directory that was created there.
        let drive =
            "O:SYG:SYD:(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)(A;OICIIO;SDGXGWGR;;;AU)(A;;LC;;;AU)(A;OICI;0x1200a9;;;BU)";
        assert!(!lets_others_change(drive));
        assert!(lets_others_change("O:BAD:AI(A;OICIID;0x1301bf;;;AU)"));
        for everybody in [
            "D:(A;;FA;;;WD)",
            "D:(A;;0x1f01ff;;;S-1-1-0)",
            "D:(A;;GW;;;BU)",
            "D:(A;;DC;;;AN)",
            "D:NO_ACCESS_CONTROL",
            "O:BA",
        ] {
            assert!(lets_others_change(everybody), "{everybody}");
        }
    }

    #[test]
    fn what_is_denied_or_audited_is_not_given() {
        assert!(!lets_others_in("O:BAD:(D;;FA;;;WD)(A;;FA;;;BA)S:(AU;SAFA;FA;;;WD)"));
        assert!(!lets_others_in("D:"));
    }
}
