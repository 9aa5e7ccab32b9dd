//! A value comes back unchanged, with what belongs to it and nothing else.

use crate::case::{Case, Level, alone, case};
use crate::checked::{Broken, must};
use crate::session::LATER;
use crate::throw_away::random_word;

pub const CASES: &[Case] = &[
    case("F2", "a value is kept as it is: blanks, quotation marks, `=`, UTF-8", |s| {
        let odd = ["  both ends  ", "=a==b=", "\t", "'\"\\$`!*%41%0a", "na\u{ef}ve \u{1f511}\u{2028}x"];
        for value in odd.into_iter().chain(["\u{1b}[2J", "-n", "#"]) {
            s.stores(format!("{}password={value}\n", s.ann))?;
            s.finds(&s.ann, value).map_err(|problem| about(value, problem))?;
        }
        for name in [" ann ", "a=n", "ann@example.com", "\u{e9}", "e\u{301}", "a/b", "..", "-n", "a%2fb", "~"] {
            let named = format!("{}username={name}\n", s.host);
            s.finds_nothing(&named)?;
            s.stores(format!("{named}password=key of {name}\n"))?;
            let found = s.finds(&named, &format!("key of {name}")).map_err(|problem| about(name, problem))?;
            found.must_have("username", Some(name), "the user name")?;
        }
        Ok(())
    }),
    alone("F7", "a password that is not UTF-8 is kept as it is or refused", |s| {
        let odd = b"a\xff\xfe\x01b";
        if s.run("store", [format!("{}password=", s.ann).as_bytes(), odd, b"\n"].concat())?.status.success() {
            let found = s.get(&s.ann)?.ok_or_else(|| Broken::rule("it is lost, and the exit status was 0"))?;
            must(found.get("password") == Some(odd), "it is changed, and the exit status was 0")
        } else {
            s.finds_nothing(&s.ann)
        }
    }),
    alone("O5", "a long value is kept whole or refused, and the older one stays", |s| {
        for length in [100, 1024, 4096, 8192, 16_384, 60_000] {
            s.stores(format!("{}password=older\n", s.ann))?;
            let long = "x".repeat(length);
            let kept = s.run("store", format!("{}password={long}\n", s.ann))?.status.success();
            let found = s.get(&s.ann)?.unwrap_or_default().text("password").unwrap_or_default();
            let wanted = if kept { &*long } else { "older" };
            must(found == wanted, format!("of {length} bytes {} came back, and `store` kept it: {kept}", found.len()))?;
            must(kept || length > 2048, format!("{length} bytes are refused"))?;
        }
        Ok(())
    }),
    alone("A2", "unknown attributes of a request are ignored", |s| {
        let unknown = format!("{0}={0}\n{0}[]=1\n{0}[]=\n", random_word());
        if !s.keeps() {
            return s.finds_nothing(format!("{unknown}{}", s.ann));
        }
        s.stores(format!("{unknown}{}password={}\n", s.ann, s.secret))?;
        s.finds(format!("{unknown}{}", s.ann), &s.secret)?;
        s.finds(&s.ann, &s.secret)?;
        s.erases(format!("{unknown}{}", s.ann))?;
        s.finds_nothing(&s.ann)
    })
    .of_any(),
    alone("A2", "an unknown attribute of a credential is kept with it", |s| {
        let word = random_word();
        s.stores(format!("{}password={}\n{word}=a=b\n{word}[]=1\n{word}[]=2\n", s.ann, s.secret))?;
        let found = s.finds(&s.ann, &s.secret)?;
        found.must_have(&word, Some("a=b"), "the unknown attribute")?;
        must(found.all(&format!("{word}[]")) == ["1", "2"], "an unknown list does not come back as it was")
    })
    .level(Level::Advice),
    case("A2", "when a password expires and its refresh token are kept with it", |s| {
        let more = format!("password_expiry_utc={LATER}\noauth_refresh_token=r=1\n");
        s.stores(format!("{}password={}\n{more}", s.ann, s.secret))?;
        let found = s.finds(&s.ann, &s.secret)?;
        found.must_have("password_expiry_utc", Some(LATER), "the expiry")?;
        found.must_have("oauth_refresh_token", Some("r=1"), "the refresh token")?;
        s.with_ann()?;
        let found = s.finds(&s.ann, &s.secret)?;
        found.must_have("password_expiry_utc", None, "the expiry of the older password")?;
        found.must_have("oauth_refresh_token", None, "the refresh token of the older password")
    })
    .level(Level::Advice),
    alone("O3", "an answer holds nothing that belongs to another credential", |s| {
        let more = format!("oauth_refresh_token=bob's too\npassword_expiry_utc={LATER}\n");
        s.stores(format!("{}password=bob's\n{more}", s.bob))?;
        s.with_ann()?;
        let found = s.finds(&s.ann, &s.secret)?;
        found.must_have("oauth_refresh_token", None, "the refresh token of another")?;
        found.must_have("password_expiry_utc", None, "the expiry of another")
    }),
    alone("O8", "the state of another helper makes no difference", |s| {
        let state = "capability[]=state\nstate[]=other.helper=1\nstate[]=\n";
        s.stores(format!("{state}{}password={}\n", s.ann, s.secret))?;
        s.finds(format!("{state}{}", s.ann), &s.secret)?;
        s.stores(format!("{state}{}password=newer\n", s.ann))?;
        s.finds(&s.ann, "newer")?;
        s.erases(format!("{state}{}", s.ann))?;
        s.finds_nothing(&s.ann)
    }),
    alone("O8", "what concerned one request is not kept with the credential", |s| {
        let knows = "capability[]=authtype\ncapability[]=state\n";
        let once = format!("{knows}state[]=other.helper=1\nwwwauth[]=Basic\nquit=1\ncontinue=1\n");
        s.stores(format!("{once}{}password={}\n", s.ann, s.secret))?;
        let found = s.finds(format!("{knows}{}", s.ann), &s.secret)?;
        for key in ["state[]", "wwwauth[]", "quit", "continue"] {
            found.must_have(key, None, &format!("`{key}` of an earlier store"))?;
        }
        Ok(())
    }),
];

/// Names the value that had the problem.
fn about(value: &str, problem: Broken) -> Broken {
    match problem {
        Broken::Rule(reason) => Broken::Rule(format!("{value:?}: {reason}")),
        Broken::Interrupted => problem,
    }
}
