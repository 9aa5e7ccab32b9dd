//! The kind of a helper.

/// The kind of a helper, as far as it can be found out by asking.
#[derive(Debug, Default, Clone)]
pub struct Kind {
    /// It keeps what it is told to store.
    pub keeps: bool,
    /// Why its `store` failed, if it did. It is put to no case then.
    pub cannot_store: Option<String>,
    /// Its credentials are there in another home folder as well: a keyring, or a daemon. It may hold a person's own entries.
    pub shared: bool,
    /// It says that it knows `authtype`.
    pub authtype: bool,
    /// It answers `list`.
    pub lists: bool,
    /// It says that its credentials are in files of other programs.
    pub foreign: bool,
    /// It says that it takes several requests in one go.
    pub each: bool,
}
