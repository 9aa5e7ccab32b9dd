use crate::{Record, Result};

/// The nature of a helper, as it reports it itself in answer to `capability`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Nature {
    /// Its credentials are in files that belong to other programs (`capability foreign`). They are changed only where the request
    /// has `consent`; without it, [`serve`](crate::serve) does not even call `store` and `erase`.
    pub foreign: bool,
    /// It makes credentials and keeps none (`capability generates`), and a person may have to confirm that in a browser.
    pub generates: bool,
    /// It only answers: it keeps nothing that it is told to store, and erases nothing (`capability readonly`).
    pub readonly: bool,
    /// It keeps an identity, the secret that opens what it stores, and knows the operation `identity` (`capability identity`).
    pub identity: bool,
    /// What it keeps is shared by members, and it knows the operation `members` (`capability members`).
    pub members: bool,
    /// What it keeps goes to other machines, and it knows the operation `sync` (`capability sync`).
    pub sync: bool,
    /// It takes several requests in one go (`capability each`). [`serve`](crate::serve) says so of every helper.
    pub each: bool,
}

impl Nature {
    /// Reads the answer to `capability`. Other lines are skipped.
    ///
    /// ```
    /// use modelforge_credential_protocol::Nature;
    ///
    /// let nature = Nature::from_lines(b"version 0\ncapability authtype\ncapability foreign\n");
    /// assert_eq!(nature, Nature { foreign: true, ..Nature::default() });
    /// ```
    pub fn from_lines(answer: &[u8]) -> Self {
        let says =
            |line: &[u8]| answer.split(|b| *b == b'\n').any(|one| one.strip_suffix(b"\r").unwrap_or(one) == line);
        Self {
            foreign: says(b"capability foreign"),
            generates: says(b"capability generates"),
            readonly: says(b"capability readonly"),
            identity: says(b"capability identity"),
            members: says(b"capability members"),
            sync: says(b"capability sync"),
            each: says(b"capability each"),
        }
    }

    /// The lines that say it.
    pub fn to_lines(self) -> String {
        let said = [
            (self.foreign, "capability foreign\n"),
            (self.generates, "capability generates\n"),
            (self.readonly, "capability readonly\n"),
            (self.identity, "capability identity\n"),
            (self.members, "capability members\n"),
            (self.sync, "capability sync\n"),
            (self.each, "capability each\n"),
        ];
        said.into_iter().filter_map(|(is, line)| is.then_some(line)).collect()
    }

    /// True if it stores credentials itself.
    pub fn keeps(self) -> bool {
        !self.foreign && !self.generates && !self.readonly
    }
}

/// The operations of a helper. Every method has a default, so a helper that only reads implements only [`get`](Self::get).
///
/// Absence is a value, failure an error: `Ok(None)` says "I looked and it is not there", `Err` says "I could not
/// look". The caller asks the next helper either way, but tells the person about the second.
pub trait Helper {
    /// The nature of this helper. [`serve`](crate::serve) answers `capability` with it.
    fn nature(&self) -> Nature {
        Nature::default()
    }

    /// The same, or why it is not known: a program that could not be started has not said what it is.
    ///
    /// # Errors
    /// When it could not be asked.
    fn known_nature(&self) -> Result<Nature> {
        Ok(self.nature())
    }

    /// Finds the credential that `request` describes.
    ///
    /// The request holds `protocol` and `host`, mostly `provider`, perhaps `path` and `username`; what it does not
    /// name may be anything (see [`Record::matches`]). The answer holds what was found: `password` (or `authtype`
    /// and `credential`), `username`, `password_expiry_utc`, `oauth_refresh_token`, and anything else worth passing on.
    ///
    /// # Errors
    /// When the place could not be looked at: locked, unreachable, damaged. Not when there is nothing in it.
    fn get(&self, request: &Record) -> Result<Option<Record>> {
        let _ = request;
        Ok(None)
    }

    /// Keeps `credential`, replacing the one with the same `protocol`, `host`, `path` and `username`.
    ///
    /// A helper that cannot keep anything does nothing: the caller notices, because it reads back.
    ///
    /// # Errors
    /// When it should have been kept and was not. The older credential must then still be there.
    fn store(&self, credential: &Record) -> Result<()> {
        let _ = credential;
        Ok(())
    }

    /// Erases every credential that matches `description`; when it names a `password` or `credential`, only those
    /// that hold the same (see [`Record::matches_secret`]).
    ///
    /// # Errors
    /// When a matching credential may be left. Nothing to erase is no error.
    fn erase(&self, description: &Record) -> Result<()> {
        let _ = description;
        Ok(())
    }

