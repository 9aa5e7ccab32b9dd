//! What a helper has to do, whoever wrote it: a case for each rule of `protocol.md`. [`conforms`] runs them for any program, alone
//! or with git in front of it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Output;

use super::keyring::Keyring;
use super::{SECRET, Test, system};

/// What some helpers do not do, and git does not ask of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// It refuses a request that is malformed or names no place.
    Strict,
    /// It keeps all of a credential: `password_expiry_utc`, `oauth_refresh_token`, and what it never heard of.
    Attributes,
    /// It keeps `authtype` and `credential`, and answers `capability`.
    Authtype,
    /// It answers `list`.
    List,
    /// It keeps a credential without a `username`, as that of the default account.
    Nameless,
    /// A request without `path` is answered by a credential that has one.
    AnyPath,
    /// Many of it may run at once.
    Concurrent,
}

/// A home folder in which a helper runs, with whatever it needs there.
pub struct Home {
    pub test: Test,
    /// Ends with the home.
    #[expect(dead_code, reason = "it is held, not used")]
    pub keyring: Option<Keyring>,
}

impl From<Test> for Home {
    fn from(test: Test) -> Self {
        Self { test, keyring: None }
    }
}

/// A helper, and how it is asked.
#[derive(Clone)]
pub struct Subject {
    command: Vec<String>,
    through_git: bool,
    lacks: Vec<Beyond>,
    secret: String,
}

impl Subject {
    /// A program and its arguments; the operation follows them.
    pub fn new<S: Into<String>>(command: impl IntoIterator<Item = S>) -> Self {
        let command = command.into_iter().map(Into::into).collect();
        Self { command, through_git: false, lacks: Vec::new(), secret: SECRET.into() }
    }

    /// The same, asked by `git credential fill`, `approve` and `reject`.
    pub fn through_git(mut self) -> Self {
        self.through_git = true;
        self
    }

    /// Leaves out what this helper does not claim to do.
    pub fn without(mut self, lacks: impl IntoIterator<Item = Beyond>) -> Self {
        self.lacks = lacks.into_iter().collect();
        self
    }

    /// Keeps another key than the sentinel: a helper of somebody else may lay it down in plain text.
    pub fn in_plain_text(mut self) -> Self {
        self.secret = "sk-not-the-sentinel".into();
        self
    }
}

/// One rule, in a home of its own.
struct Case {
    name: &'static str,
    needs: &'static [Beyond],
    /// Whether git can be made to say it.
    git: bool,
    run: fn(&Session),
}

/// Runs every case that applies, and fails with the names of those that a helper does not keep.
#[track_caller]
pub fn conforms(subject: &Subject, make_home: impl Fn() -> Home) {
    let broken = broken_rules(subject, |_| true, make_home);
    let list: Vec<_> = broken.iter().map(|(name, reason)| format!("- {name}: {reason}")).collect();
    let git = if subject.through_git { " through git" } else { "" };
    assert!(
        broken.is_empty(),
        "`{}`{git} breaks {} rules:\n{}",
        subject.command.join(" "),
        list.len(),
        list.join("\n")
    );
}

/// Those of the chosen rules that a helper breaks, and how.
pub fn broken_rules(
    subject: &Subject,
    chosen: impl Fn(&str) -> bool,
    make_home: impl Fn() -> Home,
) -> Vec<(&'static str, String)> {
    let mut broken = Vec::new();
    let mut ran = 0;
    for case in CASES.iter().filter(|case| chosen(case.name)) {
        if (subject.through_git && !case.git) || case.needs.iter().any(|need| subject.lacks.contains(need)) {
            continue;
        }
        ran += 1;
        let home = make_home();
        let session = Session { subject, home: &home };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (case.run)(&session))) {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            broken.push((case.name, text.unwrap_or_default()));
        }
    }
    assert!(ran > 0, "there is no such rule");
    broken
}

/// A helper in a home.
struct Session<'a> {
    subject: &'a Subject,
    home: &'a Home,
}

/// What a `get` found.
#[derive(Default)]
struct Found(Vec<(String, Vec<u8>)>);

impl std::fmt::Debug for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(key, value)| (key, String::from_utf8_lossy(value)))).finish()
    }
}

impl Found {
    fn parse(output: &[u8]) -> Self {
        let lines = output.split(|b| *b == b'\n').filter(|line| !line.is_empty());
        Self(
            lines
                .map(|line| {
                    let split = line.iter().position(|b| *b == b'=').expect("each line of an answer has a `=`");
                    (String::from_utf8_lossy(&line[..split]).into_owned(), line[split + 1..].to_vec())
                })
                .collect(),
        )
    }

