//! `status`: for each provider, whether you are signed in, which helper answers, how the copy is protected, when it expires, and what hides
//! what. Listed credentials are also decrypted, because a file that cannot be decrypted is not a sign-in.

mod collect;
mod report;
mod table;

use anyhow::Result;
use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Record, shown};

use crate::accounts::{Named, usual};
use crate::audit::{self, Operation, Outcome};
use crate::chain::now;
use crate::command::keys::error::not_every_key_could_be_looked_for;
use crate::command::plain_files::{self, PlainFile};
use crate::error;
use crate::person::Person;
use crate::providers::Provider;
use crate::providers::error::{not_signed_in, set_or_repair, token_expired};
use crate::request::Request;
use crate::session::Session;
use crate::sources::TOOLS;
use crate::terminal;
use collect::{About, collect};
use report::{Copy, Report, Row, SignedIn};
use table::{span, table};

/// The options of `status`.
pub struct Status {
    pub provider: Option<String>,
    pub account: Option<String>,
    pub details: bool,
    pub json: bool,
}

/// Shows the status. If you are not signed in to a named provider, the exit status is 1.
pub fn status(status: &Status) -> Result<()> {
    // With `--verbose`, the helper that decrypts a file says more about it.
    let session = match status.details {
        true => Session::start(Person::Nobody)?,
        false => Session::that_tells_of_plain_text(Person::Nobody)?,
    };
    let asked = Asked::new(&session, status)?;
    let progress = terminal::Progress::start("asking the helpers");
    let mut event = session.event(Operation::Status, &asked.place);
    let (mut report, failed) = collect(&session, &asked, status)?;
    event.outcome(Outcome::Listed);
    let is_silenced = std::env::var_os("MODELFORGE_CREDENTIAL_WARN_PLAINTEXT").is_some_and(|value| value == "0");
    if asked.request.is_none() && asked.account.is_none() && !is_silenced {
        report.files = in_other_files(&session)?;
    }
    drop((progress, event));
    if status.details {
        add_last_uses(&mut report.providers);
    }
    // A helper that is skipped here needs no warning, unless it may have what was not found.
    let may_explain = status.details || report.providers.iter().all(|row| row.copies.is_empty());
    let is_news = may_explain || !session.is_automatic(asked.only())?;
    let told = failed.iter().filter(|one| !matches!(one.about, About::Helper(_)) || is_news);
    told.for_each(|one| terminal::warning(&one.problem));
    session.left_out(asked.only())?.filter(|_| may_explain).into_iter().for_each(terminal::warning);
    if status.json {
        terminal::answer(&terminal::json(&report)?)?;
    } else {
        terminal::tell(&table(&report, status.details, asked.account.as_deref()))?;
    }
    // With `--verbose`, the helper that read the files has already warned.
    let in_plain_text = report.providers.iter().filter(|row| row.copies.iter().any(Copy::is_in_plain_text));
    let in_plain_text: Vec<&str> = in_plain_text.map(Row::name).collect();
    if !in_plain_text.is_empty() && !status.details && !is_silenced {
        terminal::warning(&error::seen_in_plain_text(&in_plain_text));
    } else if !report.files.is_empty() {
        terminal::warning(&error::files_hold_keys(report.files.len()));
    }
    match &asked.request {
        Some(request) => Ok(asked.judge(&report, request)?),
        None => Ok(()),
    }
}

/// The files of tools that contain keys. If the chain has the helper for ModelForge's files, those are in the table.
fn in_other_files(session: &Session) -> Result<Vec<PlainFile>> {
    let is_asked = session.helpers(None)?.into_iter().any(|link| link.name == TOOLS);
    let listed = plain_files::listed(&session.providers, |words, _| is_asked || words != TOOLS);
    Ok(plain_files::of(&listed, &session.providers))
}

