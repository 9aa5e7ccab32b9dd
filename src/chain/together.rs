//! Several requests at once, with as few starts of helpers as possible.

use modelforge_credential_protocol::{Error, Record};

use super::about::question;
use super::{Answer, Chain, Link};
use crate::request::Request;

/// With fewer requests than this, asking a helper for `capability each` costs as much as separate requests.
const WORTH_IT: usize = 3;

/// A request on its way through the chain.
struct Open<'a> {
    request: &'a Request,
    answer: Answer,
    /// True if the request needs more than the helpers' answers, so it must be done separately.
    is_for_itself: bool,
}

impl Chain {
    /// The answers to several requests, each as from [`get`](Self::get). `None` if a request must be done separately: a helper failed or
    /// ended the search, a credential has expired or can be refreshed, or there are too few requests.
    /// or ended the search, something has expired or can be refreshed, or there are too few requests.
    pub fn get_each(&self, requests: &[&Request]) -> Vec<Option<Answer>> {
        if requests.len() < WORTH_IT {
            return requests.iter().map(|_| None).collect();
        }
        let answer = |request: &Request| Answer { record: request.record.clone(), ..Answer::default() };
        let mut all: Vec<Open> =
            requests.iter().map(|request| Open { request, answer: answer(request), is_for_itself: false }).collect();
        for link in &self.links {
            let open = all.iter_mut().filter(|open| !open.is_for_itself && !open.answer.complete);
            link.answer_each(open.collect());
        }
        all.into_iter().map(Open::done).collect()
    }
}

impl Link {
    /// Asks for all open requests.
    fn answer_each(&self, mut open: Vec<&mut Open>) {
        let questions = open.iter().map(|open| question(&open.answer.record, &open.request.context));
        let questions = questions.collect::<Result<Vec<Record>, Error>>();
        match (self.helper(false), questions) {
            (Ok(helper), Ok(questions)) if !questions.is_empty() => {
                let answers = helper.get_each(&questions);
                open.iter_mut().zip(answers).for_each(|(open, found)| open.take(self, found));
            }
            (Ok(_), Ok(_)) => {}
            _ => open.iter_mut().for_each(|open| open.is_for_itself = true),
        }
    }
}

impl Open<'_> {
    fn take(&mut self, link: &Link, found: Result<Option<Record>, Error>) {
        let found = match found {
            Ok(Some(found)) => found,
            Ok(None) => return,
            Err(_) => return self.is_for_itself = true,
        };
        let is_plain = !["password_expiry_utc", "oauth_refresh_token", "quit"].iter().any(|key| found.has(key));
        if !is_plain || !matches!(self.answer.take(found, self.request), Ok(Some(_))) {
            return self.is_for_itself = true;
        }
        self.answer.is_completed_by(link, self.request);
    }

    fn done(self) -> Option<Answer> {
        let Self { request, mut answer, is_for_itself } = self;
        answer.name_the_usual_account(request);
        Some(answer).filter(|_| !is_for_itself)
    }
}
