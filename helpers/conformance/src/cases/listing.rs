//! Cases for `list`.

use modelforge_credential_protocol::is_public;

use crate::case::{Case, Offer, alone};
use crate::checked::{Broken, Checked, must};
use crate::found::Found;
use crate::session::Session;

pub const CASES: &[Case] = &[
    alone("O7", "`list` names each credential once, counts them, and shows no secret", |s| {
        must(listed(s)?.is_empty(), "it lists what was never stored")?;
        let (host, name) = (&s.name_of_host, &s.name_of_ann);
        s.with_ann()?.with_ann()?;
        s.stores(format!("{}password={}\noauth_refresh_token={1}\nmystery={1}\n", s.bob, s.secret))?;
        s.stores(format!("{}path=a/b\nusername={name}\npassword={}\n", s.host, s.secret))?;
        s.stores(format!("protocol=http\nhost={host}:8080\nusername=\npassword={}\n", s.secret))?;
        let all = [
            format!("http {host}:8080 - "),
            format!("https {host} - {name}"),
            format!("https {host} - {}", s.name_of_bob),
            format!("https {host} a/b {name}"),
        ];
        let listed_now = listed(s)?;
        must(listed_now == all, format!("of four that were stored it lists {}", listed_now.join(", ")))?;
        s.erases(&s.bob)?;
        let listed_now = listed(s)?;
        let left = [&all[0], &all[1], &all[3]];
        must(listed_now.iter().eq(left), format!("of three that are left it lists {}", listed_now.join(", ")))
    })
    .offered(Offer::List),
    alone("O7", "`list` ends with the right count, and shows only what is public", |s| listed(s).map(drop))
        .of_any()
        .offered(Offer::List),
];

/// The entries of `list` for this case, sorted: protocol, host, path and user name. The count covers everything in the list.
fn listed(s: &Session) -> Checked<Vec<String>> {
    let answer = s.run("list", "")?;
    must(answer.status.success(), format!("`list` failed with {}", s.said(&answer)))?;
    let text = String::from_utf8_lossy(&answer.output).into_owned();
    must(!text.contains(&s.secret), "`list` shows a secret")?;
    let (blocks, count) = text.rsplit_once("count=").ok_or_else(|| Broken::rule("the last line is not the count"))?;
    must(blocks.is_empty() || blocks.ends_with("\n\n"), "an empty line does not end each record")?;
    let blocks: Vec<_> = blocks.split_terminator("\n\n").collect();
    must(count == format!("{}\n", blocks.len()), "the count is not the number of records")?;
    let mut names = Vec::new();
    for block in blocks {
        let keys = block.lines().map(|line| line.split('=').next().unwrap_or_default());
        must(keys.into_iter().all(is_public), "`list` shows an attribute that is not public")?;
        let record = Found::parse(block.as_bytes())?;
        let part = |key| record.text(key).unwrap_or_else(|| "-".into());
        let name = format!("{} {} {} {}", part("protocol"), part("host"), part("path"), part("username"));
        if name.contains(&s.word) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}
