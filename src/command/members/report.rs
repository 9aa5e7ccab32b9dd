//! Who the members are, for people and as JSON.

use modelforge_credential_protocol::{Error, Record, visible};
use serde::Serialize;

use crate::terminal::{self, Paint, columns};

/// `members --json`. The format is stable: fields are only added.
#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    helper: &'a str,
    /// `None`: nobody else has seen the store yet, or the members are not known.
    fingerprint: Option<&'a str>,
    members: Vec<Member>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

#[derive(Serialize)]
struct Member {
    name: String,
    signs_with: String,
    reads_with: String,
}

pub fn json(helper: &str, answer: &Record) -> anyhow::Result<Vec<u8>> {
    let members = of(answer).map(|[name, signs_with, reads_with]| Member { name, signs_with, reads_with }).collect();
    terminal::json(&Report { version: 1, helper, fingerprint: answer.text("fingerprint"), members, problem: None })
}

/// The report if the members are not known.
pub fn failed(helper: &str, problem: &Error) -> anyhow::Result<Vec<u8>> {
    let problem = Some(problem.to_string());
    terminal::json(&Report { version: 1, helper, fingerprint: None, members: Vec::new(), problem })
}

/// The members, and the fingerprint that people compare.
pub fn table(answer: &Record) -> String {
    let mut lines = vec![["MEMBER", "SIGNS WITH", "READS WITH"].map(str::to_owned).to_vec()];
    lines.extend(of(answer).map(|member| member.map(|part| visible(&part)).to_vec()));
    let paints: Vec<Paint> = lines.iter().map(|_| Paint::Plain).collect();
    let fingerprint = answer.text("fingerprint").map(|print| format!("fingerprint: {}\n", visible(print)));
    columns(&lines, &paints) + &fingerprint.unwrap_or_default()
}

/// The name of each member, their signing key, and their reading key.
fn of(answer: &Record) -> impl Iterator<Item = [String; 3]> {
    answer.all("member[]").map(|line| {
        let line = String::from_utf8_lossy(line).into_owned();
        let mut parts = line.splitn(3, ' ').map(str::to_owned);
        std::array::from_fn(|_| parts.next().unwrap_or_default())
    })
}
