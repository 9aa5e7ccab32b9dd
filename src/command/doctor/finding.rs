//! The findings of a check, as text and as JSON.

use anyhow::Result;
use modelforge_credential_protocol::{Error, shown};
use serde::Serialize;

use crate::audit::error::ForDoctor;
use crate::terminal::{self, Paint, Remark};

#[derive(Serialize, Clone, Copy, PartialEq, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Ok,
    Warning,
    Error,
}

/// A finding of one line.
#[derive(Serialize, Debug)]
pub struct Finding {
    /// The kind of check, in one word.
    pub check: &'static str,
    pub level: Level,
    pub message: String,
    /// The command that fixes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// True if it is reported even after a signal.
    #[serde(skip)]
    pub is_urgent: bool,
}

impl Finding {
    pub fn ok(check: &'static str, message: impl AsRef<str>) -> Self {
        Self { check, level: Level::Ok, message: shown(message.as_ref()), hint: None, is_urgent: false }
    }

    pub fn warning(check: &'static str, problem: &Error) -> Self {
        Self::new(check, Level::Warning, problem)
    }

    pub fn error(check: &'static str, problem: &Error) -> Self {
        Self::new(check, Level::Error, problem)
    }

    /// The same finding, reported even after a signal.
    pub fn urgent_if(self, is_urgent: bool) -> Self {
        Self { is_urgent, ..self }
    }

    /// The finding as a warning.
    pub fn as_warning(&self) -> Error {
        let error = Error::new(self.message.clone());
        self.hint.iter().fold(error, Error::hint)
    }

    fn new(check: &'static str, level: Level, problem: &Error) -> Self {
        Self {
            check,
            level,
            message: shown(&problem.to_string()),
            hint: problem.hint_text().map(shown),
            is_urgent: false,
        }
    }
}

/// Adds the remarks of helpers, and of this program if it could not write its log. Each is then part of the report, and is not printed
/// separately.
pub fn add(findings: &mut Vec<Finding>, remarks: Vec<Remark>) {
    let mut told: Vec<Finding> = Vec::new();
    for remark in remarks {
        match remark {
            Remark::Own(problem) => {
                let mut finding = Finding::warning("audit", &problem);
                finding.hint = finding.hint.filter(|_| problem.cause::<ForDoctor>().is_none());
                told.push(finding);
            }
            Remark::OfAHelper(line) => match (line.strip_prefix("hint: "), told.last_mut()) {
                (Some(hint), Some(before)) => before.hint = Some(shown(hint)),
                _ => told.push(Finding::warning("helper", &Error::new(line.trim_start_matches("warning: ")))),
            },
        }
    }
    for finding in told {
        let says_it = |known: &Finding| known.message.contains(&finding.message) || finding.message.is_empty();
        if !findings.iter().any(|known| known.level != Level::Ok && says_it(known)) {
            let last_of_its_kind = findings.iter().rposition(|known| known.check == finding.check);
            findings.insert(last_of_its_kind.map_or(findings.len(), |at| at + 1), finding);
        }
    }
}

/// `doctor --json`. The format is stable: fields are only added.
#[derive(Serialize)]
pub struct Report {
    version: u32,
    pub errors: usize,
    pub warnings: usize,
    findings: Vec<Finding>,
}

impl Report {
    pub fn new(findings: Vec<Finding>) -> Self {
        let count = |level| findings.iter().filter(|finding| finding.level == level).count();
        Self { version: 1, errors: count(Level::Error), warnings: count(Level::Warning), findings }
    }

    pub fn to_json(&self) -> Result<Vec<u8>> {
        terminal::json(self)
    }

    pub fn to_text(&self) -> String {
        let mut lines = Vec::new();
        let mut paints = Vec::new();
        for finding in &self.findings {
            let (level, paint) = match finding.level {
                Level::Ok => ("ok", Paint::Plain),
                Level::Warning => ("warning", Paint::Plain),
                Level::Error => ("error", Paint::Alarm),
            };
            lines.push(vec![level.to_owned(), finding.check.to_owned(), finding.message.clone()]);
            paints.push(paint);
            if let Some(hint) = &finding.hint {
                lines.push(vec![String::new(), String::new(), format!("hint: {hint}")]);
                paints.push(Paint::Plain);
            }
        }
        let count = |count: usize, what| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        let mut text = terminal::columns(&lines, &paints);
        text.push_str(&format!("{}, {}\n", count(self.errors, "error"), count(self.warnings, "warning")));
        text
    }
}
