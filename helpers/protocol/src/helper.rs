use crate::{Record, Result};

/// What a helper says about itself in answer to `capability`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Its credentials are in files of other programs (`capability foreign`). It changes them only if the request has `consent`. Without
    /// that, [`serve`](crate::serve) does not call `store` and `erase`.
    pub foreign: bool,
    /// It gets credentials from elsewhere and stores none (`capability generates`). A person may have to confirm that in a browser.
    pub generates: bool,
    /// It only answers: it neither stores nor erases (`capability readonly`).
    pub readonly: bool,
    /// It has an identity, the secret that decrypts what it stores, and knows the operation `identity` (`capability identity`).
    pub identity: bool,
    /// Its store is shared by members, and it knows the operation `members` (`capability members`).
    pub members: bool,
    /// Its store is exchanged with other machines, and it knows the operation `sync` (`capability sync`).
    pub sync: bool,
    /// It takes several requests in one go (`capability each`). [`serve`](crate::serve) says this for every helper.
    pub each: bool,
}

impl Capabilities {
    /// Reads the answer to `capability`. Other lines are skipped.
    ///
    /// ```
    /// use modelforge_credential_protocol::Capabilities;
    ///
    /// let capabilities = Capabilities::from_lines(b"version 0\ncapability authtype\ncapability foreign\n");
    /// assert_eq!(capabilities, Capabilities { foreign: true, ..Capabilities::default() });
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

    /// The lines of the answer to `capability`.
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

    /// True if it stores credentials.
    pub fn keeps(self) -> bool {
        !self.foreign && !self.generates && !self.readonly
    }
}

/// The operations of a helper. Every method has a default, so a helper that only reads implements only [`get`](Self::get).
///
/// Absence is a value, failure is an error: `Ok(None)` means "I looked and it is not there", `Err` means "I could not look". In both cases
/// the caller asks the next helper; only after an error does it tell the person.
pub trait Helper {
    /// The capabilities of this helper. [`serve`](crate::serve) answers `capability` with it.
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    /// The same, or why they are unknown: a program that could not be started has announced nothing.
    ///
    /// # Errors
    /// If it could not be asked.
    fn known_capabilities(&self) -> Result<Capabilities> {
        Ok(self.capabilities())
    }

    /// Finds the credential that `request` describes.
    ///
    /// The request has `protocol` and `host`, usually `provider`, and sometimes `path` and `username`. A missing attribute matches anything
    /// (see [`Record::matches`]). The answer contains what was found: `password` (or `authtype` and `credential`), `username`,
    /// `password_expiry_utc`, `oauth_refresh_token`, and any other useful attribute.
    ///
    /// # Errors
    /// If it could not look: the store is locked, unreachable or damaged. Finding nothing is not an error.
    fn get(&self, request: &Record) -> Result<Option<Record>> {
        let _ = request;
        Ok(None)
    }

    /// Stores `credential`. It replaces one with the same `protocol`, `host`, `path` and `username`.
    ///
    /// A helper that cannot store does nothing. The caller notices, because it reads back.
    ///
    /// # Errors
    /// If it should have been stored and was not. The older credential must then still be there.
    fn store(&self, credential: &Record) -> Result<()> {
        let _ = credential;
        Ok(())
    }

    /// Erases every credential that matches `description`. If that has a `password` or `credential`, only copies with the same secret (see
    /// [`Record::matches_secret`]).
    ///
    /// # Errors
    /// If a matching credential may be left. Nothing to erase is not an error.
    fn erase(&self, description: &Record) -> Result<()> {
        let _ = description;
        Ok(())
    }

    /// Finds several credentials, like [`get`](Self::get) for each, in this order. Implement it if they share work, such as reading one
    /// file.
    fn get_each(&self, requests: &[Record]) -> Vec<Result<Option<Record>>> {
        requests.iter().map(|request| self.get(request)).collect()
    }

    /// Stores several credentials, like [`store`](Self::store) for each, in this order.
    fn store_each(&self, credentials: &[Record]) -> Vec<Result<()>> {
        credentials.iter().map(|credential| self.store(credential)).collect()
    }

    /// Erases the credentials of several descriptions, like [`erase`](Self::erase) for each, in this order.
    fn erase_each(&self, descriptions: &[Record]) -> Vec<Result<()>> {
        descriptions.iter().map(|description| self.erase(description)).collect()
    }

    /// Lists what this helper stores, one record each: `protocol`, `host`, `path`, `username` and public metadata. Secrets in a record are
    /// not passed on. `Ok(None)` means that this helper cannot list.
    ///
    /// `request` may have attributes that say what the caller knows or wants. It is often empty.
    ///
    /// # Errors
    /// If it could not look.
    fn list(&self, request: &Record) -> Result<Option<Vec<Record>>> {
        let _ = request;
        Ok(None)
    }

    /// Does `action` with the identity that decrypts this store: `show`, `protect`, `unprotect`, `renew`, `export`, `check` or `import`.
    /// [`serve`](crate::serve) calls it only if [`capabilities`](Self::capabilities) says `identity`.
    ///
    /// # Errors
    /// If it was not done. Everything that could be decrypted before can still be decrypted.
    fn identity(&self, request: &Record) -> Result<Option<Record>> {
        let _ = request;
        Ok(None)
    }

    /// Does `action` with the members who share this store: `list`, `join`, `add`, `remove` or `accept`. [`serve`](crate::serve) calls it
    /// only if [`capabilities`](Self::capabilities) says `members`.
    ///
    /// # Errors
    /// If it was not done. Nobody can read more than before.
    fn members(&self, request: &Record) -> Result<Option<Record>> {
        let _ = request;
        Ok(None)
    }

    /// Receives the changes of other machines, and sends the changes of this one. [`serve`](crate::serve) calls it only if
    /// [`capabilities`](Self::capabilities) says `sync`.
    ///
    /// # Errors
    /// If it was not done. This store is unchanged.
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
    /// Store a credential.
    Store,
    /// Erase credentials.
    Erase,
    /// List the stored credentials.
    List,
    /// List the capabilities.
    Capability,
    /// Show or change the identity that decrypts the store.
    Identity,
    /// Show or change the members of a shared store.
    Members,
    /// Exchange the store with other machines.
    Sync,
    /// Find several credentials.
    GetEach,
    /// Store several credentials.
    StoreEach,
    /// Erase the credentials of several descriptions.
    EraseEach,
}

impl Operation {
    /// The operation with this name. `None`: this version does not know it. Ignore it, with success.
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

    /// The operation that does the same for several requests; `None` if there is none.
    pub fn for_each(self) -> Option<Self> {
        Some(match self {
            Self::Get => Self::GetEach,
            Self::Store => Self::StoreEach,
            Self::Erase => Self::EraseEach,
            _ => return None,
        })
    }

    /// The operation that one for several requests does with each.
    pub(crate) fn of_each(self) -> Option<Self> {
        Some(match self {
            Self::GetEach => Self::Get,
            Self::StoreEach => Self::Store,
            Self::EraseEach => Self::Erase,
            _ => return None,
        })
    }
}
