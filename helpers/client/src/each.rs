//! Several requests at once. A helper without `capability each` gets them one after the other.

use std::time::Instant;

use modelforge_credential_protocol::{Error, Operation, Record, Secrets, batch_size, decode_batch, encode_batch};

use crate::caller::Outcome;
use crate::{Failure, Program, answer};

impl Program {
    /// Gets several credentials, with one start of the helper if it says `capability each`. The results are in the order of the requests,
    /// and each is what [`get`](Self::get) would return.
    pub fn get_each(&self, requests: &[Record]) -> Vec<Result<Option<Record>, Failure>> {
        self.each(Operation::Get, requests)
    }

    /// Stores several credentials, as [`get_each`](Self::get_each) does for `get`.
    pub fn store_each(&self, credentials: &[Record]) -> Vec<Result<(), Failure>> {
        self.each(Operation::Store, credentials).into_iter().map(|stored| stored.map(drop)).collect()
    }

    /// Erases the credentials of several descriptions, as [`get_each`](Self::get_each) does for `get`.
    pub fn erase_each(&self, descriptions: &[Record]) -> Vec<Result<(), Failure>> {
        self.each(Operation::Erase, descriptions).into_iter().map(|erased| erased.map(drop)).collect()
    }

    fn each(&self, operation: Operation, mut requests: &[Record]) -> Vec<Result<Option<Record>, Failure>> {
        let mut outcomes = Vec::with_capacity(requests.len());
        while !requests.is_empty() {
            let (now, later) = requests.split_at(batch_size(requests));
            let is_worth_it = now.len() > 1 && !self.is_given_up() && self.capabilities().each;
            match is_worth_it.then(|| self.ask_each(operation, now)) {
                Some(Ok(answers)) => outcomes.extend(answers),
                Some(Err(failure @ Failure::TooSlow(_))) => outcomes.extend(now.iter().map(|_| Err(failure.clone()))),
                // To repeat a request that was already done changes nothing.
                Some(Err(_)) | None => outcomes.extend(now.iter().map(|request| self.ask_one(operation, request))),
            }
            requests = later;
        }
        outcomes
    }

    fn ask_one(&self, operation: Operation, request: &Record) -> Result<Option<Record>, Failure> {
        match operation {
            Operation::Store => self.store(request).map(|()| None),
            Operation::Erase => self.erase(request).map(|()| None),
            _ => self.get(request),
        }
    }

    /// The result of each request; an error if the helper did not answer all of them.
    fn ask_each(
        &self,
        operation: Operation,
        requests: &[Record],
    ) -> Result<Vec<Result<Option<Record>, Failure>>, Failure> {
        let start = Instant::now();
        let malformed = |problem: Error| Failure::Malformed(problem.to_string());
        let of_each = operation.for_each().ok_or(Failure::CutShort)?;
        let output = self.exchange_each(of_each, requests)?;
        let answers = decode_batch(&output, requests.len()).map_err(malformed)?;
        let sent = encode_batch(requests);
        let failed = |problem: Error| {
            let secrets = Secrets::of([sent.as_slice(), output.as_slice()]);
            let (reason, hint) = (problem.to_string(), problem.hint_text());
            let hint = hint.map(|hint| secrets.redacted(hint));
            Failure::Failed { reason: secrets.redacted(&reason), hint, kind: problem.reason() }
        };
        let share = start.elapsed() / u32::try_from(requests.len()).unwrap_or(u32::MAX);
        let outcomes = answers.into_iter().zip(requests).map(|(answer, request)| {
            let outcome = answer.map_err(failed).and_then(|answer| match operation {
                Operation::Get => answer::checked(answer, request),
                _ => Ok(None),
            });
            let (told, record) = match &outcome {
                Ok(Some(found)) => (Outcome::Found, found),
                Ok(None) if operation == Operation::Get => (Outcome::FoundNothing, request),
                Ok(None) => (Outcome::Done, request),
                Err(failure) => (Outcome::Failed(failure), request),
            };
            self.tell(operation, share, told, record);
            outcome
        });
        Ok(outcomes.collect())
    }
}
