//! The words of the log for the request and its outcome. Each is defined once, here.

/// The operation that was requested.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Get,
    Fill,
    Print,
    Env,
    Exec,
    Login,
    Store,
    Approve,
    Erase,
    Reject,
    Logout,
    List,
    Status,
    Doctor,
    Scan,
    Sync,
    Migrate,
    Rollback,
    Members,
    MembersJoin,
    MembersAdd,
    MembersRemove,
    MembersAccept,
    Identity,
    IdentityProtect,
    IdentityUnprotect,
    IdentityRenew,
    IdentityExport,
    IdentityCheck,
    IdentityImport,
}

/// The result of an operation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Found,
    NotFound,
    ToldToQuit,
    Failed,
    Entered,
    Stored,
    NotKept,
    Erased,
    NotErased,
    NothingToErase,
    SignedInAlready,
    Moved,
    PutBack,
    Left,
    Listed,
    Checked,
    Done,
}

impl Operation {
    /// As the log and messages have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Fill => "fill",
            Self::Print => "print",
            Self::Env => "env",
            Self::Exec => "exec",
            Self::Login => "login",
            Self::Store => "store",
            Self::Approve => "approve",
            Self::Erase => "erase",
            Self::Reject => "reject",
            Self::Logout => "logout",
            Self::List => "list",
            Self::Status => "status",
            Self::Doctor => "doctor",
            Self::Scan => "scan",
            Self::Sync => "sync",
            Self::Migrate => "migrate",
            Self::Rollback => "rollback",
            Self::Members => "members",
            Self::MembersJoin => "members join",
            Self::MembersAdd => "members add",
            Self::MembersRemove => "members remove",
            Self::MembersAccept => "members accept",
            Self::Identity => "identity",
            Self::IdentityProtect => "identity protect",
            Self::IdentityUnprotect => "identity unprotect",
            Self::IdentityRenew => "identity renew",
            Self::IdentityExport => "identity export",
            Self::IdentityCheck => "identity check",
            Self::IdentityImport => "identity import",
        }
    }

    /// True for the name of an operation that gives a key to a program.
    pub fn hands_out(name: &str) -> bool {
        [Self::Get, Self::Fill, Self::Print, Self::Env, Self::Exec].iter().any(|operation| operation.name() == name)
    }
}

impl Outcome {
    /// The word in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::NotFound => "not found",
            Self::ToldToQuit => "told to quit",
            Self::Failed => "failed",
            Self::Entered => "entered",
            Self::Stored => "stored",
            Self::NotKept => "not kept",
            Self::Erased => "erased",
            Self::NotErased => "not erased",
            Self::NothingToErase => "nothing to erase",
            Self::SignedInAlready => "signed in already",
            Self::Moved => "moved",
            Self::PutBack => "put back",
            Self::Left => "left",
            Self::Listed => "listed",
            Self::Checked => "checked",
            Self::Done => "done",
        }
    }
}
