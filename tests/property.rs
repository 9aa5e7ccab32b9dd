//! After any sequence of stores, erases and failures, a get finds what the last successful store has stored, or says why not.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::support::{SECRET, Test, program};

const NAMES: [&str; 3] = ["one", "two", "three"];

#[derive(Clone, Debug)]
enum Step {
    Store,
    Erase,
    /// From now on this helper works, fails at everything, or reports success and keeps nothing.
    Is(usize, &'static str),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let mode = prop_oneof![2 => Just("works"), 2 => Just("fails"), 1 => Just("ignores")];
    let step = prop_oneof![
        3 => Just(Step::Store),
        1 => Just(Step::Erase),
        3 => (0..NAMES.len(), mode).prop_map(|(helper, mode)| Step::Is(helper, mode)),
    ];
    proptest::collection::vec(step, 8..24)
}

/// Two helpers of a few lines, and `age` behind a third. A file says how each of them behaves.
fn home() -> Test {
    let behave = |name: &str, body: &str| {
        format!(
            "mode=$(cat \"$HOME/{name}.mode\" 2>/dev/null)\n[ \"$mode\" = fails ] && exit 3\n\
             [ \"$mode\" = ignores ] && [ $1 = store ] && exit 0\n{body}"
        )
    };
    let mut test = Test::new().helpers(&NAMES.join("\n"));
    for name in ["one", "two"] {
        let file = test.home().join(format!("{name}.kept"));
        let body = format!(
            "case $1 in\nget) cat '{0}' 2>/dev/null ;;\nstore) grep -v '^capability' >'{0}' ;;\nerase) rm -f '{0}' ;;\nesac\nexit 0",
            file.display()
        );
        test = test.script(name, &behave(name, &body)).may_hold_the_secret(file);
    }
    let age = program("modelforge-credential-age");
    test.script("three", &behave("three", &format!("exec '{}' \"$@\"", age.display())))
}

/// The helpers that a message warns of.
fn named(stderr: &str) -> BTreeSet<&'static str> {
    NAMES.into_iter().filter(|name| stderr.contains(&format!("helper `{name}`"))).collect()
}

/// The facts that are known from the outside.
#[derive(Default)]
struct Model {
    stored: usize,
    /// The key of the last successful store, unless it was erased since.
    last: Option<String>,
    failing: BTreeSet<&'static str>,
    /// Helpers that may hold something else, as the last store or erase said itself.
    announced: BTreeSet<&'static str>,
    history: String,
}

impl Model {
    fn run(&mut self, test: &Test, operation: &str, input: &str) -> (Option<i32>, String, String) {
        let core = program("modelforge-credential").display().to_string();
        let output = test.run(&[&*core, operation], format!("provider=openai\n{input}"));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(SECRET, "KEY");
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        let code = output.status.code();
        let input = input.replace(SECRET, "KEY");
        let _ = writeln!(self.history, "{operation} {} -> {code:?}\n{stdout}{stderr}", input.trim());
        (code, stdout, stderr)
    }

    fn take(&mut self, test: &Test, step: &Step) -> Result<(), TestCaseError> {
        match step {
            Step::Is(helper, mode) => {
                let name = NAMES[*helper];
                std::fs::write(test.home().join(format!("{name}.mode")), mode).expect("a file can be written");
                let _ = writeln!(self.history, "{name} {mode}");
                if *mode == "fails" {
                    self.failing.insert(name)
                } else {
                    self.failing.remove(name)
                };
            }
            Step::Store => {
                self.stored += 1;
                let key = format!("KEY-{}.", self.stored);
                let input = format!("password={SECRET}-{}.\n", self.stored);
                let (code, stdout, stderr) = self.run(test, "store", &input);
                prop_assert_eq!(&stdout, "", "{}", self.history);
                let named = named(&stderr);
                if code == Some(0) {
                    prop_assert!(named.is_superset(&self.failing), "a failure was not told of\n{}", self.history);
                    self.last = Some(key);
                    self.announced = named;
                } else {
                    prop_assert!(stderr.contains("no helper stored the credential"), "{}", self.history);
                }
            }
            Step::Erase => {
                let (code, stdout, stderr) = self.run(test, "erase", "");
                prop_assert_eq!(&stdout, "", "{}", self.history);
                prop_assert_eq!(code == Some(0), self.failing.is_empty(), "{}", self.history);
                prop_assert_eq!(named(&stderr), self.failing.clone(), "{}", self.history);
                self.announced.clone_from(&self.failing);
                self.last = None;
            }
        }
        Ok(())
    }

    fn check(&mut self, test: &Test) -> Result<(), TestCaseError> {
        let (code, stdout, stderr) = self.run(test, "get", "");
        let found = stdout.lines().find_map(|line| line.strip_prefix("password=")).map(str::to_owned);
        let history = &self.history;
        match (code, found) {
            (Some(0), found) if found == self.last => {}
            (Some(0), Some(_)) => {
                prop_assert!(!self.announced.is_empty(), "an older key, and nobody said so\n{history}");
            }
            (Some(0), None) => prop_assert!(false, "the key is gone without a word\n{history}"),
            (Some(1), None) => {
                prop_assert!(!self.failing.is_empty() && stderr.contains("error: "), "it gave no reason\n{history}");
            }
            _ => prop_assert!(false, "another exit status than 0 and 1\n{history}"),
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, max_shrink_iters: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_get_finds_what_the_last_successful_store_kept_or_says_why_not(steps in steps()) {
        let test = home();
        let mut model = Model::default();
        for step in &steps {
            model.take(&test, step)?;
            model.check(&test)?;
        }
    }
}

#[test]
fn a_store_leaves_the_credentials_of_other_paths_in_the_other_helpers() {
    let place = "protocol=https\nhost=example.com\n";
    let age = program("modelforge-credential-age");
    let body = |name: &str| format!("XDG_DATA_HOME=\"$HOME/{name}\" exec '{}' \"$@\"", age.display());
    let test = Test::new().script("one", &body("one")).script("two", &body("two")).helpers("two");
    let repository = format!("{place}path=team/repository\nusername=ann\npassword={SECRET}\n");
    let test = test.args(["approve"]).stdin(&repository).success().helpers("one\ntwo");
    let test = test.args(["approve"]).stdin(format!("{place}username=ann\npassword=of the host\n")).success();
    test.args(["get"]).stdin(format!("{place}path=team/repository\nusername=ann\n")).stdout(&repository).success();
}

#[test]
fn a_store_that_was_refused_for_its_input_leaves_what_is_there() {
    let test =
        Test::new().helpers("age").args(["approve"]).stdin(format!("provider=openai\npassword={SECRET}\n")).success();
    let mut test = test;
    for bad in ["password=a\rb\n", "password\n", "password=new\npassword_expiry_utc=1\n", "password=new\nhost=evil\n"] {
        test = test.args(["approve"]).stdin(format!("provider=openai\n{bad}")).any_stderr().failure();
    }
    let found = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}\n");
    test.args(["get"]).stdin("provider=openai\n").stdout(&found).success();
}
