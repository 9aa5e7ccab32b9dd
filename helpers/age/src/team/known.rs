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
    /// The first commit of a history that this machine began. It is noted before it is sent, so the remote may have it already.
    pub begun: Option<String>,
    /// The newest verified commit. A history that does not continue from it is refused.
    pub head: Option<String>,
    /// The list of members that was accepted.
    pub members: Option<String>,
    /// True while everything is being encrypted for other members than before.
    pub is_changing: bool,
    /// True while the identity has old keys besides new ones, which the others may not know yet.
    pub is_renewed: bool,
    /// True if the list of members was missing here, until a synchronisation has restored the files that were lost with it.
    pub is_lost: bool,
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
        let members = record.content()?.map(|content| String::from_utf8_lossy(&content).into_owned());
        Ok(Self {
            remote: text("remote"),
            met: text("met"),
            root: text("root"),
            begun: text("begun"),
            head: text("head"),
            members,
            is_changing: record.has("is_changing"),
            is_renewed: record.has("is_renewed"),
            is_lost: record.has("is_lost"),
        })
    }

    pub fn write(&self, folder: &Own) -> Result<()> {
        let mut record = Record::new();
        let places = [("remote", &self.remote), ("met", &self.met)];
        let commits = [("root", &self.root), ("begun", &self.begun), ("head", &self.head)];
        for (key, value) in places.into_iter().chain(commits) {
            if let Some(value) = value {
                record.set(key, value)?;
            }
        }
        let states = [("is_changing", self.is_changing), ("is_renewed", self.is_renewed), ("is_lost", self.is_lost)];
        for (key, is_set) in states {
            if is_set {
                record.set(key, "1")?;
            }
        }
        // The list may have more lines than a record can have attributes.
        self.members.iter().try_for_each(|members| record.push_content(members.as_bytes()))?;
        folder.make_folder("".as_ref())?;
        folder.clean();
        let mut content = Vec::new();
        record.write_to(&mut content).map_err(failed("write", &folder.path().join(FILE)))?;
        folder.write(FILE.as_ref(), &content, true)
    }
}
