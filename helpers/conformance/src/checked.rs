//! The result of a check.

/// Why a case failed.
#[derive(Debug)]
pub enum Broken {
    Rule(String),
    /// A person has pressed Ctrl-C.
    Interrupted,
}

impl Broken {
    pub fn rule(reason: impl Into<String>) -> Self {
        Self::Rule(reason.into())
    }
}

pub type Checked<T = ()> = std::result::Result<T, Broken>;

/// Fails with this message unless `holds` is true.
pub fn must(holds: bool, otherwise: impl Into<String>) -> Checked {
    if holds { Ok(()) } else { Err(Broken::rule(otherwise)) }
}
