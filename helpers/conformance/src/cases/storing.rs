//! Cases for `store`.

use crate::case::{Case, Level, alone, case};
use crate::checked::must;
use crate::throw_away::random_word;

pub const CASES: &[Case] = &[
    case("O3", "what is stored is found, with and without its user name", |s| {
        s.with_ann()?;
        for request in [&s.host, &s.ann] {
            s.finds(request, &s.secret)?.must_have("username", Some(&s.name_of_ann), "the user name")?;
        }
        Ok(())
    }),
    alone("O5", "what is stored twice is there once", |s| {
        s.with_ann()?.with_ann()?;
        s.erases(&s.ann)?;
        s.finds_nothing(&s.ann)
    }),
    case("O5", "a store replaces the older password", |s| {
        s.stores(format!("{}password=older\n", s.ann))?;
        s.with_ann()?;
        s.finds(&s.ann, &s.secret)?;
        s.finds(&s.host, &s.secret).map(drop)
    }),
    case("O3", "two user names of one host are two credentials", |s| {
        s.with_ann()?;
        s.stores(format!("{}password=bob's\n", s.bob))?;
        s.finds(&s.ann, &s.secret)?;
        s.finds(&s.bob, "bob's")?;
        let found = s.get(&s.host)?.unwrap_or_default();
        let both = (found.text("username").unwrap_or_default(), found.text("password").unwrap_or_default());
        let pairs = [(&s.name_of_ann, s.secret.as_str()), (&s.name_of_bob, "bob's")];
        let is_one_of_them = pairs.iter().any(|(name, key)| **name == both.0 && *key == both.1);
        must(is_one_of_them, "a request without a user name is answered by neither of the two")?;
        let (cut, shouted) = (&s.name_of_ann[..s.name_of_ann.len() - 1], s.name_of_ann.replacen('a', "A", 1));
        s.finds_nothing(format!("{}username={cut}\n", s.host))?;
        s.finds_nothing(format!("{}username=an\n", s.host))?;
        s.finds_nothing(format!("{}username={shouted}\n", s.host))
    }),
    alone("O3", "user names that differ in case are two credentials, or the second is refused", |s| {
        let loud = format!("{}username={}\n", s.host, s.name_of_ann.to_uppercase());
        s.with_ann()?;
        if s.run("store", format!("{loud}password=loud\n"))?.status.success() {
            s.finds(&loud, "loud")?;
        } else {
            s.finds_nothing(&loud)?;
        }
        s.finds(&s.ann, &s.secret)?;
        s.erases(&loud)?;
        s.finds_nothing(&loud)?;
        s.finds(&s.ann, &s.secret).map(drop)
    }),
    case("O3", "an empty user name is a name", |s| {
        let nameless = format!("{}username=\n", s.host);
        s.with_ann()?;
        s.finds_nothing(&nameless)?;
        s.stores(format!("{nameless}password=of nobody\n"))?;
        s.finds(&nameless, "of nobody")?;
        s.finds(&s.ann, &s.secret)?;
        s.erases(&nameless)?;
        s.finds_nothing(&nameless)?;
        s.finds(&s.ann, &s.secret).map(drop)
    }),
    alone("O5", "what is stored without a user name is found without one", |s| {
        s.stores(format!("{}password={}\n", s.host, s.secret))?;
        s.finds(&s.host, &s.secret)?;
        s.stores(format!("{}password=newer\n", s.host))?;
        s.finds(&s.host, "newer")?;
        s.erases(&s.host)?;
        s.finds_nothing(&s.host)
    })
    .level(Level::Protocol),
    alone("O11", "an empty password for a provider is not stored, and does not replace another", |s| {
        let _ = s.run("store", format!("{}provider=example\npassword=\n", s.ann))?;
        s.finds_nothing(&s.ann)?;
        s.with_ann()?;
        let _ = s.run("store", format!("{}provider=example\npassword=\n", s.ann))?;
        s.finds(&s.ann, &s.secret).map(drop)
    })
    .level(Level::Protocol),
    alone("O5", "a store without a secret keeps nothing", |s| {
        let _ = s.run("store", &s.ann)?;
        s.finds_nothing(&s.ann)?;
        s.with_ann()?;
        let _ = s.run("store", &s.ann)?;
        s.finds(&s.ann, &s.secret).map(drop)
    }),
    alone("O1", "an unknown operation is ignored: nothing printed, exit status 0", |s| {
        if s.keeps() {
            s.with_ann()?;
        }
        s.does(&random_word(), format!("{}password=other\n", s.ann))?;
        s.does(&random_word(), "")?;
        if s.keeps() { s.finds(&s.ann, &s.secret).map(drop) } else { Ok(()) }
    })
    .of_any(),
    alone("O1", "an unknown operation does not read what might mean something else there", |s| {
        s.does(&random_word(), "junk")
    })
    .level(Level::Protocol)
    .of_any(),
    case("O4", "a get of what is not there finds nothing", |s| {
        s.finds_nothing(&s.host)?;
        s.finds_nothing(&s.ann)
    })
    .of_any(),
    alone("O4", "a get of what is not there prints nothing, and its exit status is 0", |s| {
        s.does("get", &s.host)?;
        if s.keeps() {
            s.with_ann()?;
        }
        s.does("get", &s.bob)
    })
    .of_any(),
    alone("O4", "a helper that keeps nothing ignores what is stored and erased", |s| {
        for operation in ["store", "erase"] {
            s.does(operation, format!("{}password={}\n", s.ann, s.secret))?;
        }
        s.finds_nothing(&s.ann)
    })
    .of_those_that_keep_nothing(),
];
