//! Finds helper programs and starts them: the only file that knows PATH and spawning. A [`Program`] is a process on one side and
//! a [`Helper`] on the other.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use modelforge_credential_protocol::{Error, Helper, MAX_RECORD, Operation, Reader, Record, Result, visible};
use zeroize::Zeroizing;

use crate::config::Entry;
use crate::error::{self, PROGRAM};
use crate::{lock, terminal};

/// How long a helper may take when nobody is there who might have to unlock something.
const LIMIT: Duration = Duration::from_secs(10);
/// How long it may take when it may ask a person.
const LIMIT_WITH_A_PERSON: Duration = Duration::from_secs(120);
/// The longest list of a helper, in bytes.
const MAX_LIST: usize = 16 << 20;
/// How much of what a helper says is listened to, in bytes.
const MAX_SAID: usize = 16 << 10;
/// A pipe takes this much without anybody reading it (POSIX).
const PIPE_BUF: usize = 4096;
/// How often this program may be its own helper's helper.
const MAX_DEPTH: u32 = 4;

/// A helper program that was found.
#[derive(Debug, Clone)]
pub struct Program {
    name: String,
    path: PathBuf,
    arguments: Vec<String>,
    limit: Option<Duration>,
    attended: bool,
}

impl Program {
    /// Looks for the program of an entry: beside this program, then on PATH.
    pub fn find(entry: &Entry) -> Result<Self> {
        let (first, arguments) = entry.words.split_first().ok_or("an entry is empty")?;
        let name = entry.words.join(" ");
        let path = match entry.is_command {
            _ if Path::new(first).is_absolute() => trusted(Path::new(first))?,
            true => search(OsStr::new(first), false, || error::program_missing(first))?,
            false => search(OsStr::new(&format!("{PROGRAM}-{first}")), true, || error::helper_missing(first))?,
        };
        let name = if entry.is_command { name } else { first.clone() };
        Ok(Self { name, path, arguments: arguments.to_vec(), limit: entry.timeout, attended: false })
    }

    /// The same program, told that it may ask a person.
    pub fn attended(&self) -> Self {
        Self { attended: true, ..self.clone() }
    }

    fn limit(&self) -> Duration {
        self.limit.unwrap_or(if self.attended { LIMIT_WITH_A_PERSON } else { LIMIT })
    }

    fn run(&self, operation: Operation, request: &Record, most: usize) -> Result<Zeroizing<Vec<u8>>> {
        let start = Instant::now();
        let outcome = self.run_untraced(operation, request, most);
        if terminal::is_verbose() {
            let (result, record) = match &outcome {
                Ok(output) if operation == Operation::Get && !output.is_empty() => {
                    ("found".to_owned(), Record::read_from(output.as_slice()).unwrap_or_default())
                }
                Ok(_) if operation == Operation::Get => ("found nothing".to_owned(), request.clone()),
                Ok(_) => ("done".to_owned(), request.clone()),
                Err(problem) => (format!("failed: {problem}"), request.clone()),
            };
            let milliseconds = start.elapsed().as_secs_f64() * 1000.0;
            let (name, operation, path) = (&self.name, operation.name(), error::tilde(&self.path));
            terminal::trace(&format!("{name} {operation}: {result} in {milliseconds:.1} ms ({path}) {record:?}"));
        }
        outcome
    }

