//! The result of a check.

/// Why a case does not hold.
#[derive(Debug)]
pub enum Broken {
    Rule(String),
    /// A person has had enough.
    Interrupted,
}

impl Broken {
    pub fn rule(reason: impl Into<String>) -> Self {
        Self::Rule(reason.into())
    }
}

pub type Checked<T = ()> = std::result::Result<T, Broken>;

/// It holds, or this is said.
pub fn must(holds: bool, otherwise: impl Into<String>) -> Checked {
    if holds { Ok(()) } else { Err(Broken::rule(otherwise)) }
}
