//! What this user has accepted of a store. It is outside of what is synchronised, so nobody else can change it.

use modelforge_credential_files::{Own, Trust, failed};
use modelforge_credential_protocol::{Error, Record, Result};

use super::members::{MAX_FILE, Members};

const FILE: &str = "known";

/// All of it, in one file that is replaced as a whole.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// The remote of the store.
    pub remote: Option<String>,
    /// The remote of the last `sync`: a person may have mistyped the new one.
    pub met: Option<String>,
    /// The first commit of its history.
    pub root: Option<String>,
    /// The newest verified commit. A history that does not continue from it is refused.
    pub head: Option<String>,
    /// The list of members that was accepted.
    pub members: Option<String>,
    /// True while everything is being encrypted for other members than before.
    pub is_changing: bool,
    /// True while the identity has old keys besides new ones, which the others may not know yet.
    pub is_renewed: bool,
}

impl Known {
    /// The accepted members.
    pub fn members(&self) -> Result<Option<Members>> {
        self.members.as_deref().map(Members::parse).transpose()
    }

    pub fn read(folder: &Own) -> Result<Self> {
        let Some(content) = folder.read(FILE.as_ref(), 2 * MAX_FILE, Trust::Believed)? else {
            return Ok(Self::default());
        };
        let record = Record::read_from(&content[..])
            .map_err(|problem| Error::new(format!("`{}` is damaged: {problem}", folder.path().join(FILE).display())))?;
        let text = |key: &str| record.text(key).map(str::to_owned);
        let lines: Vec<_> = record.all("member[]").map(String::from_utf8_lossy).collect();
        let members =
            if lines.is_empty() { None } else { Some(lines.iter().map(|line| format!("{line}\n")).collect()) };
        Ok(Self {
            remote: text("remote"),
            met: text("met"),
            root: text("root"),
            head: text("head"),
            members,
            is_changing: record.has("is_changing"),
            is_renewed: record.has("is_renewed"),
        })
    }

    pub fn write(&self, folder: &Own) -> Result<()> {
        let mut record = Record::new();
        for (key, value) in [("remote", &self.remote), ("met", &self.met), ("root", &self.root), ("head", &self.head)] {
            if let Some(value) = value {
                record.set(key, value)?;
            }
        }
        for (key, is_set) in [("is_changing", self.is_changing), ("is_renewed", self.is_renewed)] {
            if is_set {
                record.set(key, "1")?;
            }
        }
        for line in self.members.iter().flat_map(|text| text.lines()) {
            record.push("member[]", line)?;
        }
        folder.make_folder("".as_ref())?;
        folder.clean();
        let mut content = Vec::new();
        record.write_to(&mut content).map_err(failed("write", &folder.path().join(FILE)))?;
        folder.write(FILE.as_ref(), &content, true)
    }
}