    fn run_untraced(&self, operation: Operation, request: &Record, most: usize) -> Result<Zeroizing<Vec<u8>>> {
        let depth = depth();
        if depth >= MAX_DEPTH {
            return Err(error::too_deep());
        }
        let mut command = command(&self.path);
        command
            .args(&self.arguments)
            .arg(operation.name())
            .env("MODELFORGE_CREDENTIAL_INTERACTIVE", if self.attended { "1" } else { "0" })
            .env("MODELFORGE_CREDENTIAL_DEPTH", (depth + 1).to_string())
            .env(lock::HELD, lock::held().unwrap_or_default())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(if self.attended { Stdio::inherit() } else { Stdio::piped() });
        let mut running = Running::start(command, !self.attended, self.limit())?;
        running.write(request.to_lines());
        let finished = running.finish(most)?;
        let (reason, hint) = self.pass_on(&finished.said, request);
        if finished.status.success() {
            return Ok(finished.output);
        }
        let failure = Error::new(reason.unwrap_or_else(|| ended(finished.status)));
        Err(match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        })
    }

    /// Passes on what the helper said, without the secrets of the request, should it have repeated them; what it gave
    /// as its reason for failing, and its hint, become part of our own message.
    fn pass_on(&self, said: &[u8], request: &Record) -> (Option<String>, Option<String>) {
        let (mut reason, mut hint) = (None, None);
        for line in String::from_utf8_lossy(said).lines() {
            let mut line = line.to_owned();
            for (key, value) in request.iter() {
                if let Ok(value) = std::str::from_utf8(value)
                    && !modelforge_credential_protocol::is_public(key)
                    && value.len() > 3
                {
                    line = line.replace(value, "<redacted>");
                }
            }
            let line = visible(&line);
            if let Some(text) = line.strip_prefix("error: ").or(line.strip_prefix("fatal: ")) {
                reason = Some(text.to_owned());
            } else if let Some(text) = line.strip_prefix("hint: ").filter(|_| reason.is_some()) {
                hint = Some(text.to_owned());
            } else if !line.trim().is_empty() {
                terminal::remark(&line);
            }
        }
        (reason, hint)
    }
}

impl Helper for Program {
    fn get(&self, request: &Record) -> Result<Option<Record>> {
        let output = self.run(Operation::Get, request, MAX_RECORD)?;
        let mut found = Record::read_from(output.as_slice()).map_err(|problem| error::malformed(&problem))?;
        for key in ["protocol", "host", "path", "username"] {
            if let (Some(asked), Some(answered)) = (request.get(key), found.get(key))
                && asked != answered
            {
                return Err(error::changed(key));
            }
        }
        // A pre-encoded credential counts only from a helper that says it knows what that is.
        if !found.announces("authtype") {
            found.retain(|key| !matches!(key, "authtype" | "credential"));
        }
        if !found.announces("state") {
            found.retain(|key| !matches!(key, "state[]" | "continue"));
        }
        Ok(if found.is_empty() { None } else { Some(found) })
    }

    fn store(&self, credential: &Record) -> Result<()> {
        self.run(Operation::Store, credential, MAX_RECORD).map(drop)
    }

    fn erase(&self, description: &Record) -> Result<()> {
        self.run(Operation::Erase, description, MAX_RECORD).map(drop)
    }

    fn list(&self, request: &Record) -> Result<Option<Vec<Record>>> {
        let output = self.run(Operation::List, request, MAX_LIST)?;
        let mut reader = Reader::new(output.as_slice());
        let mut records = Vec::new();
        while let Some(record) = reader.record().map_err(|problem| error::malformed(&problem))? {
            if let Some(count) = record.text("count") {
                return if count == records.len().to_string() {
                    Ok(Some(records))
                } else {
                    Err(error::list_cut_short())
                };
            }
            records.push(record.public());
        }
        if records.is_empty() { Ok(None) } else { Err(error::list_cut_short()) }
    }
}

/// Lets a program ask a person: `ssh-askpass` and its like. The prompt is its argument, the first line it prints the answer.
pub fn askpass(program: &OsStr, prompt: &str) -> Result<Zeroizing<String>> {
    let name = program.to_string_lossy();
    let path = match Path::new(program) {
        path if path.is_absolute() => trusted(path)?,
        path if path.components().count() == 1 => search(program, false, || error::program_missing(&name))?,
        path => return Err(error::program_unusable(path)),
    };
    let mut command = command(&path);
    command.arg(visible(prompt)).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let finished = Running::start(command, false, LIMIT_WITH_A_PERSON)?.finish(MAX_RECORD)?;
    if !finished.status.success() {
        return Err(error::helper_failed(&name, &Error::new(ended(finished.status))));
    }
    let line = finished.output.split(|b| matches!(b, b'\n' | b'\r')).next().unwrap_or_default();
    let line = std::str::from_utf8(line).map_err(|_| error::nothing_entered())?;
    Ok(Zeroizing::new(line.to_owned()))
}

#[expect(clippy::disallowed_methods, reason = "this is the file that starts helpers")]
fn command(path: &Path) -> Command {
    Command::new(path)
}

fn depth() -> u32 {
    std::env::var("MODELFORGE_CREDENTIAL_DEPTH").ok().and_then(|depth| depth.parse().ok()).unwrap_or(0)
}

