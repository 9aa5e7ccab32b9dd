//! Tests a program for the rules of the protocol: `cargo run --example judge -- git credential-store`.

use std::io::Write;
use std::process::ExitCode;

use modelforge_credential_client::{Entry, Program};
use modelforge_credential_conformance::{Options, Outcome, Subject, Verdict, run};
use modelforge_credential_protocol::{Error, fail};

fn main() -> ExitCode {
    match judge(std::env::args().skip(1).collect()) {
        Ok(Verdict::Protocol | Verdict::Git) => ExitCode::SUCCESS,
        Ok(Verdict::Neither | Verdict::NotJudged) => ExitCode::FAILURE,
        Err(problem) => fail(&problem),
    }
}

fn judge(words: Vec<String>) -> Result<Verdict, Error> {
    let subject = Subject::new(Program::find(&Entry::command(words))?, Options::default())?;
    let mut out = std::io::stdout();
    let report = run(
        &subject,
        |_| true,
        |judged| {
            if let Outcome::Broken(reason) = &judged.outcome {
                let _ = writeln!(out, "{} {}: {reason:?}", judged.case.rule, judged.case.name);
            }
        },
    );
    let (held, all) = report.counts();
    writeln!(out, "{:?}: {held} of {all} cases hold", report.verdict())?;
    Ok(report.verdict())
}
