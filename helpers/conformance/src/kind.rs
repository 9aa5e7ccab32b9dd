//! The kind of a helper.

/// The kind of a helper, as its answers show it.
#[derive(Debug, Default, Clone)]
pub struct Kind {
    /// It stores credentials.
    pub keeps: bool,
    /// Why its `store` failed, if it did. Then no case is run.
    pub cannot_store: Option<String>,
    /// Its credentials are also visible from another home directory: a keyring, or a daemon. It may have a person's own entries.
    pub shared: bool,
    /// It announces `authtype`.
    pub authtype: bool,
    /// It answers `list`.
    pub lists: bool,
    /// It announces that its credentials are in files of other programs.
    pub foreign: bool,
    /// It announces that it takes several requests in one go.
    pub each: bool,
}