    fn get(&self, key: &str) -> Option<&[u8]> {
        self.0.iter().rfind(|(k, _)| k == key).map(|(_, value)| &**value)
    }

    fn text(&self, key: &str) -> Option<String> {
        self.get(key).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    fn all(&self, key: &str) -> Vec<String> {
        self.0.iter().filter(|(k, _)| k == key).map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
    }
}

impl Session<'_> {
    fn run(&self, operation: &str, input: impl AsRef<[u8]>) -> Output {
        if !self.subject.through_git {
            let command: Vec<_> = self.subject.command.iter().map(String::as_str).chain([operation]).collect();
            return self.home.test.run(&command, input);
        }
        let quoted: Vec<_> =
            self.subject.command.iter().map(|word| format!("'{}'", word.replace('\'', r"'\''"))).collect();
        // git takes a helper that begins with `/` for a program, and what it begins with otherwise for a part of a name.
        let words = std::iter::once(self.subject.command[0].clone()).chain(quoted[1..].iter().cloned());
        let helper = format!("credential.helper={}", words.collect::<Vec<_>>().join(" "));
        let verb = match operation {
            "get" => "fill",
            "store" => "approve",
            _ => "reject",
        };
        let git = system("git", "git").display().to_string();
        let use_path = "credential.useHttpPath=true";
        self.home
            .test
            .run(&[&*git, "-c", "credential.helper=", "-c", &helper, "-c", use_path, "credential", verb], input)
    }

    /// An answer, if there is one.
    #[track_caller]
    fn get(&self, request: impl AsRef<[u8]>) -> Option<Found> {
        let output = self.run("get", request);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if self.subject.through_git && said.contains("terminal prompts disabled") {
            return None;
        }
        assert!(output.status.success(), "`get` failed with {:?}: {said}", output.status.code());
        let found = Found::parse(&output.stdout);
        found.0.iter().any(|(key, _)| key == "password" || key == "credential").then_some(found)
    }

    #[track_caller]
    fn does(&self, operation: &str, input: impl AsRef<[u8]>) {
        let output = self.run(operation, input);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "`{operation}` failed with {:?}: {said}", output.status.code());
        assert!(output.stdout.is_empty(), "`{operation}` printed something");
    }

    #[track_caller]
    fn stores(&self, credential: impl AsRef<[u8]>) {
        self.does("store", credential);
    }

    #[track_caller]
    fn erases(&self, description: impl AsRef<[u8]>) {
        self.does("erase", description);
    }

    /// A `get` finds this password.
    #[track_caller]
    fn finds(&self, request: impl AsRef<[u8]>, password: &str) -> Found {
        let found = self.get(request).unwrap_or_else(|| panic!("`{password}` was not found"));
        assert_eq!(found.text("password").as_deref(), Some(password), "the password that was found");
        found
    }

    #[track_caller]
    fn finds_nothing(&self, request: impl AsRef<[u8]>) {
        let found = self.get(request);
        assert!(found.is_none(), "it answered with {found:?}");
    }

    #[track_caller]
    fn refuses(&self, operation: &str, input: impl AsRef<[u8]>) {
        let output = self.run(operation, &input);
        let shown = String::from_utf8_lossy(&input.as_ref()[..input.as_ref().len().min(80)]).into_owned();
        assert!(!output.status.success(), "`{operation}` of {shown:?} was not refused");
        assert!(output.stdout.is_empty(), "`{operation}` of {shown:?} printed something");
    }

    fn secret(&self) -> &str {
        &self.subject.secret
    }

    /// Ann's key, which most cases begin with.
    #[track_caller]
    fn with_ann(&self) -> &Self {
        self.stores(format!("{ANN}password={}\n", self.secret()));
        self
    }
}

const HOST: &str = "protocol=https\nhost=example.com\n";
const ANN: &str = "protocol=https\nhost=example.com\nusername=ann\n";
const BOB: &str = "protocol=https\nhost=example.com\nusername=bob\n";
/// In 2100.
const LATER: &str = "4102444800";

/// A lower-case word that nobody can have given a meaning.
fn random_word() -> String {
    use std::hash::{BuildHasher, Hasher};
    let mut number = std::collections::hash_map::RandomState::new().build_hasher().finish();
    let mut word = String::from("zq");
    for _ in 0..10 {
        word.push(char::from(b'a' + (number % 26) as u8));
        number /= 26;
    }
    word
}