    /// Finds several credentials: [`get`](Self::get) for each, in this order. Implement it where what they have in common, a file that
    /// is read, say, need not be done again for each.
    fn get_each(&self, requests: &[Record]) -> Vec<Result<Option<Record>>> {
        requests.iter().map(|request| self.get(request)).collect()
    }

    /// Keeps several credentials: [`store`](Self::store) for each, in this order.
    fn store_each(&self, credentials: &[Record]) -> Vec<Result<()>> {
        credentials.iter().map(|credential| self.store(credential)).collect()
    }

    /// Erases the credentials of several descriptions: [`erase`](Self::erase) for each, in this order.
    fn erase_each(&self, descriptions: &[Record]) -> Vec<Result<()>> {
        descriptions.iter().map(|description| self.erase(description)).collect()
    }

    /// Names what this helper holds, one record each: `protocol`, `host`, `path`, `username` and public metadata.
    /// Secrets in it are not passed on. `Ok(None)` says that this helper cannot list.
    ///
    /// `request` may hold attributes that say what the caller knows or wants; it is often empty.
    ///
    /// # Errors
    /// When the place could not be looked at.
    fn list(&self, request: &Record) -> Result<Option<Vec<Record>>> {
        let _ = request;
        Ok(None)
    }

    /// Does what `action` says with the identity that opens what this helper keeps: `show`, `protect`, `unprotect`, `renew`, `export`,
    /// `check` or `import`. [`serve`](crate::serve) calls it only if [`nature`](Self::nature) says `identity`.
    ///
    /// # Errors
    /// When it was not done. Everything that could be opened before can be opened still.
    fn identity(&self, request: &Record) -> Result<Option<Record>> {
        let _ = request;
        Ok(None)
    }

    /// Does what `action` says with the members who share what this helper keeps: `list`, `join`, `add`, `remove` or `accept`.
    /// [`serve`](crate::serve) calls it only if [`nature`](Self::nature) says `members`.
    ///
    /// # Errors
    /// When it was not done. Nobody can read what they could not read before.
    fn members(&self, request: &Record) -> Result<Option<Record>> {
        let _ = request;
        Ok(None)
    }

    /// Takes what other machines have changed, and sends what was changed here. [`serve`](crate::serve) calls it only if
    /// [`nature`](Self::nature) says `sync`.
    ///
    /// # Errors
    /// When it was not done. What is kept here is as it was.
    fn sync(&self, request: &Record) -> Result<Option<Record>> {
        let _ = request;
        Ok(None)
    }
}

/// An operation of the protocol: the last word of a helper's command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Find a credential.
    Get,
    /// Keep a credential.
    Store,
    /// Erase credentials.
    Erase,
    /// Name the credentials that are there.
    List,
    /// Name the capabilities.
    Capability,
    /// Show or change the identity that opens what is kept.
    Identity,
    /// Show or change who shares what is kept.
    Members,
    /// Exchange what is kept with other machines.
    Sync,
    /// Find several credentials.
    GetEach,
    /// Keep several credentials.
    StoreEach,
    /// Erase the credentials of several descriptions.
    EraseEach,
}

impl Operation {
    /// The operation of that name. `None` is one that this version does not know: it is ignored, with success.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "get" => Self::Get,
            "store" => Self::Store,
            "erase" => Self::Erase,
            "list" => Self::List,
            "capability" => Self::Capability,
            "identity" => Self::Identity,
            "members" => Self::Members,
            "sync" => Self::Sync,
            "get-each" => Self::GetEach,
            "store-each" => Self::StoreEach,
            "erase-each" => Self::EraseEach,
            _ => return None,
        })
    }

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Store => "store",
            Self::Erase => "erase",
            Self::List => "list",
            Self::Capability => "capability",
            Self::Identity => "identity",
            Self::Members => "members",
            Self::Sync => "sync",
            Self::GetEach => "get-each",
            Self::StoreEach => "store-each",
            Self::EraseEach => "erase-each",
        }
    }

    /// The same for several requests in one go; `None` where there is no such operation.
    pub fn for_each(self) -> Option<Self> {
        Some(match self {
            Self::Get => Self::GetEach,
            Self::Store => Self::StoreEach,
            Self::Erase => Self::EraseEach,
            _ => return None,
        })
    }

    /// What an operation for several requests does with each.
    pub(crate) fn of_each(self) -> Option<Self> {
        Some(match self {
            Self::GetEach => Self::Get,
            Self::StoreEach => Self::Store,
            Self::EraseEach => Self::Erase,
            _ => return None,
        })
    }
}
