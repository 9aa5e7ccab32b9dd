use std::io::{self, IsTerminal, Read, Write};
use std::process::ExitCode;

use crate::asked::{answered, meant_by};
use crate::process::{harden, stdin, stdout};
use crate::said::fail;
use crate::{Capabilities, Error, Helper, Operation, Record, Result, each};

/// Runs a helper as a program: takes the operation from the last word of the command line, reads the request from standard input, and
/// answers on standard output. Options come before the operation, and the helper parses them before it calls this.
///
/// Exit status: 0 done, also if nothing was found; 1 failed, with `error: …` on standard error; 2 no operation (or an option in its place).
pub fn serve(helper: impl Helper) -> ExitCode {
    harden();
    let mut words = std::env::args_os();
    let program = words.next().unwrap_or_default();
    let operation = words.next_back().filter(|word| !word.as_encoded_bytes().starts_with(b"-"));
    let Some(operation) = operation else {
        let program = std::path::Path::new(&program).file_name().unwrap_or_default().to_string_lossy().into_owned();
        fail(&Error::new("no operation").hint(format!("{program} get|store|erase|list|capability")));
        return ExitCode::from(2);
    };
    let Some(operation) = operation.to_str().and_then(Operation::from_name) else {
        return ExitCode::SUCCESS;
    };
    // `list` needs no input, so a person who types it does not have to wait.
    let input: Result<Box<dyn Read>> = match operation {
        Operation::Capability => Ok(Box::new(io::empty())),
        Operation::List if io::stdin().is_terminal() => Ok(Box::new(io::empty())),
        _ => stdin().map(|file| Box::new(file) as Box<dyn Read>).map_err(Error::from),
    };
    let outcome = input.and_then(|input| answer(&helper, operation, input, stdout()?));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

/// Does one operation of a helper, like [`serve`], but with other streams, for tests.
///
/// ```
/// use modelforge_credential_protocol::{answer, Helper, Operation, Record, Result};
///
/// struct Fixed;
/// impl Helper for Fixed {
///     fn get(&self, _: &Record) -> Result<Option<Record>> {
///         Record::of([("password", "sk-1")]).map(Some)
///     }
/// }
///
/// # fn main() -> Result<()> {
/// let mut output = Vec::new();
/// answer(&Fixed, Operation::Get, &b"protocol=https\nhost=example.com\n"[..], &mut output)?;
/// assert_eq!(output, b"password=sk-1\n");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// If the request is not valid, the helper fails, or the answer cannot be written.
pub fn answer(helper: &dyn Helper, operation: Operation, input: impl Read, mut output: impl Write) -> Result<()> {
    if operation == Operation::Capability {
        let capabilities = Capabilities { each: true, ..helper.capabilities() }.to_lines();
        return Ok(write!(output, "version 0\ncapability authtype\ncapability state\n{capabilities}")?);
    }
    let is_known = match operation {
        Operation::Identity => helper.capabilities().identity,
        Operation::Members => helper.capabilities().members,
        Operation::Sync => helper.capabilities().sync,
        _ => true,
    };
    if !is_known {
        return Ok(());
    }
    if let Some(operation) = operation.of_each() {
        return each::answer(helper, operation, input, &mut output);
    }
    let request = Record::read_from(input)?;
    let outcome = answer_to(helper, operation, &request, &mut output);
    if let (Err(error), true) = (&outcome, request.announces("reason")) {
        output.write_all(error.reason().to_line().as_bytes())?;
    }
    outcome
}

fn answer_to(helper: &dyn Helper, operation: Operation, request: &Record, output: &mut impl Write) -> Result<()> {
    match operation {
        Operation::List => return list(helper, request, output),
        Operation::Identity => return write(helper.identity(request)?, output),
        Operation::Members => return write(helper.members(request)?, output),
        Operation::Sync => return write(helper.sync(request)?, output),
        _ => {}
    }
    let Some(meant) = meant_by(helper, operation, request)? else { return Ok(()) };
    match operation {
        Operation::Get => write(answered(helper.get(&meant)?, request)?, output),
        Operation::Store => helper.store(&meant),
        _ => helper.erase(&meant),
    }
}

fn write(answer: Option<Record>, output: &mut impl Write) -> Result<()> {
    answer.map_or(Ok(()), |answer| Ok(answer.write_to(output)?))
}

fn list(helper: &dyn Helper, request: &Record, mut output: impl Write) -> Result<()> {
    let Some(records) = helper.list(request)? else { return Ok(()) };
    let mut lines = Vec::new();
    let consent = request.is_true("consent");
    let records: Vec<_> = records.into_iter().filter(|record| consent || !record.is_of_a_migration()).collect();
    for record in &records {
        lines.extend_from_slice(&record.public().to_lines());
        lines.push(b'\n');
    }
    writeln!(lines, "count={}", records.len())?;
    Ok(output.write_all(&lines)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[derive(Default)]
    struct Memory(RefCell<Vec<Record>>);

    impl Helper for Memory {
        fn get(&self, request: &Record) -> Result<Option<Record>> {
            Ok(self.0.borrow().iter().find(|held| held.matches(request)).cloned())
        }
        fn store(&self, credential: &Record) -> Result<()> {
            self.0.borrow_mut().push(credential.clone());
            Ok(())
        }
        fn erase(&self, description: &Record) -> Result<()> {
            self.0.borrow_mut().retain(|held| !(held.matches(description) && held.matches_secret(description)));
            Ok(())
        }
        fn list(&self, _: &Record) -> Result<Option<Vec<Record>>> {
            Ok(Some(self.0.borrow().clone()))
        }
    }

    fn run(helper: &Memory, operation: Operation, input: &str) -> Result<String> {
        let mut output = Vec::new();
        answer(helper, operation, input.as_bytes(), &mut output)?;
        Ok(String::from_utf8(output).unwrap())
    }

    #[test]
    fn a_request_without_protocol_or_host_is_refused_and_erases_nothing() {
        let helper = Memory::default();
        run(&helper, Operation::Store, "protocol=https\nhost=h\nusername=u\npassword=p\n").unwrap();
        for request in ["", "\n", "host=h\n", "protocol=https\n", "protocol=\nhost=h\n", "username=u\n"] {
            for operation in [Operation::Get, Operation::Store, Operation::Erase] {
                assert!(run(&helper, operation, request).is_err(), "{operation:?} {request:?}");
            }
        }
        assert_eq!(helper.0.borrow().len(), 1);
    }

    #[test]
    fn a_credential_is_kept_and_given_only_to_who_announced_authtype() {
        let helper = Memory::default();
        let credential = "protocol=https\nhost=h\nauthtype=Bearer\ncredential=c\n";
        run(&helper, Operation::Store, credential).unwrap();
        assert_eq!(helper.0.borrow().len(), 0);
        run(&helper, Operation::Store, &format!("capability[]=authtype\n{credential}ephemeral=1\n")).unwrap();
        assert_eq!(helper.0.borrow().len(), 0);
        run(&helper, Operation::Store, &format!("capability[]=authtype\n{credential}")).unwrap();
        assert_eq!(helper.0.borrow().len(), 1);
        assert_eq!(run(&helper, Operation::Get, "protocol=https\nhost=h\n").unwrap(), "protocol=https\nhost=h\n");
        assert_eq!(
            run(&helper, Operation::Get, "capability[]=authtype\nprotocol=https\nhost=h\n").unwrap(),
            format!("capability[]=authtype\n{credential}")
        );
    }

    #[test]
    fn an_erase_that_names_another_credential_erases_nothing() {
        let helper = Memory::default();
        let credential = "protocol=https\nhost=h\nauthtype=Bearer\ncredential=c\n";
        run(&helper, Operation::Store, &format!("capability[]=authtype\n{credential}")).unwrap();
        run(&helper, Operation::Erase, "protocol=https\nhost=h\ncredential=other\n").unwrap();
        assert_eq!(helper.0.borrow().len(), 1);
        run(&helper, Operation::Erase, "protocol=https\nhost=h\ncredential=c\n").unwrap();
        assert_eq!(helper.0.borrow().len(), 0);
    }

    #[test]
    fn what_concerned_one_request_is_not_kept() {
        let helper = Memory::default();
        let request =
            "capability[]=state\nprotocol=https\nhost=h\npassword=p\nstate[]=s\nwwwauth[]=w\ncontinue=1\nquit=1\n";
        run(&helper, Operation::Store, request).unwrap();
        let answer = run(&helper, Operation::Get, "capability[]=state\nprotocol=https\nhost=h\n").unwrap();
        assert_eq!(answer, "protocol=https\nhost=h\npassword=p\n");
    }

    /// A helper whose files belong to other programs.
    struct Foreign(Memory);

    impl Helper for Foreign {
        fn capabilities(&self) -> Capabilities {
            Capabilities { foreign: true, ..Capabilities::default() }
        }
        fn get(&self, request: &Record) -> Result<Option<Record>> {
            self.0.get(request)
        }
        fn store(&self, credential: &Record) -> Result<()> {
            self.0.store(credential)
        }
        fn erase(&self, description: &Record) -> Result<()> {
            self.0.erase(description)
        }
    }

    #[test]
    fn a_helper_of_other_programs_files_is_told_to_change_them_only_with_consent() {
        let helper = Foreign(Memory::default());
        let run = |operation, consent: &str| {
            let input = format!("protocol=https\nhost=h\npassword=p\n{consent}");
            answer(&helper, operation, input.as_bytes(), Vec::new()).unwrap();
            helper.0.0.borrow().len()
        };
        assert_eq!(run(Operation::Store, ""), 0);
        assert_eq!(run(Operation::Store, "consent=1\n"), 1);
        assert_eq!(run(Operation::Erase, "consent=0\n"), 1);
        assert_eq!(run(Operation::Erase, "consent=1\n"), 0);
        let mut said = Vec::new();
        answer(&helper, Operation::Capability, &b""[..], &mut said).unwrap();
        assert!(Capabilities::from_lines(&said).foreign);
    }

    #[test]
    fn files_and_backups_are_for_migrations_alone() {
        let helper = Memory::default();
        for place in ["protocol=file\nhost=\n", "protocol=backup\nhost=h\n", "protocol=Backup\nhost=h\n"] {
            for operation in [Operation::Get, Operation::Store, Operation::Erase] {
                assert!(run(&helper, operation, &format!("{place}password=p\n")).is_err(), "{operation:?} {place}");
            }
        }
        run(&helper, Operation::Store, "consent=1\nprotocol=backup\nhost=h\npassword=p\n").unwrap();
        assert_eq!(run(&helper, Operation::List, "").unwrap(), "count=0\n");
        assert_eq!(run(&helper, Operation::List, "consent=1\n").unwrap(), "protocol=backup\nhost=h\n\ncount=1\n");
    }

    #[test]
    fn list_names_no_secret_and_ends_with_the_count() {
        let helper = Memory::default();
        assert_eq!(run(&helper, Operation::List, "").unwrap(), "count=0\n");
        run(&helper, Operation::Store, "protocol=https\nhost=h\nusername=u\npassword=p\nmystery=m\n").unwrap();
        assert_eq!(run(&helper, Operation::List, "").unwrap(), "protocol=https\nhost=h\nusername=u\n\ncount=1\n");
    }

    #[test]
    fn the_reason_of_a_failure_is_given_only_to_who_announced_that() {
        let reason = |input: &str| {
            let mut output = Vec::new();
            assert!(answer(&Memory::default(), Operation::Get, input.as_bytes(), &mut output).is_err());
            String::from_utf8(output).unwrap()
        };
        assert_eq!(reason("host=h\n"), "");
        assert_eq!(reason("capability[]=reason\nhost=h\n"), "reason=invalid-request\n");
        assert_eq!(reason("capability[]=reason\nprotocol=file\nhost=\n"), "reason=refused\n");
    }

    #[test]
    fn capability_is_answered_without_reading() {
        assert_eq!(
            run(&Memory::default(), Operation::Capability, "junk").unwrap(),
            "version 0\ncapability authtype\ncapability state\ncapability each\n"
        );
    }
}