const fn case(name: &'static str, run: fn(&Session)) -> Case {
    Case { name, needs: &[], git: true, run }
}

/// A case that git does not pass on as it is written.
const fn alone(name: &'static str, run: fn(&Session)) -> Case {
    Case { name, needs: &[], git: false, run }
}

impl Case {
    const fn needs(mut self, needs: &'static [Beyond]) -> Self {
        self.needs = needs;
        self
    }
}

use Beyond::{AnyPath, Attributes, Authtype, Concurrent, List, Nameless, Strict};

const CASES: &[Case] = &[
    alone("an unknown operation is ignored: nothing printed, exit status 0", |s| {
        s.with_ann();
        s.does(&random_word(), format!("{ANN}password=other\n"));
        s.does(&random_word(), "");
        s.finds(ANN, s.secret());
    }),
    alone("an unknown operation does not read what might mean something else there", |s| {
        s.does(&random_word(), "junk");
    })
    .needs(&[Strict]),
    case("a get of what is not there finds nothing", |s| {
        s.finds_nothing(HOST);
        s.finds_nothing(ANN);
    }),
    alone("a get of what is not there prints nothing, and its exit status is 0", |s| {
        s.does("get", HOST);
        s.with_ann();
        s.does("get", BOB);
    }),
    case("what is stored is found, with and without its user name", |s| {
        s.with_ann();
        for request in [HOST, ANN] {
            let found = s.finds(request, s.secret());
            assert_eq!(found.text("username").as_deref(), Some("ann"), "the user name that was found");
        }
    }),
    alone("what is stored twice is there once", |s| {
        s.with_ann().with_ann();
        s.erases(ANN);
        s.finds_nothing(ANN);
    }),
    case("a store replaces the older password", |s| {
        s.stores(format!("{ANN}password=older\n"));
        s.with_ann();
        s.finds(ANN, s.secret());
        s.finds(HOST, s.secret());
    }),
    case("two user names of one host are two credentials", |s| {
        s.with_ann();
        s.stores(format!("{BOB}password=bob's\n"));
        s.finds(ANN, s.secret());
        s.finds(BOB, "bob's");
        let found = s.get(HOST).expect("one of the two is found");
        let both = (found.text("username"), found.text("password"));
        let pairs = [("ann", s.secret()), ("bob", "bob's")].map(|(name, key)| (Some(name.into()), Some(key.into())));
        assert!(pairs.contains(&both), "the name of one with the key of the other: {both:?}");
        s.finds_nothing("protocol=https\nhost=example.com\nusername=an\n");
        s.finds_nothing("protocol=https\nhost=example.com\nusername=Ann\n");
    }),
    case("an erase that names the user leaves the other users", |s| {
        s.with_ann();
        s.stores(format!("{BOB}password=bob's\n"));
        s.erases(BOB);
        s.finds_nothing(BOB);
        s.finds(ANN, s.secret());
        s.finds(HOST, s.secret());
    }),
    case("an erase that names another password erases nothing", |s| {
        s.with_ann();
        s.erases(format!("{ANN}password=other\n"));
        s.finds(ANN, s.secret());
        s.erases(format!("{ANN}password={}\n", s.secret()));
        s.finds_nothing(ANN);
    }),
    case("an erase without a user name erases all of the host, and no other host", |s| {
        let other = "protocol=https\nhost=example.org\nusername=ann\n";
        s.with_ann();
        s.stores(format!("{BOB}password=bob's\n"));
        s.stores(format!("{other}password=elsewhere\n"));
        s.erases(HOST);
        for request in [HOST, ANN, BOB] {
            s.finds_nothing(request);
        }
        s.finds(other, "elsewhere");
    }),
    case("to erase what is not there is no failure", |s| {
        s.erases(ANN);
        s.with_ann();
        s.erases(ANN);
        s.erases(ANN);
        s.finds_nothing(ANN);
    }),
    case("what was erased can be stored again", |s| {
        s.with_ann();
        s.erases(ANN);
        s.with_ann();
        s.finds(ANN, s.secret());
    }),
    case("another protocol, host, port or path is another place", |s| {
        let places = [
            "protocol=https\nhost=example.com\npath=a/b\n",
            "protocol=https\nhost=example.com\npath=a\n",
            "protocol=http\nhost=example.com\npath=a\n",
            "protocol=https\nhost=example.com:8443\npath=a\n",
            "protocol=https\nhost=www.example.com\npath=a\n",
        ];
        for (number, place) in places.iter().enumerate() {
            s.finds_nothing(place);
            s.stores(format!("{place}username=ann\npassword=key-{number}\n"));
        }
        for (number, place) in places.iter().enumerate() {
            s.finds(place, &format!("key-{number}"));
        }
        s.erases(places[1]);
        s.finds_nothing(places[1]);
        for number in [0, 2, 3, 4] {
            s.finds(places[number], &format!("key-{number}"));
        }
    }),
    case("a host is compared byte for byte", |s| {
        s.with_ann();
        for host in [
            "example.co",
            "xample.com",
            "example.com.evil.org",
            "notexample.com",
            "EXAMPLE.com",
            "example.com.",
            "example.com:443",
            "www.example.com",
            "example_com",
            "*",
            "%",
            "*.com",
            "example.com%00",
        ] {
            s.finds_nothing(format!("protocol=https\nhost={host}\n"));
            s.erases(format!("protocol=https\nhost={host}\n"));
        }
        s.finds_nothing("protocol=http\nhost=example.com\n");
        s.finds_nothing("protocol=HTTPS\nhost=example.com\n");
        s.finds(ANN, s.secret());
    }),
    alone("a slash in a host does not make a path of it, nor one in a path a host", |s| {
        s.stores(format!("{HOST}path=a\nusername=ann\npassword={}\n", s.secret()));
        s.finds_nothing("protocol=https\nhost=example.com/a\n");
        s.erases("protocol=https\nhost=example.com/a\n");
        s.finds(format!("{HOST}path=a\n"), s.secret());
        s.finds_nothing(format!("{HOST}path=../example.com/a\n"));
        s.finds_nothing(format!("{HOST}path=.\n"));
    }),
    alone("what is kept under an unusual name can be found and erased, and is never said to be when it is not", |s| {
        for place in [
            "protocol=https\nhost=example.com\nusername=../../ann\n",
            "protocol=https\nhost=a b\nusername=ann\n",
            "protocol=https\nhost=a?b#c\nusername=ann\n",
            "protocol=https\nhost=[::1]:80\nusername=a/b\n",
            "protocol=a_b\nhost=example.com\nusername=ann\n",
            "protocol=cert\nhost=\npath=etc/key.pem\nusername=\n",
        ] {
            let stored = s.run("store", format!("{place}password={}\n", s.secret()));
            if !stored.status.success() {
                // To refuse it is right as well.
                continue;
            }
            let found = s.get(place);
            assert!(
                found.is_some_and(|found| found.text("password").as_deref() == Some(s.secret())),
                "{place:?} is lost"
            );
            let without_name: String = place.split_inclusive('\n').filter(|line| !line.starts_with("user")).collect();
            s.erases(without_name);
            assert!(s.get(place).is_none(), "{place:?} is not erased, and the exit status is 0");
        }
    }),
    case("an empty user name is a name", |s| {
        let nameless = "protocol=https\nhost=example.com\nusername=\n";
        s.with_ann();
        s.finds_nothing(nameless);
        s.stores(format!("{nameless}password=of nobody\n"));
        s.finds(nameless, "of nobody");
        s.finds(ANN, s.secret());
        s.erases(nameless);
        s.finds_nothing(nameless);
        s.finds(ANN, s.secret());
    }),
    alone("what is stored without a user name is found without one", |s| {
        s.stores(format!("{HOST}password={}\n", s.secret()));
        s.finds(HOST, s.secret());
        s.stores(format!("{HOST}password=newer\n"));
        s.finds(HOST, "newer");
        s.erases(HOST);
        s.finds_nothing(HOST);
    })
    .needs(&[Nameless]),
    alone("a request without a path is answered by a credential that has one", |s| {
        s.stores(format!("{HOST}path=a/b\nusername=ann\npassword={}\n", s.secret()));
        s.finds(HOST, s.secret());
        s.finds(ANN, s.secret());
    })
    .needs(&[AnyPath]),
    alone("an erase without a path erases what has one", |s| {
        s.stores(format!("{HOST}path=a/b\nusername=ann\npassword={}\n", s.secret()));
        s.erases(HOST);
        s.finds_nothing(format!("{HOST}path=a/b\n"));
    }),
    case("an empty password is a password", |s| {
        s.stores(format!("{ANN}password=\n"));
        s.finds(ANN, "");
    }),
    alone("unknown attributes of a request are ignored", |s| {
        let unknown = format!("{0}={0}\n{0}[]=1\n{0}[]=\n", random_word());
        s.stores(format!("{unknown}{ANN}password={}\n", s.secret()));
        s.finds(format!("{unknown}{ANN}"), s.secret());
        s.finds(ANN, s.secret());
        s.erases(format!("{unknown}{ANN}"));
        s.finds_nothing(ANN);
    }),
    alone("an unknown attribute of a credential is kept with it", |s| {
        let word = random_word();
        s.stores(format!("{ANN}password={}\n{word}=a=b\n{word}[]=1\n{word}[]=2\n", s.secret()));
        let found = s.finds(ANN, s.secret());
        assert_eq!(found.text(&word).as_deref(), Some("a=b"), "the unknown attribute");
        assert_eq!(found.all(&format!("{word}[]")), ["1", "2"], "the unknown list");
    })
    .needs(&[Attributes]),
    alone("lines that end as on Windows are the same lines", |s| {
        s.stores(format!("{ANN}password={}\n", s.secret()).replace('\n', "\r\n"));
        s.finds(ANN, s.secret());
        s.finds(ANN.replace('\n', "\r\n"), s.secret());
        s.erases(format!("{}\r\nusername=bob\r\n", BOB.replace('\n', "\r\n")));
        s.finds(ANN, s.secret());
    }),
    case("the last line need not be ended", |s| {
        s.stores(format!("{ANN}password={}", s.secret()));
        s.finds(ANN.trim_end(), s.secret());
    }),
    alone("an empty line ends the request, and nothing after it is read", |s| {
        s.stores(format!("{ANN}password={}\n\npassword=other\nhost=elsewhere\njunk", s.secret()));
        s.finds(format!("{ANN}\nusername=bob\nhost=elsewhere\njunk"), s.secret());
        s.erases(format!("{BOB}\nusername=ann\n"));
        s.finds(format!("{ANN}\r\nusername=bob\n"), s.secret());
    }),
    alone("of an attribute that is given twice the last one counts", |s| {
        s.stores(format!("host=elsewhere\n{ANN}password=other\npassword={}\n", s.secret()));
        s.finds(format!("username=bob\n{ANN}"), s.secret());
        s.finds_nothing("protocol=https\nhost=elsewhere\n");
    }),
    case("a value is kept as it is: blanks, quotation marks, `=`, UTF-8", |s| {
        for value in [
            "  both ends  ",
            "=a==b=",
            "\t",
            "'\"\\$`!*%41%0a",
            "na\u{ef}ve \u{1f511}\u{2028}x",
            "\u{1b}[2J",
            "-n",
            "#",
        ] {
            s.stores(format!("{ANN}password={value}\n"));
            s.finds(ANN, value);
        }
        for name in [" ann ", "a=n", "ann@example.com", "\u{e9}", "e\u{301}", "a/b", "..", "-n", "a%2fb", "~"] {
            let named = format!("{HOST}username={name}\n");
            s.finds_nothing(&named);
            s.stores(format!("{named}password=key of {name}\n"));
            let found = s.finds(&named, &format!("key of {name}"));
            assert_eq!(found.text("username").as_deref(), Some(name), "the user name that was found");
        }
    }),
    alone("a password that is not UTF-8 is kept as it is or refused", |s| {
        let mut credential = format!("{ANN}password=").into_bytes();
        credential.extend_from_slice(b"a\xff\xfe\x01b\n");
        if s.run("store", &credential).status.success() {
            let found = s.get(ANN).expect("what was stored is found");
            assert_eq!(found.get("password"), Some(&b"a\xff\xfe\x01b"[..]), "the password that was found");
        } else {
            s.finds_nothing(ANN);
        }
    }),
    alone("a long value is kept whole or refused, and the older one stays", |s| {
        for length in [100, 1024, 4096, 8192, 16_384, 60_000] {
            s.stores(format!("{ANN}password=older\n"));
            let long = "x".repeat(length);
            let kept = s.run("store", format!("{ANN}password={long}\n")).status.success();
            let found = s.get(ANN).unwrap_or_default().text("password").unwrap_or_default();
            assert!(found == if kept { &*long } else { "older" }, "{length} bytes became {}", found.len());
            assert!(kept || length > 2048, "{length} bytes were refused");
        }
    }),
    alone("long attributes do not spill into others", |s| {
        s.with_ann();
        let pad = "x".repeat(1024 - 10);
        for length in [1023, 1024, 4095, 60_000] {
            let long = "x".repeat(length);
            s.finds(format!("wwwauth[]={long}host=elsewhere\n{ANN}"), s.secret());
            s.finds_nothing(format!("wwwauth[]={pad}host=example.com\nprotocol=https\nhost=elsewhere\n"));
            let _ = s.run("erase", format!("{HOST}username={long}\n"));
            let _ = s.run("erase", format!("protocol=https\nhost={long}\n"));
        }
        s.finds(ANN, s.secret());
    }),
    case("when a password ends and its refresh token are kept with it", |s| {
        s.stores(format!("{ANN}password={}\npassword_expiry_utc={LATER}\noauth_refresh_token=r=1\n", s.secret()));
        let found = s.finds(ANN, s.secret());
        assert_eq!(found.text("password_expiry_utc").as_deref(), Some(LATER), "the expiry that was found");
        assert_eq!(found.text("oauth_refresh_token").as_deref(), Some("r=1"), "the refresh token that was found");
        s.with_ann();
        let found = s.finds(ANN, s.secret());
        assert_eq!(found.text("password_expiry_utc"), None, "the expiry of the older password");
        assert_eq!(found.text("oauth_refresh_token"), None, "the refresh token of the older password");
    })
    .needs(&[Attributes]),
    alone("an answer holds nothing that belongs to another credential", |s| {
        s.stores(format!("{BOB}password=bob's\noauth_refresh_token=bob's too\npassword_expiry_utc={LATER}\n"));
        s.with_ann();
        let found = s.finds(ANN, s.secret());
        assert_eq!(found.text("oauth_refresh_token"), None, "the refresh token of another");
        assert_eq!(found.text("password_expiry_utc"), None, "the expiry of another");
    }),
    alone("`capability` answers with the version first", |s| {
        for input in ["", "junk", "protocol=https\n"] {
            let output = s.run("capability", input);
            assert!(output.status.success(), "`capability` failed");
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let mut lines = text.lines();
            assert_eq!(lines.next(), Some("version 0"));
            assert!(lines.all(|line| line.starts_with("capability ")), "{text}");
            assert!(text.contains("capability authtype\n"), "{text}");
        }
    })
    .needs(&[Authtype]),
    case("a pre-encoded credential is kept, and given to who announced that it knows what it is", |s| {
        let knows = format!("capability[]=authtype\n{HOST}");
        s.stores(format!("{knows}username=ann\nauthtype=Bearer\ncredential={}\n", s.secret()));
        let found = s.get(&knows).expect("it is found");
        assert_eq!(found.text("authtype").as_deref(), Some("Bearer"));
        assert_eq!(found.text("credential").as_deref(), Some(s.secret()));
        assert!(found.all("capability[]").contains(&"authtype".into()), "it does not say that it knows itself");
    })
    .needs(&[Authtype]),
    alone("a pre-encoded credential is not given to who does not know what it is", |s| {
        let knows = format!("capability[]=authtype\n{ANN}");
        s.stores(format!("{knows}authtype=Bearer\ncredential={}\n", s.secret()));
        let found = s.run("get", ANN);
        assert!(found.status.success());
        let text = String::from_utf8_lossy(&found.stdout);
        assert!(!text.contains("credential=") && !text.contains("authtype="), "{text}");
        // Nor is one kept that came without the announcement.
        let _ = s.run("store", format!("{BOB}authtype=Bearer\ncredential=c\n"));
        s.finds_nothing(format!("capability[]=authtype\n{BOB}"));
    })
    .needs(&[Authtype]),
    alone("an erase that names another pre-encoded credential erases nothing", |s| {
        let knows = format!("capability[]=authtype\n{ANN}");
        s.stores(format!("{knows}authtype=Bearer\ncredential={}\n", s.secret()));
        s.erases(format!("{knows}authtype=Bearer\ncredential=other\n"));
        let found = s.get(&knows).expect("it is still there");
        assert_eq!(found.text("credential").as_deref(), Some(s.secret()));
        s.erases(format!("{knows}authtype=Bearer\ncredential={}\n", s.secret()));
        s.finds_nothing(&knows);
    })
    .needs(&[Authtype]),
    alone("an erase that names another pre-encoded credential erases nothing, announced or not", |s| {
        let knows = format!("capability[]=authtype\n{ANN}");
        s.stores(format!("{knows}authtype=Bearer\ncredential={}\n", s.secret()));
        let _ = s.run("erase", format!("{ANN}credential=other\n"));
        assert!(s.get(&knows).is_some(), "it erased another credential than the one that was named");
    })
    .needs(&[Authtype]),
    case("what is ephemeral is not kept", |s| {
        let knows = format!("capability[]=authtype\n{ANN}");
        s.stores(format!("{knows}ephemeral=1\nauthtype=Bearer\ncredential={}\n", s.secret()));
        s.finds_nothing(&knows);
        s.stores(format!("{knows}ephemeral=true\npassword={}\n", s.secret()));
        s.finds_nothing(&knows);
    })
    .needs(&[Authtype]),
    alone("the state of another helper makes no difference", |s| {
        let state = "capability[]=state\nstate[]=other.helper=1\nstate[]=\n";
        s.stores(format!("{state}{ANN}password={}\n", s.secret()));
        s.finds(format!("{state}{ANN}"), s.secret());
        s.stores(format!("{state}{ANN}password=newer\n"));
        s.finds(ANN, "newer");
        s.erases(format!("{state}{ANN}"));
        s.finds_nothing(ANN);
    }),
    alone("what concerned one request is not kept with the credential", |s| {
        let once =
            "capability[]=authtype\ncapability[]=state\nstate[]=other.helper=1\nwwwauth[]=Basic\nquit=1\ncontinue=1\n";
        s.stores(format!("{once}{ANN}password={}\n", s.secret()));
        let found = s.finds(format!("capability[]=authtype\ncapability[]=state\n{ANN}"), s.secret());
        for key in ["state[]", "wwwauth[]", "quit", "continue"] {
            assert_eq!(found.text(key), None, "`{key}` of a store in the answer to a later get");
        }
    }),
    alone("a store without a secret keeps nothing", |s| {
        let _ = s.run("store", ANN);
        s.finds_nothing(ANN);
        s.with_ann();
        let _ = s.run("store", ANN);
        s.finds(ANN, s.secret());
    }),
    alone("a request without protocol or host is refused, and changes nothing", |s| {
        s.with_ann();
        s.stores(format!("{BOB}password=bob's\n"));
        for operation in ["get", "store", "erase"] {
            let password = if operation == "store" { "password=other\n" } else { "" };
            for request in [
                "",
                "\n",
                "protocol=https\n",
                "host=example.com\n",
                "protocol=\nhost=example.com\n",
                "username=ann\n",
                "protocol=https\nusername=ann\n",
                "protocol=https\npath=a\n",
                "\nprotocol=https\nhost=example.com\n",
                "Protocol=https\nHost=example.com\n",
            ] {
                s.refuses(
                    operation,
                    format!("{}{request}{password}", if request.starts_with('\n') { "" } else { password }),
                );
            }
        }
        s.finds(ANN, s.secret());
        s.finds(BOB, "bob's");
    })
    .needs(&[Strict]),
    alone("an empty host is no wildcard", |s| {
        s.with_ann();
        let _ = s.run("erase", "protocol=https\nhost=\n");
        assert!(s.run("get", "protocol=https\nhost=\n").stdout.is_empty(), "an empty host was answered");
        s.finds(ANN, s.secret());
    }),
    alone("a request with a malformed line is refused, and changes nothing", |s| {
        s.with_ann();
        s.stores(format!("{BOB}password=bob's\n"));
        let long = "x".repeat(65_536);
        for operation in ["get", "store", "erase"] {
            let password = if operation == "store" { "password=other\n" } else { "" };
            for line in [
                "no equals sign",
                "=no name",
                " ",
                "username=a\0b",
                "username=al\rice",
                "username=\rprotocol=https\rhost=github.com\r",
                "host=example.com\0.evil.org",
                "\0=1",
                "a\rb=1",
                "password_expiry_utc=-5",
                "password_expiry_utc=soon",
                "quit=maybe",
                &format!("username={long}"),
                &format!("wwwauth[]={long}"),
                &long,
            ] {
                s.refuses(operation, format!("{HOST}{password}{line}\n"));
                s.refuses(operation, format!("{line}\n{HOST}{password}"));
                s.refuses(operation, format!("{ANN}{password}{line}"));
            }
            s.refuses(operation, [HOST.as_bytes(), password.as_bytes(), b"\xff=1\n"].concat());
            s.refuses(operation, [password.as_bytes(), b"protocol=https\nhost=\xff\n"].concat());
        }
        s.finds(ANN, s.secret());
        s.finds(BOB, "bob's");
    })
    .needs(&[Strict]),
    alone("input without an end is refused before it fills the memory", |s| {
        s.with_ann();
        for operation in ["get", "store", "erase"] {
            s.refuses(operation, format!("{HOST}{}", "x=1\n".repeat(400_000).replace('x', "x[]")));
            s.refuses(operation, format!("{HOST}password={}", "x".repeat(8 << 20)));
        }
        s.finds(ANN, s.secret());
    })
    .needs(&[Strict]),
    alone("`list` names each credential once, counts them, and shows no secret", |s| {
        assert_eq!(listed(s), Vec::<String>::new());
        s.with_ann().with_ann();
        s.stores(format!("{BOB}password={}\noauth_refresh_token={0}\nmystery={0}\n", s.secret()));
        s.stores(format!("{HOST}path=a/b\nusername=ann\npassword={}\n", s.secret()));
        s.stores(format!("protocol=http\nhost=localhost:8080\nusername=\npassword={}\n", s.secret()));
        let all = [
            "http localhost:8080 - ",
            "https example.com - ann",
            "https example.com - bob",
            "https example.com a/b ann",
        ];
        assert_eq!(listed(s), all);
        s.erases(BOB);
        assert_eq!(listed(s), [all[0], all[1], all[3]]);
    })
    .needs(&[List]),
    alone("twenty that store at once for different users all keep what they stored", |s| {
        let user = |number: usize| format!("{HOST}username=user-{number}\n");
        std::thread::scope(|scope| {
            for number in 0..20 {
                scope.spawn(move || s.stores(format!("{}password=key-{number}\n", user(number))));
            }
        });
        for number in 0..20 {
            s.finds(user(number), &format!("key-{number}"));
        }
    })
    .needs(&[Concurrent]),
    alone("of those that store the same at once one remains, whole, and a later store replaces it", |s| {
        std::thread::scope(|scope| {
            for number in 0..8 {
                scope.spawn(move || {
                    s.stores(format!("{ANN}password=key-{number}\noauth_refresh_token=token-{number}\n"))
                });
            }
        });
        let found = s.get(ANN).expect("one is found");
        let (password, token) = (found.text("password").unwrap_or_default(), found.text("oauth_refresh_token"));
        assert!(password.starts_with("key-"), "{password}");
        assert!(token.is_none_or(|token| token.replace("token", "key") == password), "two credentials in one");
        s.with_ann();
        s.finds(ANN, s.secret());
        s.finds(HOST, s.secret());
        s.erases(ANN);
        s.finds_nothing(HOST);
    })
    .needs(&[Concurrent]),
    alone("a get that meets a store finds the old or the new, and never nothing or a part", |s| {
        let long = |letter: &str| letter.repeat(3000);
        s.stores(format!("{ANN}password={}\n", long("a")));
        std::thread::scope(|scope| {
            scope.spawn(|| ["b", "c", "d", "e"].map(|letter| s.stores(format!("{ANN}password={}\n", long(letter)))));
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..8 {
                        let found = s.get(ANN).expect("one is found").text("password").unwrap_or_default();
                        assert!(["a", "b", "c", "d", "e"].iter().any(|letter| found == long(letter)), "{found}");
                    }
                });
            }
        });
        s.finds(ANN, &long("e"));
    })
    .needs(&[Concurrent]),
];

/// What `list` names, sorted: protocol, host, path and user name.
#[track_caller]
fn listed(s: &Session) -> Vec<String> {
    let output = s.run("list", "");
    assert!(output.status.success(), "`list` failed: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!text.contains(s.secret()), "`list` shows a secret");
    let (blocks, count) = text.rsplit_once("count=").expect("the last line is the count");
    assert!(blocks.is_empty() || blocks.ends_with("\n\n"), "an empty line ends each record");
    let mut names: Vec<_> = blocks
        .split_terminator("\n\n")
        .map(|block| {
            let record = Found::parse(block.as_bytes());
            let part = |key| record.text(key).unwrap_or_else(|| "-".into());
            format!("{} {} {} {}", part("protocol"), part("host"), part("path"), part("username"))
        })
        .collect();
    assert_eq!(count, format!("{}\n", names.len()), "the count");
    names.sort();
    names
}
