//! Helpers that cannot list, such as git's own: they are asked for each known provider.

use modelforge_credential_protocol::{Error, Record, Result};
use modelforge_credential_providers as table;

use super::Session;
use crate::accounts::unlisted;
use crate::chain::Chain;
use crate::providers::Provider;
use crate::side_by_side::side_by_side;

/// How many processes run at the same time.
const SIDE_BY_SIDE: usize = 8;

/// A helper's answers, by provider.
#[derive(Default)]
pub struct Unlisted {
    pub found: Vec<(Provider, Record)>,
    /// Why there may be more. After a failure the helper is not asked again.
    pub failed: Option<Error>,
}

/// A request, and the chain that it is for.
struct Question<'a> {
    provider: Provider,
    chain: &'a Chain,
    place: Record,
    context: Record,
}

impl Session {
    /// Asks a helper for each known provider that uses it. A helper that generates credentials is not asked.
    pub fn unlisted(&self, helper: &str, account: Option<&str>) -> Result<Unlisted> {
        let mut unlisted = Unlisted::default();
        let mut questions = self.questions(helper, account)?;
        if questions.first().is_some_and(|question| question.chain.generates(helper)) {
            return Ok(unlisted);
        }
        while !questions.is_empty() && unlisted.failed.is_none() {
            let rest = questions.split_off(questions.len().min(SIDE_BY_SIDE));
            for (question, answer) in ask(helper, std::mem::replace(&mut questions, rest)) {
                match answer {
                    Ok(record) => unlisted.found.extend(record.map(|record| (question.provider, record))),
                    Err(problem) => unlisted.failed = Some(problem),
                }
            }
        }
        Ok(unlisted)
    }

    fn questions(&self, helper: &str, account: Option<&str>) -> Result<Vec<Question<'_>>> {
        let mut names: Vec<String> = table::all().iter().map(|known| known.name.to_owned()).collect();
        names.extend(self.providers.of_this_user());
        names.sort_unstable();
        names.dedup();
        let mut questions = Vec::new();
        for provider in names.iter().filter_map(|name| self.providers.by_name(name).ok()) {
            let mut place = provider.location.clone();
            place.set("provider", &provider.name)?;
            if let Some(account) = account {
                place.set("username", account)?;
            }
            let chain = self.chain(&place)?;
            if chain.links().iter().any(|link| link.name == helper) {
                questions.push(Question { context: provider.context()?, provider, chain, place });
            }
        }
        Ok(questions)
    }
}

fn ask<'a>(helper: &str, questions: Vec<Question<'a>>) -> Vec<(Question<'a>, Result<Option<Record>>)> {
    let answers = side_by_side(&questions, |one| unlisted(one.chain, helper, &one.place, &one.context));
    let answers: Vec<_> =
        answers.into_iter().map(|answer| answer.unwrap_or_else(|| Err("it broke off".into()))).collect();
    questions.into_iter().zip(answers).collect()
}
