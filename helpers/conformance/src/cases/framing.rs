//! The end of a line and of a request.

use crate::case::{Case, alone, case};
use crate::checked::must;

pub const CASES: &[Case] = &[
    alone("F1", "lines that end as on Windows are the same lines", |s| {
        s.stores(format!("{}password={}\n", s.ann, s.secret).replace('\n', "\r\n"))?;
        s.finds(&s.ann, &s.secret)?;
        s.finds(s.ann.replace('\n', "\r\n"), &s.secret)?;
        s.erases(format!("{}\r\nusername={}\r\n", s.bob.replace('\n', "\r\n"), s.name_of_bob))?;
        s.finds(&s.ann, &s.secret).map(drop)
    }),
    case("F5", "the last line need not be ended", |s| {
        s.stores(format!("{}password={}", s.ann, s.secret))?;
        s.finds(s.ann.trim_end(), &s.secret).map(drop)
    }),
    alone("F5", "an empty line ends the request, and nothing after it is read", |s| {
        let elsewhere = s.other_host("elsewhere");
        s.stores(format!("{}password={}\n\npassword=other\nhost={elsewhere}\njunk", s.ann, s.secret))?;
        s.finds(format!("{}\nusername={}\nhost={elsewhere}\njunk", s.ann, s.name_of_bob), &s.secret)?;
        s.erases(format!("{}\nusername={}\n", s.bob, s.name_of_ann))?;
        s.finds(format!("{}\r\nusername={}\n", s.ann, s.name_of_bob), &s.secret).map(drop)
    }),
    alone("F6", "of an attribute that is given twice the last one counts", |s| {
        let elsewhere = s.other_host("elsewhere");
        s.stores(format!("host={elsewhere}\n{}password=other\npassword={}\n", s.ann, s.secret))?;
        s.finds(format!("username={}\n{}", s.name_of_bob, s.ann), &s.secret)?;
        s.finds_nothing(format!("protocol=https\nhost={elsewhere}\n"))
    }),
    alone("F3", "long attributes do not spill into others", |s| {
        s.with_ann()?;
        let elsewhere = s.other_host("elsewhere");
        let pad = "x".repeat(1024 - 10);
        for length in [1023, 1024, 4095, 60_000] {
            let long = "x".repeat(length);
            s.finds(format!("wwwauth[]={long}host={elsewhere}\n{}", s.ann), &s.secret)?;
            let spilt = format!("wwwauth[]={pad}host={}\nprotocol=https\nhost={elsewhere}\n", s.name_of_host);
            s.finds_nothing(spilt)?;
            let _ = s.run("erase", format!("{}username={long}\n", s.host))?;
            let _ = s.run("erase", format!("protocol=https\nhost={long}\n"))?;
        }
        s.finds(&s.ann, &s.secret).map(drop)
    }),
    alone("A1", "what a helper says on standard error holds no secret", |s| {
        s.with_ann()?;
        for operation in ["get", "store", "erase"] {
            let request = format!("{}password={}\n", s.ann, s.secret);
            for request in [request.clone(), format!("{request}no equals sign\n"), format!("{0}={0}\n", s.secret)] {
                let said = s.run(operation, request)?.said;
                must(!String::from_utf8_lossy(&said).contains(&s.secret), "the secret is shown")?;
            }
        }
        Ok(())
    })
    .risky(),
];