/// Looks for a program in the absolute entries of PATH, and, where it is one of ours, first beside this program. One that
/// anyone could have put there is passed over, and is the reason if there is no other.
fn search(file: &OsStr, beside: bool, missing: impl Fn() -> Error) -> Result<PathBuf> {
    let own =
        if beside { std::env::current_exe().ok().and_then(|exe| exe.parent().map(Path::to_path_buf)) } else { None };
    let path = std::env::var_os("PATH").unwrap_or_default();
    // A relative entry, the empty one included, would look in the folder that the user happens to stand in.
    let folders = own.into_iter().chain(std::env::split_paths(&path).filter(|folder| folder.is_absolute()));
    let Ok(folders) = std::env::join_paths(folders) else { return Err(missing()) };
    // With its ending named, nothing else that PATHEXT allows (a `.bat`, say) is taken for the program.
    let mut file = file.to_os_string();
    if cfg!(windows) && Path::new(&file).extension().is_none() {
        file.push(std::env::consts::EXE_SUFFIX);
    }
    let mut refused = None;
    for candidate in which::which_in_all(&file, Some(folders), "/").into_iter().flatten() {
        match trusted(&candidate) {
            Ok(path) => return Ok(path),
            Err(problem) => refused = refused.or(Some(problem)),
        }
    }
    Err(refused.unwrap_or_else(missing))
}

/// The path, if it is a program, and nobody but its owner and root could have put it there.
#[cfg(unix)]
fn trusted(path: &Path) -> Result<PathBuf> {
    use std::os::unix::fs::MetadataExt;
    // The link is what is started (busybox and its like look at their name); what it leads to is what must be safe.
    let real = path.canonicalize().map_err(|_| error::program_unusable(path))?;
    let metadata = real.metadata().map_err(|_| error::program_unusable(path))?;
    if !metadata.is_file() || metadata.mode() & 0o111 == 0 {
        return Err(error::program_unusable(path));
    }
    if metadata.mode() & 0o002 != 0 {
        return Err(error::program_untrusted(path, &real));
    }
    for start in [path.parent(), real.parent()].into_iter().flatten() {
        for (level, folder) in start.ancestors().enumerate() {
            let mode = folder.metadata().map_or(0, |metadata| metadata.mode());
            // Further up, the sticky bit (as on /tmp) keeps others from renaming what is not theirs.
            if mode & 0o002 != 0 && (level == 0 || mode & 0o1000 == 0) {
                return Err(error::program_untrusted(path, folder));
            }
        }
    }
    Ok(path.to_path_buf())
}

#[cfg(not(unix))]
fn trusted(path: &Path) -> Result<PathBuf> {
    if path.is_file() { Ok(path.to_path_buf()) } else { Err(error::program_unusable(path)) }
}

fn ended(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("it was ended by signal {signal}");
    }
    format!("exit status {}", status.code().unwrap_or(-1))
}

struct Finished {
    status: ExitStatus,
    output: Zeroizing<Vec<u8>>,
    said: Vec<u8>,
}

enum Heard {
    Output(Zeroizing<Vec<u8>>),
    Said(Vec<u8>),
    End,
}

/// A process with a time limit. When the limit passes, it and, unless it needed the terminal, everything it started are ended.
struct Running {
    child: Child,
    group: Group,
    deadline: Instant,
    limit: Duration,
}

impl Running {
    fn start(mut command: Command, own_group: bool, limit: Duration) -> Result<Self> {
        let deadline = Instant::now() + limit;
        Group::prepare(&mut command, own_group);
        let child = command.spawn().map_err(|problem| error::not_started(&problem))?;
        let group = Group::of(&child, own_group);
        Ok(Self { child, group, deadline, limit })
    }

    /// Hands it its input. Whether it reads it is its own affair.
    fn write(&mut self, input: Zeroizing<Vec<u8>>) {
        let Some(mut stdin) = self.child.stdin.take() else { return };
        if input.len() <= PIPE_BUF {
            let _ = stdin.write_all(&input);
        } else {
            std::thread::spawn(move || stdin.write_all(&input));
        }
    }

