//! Probes a helper with harmless requests: its version, its capabilities, a URL that cannot exist, and its list.

use std::time::{Duration, Instant};

use modelforge_credential_client::Program;
use modelforge_credential_protocol::{Capabilities, Error, Record, shown};
use serde::Serialize;

use crate::canary;

/// The time limit for `--version`.
const SHORT: Duration = Duration::from_secs(2);

/// The result.
#[derive(Debug, Serialize)]
pub struct Probed {
    /// `ready`, `failed`, `missing` or `left out`.
    pub state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The capabilities that it announces, as it spells them.
    #[serde(rename = "capabilities")]
    pub announced: Vec<String>,
    #[serde(skip)]
    pub capabilities: Capabilities,
    /// How many credentials it lists; omitted if it cannot list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listed: Option<usize>,
    /// How long it took to answer that it has nothing for a URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milliseconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Probed {
    fn new(state: &'static str, problem: Option<&Error>) -> Self {
        Self {
            state,
            version: None,
            announced: Vec::new(),
            capabilities: Capabilities::default(),
            listed: None,
            milliseconds: None,
            problem: problem.map(|problem| shown(&problem.to_string())),
            hint: problem.and_then(Error::hint_text).map(shown),
        }
    }

    pub fn missing(problem: &Error) -> Self {
        Self::new("missing", Some(problem))
    }

    /// A helper that the default chain skips now.
    pub fn left_out(problem: &Error) -> Self {
        Self::new("left out", Some(problem))
    }

    pub fn is_ready(&self) -> bool {
        matches!(self.state, "ready" | "left out")
    }
}

/// Probes the helper. Only programs named like ours are asked for their version: in any other program, that could start something.
pub fn probe(program: &Program, context: &Record, is_named_as_ours: bool) -> Probed {
    let quiet = program.clone().with("MODELFORGE_CREDENTIAL_WARN_PLAINTEXT", "0");
    let start = Instant::now();
    let answer = canary::ask(&quiet);
    let milliseconds = start.elapsed().as_secs_f64() * 1000.0;
    let mut probed = match answer {
        Err(fault) => Probed::new("failed", Some(&Error::from(&fault))),
        Ok(()) => {
            let mut probed = Probed::new("ready", None);
            match quiet.list(context) {
                Ok(listed) => probed.listed = listed.map(|records| records.len()),
                Err(failure) => probed = Probed::new("failed", Some(&failure.into())),
            }
            probed
        }
    };
    probed.milliseconds = Some((milliseconds * 10.0).round() / 10.0);
    let lines = |words: &[&str]| {
        let said = program.run_raw(words, &[], b"", SHORT).ok().filter(|said| said.status.success());
        said.map(|said| String::from_utf8_lossy(&said.output).into_owned()).unwrap_or_default()
    };
    if is_named_as_ours {
        probed.version = version(&lines(&["--version"]));
    }
    let said = lines(&["capability"]);
    probed.capabilities = Capabilities::from_lines(said.as_bytes());
    probed.announced = said.lines().filter_map(|line| line.strip_prefix("capability ")).map(short).collect();
    probed
}

/// The number in `name 1.2.3`. A script that treats `--version` as an unknown operation prints nothing.
fn version(said: &str) -> Option<String> {
    let word = said.lines().next()?.split_whitespace().last()?;
    (word.len() < 40 && word.bytes().any(|b| b.is_ascii_digit())).then(|| short(word))
}

fn short(text: &str) -> String {
    shown(text).chars().take(40).collect()
}
