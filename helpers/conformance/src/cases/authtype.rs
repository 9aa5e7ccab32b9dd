//! Pre-encoded credentials (`authtype`), and credentials that must not be stored.

use crate::case::{Case, Level, Offer, alone, case};
use crate::checked::{Broken, must};
use crate::session::Session;

pub const CASES: &[Case] = &[
    alone("O8", "`capability` answers with the version first", |s| {
        for input in ["", "junk", "protocol=https\n"] {
            let answer = s.run("capability", input)?;
            must(answer.status.success(), format!("`capability` failed with {}", s.said(&answer)))?;
            let text = String::from_utf8_lossy(&answer.output).into_owned();
            let mut lines = text.lines();
            must(lines.next() == Some("version 0"), "the first line is not `version 0`")?;
            must(lines.all(|line| line.starts_with("capability ")), "a line is not `capability NAME`")?;
            must(text.contains("capability authtype\n"), "`authtype` is not always there")?;
        }
        Ok(())
    })
    .of_any()
    .offered(Offer::Authtype),
    case("O8", "a pre-encoded credential is kept, and given to a caller that announces `authtype`", |s| {
        let knows = format!("capability[]=authtype\n{}", s.host);
        let named = format!("username={}\nauthtype=Bearer\ncredential={}\n", s.name_of_ann, s.secret);
        s.stores(format!("{knows}{named}"))?;
        let found = s.get(&knows)?.ok_or_else(|| Broken::rule("it is not found"))?;
        found.must_have("authtype", Some("Bearer"), "`authtype`")?;
        found.must_have("credential", Some(&s.secret), "`credential`")?;
        must(found.all("capability[]").contains(&"authtype".into()), "the answer does not announce `authtype`")
    })
    .offered(Offer::Authtype),
    alone("O8", "a pre-encoded credential is not given to a caller that does not announce `authtype`", |s| {
        s.stores(encoded(s, &s.secret))?;
        let found = s.run("get", &s.ann)?;
        must(found.status.success(), format!("`get` failed with {}", s.said(&found)))?;
        let text = String::from_utf8_lossy(&found.output);
        let is_silent = !text.contains("credential=") && !text.contains("authtype=");
        must(is_silent, "it is given to a caller that did not announce `authtype`")?;
        // One that was not announced must not be stored either.
        let _ = s.run("store", format!("{}authtype=Bearer\ncredential=c\n", s.bob))?;
        s.finds_nothing(format!("capability[]=authtype\n{}", s.bob))
    })
    .offered(Offer::Authtype),
    alone("O6", "an erase that names another pre-encoded credential erases nothing", |s| {
        let knows = format!("capability[]=authtype\n{}", s.ann);
        s.stores(encoded(s, &s.secret))?;
        s.erases(encoded(s, "other"))?;
        let found = s.get(&knows)?.ok_or_else(|| Broken::rule("another one was named, and it is gone"))?;
        found.must_have("credential", Some(&s.secret), "`credential`")?;
        s.erases(encoded(s, &s.secret))?;
        s.finds_nothing(&knows)
    })
    .offered(Offer::Authtype),
    alone("O6", "an erase that names another pre-encoded credential erases nothing, announced or not", |s| {
        s.stores(encoded(s, &s.secret))?;
        let _ = s.run("erase", format!("{}credential=other\n", s.ann))?;
        let found = s.get(format!("capability[]=authtype\n{}", s.ann))?;
        must(found.is_some(), "it erased another credential than the one that was named")
    })
    .offered(Offer::Authtype),
    case("O9", "what is ephemeral is not kept", |s| {
        let knows = format!("capability[]=authtype\n{}", s.ann);
        s.stores(format!("{knows}ephemeral=1\nauthtype=Bearer\ncredential={}\n", s.secret))?;
        s.finds_nothing(&knows)?;
        s.stores(format!("{knows}ephemeral=true\npassword={}\n", s.secret))?;
        s.finds_nothing(&knows)
    })
    .offered(Offer::Authtype),
    alone("O9", "an ephemeral password is not kept, whatever the helper knows of `authtype`", |s| {
        s.stores(format!("capability[]=authtype\n{}ephemeral=1\npassword={}\n", s.ann, s.secret))?;
        s.finds_nothing(&s.ann)
    })
    .level(Level::Protocol),
];

/// Ann's pre-encoded credential, with the announcement.
fn encoded(s: &Session, credential: &str) -> String {
    format!("capability[]=authtype\n{}authtype=Bearer\ncredential={credential}\n", s.ann)
}
