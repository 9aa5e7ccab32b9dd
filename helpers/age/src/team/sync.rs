//! `sync`: takes the changes of others after verifying them, and sends our own.

use modelforge_credential_protocol::{Error, MAX_ATTRIBUTES, Record, Result};

use super::git::Git;
use super::history::{self, Files, History};
use super::known::Known;
use super::meet::{Asked, Meeting, Met, not_taken};
use super::members::Members;
use super::merge::{self, Chosen, Merged, Sides};
use super::remote::check_remote;
use super::{Team, readable, renewal, tree, warn_of};
use crate::identity::Identities;
use crate::mine::Mine;

/// How often others may be faster before we give up.
const ATTEMPTS: usize = 10;

/// The state that both sides should have.
struct Decided {
    files: Files,
    members: Members,
    kept: Vec<String>,
    unread: Vec<String>,
}

pub fn sync(team: &Team, identities: &Identities, mine: Option<&Mine>, asked: &Asked) -> Result<Record> {
    let _only_one = team.store.lock_the_identity()?;
    let mut known = team.known()?;
    if let Some(remote) = asked.remote {
        check_remote(remote)?;
        known.remote = Some(remote.to_owned());
        known.write(&team.accepted)?;
    }
    let Some(remote) = known.remote.clone() else {
        return Err(Error::new(format!("the store `{}` has no remote", team.name))
            .hint("modelforge-credential sync --remote URL  # an empty repository, or the one that others use"));
    };
    // If the list is missing, some or all files were lost with it: nobody has removed them. Note that before the list is restored, because
    // this synchronisation may be interrupted.
    if known.members.is_some() && team.text()?.is_none() {
        known.is_lost = true;
        known.write(&team.accepted)?;
        team.finish_change(&mut known, identities)?;
    } else if known.is_changing {
        team.finish_change(&mut known, identities)?;
    }
    // Report changes by hand before anything is sent or received.
    if known.members.is_some() || team.text()?.is_some() {
        team.members()?;
    }
    renewal::go_on(team, &mut known, identities)?;
    let git = Git::open(&team.repository())?;
    known.head.iter().for_each(|head| git.keep(head));
    for _ in 0..ATTEMPTS {
        let meeting = Meeting { team, identities, git: &git, remote: &remote, known: &known, asked };
        let mut met = meeting.reach().inspect_err(|_| git.forget())?;
        if known.is_lost {
            met.base.clear();
        }
        let Some(answer) = settle(team, identities, &mut known, &met)? else { continue };
        if let (Some(mine), true, false) = (mine, known.is_renewed, answer.has("problem")) {
            renewal::finish_or_warn(team, &mut known, identities, mine);
        }
        return Ok(answer);
    }
    Err(Error::new("others changed the store each time before this machine could send its changes")
        .hint("modelforge-credential sync"))
}

fn not_replaced(reason: &str) -> Error {
    Error::new(format!("the remote refuses to replace the branch: {reason}"))
        .hint("modelforge-credential sync --remote URL  # an empty repository, for all members")
}

/// Merges, sends and applies. `None`: somebody else was faster.
fn settle(team: &Team, identities: &Identities, known: &mut Known, met: &Met) -> Result<Option<Record>> {
    let decided = decide(team, identities, known, met)?;
    let theirs = met.history.as_ref().map(History::last).transpose()?;
    let tip = met.history.as_ref().map(|history| history.tip.clone());
    let has_changes = decided.files != met.theirs || theirs != Some(&decided.members);
    let (mut head, mut problem) = (tip.clone(), None);
    if has_changes || met.repair.is_some() {
        let sent = match &tip {
            Some(tip) if !has_changes => met.push(tip)?.map(|()| tip.clone()),
            _ => send(team, identities, known, met, &decided)?,
        };
        match sent {
            Ok(commit) => head = Some(commit),
            Err(_) if met.git.ask(met.remote)? != met.there => return Ok(None),
            Err(reason) if met.instead_of().is_some() => return Err(not_replaced(&reason)),
            Err(reason) => problem = Some(reason),
        }
    }
    let Some(head) = head else {
        return Err(not_taken(&problem.unwrap_or_default()));
    };
    let before = known.members()?;
    let are_others = before.as_ref() != Some(&decided.members);
    if are_others {
        // From now on, other processes encrypt for these members.
        known.members = Some(decided.members.to_text());
        known.is_changing = true;
        known.write(&team.accepted)?;
    }
    let is_newer = team.apply(&decided.files, &met.ours, &decided.members, identities)?;
    // Keys that were stored in the meantime may be encrypted for the old members.
    known.is_changing = is_newer && are_others;
    (known.is_lost, known.begun) = (false, None);
    known.root = Some(met.history.as_ref().map_or_else(|| head.clone(), |history| history.root.clone()));
    known.head = Some(head);
    known.met.clone_from(&known.remote);
    known.write(&team.accepted)?;
    if known.is_changing {
        team.finish_change(known, identities)?;
    }
    answer(team, met, &decided, before.as_ref(), problem).map(Some)
}

