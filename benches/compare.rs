//! Compares a `get` through the chain with starting the same number of empty programs, with `git credential fill` and with `secret-tool
//! lookup`, alternately in one run: on a shared machine, only such ratios mean something. Run it with `sh benches/compare`, which does the
//! same build as the installation, and starts a separate keyring.

use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// One case: programs that are started one after the other, each with its input.
struct Case {
    name: &'static str,
    programs: Vec<Vec<String>>,
    input: &'static str,
    environment: Vec<(&'static str, String)>,
    wanted: Option<&'static str>,
    times: Vec<Duration>,
}

#[expect(clippy::disallowed_methods, reason = "a benchmark starts programs")]
fn run(case: &Case, home: &Path) -> Duration {
    let start = Instant::now();
    for program in &case.programs {
        let mut command = Command::new(&program[0]);
        command.args(&program[1..]).env_clear().env("HOME", home).env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command.envs(case.environment.iter().map(|(name, value)| (name, value)));
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap_or_else(|problem| panic!("{}: {problem}", program[0]));
        // An empty program may have exited before it is written to.
        let _ = child.stdin.take().map(|mut stdin| stdin.write_all(case.input.as_bytes()));
        let output = child.wait_with_output().unwrap_or_else(|problem| panic!("{}: {problem}", program[0]));
        if let Some(wanted) = case.wanted {
            let found = String::from_utf8_lossy(&output.stdout);
            assert!(found.contains(wanted), "{} answered {found:?}", case.name);
        }
    }
    start.elapsed()
}

fn median(times: &[Duration]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort();
    sorted[sorted.len() / 2].as_secs_f64() * 1000.0
}

fn main() {
    let variable =
        |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `sh benches/compare`"));
    let programs = PathBuf::from(variable("BENCH_PROGRAMS"));
    let empty = variable("BENCH_EMPTY");
    let like_ours = variable("BENCH_LIKE_OURS");
    let home = PathBuf::from(variable("BENCH_HOME"));
    let bus = variable("BENCH_BUS");
    let rounds: usize = std::env::var("BENCH_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(200);

    let core = programs.join("modelforge-credential").to_string_lossy().into_owned();
    let get = |name, chain: &str, more: Vec<(&'static str, String)>| Case {
        name,
        programs: vec![vec![core.clone(), "get".into()]],
        input: "provider=openai\n",
        environment: [vec![("MODELFORGE_CREDENTIAL_HELPERS", chain.to_owned())], more].concat(),
        wanted: Some("password=sk-"),
        times: Vec::new(),
    };
    let plain = |name, programs: Vec<Vec<&str>>, input, wanted| Case {
        name,
        programs: programs.iter().map(|words| words.iter().map(|word| (*word).to_owned()).collect()).collect(),
        input,
        environment: vec![("DBUS_SESSION_BUS_ADDRESS", bus.clone())],
        wanted,
        times: Vec::new(),
    };
    let git_store = format!("credential.helper=store --file {}", home.join("git-credentials").display());
    // Before each case, without measuring: the end of an earlier one (a busy daemon) must not count.
    let settle = plain("", vec![vec![&empty]], "", None);
    let mut cases = vec![
        plain("2 empty programs of Rust, linked as ours", vec![vec![&like_ours]; 2], "", None),
        plain("2 empty static programs", vec![vec![&empty]; 2], "", None),
        get("get: env", "env", vec![("OPENAI_API_KEY", "sk-environment".into())]),
        plain("3 empty programs of Rust, linked as ours", vec![vec![&like_ours]; 3], "", None),
        plain("3 empty static programs", vec![vec![&empty]; 3], "", None),
        get("get: env, age", "env\nage", vec![]),
        get("get: env, keyring", "env\nkeyring", vec![("DBUS_SESSION_BUS_ADDRESS", bus.clone())]),
        plain("4 empty static programs", vec![vec![&empty]; 4], "", None),
        get(
            "get: env, keyring (absent there), age",
            "env\nkeyring\nage",
            vec![("DBUS_SESSION_BUS_ADDRESS", bus.clone())],
        ),
        plain(
            "git credential fill, credential-store",
            vec![vec!["git", "-c", "credential.helper=", "-c", &git_store, "credential", "fill"]],
            "protocol=https\nhost=api.openai.com\n",
            Some("password=sk-"),
        ),
        plain(
            "secret-tool lookup",
            vec![vec!["secret-tool", "lookup", "service", "https://api.openai.com", "username", "default"]],
            "",
            Some("sk-"),
        ),
    ];
    // The last chain asks for a credential that only age holds.
    if let Some(case) = cases.iter_mut().find(|case| case.name.contains("absent")) {
        case.input = "provider=mistral\n";
    }
    for round in 0..rounds + 5 {
        for case in &mut cases {
            run(&settle, &home);
            let time = run(case, &home);
            if round >= 5 {
                case.times.push(time);
            }
        }
    }
    let mut table = String::from("| | median ms | times the empty programs |\n|---|---|---|\n");
    let mut floor = 1.0;
    for case in &cases {
        let time = median(&case.times);
        let empty_programs = case.name.ends_with("static programs");
        if empty_programs {
            floor = time;
        }
        let ratio =
            if empty_programs || case.programs[0][0] != core { String::new() } else { format!("{:.2}", time / floor) };
        let _ = writeln!(table, "| {} | {time:.2} | {ratio} |", case.name);
    }
    let _ = std::io::stdout().write_all(table.as_bytes());
}
