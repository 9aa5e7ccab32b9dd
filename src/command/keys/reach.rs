//! Which keys `exec` sets by itself: needed after a migration took them from where programs found them.

use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Error, Record};

use super::error;
use crate::providers::{Providers, covers};

/// A URL and account whose key `exec` sets if no provider is named.
struct Reached {
    location: Record,
    account: String,
}

/// A remark for each of these credentials that `exec -- COMMAND` would not set.
pub fn unreached<'a>(providers: &Providers, credentials: impl IntoIterator<Item = &'a Record>) -> Vec<Error> {
    let reached = reached(providers);
    let account_of = |record: &Record| record.text("username").unwrap_or(DEFAULT_ACCOUNT).to_owned();
    let is_reached =
        |record: &Record| reached.iter().any(|one| covers(record, &one.location) && one.account == account_of(record));
    let missing = credentials.into_iter().filter(|record| !is_reached(record));
    missing
        .map(|record| match record.text("provider") {
            Some(name) => error::only_by_name(name, &account_of(record)),
            None => error::without_a_name(&record.url()),
        })
        .collect()
}

fn reached(providers: &Providers) -> Vec<Reached> {
    let account = |named: Option<&str>, configured: Option<String>| {
        named.map(str::to_owned).or(configured).unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned())
    };
    let of_name = |named: &String| {
        let (name, account_named) = super::split_account(named);
        let provider = providers.by_name(name).ok()?;
        Some(Reached { location: provider.location, account: account(account_named, provider.account) })
    };
    let of_modelforge = |name: &String| match providers.defined(name) {
        Some(defined) => {
            let configured = providers.by_name(name).ok().and_then(|provider| provider.account);
            Some(Reached { location: defined.url.clone(), account: account(None, configured) })
        }
        None => of_name(name),
    };
    match providers.of_exec() {
        Some(names) => names.iter().filter_map(of_name).collect(),
        None => providers.of_modelforge_with_keys().iter().filter_map(of_modelforge).collect(),
    }
}
