//! Several requests at the same time.

use crate::case::{Case, Level, alone};
use crate::checked::{Broken, Checked, must};

pub const CASES: &[Case] = &[
    alone("O5", "twenty that store at once for different users all keep what they stored", |s| {
        let user = |number: usize| format!("{}username=user-{number}\n", s.host);
        at_once((0..20).map(|number| move || s.stores(format!("{}password=key-{number}\n", user(number)))))?;
        for number in 0..20 {
            s.finds(user(number), &format!("key-{number}"))?;
        }
        Ok(())
    })
    .level(Level::Protocol),
    alone("O5", "of those that store the same at once one remains, whole, and a later store replaces it", |s| {
        at_once((0..8).map(|number| {
            move || s.stores(format!("{}password=key-{number}\noauth_refresh_token=token-{number}\n", s.ann))
        }))?;
        let found = s.get(&s.ann)?.ok_or_else(|| Broken::rule("none remains"))?;
        let (password, token) = (found.text("password").unwrap_or_default(), found.text("oauth_refresh_token"));
        must(password.starts_with("key-"), "the remaining password is not one of them")?;
        must(token.is_none_or(|token| token.replace("token", "key") == password), "two credentials are mixed")?;
        s.with_ann()?;
        s.finds(&s.ann, &s.secret)?;
        s.finds(&s.host, &s.secret)?;
        s.erases(&s.ann)?;
        s.finds_nothing(&s.host)
    })
    .level(Level::Protocol),
    alone("O5", "a get that meets a store finds the old or the new, and never nothing or a part", |s| {
        // Some stores accept at most 1,280 characters.
        let takes_more = s.run("store", format!("{}password={}\n", s.ann, "a".repeat(3000)))?.status.success();
        let long = |letter: &str| letter.repeat(if takes_more { 3000 } else { 1200 });
        let store = |letter: &str| s.stores(format!("{}password={}\n", s.ann, long(letter)));
        let get = || {
            let found = s.get(&s.ann)?.ok_or_else(|| Broken::rule("nothing is found while a newer one is stored"))?;
            let password = found.text("password").unwrap_or_default();
            must(["a", "b", "c", "d", "e"].iter().any(|letter| password == long(letter)), "a part is found")
        };
        store("a")?;
        let writer: Box<dyn Fn() -> Checked + Sync + Send> =
            Box::new(|| ["b", "c", "d", "e"].into_iter().try_for_each(store));
        let reader = || -> Box<dyn Fn() -> Checked + Sync + Send> { Box::new(|| (0..8).try_for_each(|_| get())) };
        at_once([writer, reader(), reader()])?;
        s.finds(&s.ann, &long("e")).map(drop)
    })
    .level(Level::Protocol),
];

/// Runs all of them at the same time. The first failure is the result.
fn at_once(tasks: impl IntoIterator<Item = impl FnOnce() -> Checked + Send>) -> Checked {
    std::thread::scope(|scope| {
        let threads: Vec<_> = tasks.into_iter().map(|task| scope.spawn(task)).collect();
        let outcomes =
            threads.into_iter().map(|thread| thread.join().unwrap_or(Err(Broken::rule("it was interrupted"))));
        // Wait for all of them, whatever the others return.
        outcomes.collect::<Vec<_>>().into_iter().collect()
    })
}
