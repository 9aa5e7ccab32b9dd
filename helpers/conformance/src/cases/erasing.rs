//! An erase removes what it names, and nothing else.

use crate::case::{Case, Level, alone, case};

pub const CASES: &[Case] = &[
    case("O6", "an erase that names the user leaves the other users", |s| {
        s.with_ann()?;
        s.stores(format!("{}password=bob's\n", s.bob))?;
        s.erases(&s.bob)?;
        s.finds_nothing(&s.bob)?;
        s.finds(&s.ann, &s.secret)?;
        s.finds(&s.host, &s.secret).map(drop)
    }),
    case("O6", "an erase that names another password erases nothing", |s| {
        s.with_ann()?;
        s.erases(format!("{}password=other\n", s.ann))?;
        s.finds(&s.ann, &s.secret)?;
        s.erases(format!("{}password={}\n", s.ann, s.secret))?;
        s.finds_nothing(&s.ann)
    }),
    alone("O6", "an erase that names a pre-encoded credential erases no password", |s| {
        s.with_ann()?;
        for announced in ["capability[]=authtype\n", ""] {
            let _ = s.run("erase", format!("{announced}{}authtype=Bearer\ncredential=other\n", s.ann))?;
            s.finds(&s.ann, &s.secret)?;
        }
        Ok(())
    })
    .level(Level::Protocol),
    case("O6", "an erase without a user name erases all of the host, and no other host", |s| {
        let other = format!("protocol=https\nhost={}\nusername={}\n", s.other_host("org"), s.name_of_ann);
        s.with_ann()?;
        s.stores(format!("{}password=bob's\n", s.bob))?;
        s.stores(format!("{other}password=elsewhere\n"))?;
        s.erases(&s.host)?;
        for request in [&s.host, &s.ann, &s.bob] {
            s.finds_nothing(request)?;
        }
        s.finds(&other, "elsewhere").map(drop)
    }),
    case("O6", "to erase what is not there succeeds", |s| {
        s.erases(&s.ann)?;
        s.with_ann()?;
        s.erases(&s.ann)?;
        s.erases(&s.ann)?;
        s.finds_nothing(&s.ann)
    }),
    case("O6", "what was erased can be stored again", |s| {
        s.with_ann()?;
        s.erases(&s.ann)?;
        s.with_ann()?;
        s.finds(&s.ann, &s.secret).map(drop)
    }),
    alone("O6", "an erase without a path erases what has one", |s| {
        s.stores(format!("{}path=a/b\nusername={}\npassword={}\n", s.host, s.name_of_ann, s.secret))?;
        s.erases(&s.host)?;
        s.finds_nothing(format!("{}path=a/b\n", s.host))
    }),
];
