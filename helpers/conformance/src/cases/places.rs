//! A credential belongs to one URL, byte for byte.

use crate::case::{Case, Level, alone, case};
use crate::checked::{Broken, must};

pub const CASES: &[Case] = &[
    case("O3", "another protocol, host, port or path is another place", |s| {
        let host = &s.name_of_host;
        let places = [
            format!("protocol=https\nhost={host}\npath=a/b\n"),
            format!("protocol=https\nhost={host}\npath=a\n"),
            format!("protocol=http\nhost={host}\npath=a\n"),
            format!("protocol=https\nhost={host}:8443\npath=a\n"),
            format!("protocol=https\nhost=www.{host}\npath=a\n"),
        ];
        for (number, place) in places.iter().enumerate() {
            s.finds_nothing(place)?;
            s.stores(format!("{place}username={}\npassword=key-{number}\n", s.name_of_ann))?;
        }
        for (number, place) in places.iter().enumerate() {
            s.finds(place, &format!("key-{number}"))?;
        }
        s.erases(&places[1])?;
        s.finds_nothing(&places[1])?;
        for number in [0, 2, 3, 4] {
            s.finds(&places[number], &format!("key-{number}"))?;
        }
        Ok(())
    }),
    case("O3", "a host is compared byte for byte", |s| {
        let host = &s.name_of_host;
        s.with_ann()?;
        let mut others = vec![
            host[..host.len() - 1].to_owned(),
            host[1..].to_owned(),
            format!("{host}.evil.invalid"),
            format!("not{host}"),
            host.to_uppercase().replace("INVALID", "invalid"),
            format!("{host}."),
            format!("{host}:443"),
            format!("www.{host}"),
            host.replace('.', "_"),
            format!("{host}%00"),
        ];
        if s.may_risk() {
            others.extend(["*", "%", "*.invalid"].map(str::to_owned));
        }
        for other in others {
            s.finds_nothing(format!("protocol=https\nhost={other}\n"))?;
            s.erases(format!("protocol=https\nhost={other}\n"))?;
        }
        s.finds_nothing(format!("protocol=http\nhost={host}\n"))?;
        s.finds_nothing(format!("protocol=HTTPS\nhost={host}\n"))?;
        s.finds(&s.ann, &s.secret).map(drop)
    }),
    alone("O3", "a slash in a host does not make a path of it, nor one in a path a host", |s| {
        let (host, name) = (&s.name_of_host, &s.name_of_ann);
        s.stores(format!("{}path=a\nusername={name}\npassword={}\n", s.host, s.secret))?;
        s.finds_nothing(format!("protocol=https\nhost={host}/a\n"))?;
        s.erases(format!("protocol=https\nhost={host}/a\n"))?;
        s.finds(format!("{}path=a\n", s.host), &s.secret)?;
        s.finds_nothing(format!("{}path=../{host}/a\n", s.host))?;
        s.finds_nothing(format!("{}path=.\n", s.host))
    }),
    alone("O5", "what has an unusual name is found and erased, or refused, and never lost", |s| {
        let (host, name, word) = (&s.name_of_host, &s.name_of_ann, &s.word);
        let address: String = word.bytes().map(|b| format!("{:x}", b % 16)).take(4).collect();
        let mut places = vec![
            format!("protocol=https\nhost={host}\nusername=../../{name}\n"),
            format!("protocol=https\nhost=a b.{host}\nusername={name}\n"),
            format!("protocol=https\nhost=a?b#c.{host}\nusername={name}\n"),
            format!("protocol=https\nhost=[2001:db8::{address}]:80\npath={word}\nusername=a/b\n"),
            format!("protocol=a_b\nhost={host}\nusername={name}\n"),
        ];
        if s.may_risk() {
            places.push(format!("protocol=cert\nhost=\npath=etc/{word}.pem\nusername=\n"));
            places.push("protocol=https\nhost=[::1]:80\nusername=a/b\n".to_owned());
        }
        for place in places {
            let stored = s.run("store", format!("{place}password={}\n", s.secret))?;
            if !stored.status.success() {
                // Refusing it is correct as well.
                continue;
            }
            s.finds(&place, &s.secret).map_err(|_| Broken::rule(format!("{place:?} is lost")))?;
            let without_name: String = place.split_inclusive('\n').filter(|line| !line.starts_with("user")).collect();
            s.erases(without_name)?;
            must(s.get(&place)?.is_none(), format!("{place:?} is not erased, and the exit status is 0"))?;
        }
        Ok(())
    }),
    alone("O3", "a request without a path is answered by a credential that has one", |s| {
        s.stores(format!("{}path=a/b\nusername={}\npassword={}\n", s.host, s.name_of_ann, s.secret))?;
        s.finds(&s.host, &s.secret)?;
        s.finds(&s.ann, &s.secret).map(drop)
    })
    .level(Level::Advice),
    alone("O2", "an empty host is not a wildcard", |s| {
        s.with_ann()?;
        let _ = s.run("erase", "protocol=https\nhost=\n")?;
        let answer = s.run("get", "protocol=https\nhost=\n")?;
        must(answer.output.is_empty(), "a request for an empty host is answered")?;
        s.finds(&s.ann, &s.secret).map(drop)
    })
    .risky(),
];
