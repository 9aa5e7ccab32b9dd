//! Malformed requests are refused.

use crate::case::{Case, Level, alone};
use crate::checked::Checked;
use crate::session::Session;

pub const CASES: &[Case] = &[
    alone("O2", "a request without protocol or host is refused, and changes nothing", |s| {
        begin(s)?;
        let (host, name) = (&s.name_of_host, &s.name_of_ann);
        let operations: &[&str] = if s.may_risk() { &["get", "store", "erase"] } else { &["get"] };
        for operation in operations {
            let password = if *operation == "store" { "password=other\n" } else { "" };
            for request in [
                "",
                "\n",
                "protocol=https\n",
                &format!("host={host}\n"),
                &format!("protocol=\nhost={host}\n"),
                &format!("username={name}\n"),
                &format!("protocol=https\nusername={name}\n"),
                "protocol=https\npath=a\n",
                &format!("\nprotocol=https\nhost={host}\n"),
                &format!("Protocol=https\nHost={host}\n"),
            ] {
                let first = if request.starts_with('\n') { "" } else { password };
                s.refuses(operation, format!("{first}{request}{password}"))?;
            }
        }
        end(s)
    })
    .level(Level::Protocol)
    .of_any(),
    alone("F4", "a request with a malformed line is refused, and changes nothing", |s| {
        begin(s)?;
        let (host, elsewhere) = (&s.name_of_host, s.other_host("elsewhere"));
        let long = "x".repeat(65_536);
        for operation in operations(s) {
            let password = if *operation == "store" { "password=other\n" } else { "" };
            for line in [
                "no equals sign",
                "=no name",
                " ",
                "username=a\0b",
                "username=a\0",
                "username=a\r\0",
                "\0",
                "username=al\rice",
                &format!("username=\rprotocol=https\rhost={elsewhere}\r"),
                &format!("host={host}\0.evil.invalid"),
                "\0=1",
                "a\rb=1",
                "password_expiry_utc=-5",
                "password_expiry_utc=soon",
                "quit=maybe",
                &format!("username={long}"),
                &format!("wwwauth[]={long}"),
                &long,
            ] {
                s.refuses(operation, format!("{}{password}{line}\n", s.host))?;
                s.refuses(operation, format!("{line}\n{}{password}", s.host))?;
                s.refuses(operation, format!("{}{password}{line}", s.ann))?;
            }
            s.refuses(operation, [s.host.as_bytes(), password.as_bytes(), b"\xff=1\n"].concat())?;
            s.refuses(operation, [password.as_bytes(), b"protocol=https\nhost=\xff\n"].concat())?;
        }
        end(s)
    })
    .level(Level::Protocol)
    .of_any(),
    alone("F3", "input without an end is refused before it fills the memory", |s| {
        begin(s)?;
        for operation in operations(s) {
            s.refuses(operation, format!("{}{}", s.host, "x[]=1\n".repeat(400_000)))?;
            s.refuses(operation, format!("{}password={}", s.host, "x".repeat(8 << 20)))?;
        }
        end(s)
    })
    .level(Level::Protocol)
    .of_any(),
];

/// A helper that stores nothing may ignore `store` and `erase`.
fn operations(s: &Session) -> &'static [&'static str] {
    if s.keeps() { &["get", "store", "erase"] } else { &["get"] }
}

fn begin(s: &Session) -> Checked {
    if s.keeps() {
        s.with_ann()?;
        s.stores(format!("{}password=bob's\n", s.bob))?;
    }
    Ok(())
}

fn end(s: &Session) -> Checked {
    if s.keeps() {
        s.finds(&s.ann, &s.secret)?;
        s.finds(&s.bob, "bob's")?;
    }
    Ok(())
}
