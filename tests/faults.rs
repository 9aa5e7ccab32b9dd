//! Whichever system call fails, and whenever a process is killed: the old key or the new one can be read, and the next run works.
//!
//! A first run counts the calls. The test then makes each call fail in one way; of calls that only open or write something, every third. A
//! scene with many calls is thinned out as a whole. `MODELFORGE_TEST_FAULTS=all` makes every call fail in every way.

mod scenes;

use std::process::Output;
use std::sync::Mutex;

use crate::support::strace::Run;
use crate::support::{Test, files_below};

/// The calls that change or open something, as strace wants them (with `?`: not every machine has it), and how they fail.
pub const CALLS: [(&str, &[&str]); 9] = [
    ("write,?pwrite64,?writev", &["KILL", "ENOSPC", "EIO", "EACCES"]),
    ("?open,openat", &["KILL", "EMFILE", "EACCES", "ENOSPC", "EIO"]),
    ("?rename,?renameat,renameat2", &["KILL", "EACCES", "EIO", "ENOSPC"]),
    ("fsync,fdatasync", &["EIO", "KILL", "ENOSPC"]),
    ("?unlink,unlinkat,?rmdir", &["EACCES", "KILL", "EIO"]),
    ("?mkdir,mkdirat", &["ENOSPC", "KILL", "EACCES", "EMFILE"]),
    ("?pipe,pipe2,?flock,?fchmod,?ftruncate", &["EMFILE", "KILL", "EIO"]),
    ("read,?pread64", &["EIO", "KILL"]),
    ("?socket,?connect,?sendmsg,?recvmsg", &["EIO", "KILL", "EMFILE", "EACCES"]),
];

/// Something that is done, and what may be found afterwards.
pub struct Scene<'prepare> {
    name: &'static str,
    prepare: &'prepare (dyn Fn() -> Test + Sync),
    run: Run<'static>,
    /// Says what is kept.
    ask: Run<'static>,
    /// The key before and after; none is empty.
    keys: [&'static str; 2],
    /// A success may have been one without keeping anything, if it says so with these words.
    or_says: Option<&'static str>,
    /// What finds a key at any time, before, meanwhile and after: it is on its way from one place to another.
    always: Option<Run<'static>>,
}

/// A fault at the nth of some calls, of every process or of the first alone.
struct Point {
    calls: &'static str,
    nth: usize,
    fault: &'static str,
    all: bool,
}

impl Point {
    fn run(&self, scene: &Scene, test: &Test) -> Output {
        let fault = if self.fault == "KILL" { "signal=SIGKILL".into() } else { format!("error={}", self.fault) };
        let inject = format!("inject={}:{fault}:when={}", self.calls, self.nth);
        let follow: &[&str] = if self.all { &["-f"] } else { &[] };
        scene.run.traced(test, &[follow, &["-o", "/dev/null", "-e", &inject]].concat())
    }
}

/// About how many points of a scene are taken where not all of them are.
const MOST: usize = 40;

/// The points of a scene.
fn points(scene: &Scene, every: bool) -> Vec<Point> {
    let mut points = Vec::new();
    for (calls, faults) in CALLS {
        let many = ["write", "open", "read"].iter().any(|name| calls.contains(name));
        for all in [true, false] {
            let most = scene.run.most_calls(&(scene.prepare)(), calls, all);
            for nth in 1..=most {
                let taken = faults.iter().enumerate().filter(|(at, _)| every || *at == (nth / 3) % faults.len());
                let is_taken = every || (all && (!many || nth % 3 == 0));
                points.extend(taken.filter(|_| is_taken).map(|(_, &fault)| Point { calls, nth, fault, all }));
            }
        }
    }
    // A long scene is thinned out as a whole.
    let step = if every { 1 } else { points.len().div_ceil(MOST).max(1) };
    points.into_iter().step_by(step).collect()
}

/// The password in an answer; none if it cannot be got.
fn key(run: &Run, test: &Test) -> Option<String> {
    let output = run.plainly(test);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let found = text.lines().find_map(|line| line.strip_prefix("password=")).unwrap_or_default();
    output.status.success().then(|| found.to_owned())
}

fn is_in_style(line: &str) -> bool {
    ["error: ", "warning: ", "hint: "].iter().any(|start| line.starts_with(start))
}

/// What holds after any fault.
fn look(scene: &Scene, test: &Test, output: &Output, point: &Point) {
    let [before, after] = scene.keys;
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let at = format!(
        "{}, {} {} {} {}: {:?}\n{stderr}",
        scene.name,
        point.calls,
        point.nth,
        point.fault,
        if point.all { "everywhere" } else { "in the first process" },
        output.status
    );
    let found = key(&scene.ask, test);
    assert!(found.as_deref().is_some_and(|found| found == before || found == after), "{at}: {found:?} is kept");
    let is_after = found.as_deref() == Some(after);
    match output.status.code() {
        Some(0) => {
            let is_said = scene.or_says.is_some_and(|words| stderr.contains(words));
            assert!(is_after || is_said, "{at}: it is called done");
        }
        // Its libraries could not be read, and nothing of ours has run.
        Some(127) if stderr.contains("error while loading shared libraries") => return,
        Some(code) => {
            assert_eq!(code, 1, "{at}");
            // A failing write may be the one of the message.
            assert!(stderr.contains("error: ") || point.calls.contains("write"), "{at}: it gives no reason");
        }
        None => assert_eq!(point.fault, "KILL", "{at}: it crashed"),
    }
    // The shell of a test's own helper has words of its own.
    assert!(scene.or_says.is_some() || stderr.lines().all(is_in_style), "{at}");
    if let Some(always) = &scene.always {
        assert!(key(always, test).is_some_and(|key| !key.is_empty()), "{at}: the key is lost");
    }
    // The next run is not hindered, and leaves nothing of this one.
    let again = scene.run.plainly(test);
    let words = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(is_after || again.status.success(), "{at}: the next run fails: {words}");
    assert_eq!(key(&scene.ask, test).as_deref(), Some(after), "{at}: after the next run: {words}");
    let is_left_over = |path: &std::path::PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.starts_with(".new-") || name.contains(".modelforge-credential-")
    };
    let left: Vec<_> = files_below(&test.home()).into_iter().filter(is_left_over).collect();
    // Where nothing was left to do, nothing was swept.
    assert!(is_after || left.is_empty(), "{at}: {left:?} is left");
    test.check_files();
}

/// Puts a scene to its points, two at a time, and tells all that does not hold.
fn walk(scene: &Scene) {
    let every = std::env::var_os("MODELFORGE_TEST_FAULTS").is_some_and(|which| which == "all");
    let points = points(scene, every);
    assert!(points.len() > 5, "only {} points were found: does strace work here?", points.len());
    let (count, points, failures) = (points.len(), Mutex::new(points), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(point) = points.lock().expect("the points").pop() else { return };
                    let test = (scene.prepare)();
                    let output = point.run(scene, &test);
                    let looked =
                        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| look(scene, &test, &output, &point)));
                    if let Err(why) = looked {
                        let why = why.downcast_ref::<String>().cloned().unwrap_or_else(|| "an assertion".to_owned());
                        failures.lock().expect("the failures").push(why);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("the failures");
    assert!(failures.is_empty(), "{} of {count} points:\n{}", failures.len(), failures.join("\n\n"));
}