/// The result of merging both sides, encrypted for the current members.
fn decide(team: &Team, identities: &Identities, known: &Known, met: &Met) -> Result<Decided> {
    let before = met.history.as_ref().and_then(|history| history.before.clone()).unwrap_or_default();
    let theirs = met.history.as_ref().map(History::last).transpose()?.cloned();
    let ours = match known.members()? {
        Some(members) => members,
        None if theirs.is_some() => before.clone(),
        None => return Err(team.members().err().unwrap_or_else(|| Error::new("the store has no members"))),
    };
    let theirs = theirs.unwrap_or_default();
    let members = match met.history {
        Some(_) => Members::merged(&before, &ours, &theirs)?,
        None => ours.clone(),
    };
    let open = |name: &str, content: &[u8]| identities.decrypt(content, name.as_ref());
    let Merged { files, kept, unread } =
        merge::merge(&Sides { base: &met.base, ours: &met.ours, theirs: &met.theirs }, &open)?;
    let mut all = Files::new();
    for (name, chosen) in files {
        let (content, of) = match chosen {
            Chosen::Ours => (met.ours.get(&name), &ours),
            Chosen::Theirs => (met.theirs.get(&name), &theirs),
            Chosen::Moved(text) => {
                all.insert(name.clone(), team.encrypt(&text, &members, identities, name.as_ref())?);
                continue;
            }
        };
        let Some(content) = content else { continue };
        let content = match *of == members {
            true => content.clone(),
            false => match readable(open(&name, content))? {
                Ok(text) => team.encrypt(&text, &members, identities, name.as_ref())?,
                Err(_) => content.clone(),
            },
        };
        all.insert(name, content);
    }
    history::check(&all)?;
    Ok(Decided { files: all, members, kept, unread })
}

/// Sends the result as one commit on top of the remote's. Returns the commit, or why the remote did not take it.
fn send(
    team: &Team,
    identities: &Identities,
    known: &mut Known,
    met: &Met,
    decided: &Decided,
) -> Result<std::result::Result<String, String>> {
    let before = met.history.as_ref().map_or(Ok(&decided.members), History::last)?;
    let Some((name, key)) = team.signer(identities, before)? else {
        return Ok(Err("your signing key does not belong to a member at the remote".to_owned()));
    };
    let parent = met.history.as_ref().map(|history| history.tip.as_str());
    let commit = tree::commit(met.git, &decided.files, &decided.members, parent, &met.theirs, (&name, &key))?;
    // Do not send what others would refuse.
    history::verify(
        met.git,
        met.history.as_ref().map(|history| (history.root.as_str(), history.tip.as_str())),
        &commit,
    )?;
    if parent.is_none() {
        known.begun = Some(commit.clone());
        known.write(&team.accepted)?;
    }
    Ok(met.push(&commit)?.map(|()| commit))
}

/// Adds a list to an answer, as far as there is room beside the `members`, and the number of the rest. The work is done, so a long list
/// must not be an error.
pub fn push_list(
    answer: &mut Record,
    [key, more]: [&str; 2],
    all: impl ExactSizeIterator<Item = String>,
    members: &Members,
) -> Result<()> {
    /// Attributes for the rest of the answer.
    const REST: usize = 22;
    let room = MAX_ATTRIBUTES.saturating_sub(members.count() + REST);
    if let Some(left) = all.len().checked_sub(room).filter(|left| *left > 0) {
        answer.set(more, left.to_string())?;
    }
    all.take(room).try_for_each(|item| answer.push(key, item))
}

/// How many credentials and lists of members were new on each side.
fn answer(
    team: &Team,
    met: &Met,
    decided: &Decided,
    before: Option<&Members>,
    problem: Option<String>,
) -> Result<Record> {
    let mut answer = Record::of([("store", team.name.clone())])?;
    let theirs = met.history.as_ref().map(History::last).transpose()?;
    let received = history::differing(&met.ours, &decided.files) + usize::from(before != Some(&decided.members));
    let sent = history::differing(&met.theirs, &decided.files) + usize::from(theirs != Some(&decided.members));
    answer.set("received", received.to_string())?;
    answer.set(if problem.is_some() { "unsent" } else { "sent" }, sent.to_string())?;
    push_list(&mut answer, ["kept[]", "kept_more"], decided.kept.iter().cloned(), &decided.members)?;
    let unread = decided.unread.iter().map(|place| {
        format!(
            "the credential that another member stored for `{place}` cannot be decrypted here, so yours replaced it"
        )
    });
    warn_of(&unread.collect::<Vec<_>>());
    if let Some(replaced) = met.instead_of() {
        answer.set("replaced", replaced)?;
    }
    if let Some(problem) = problem {
        answer.set("problem", problem)?;
    }
    Ok(answer)
}
