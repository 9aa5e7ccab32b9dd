//! Gets the keys of several providers at once, before each is looked at.

use std::collections::HashMap;
use std::time::Instant;

use modelforge_credential_providers::SignIn;

use super::split_account;
use crate::accounts::Named;
use crate::chain::Answer;
use crate::request::Request;
use crate::session::Session;

/// An answer, and when it was requested.
pub type Ready = (Answer, Instant);

/// The answers so far, by the names as they were given.
pub struct Together {
    ready: HashMap<String, Ready>,
}

impl Together {
    /// Asks for all of these. Errors are not reported here: such a key is asked for again by itself.
    pub fn get<'a>(session: &Session, names: impl Iterator<Item = &'a str>, account: Option<&str>) -> Self {
        let request = |name: &str| {
            let (provider, own) = split_account(name);
            let provider = session.providers.by_name(provider).ok()?;
            let request = Named::new(&provider.name, own.or(account)).ok()?.request(&session.providers).ok()?;
            Some(request).filter(|_| provider.sign_in != SignIn::None)
        };
        let asked: Vec<(&str, Request)> = names.filter_map(|name| Some((name, request(name)?))).collect();
        let started = Instant::now();
        let answers = session.ask_each(&asked.iter().map(|(_, request)| request).collect::<Vec<_>>());
        let ready = asked.iter().zip(answers.unwrap_or_default());
        let ready = ready.filter_map(|((name, _), answer)| Some(((*name).to_owned(), (answer?, started))));
        Self { ready: ready.collect() }
    }

    /// Takes the answer for a name. The second time, the key is asked for again.
    pub fn take(&mut self, name: &str) -> Option<Ready> {
        self.ready.remove(name)
    }
}