    fn finish(mut self, most: usize) -> Result<Finished> {
        let (sender, heard) = mpsc::channel();
        let mut streams = 0;
        if let Some(stdout) = self.child.stdout.take() {
            listen(stdout, most, sender.clone(), |chunk| Heard::Output(Zeroizing::new(chunk)));
            streams += 1;
        }
        if let Some(stderr) = self.child.stderr.take() {
            listen(stderr, MAX_SAID, sender, Heard::Said);
            streams += 1;
        }
        let mut output = Zeroizing::new(Vec::new());
        let mut said = Vec::new();
        let mut exited: Option<(ExitStatus, Instant)> = None;
        while streams > 0 {
            match heard.recv_timeout(Duration::from_millis(20)) {
                Ok(Heard::Output(chunk)) => output.extend_from_slice(&chunk),
                Ok(Heard::Said(chunk)) => said.extend_from_slice(&chunk),
                Ok(Heard::End) => streams -= 1,
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    // A daemon that it left behind may hold the pipes open for ever.
                    match exited {
                        Some((_, at)) if at.elapsed() > Duration::from_millis(200) => break,
                        Some(_) => {}
                        None => exited = self.child.try_wait()?.map(|status| (status, Instant::now())),
                    }
                    self.check_deadline(exited.is_some())?;
                }
            }
        }
        if output.len() > most {
            self.end();
            return Err(Error::new(format!("it answered more than {most} bytes and was ended")));
        }
        let mut pause = Duration::from_micros(20);
        let status = loop {
            if let Some((status, _)) = exited {
                break status;
            }
            exited = self.child.try_wait()?.map(|status| (status, Instant::now()));
            if exited.is_none() {
                self.check_deadline(false)?;
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(5));
            }
        };
        Ok(Finished { status, output, said })
    }

    fn check_deadline(&mut self, exited: bool) -> Result<()> {
        if exited || Instant::now() < self.deadline {
            return Ok(());
        }
        self.end();
        Err(error::too_slow(self.limit))
    }

    fn end(&mut self) {
        self.group.end(&mut self.child);
        let _ = self.child.wait();
    }
}

/// Reads a stream to its end, or one byte further than `most`, in a thread of its own.
fn listen(stream: impl Read + Send + 'static, most: usize, sender: mpsc::Sender<Heard>, wrap: fn(Vec<u8>) -> Heard) {
    std::thread::spawn(move || {
        let mut stream = stream.take(most as u64 + 1);
        let mut buffer = Zeroizing::new([0; 8192]);
        while let Ok(count @ 1..) = stream.read(buffer.as_mut_slice()) {
            if sender.send(wrap(buffer[..count].to_vec())).is_err() {
                return;
            }
        }
        let _ = sender.send(Heard::End);
    });
}

/// A process and what it started, so that they can be ended together.
#[cfg(unix)]
struct Group {
    leader: Option<rustix::process::Pid>,
}

#[cfg(unix)]
impl Group {
    fn prepare(command: &mut Command, own_group: bool) {
        // A group of its own may not read the terminal, so a program that may have to ask gets none.
        if own_group {
            std::os::unix::process::CommandExt::process_group(command, 0);
        }
    }

    fn of(child: &Child, own_group: bool) -> Self {
        Self { leader: own_group.then(|| rustix::process::Pid::from_child(child)) }
    }

    fn end(&self, child: &mut Child) {
        match self.leader {
            Some(leader) => {
                let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
            }
            None => {
                let _ = child.kill();
            }
        }
    }
}

#[cfg(windows)]
struct Group {
    job: Option<win32job::Job>,
}

#[cfg(windows)]
impl Group {
    fn prepare(_: &mut Command, _: bool) {}

    fn of(child: &Child, own_group: bool) -> Self {
        let handle = std::os::windows::io::AsRawHandle::as_raw_handle(child) as isize;
        let job = win32job::Job::create().ok().filter(|job| own_group && job.assign_process(handle).is_ok());
        Self { job }
    }

    fn end(&self, child: &mut Child) {
        // The limit is set only now: a daemon that a helper leaves behind on purpose outlives it.
        if let Some(job) = &self.job {
            let mut limits = win32job::ExtendedLimitInfo::new();
            limits.limit_kill_on_job_close();
            let _ = job.set_extended_limit_info(&mut limits);
        }
        let _ = child.kill();
    }
}
