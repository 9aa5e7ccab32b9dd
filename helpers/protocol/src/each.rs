//! Several requests at once: `get-each`, `store-each` and `erase-each`. Both sides of the format are here.

use std::borrow::Cow;
use std::io::{Read, Write};

use zeroize::Zeroizing;

use crate::asked::{answered, meant_by};
use crate::wire::{MAX_RECORD, Reader};
use crate::{Error, Helper, Operation, Reason, Record, Result, shown};

/// The most requests in one go.
pub const MAX_EACH: usize = 256;

const OUTCOME: &str = "outcome";
const DONE: &str = "done";
const FAILED: &str = "failed";

/// Reads all requests before any is carried out: if the input is cut short, none is.
fn read(input: impl Read) -> Result<Vec<Record>> {
    let mut reader = Reader::new(input);
    let (mut requests, mut size) = (Vec::new(), 0);
    while let Some(request) = reader.record()? {
        if let (Some(count), 1) = (request.text("count"), request.len()) {
            let is_whole = count == requests.len().to_string();
            return if is_whole { Ok(requests) } else { Err(invalid("the requests are not as many as their count")) };
        }
        size += size_of(&request);
        if requests.len() == MAX_EACH || size > MAX_RECORD {
            return Err(invalid(format!("there are more than {MAX_EACH} requests, or {MAX_RECORD} bytes of them")));
        }
        requests.push(request);
    }
    Err(invalid("the requests do not end with their count"))
}

fn invalid(problem: impl Into<String>) -> Error {
    Error::new(problem).with_reason(Reason::InvalidRequest)
}

/// Answers the requests, in their order.
pub(crate) fn answer(
    helper: &dyn Helper,
    operation: Operation,
    input: impl Read,
    output: &mut impl Write,
) -> Result<()> {
    let requests = read(input)?;
    let meant: Vec<_> = requests.iter().map(|request| meant_by(helper, operation, request)).collect();
    let asked: Vec<Record> = meant
        .iter()
        .filter_map(|meant| meant.as_ref().ok()?.as_ref().map(|record| Cow::clone(record).into_owned()))
        .collect();
    let nothing = |done: Vec<Result<()>>| done.into_iter().map(|done| done.map(|()| None)).collect();
    let answers: Vec<Result<Option<Record>>> = match operation {
        Operation::Get => helper.get_each(&asked),
        Operation::Store => nothing(helper.store_each(&asked)),
        _ => nothing(helper.erase_each(&asked)),
    };
    let mut answers = answers.into_iter();
    let mut next = || answers.next().unwrap_or_else(|| Err("it was not answered".into()));
    for (request, meant) in requests.iter().zip(meant) {
        let answer = match meant {
            Err(problem) => Err(problem),
            Ok(None) => Ok(None),
            Ok(Some(_)) => next(),
        };
        write(answer.and_then(|found| answered(found, request)), output)?;
    }
    Ok(writeln!(output, "count={}", requests.len())?)
}

/// Writes one answer.
fn write(answer: Result<Option<Record>>, output: &mut impl Write) -> Result<()> {
    let mut record = Record::of([(OUTCOME, if answer.is_ok() { DONE } else { FAILED })])?;
    match answer {
        Ok(found) => {
            let mut found = found.unwrap_or_default();
            found.remove(OUTCOME);
            if let Err(problem) = record.merge(&found) {
                return write(Err(problem), output);
            }
        }
        Err(problem) => {
            record.push("reason", problem.reason().name())?;
            record.push("problem", shown(&problem.to_string()))?;
            if let Some(hint) = problem.hint_text() {
                record.push("hint", shown(hint))?;
            }
        }
    }
    record.write_to(&mut *output)?;
    Ok(output.write_all(b"\n")?)
}

/// How many of these requests fit into one go: the first ones, at least one.
pub fn batch_size(requests: &[Record]) -> usize {
    let mut size = 0;
    let fits = |request: &&Record| {
        size += size_of(request);
        size <= MAX_RECORD
    };
    requests.iter().take(MAX_EACH).take_while(fits).count().max(1).min(requests.len())
}

/// The size of a record in its written form.
fn size_of(record: &Record) -> usize {
    record.iter().map(|(key, value)| key.len() + value.len() + 2).sum()
}

/// Several requests in their written form.
pub fn encode_batch(requests: &[Record]) -> Zeroizing<Vec<u8>> {
    let size = requests.iter().map(|request| size_of(request) + 1).sum::<usize>() + 16;
    let mut lines = Zeroizing::new(Vec::with_capacity(size));
    for request in requests {
        lines.extend_from_slice(&request.to_lines());
        lines.push(b'\n');
    }
    lines.extend_from_slice(format!("count={}\n", requests.len()).as_bytes());
    lines
}

/// Reads the answers to this many requests. Each is the answer that the request alone would have got.
///
/// # Errors
/// If the number of answers is different.
pub fn decode_batch(output: &[u8], count: usize) -> Result<Vec<Result<Record>>> {
    let mut reader = Reader::new(output);
    let mut answers = Vec::new();
    while let Some(mut record) = reader.record()? {
        match (record.text(OUTCOME), record.text("count")) {
            (Some(DONE), _) => {
                record.remove(OUTCOME);
                answers.push(Ok(record));
            }
            (Some(FAILED), _) => answers.push(Err(failure(&record))),
            (None, Some(number)) if number == count.to_string() && answers.len() == count => return Ok(answers),
            _ => break,
        }
    }
    Err(Error::new("it has not answered each request"))
}

fn failure(record: &Record) -> Error {
    let reason = Reason::from_name(record.text("reason").unwrap_or_default());
    let problem = Error::new(record.text("problem").unwrap_or("it gives no reason")).with_reason(reason);
    match record.text("hint") {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}