/// What the person asked about.
struct Asked {
    /// The provider or the URL that they named.
    request: Option<Request>,
    /// The account that they named.
    account: Option<String>,
    /// Both, as the log has them.
    place: Record,
}

impl Asked {
    fn new(session: &Session, status: &Status) -> Result<Self> {
        let option = status.account.as_deref();
        let named = status.provider.as_deref().map(|word| Named::new(word, option)).transpose()?;
        let request = named.as_ref().map(|named| named.request(&session.providers)).transpose()?;
        let account = named.map_or_else(|| status.account.clone(), |named| named.account);
        let mut place = request.as_ref().map(|request| request.record.description()).unwrap_or_default();
        place.remove("username");
        if let Some(provider) = request.as_ref().and_then(|request| request.provider.as_ref()) {
            place.set("provider", &provider.name)?;
        }
        if let Some(account) = &account {
            place.set("username", account)?;
        }
        Ok(Self { request, account, place })
    }

    /// The place whose chain is asked; `None` for every chain.
    fn only(&self) -> Option<&Record> {
        self.request.as_ref().map(|_| &self.place)
    }

    fn provider(&self) -> Option<&Provider> {
        self.request.as_ref()?.provider.as_ref()
    }

    /// True if a tool with the same request would get a credential.
    fn judge(&self, report: &Report, request: &Request) -> modelforge_credential_protocol::Result<()> {
        let signed_in: Vec<&Row> = report.providers.iter().filter(|row| !row.copies.is_empty()).collect();
        let accounts: Vec<String> = signed_in.iter().filter_map(|row| row.account.clone()).collect();
        let configured = request.provider.as_ref().and_then(|provider| provider.account.as_deref());
        let named = self.account.as_deref().or(configured).map(shown);
        let meant = named.as_deref().or_else(|| usual(&accounts));
        if meant.is_none() && accounts.len() > 1 {
            return Err(error::several_accounts(&request.record, &accounts, "status"));
        }
        let is_meant = |row: &&&Row| meant.is_some() && row.account.as_deref() == meant;
        let row = signed_in
            .iter()
            .find(is_meant)
            .copied()
            .or_else(|| report.providers.first().filter(|row| row.copies.is_empty()));
        let Some(provider) = &request.provider else {
            return match row.map(|row| row.signed_in) {
                Some(SignedIn::Yes) => Ok(()),
                Some(SignedIn::Unknown) => Err(not_every_key_could_be_looked_for(&request.record.url())),
                _ => Err(error::no_credential(&request.record)),
            };
        };
        match row.map(|row| (row.signed_in, row.copies.first())) {
            Some((SignedIn::Yes | SignedIn::NotNeeded, _)) => Ok(()),
            Some((SignedIn::Expired, Some(Copy { expires_utc: Some(at), .. }))) => {
                Err(token_expired(provider, self.account.as_deref(), &span(now().saturating_sub(*at))))
            }
            Some((SignedIn::Unknown, _)) => {
                Err(set_or_repair(not_every_key_could_be_looked_for(&provider.name), provider))
            }
            Some((SignedIn::Unreadable, Some(copy))) => Err(error::unreadable(&request.record, &copy.helper)),
            _ => Err(not_signed_in(provider, self.account.as_deref())),
        }
    }
}

/// Adds when each copy was last given to a program, as far as the log goes back.
fn add_last_uses(rows: &mut [Row]) {
    let name = |row: &Row, copy: &Copy| {
        (row.url.clone(), row.account.clone().unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned()), copy.helper.clone())
    };
    let wanted: Vec<_> = rows.iter().flat_map(|row| row.copies.iter().map(|copy| name(row, copy))).collect();
    let uses = audit::last_uses(&wanted);
    for (copy, last) in rows.iter_mut().flat_map(|row| &mut row.copies).zip(uses) {
        (copy.used_utc, copy.used_by) = last.map_or((None, None), |last| (Some(last.utc), last.program));
    }
}
