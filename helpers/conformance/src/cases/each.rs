//! Several requests in one go.

use crate::case::{Case, Offer, alone};
use crate::checked::{Checked, must};
use crate::session::Session;

pub const CASES: &[Case] = &[
    alone("O13", "several requests in one go are answered one by one", |s| {
        let credentials = [&s.ann, &s.bob].map(|who| format!("{who}password={}\n", s.secret));
        let stored = each(s, "store-each", &[&credentials[0], "protocol=https\n", &credentials[1]])?;
        must(
            outcomes(&stored) == ["done", "failed", "done"],
            "of a good, a bad and a good `store` not both good ones are done",
        )?;
        s.finds(&s.ann, &s.secret)?;
        s.finds(&s.bob, &s.secret)?;
        s.erases(&s.bob)?;
        let found = each(s, "get-each", &[&s.ann, &s.bob, &s.ann])?;
        must(outcomes(&found) == ["done"; 3], "a `get` that finds nothing is not done")?;
        let has_secret = |answer: &&str| answer.contains(&format!("password={}\n", s.secret));
        let with: Vec<bool> =
            found.split_terminator("\n\n").take(3).map(|answer| has_secret(&&*format!("{answer}\n"))).collect();
        must(with == [true, false, true], "the answers are not in the order of the requests")?;
        let erased = each(s, "erase-each", &[&s.bob, &s.ann])?;
        must(outcomes(&erased) == ["done"; 2], "an `erase` is not done")?;
        s.finds_nothing(&s.ann)
    })
    .offered(Offer::Each),
    alone("O13", "of several requests that were cut short none is carried out", |s| {
        s.with_ann()?;
        for sent in [format!("{}\n", s.ann), format!("{}\ncount=2\n", s.ann), format!("{}\nhost\n\ncount=2\n", s.ann)] {
            s.refuses("erase-each", sent)?;
        }
        s.finds(&s.ann, &s.secret).map(drop)
    })
    .offered(Offer::Each),
];

/// Sends all of these in one go.
fn each(s: &Session, operation: &str, requests: &[&str]) -> Checked<String> {
    let count = format!("count={}\n", requests.len());
    let sent: String = requests.iter().map(|request| format!("{request}\n")).chain([count.clone()]).collect();
    let answer = s.run(operation, sent)?;
    must(answer.status.success(), format!("`{operation}` failed with {}", s.said(&answer)))?;
    let text = String::from_utf8_lossy(&answer.output).into_owned();
    must(text.ends_with(&format!("\n\n{count}")), format!("`{operation}` does not end with the count of its answers"))?;
    Ok(text)
}

/// The outcome of each.
fn outcomes(answers: &str) -> Vec<&str> {
    answers.lines().filter_map(|line| line.strip_prefix("outcome=")).collect()
}
