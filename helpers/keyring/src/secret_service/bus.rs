//! The session bus: every wait has a time limit, only the bus itself starts services, and each kind of failure has its own message.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_core::Stream;
use modelforge_credential_protocol::{Error, Reason, Result};
use zbus::connection::Builder;
use zbus::message::{Message, Type};
use zbus::{Connection, MatchRule, MessageStream, ObjectPath, OwnedObjectPath, OwnedVariant, fdo};
use zruntime::SharedRuntime;

use super::socket;

/// The bus itself, as a service on it.
const BUS: &str = "org.freedesktop.DBus";
const SERVICE: &str = "org.freedesktop.secrets";
const PROMPT: &str = "org.freedesktop.Secret.Prompt";
/// The time limit for everything together without a person. It is below the 5 seconds that callers may rely on.
const PATIENCE: Duration = Duration::from_secs(4);
/// This is below the two minutes after which the caller stops this process, so that it can still dismiss the prompt and say why.
const PATIENCE_FOR_A_PERSON: Duration = Duration::from_secs(110);

pub enum Failure {
    Locked,
    /// Another program has removed the object since it was found.
    Gone,
    Other(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

/// A message that does not conform to the specification.
impl From<zbus::Error> for Failure {
    fn from(_: zbus::Error) -> Self {
        Self::Other("the secret service gave an answer that cannot be understood".into())
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Locked => Self::new("the keyring is locked")
                .with_reason(Reason::Locked)
                .hint("log in to the desktop, or unlock it in `seahorse`"),
            Failure::Gone => "the item was removed while it was in use".into(),
            Failure::Other(error) => error,
        }
    }
}

pub struct Bus {
    connection: Connection,
    runtime: SharedRuntime,
    deadline: Cell<Instant>,
}

/// Runs `operation` on a connection to the session bus; a second time if another program was in the middle of a change.
pub fn run<T>(operation: impl AsyncFn(&Bus) -> std::result::Result<T, Failure>) -> Result<T> {
    zbus::block_on(async {
        let bus = Bus::connect().await?;
        let outcome = match operation(&bus).await {
            Err(Failure::Gone) => operation(&bus).await,
            outcome => outcome,
        };
        Ok(outcome?)
    })
}

impl Bus {
    async fn connect() -> Result<Self> {
        let addresses = socket::addresses()?;
        let runtime = SharedRuntime::current()?;
        let deadline = Instant::now() + PATIENCE;
        let mut failure = socket::unusable();
        for address in addresses.split(';').filter(|address| !address.is_empty()) {
            let stream = match socket::open(address, deadline) {
                Ok(stream) => stream,
                Err(error) => {
                    failure = error;
                    continue;
                }
            };
            failure = match runtime.timeout_at(deadline, Builder::unix_stream(stream).build()).await {
                Ok(Ok(connection)) => return Ok(Self { connection, runtime, deadline: Cell::new(deadline) }),
                Ok(Err(_)) => "the D-Bus session bus refused the connection".into(),
                Err(_) => "the D-Bus session bus does not answer".into(),
            };
        }
        Err(failure)
    }

    /// Calls a method of the secret service.
    pub async fn call<B>(
        &self,
        object: &ObjectPath<'_>,
        interface: &str,
        method: &str,
        body: &B,
    ) -> std::result::Result<Message, Failure>
    where
        B: serde::Serialize + zbus::DynamicType,
    {
        let call = self.connection.call_method(Some(SERVICE), object, Some(interface), method, body);
        match self.runtime.timeout_at(self.deadline.get(), call).await {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(error)) => Err(failure(&error, method)),
            Err(_) => Err(self.silence().await.into()),
        }
    }

    /// A property of an object.
    pub async fn property<T: TryFrom<OwnedVariant>>(
        &self,
        object: &ObjectPath<'_>,
        interface: &str,
        name: &str,
    ) -> std::result::Result<T, Failure> {
        let reply = self.call(object, "org.freedesktop.DBus.Properties", "Get", &(interface, name)).await?;
        let value: OwnedVariant = reply.body().deserialize()?;
        T::try_from(value).map_err(|_| zbus::Error::InvalidReply.into())
    }

    /// Lets the service prompt the person, and waits for the result.
    pub async fn prompt(&self, prompt: OwnedObjectPath) -> std::result::Result<(), Failure> {
        if prompt.as_str() == "/" {
            return Ok(());
        }
        if !crate::may_prompt() {
            self.dismiss(&prompt).await;
            return Err(Failure::Locked);
        }
        if !has_display() {
            let error = Error::new("the keyring is locked, and there is no display for its password prompt")
                .with_reason(Reason::Locked);
            return Err(error.hint("unlock it on the desktop; without one, store keys in the `age` helper").into());
        }
        let rule = MatchRule::builder().msg_type(Type::Signal).sender(SERVICE).interface(PROMPT);
        let rule = rule.member("Completed").path(&prompt).build()?;
        let mut completed = pin!(MessageStream::for_match_rule(rule, &self.connection, None).await?);
        self.call(&prompt, PROMPT, "Prompt", &("",)).await?;
        let signal = poll_fn(|context| completed.as_mut().poll_next(context));
        let signal = self.runtime.timeout(PATIENCE_FOR_A_PERSON, signal).await;
        self.deadline.set(Instant::now() + PATIENCE);
        let Ok(signal) = signal else {
            self.dismiss(&prompt).await;
            let seconds = PATIENCE_FOR_A_PERSON.as_secs();
            let error = Error::new(format!("nobody unlocked the keyring within {seconds} seconds"));
            return Err(error.with_reason(Reason::Locked).into());
        };
        let Some(Ok(signal)) = signal else { return Err(Error::new("the D-Bus session bus ended").into()) };
        let (dismissed, _): (bool, OwnedVariant) = signal.body().deserialize()?;
        let refusal = Error::new("nobody unlocked the keyring: the prompt was dismissed").with_reason(Reason::Locked);
        if dismissed { Err(refusal.into()) } else { Ok(()) }
    }

    /// Dismisses a prompt that nobody can answer.
    pub async fn dismiss(&self, prompt: &ObjectPath<'_>) {
        if prompt.as_str() != "/" {
            let _ = self.call(prompt, PROMPT, "Dismiss", &()).await;
        }
    }

    /// True if `Unlock` opens no window, but returns a prompt, as specified. Some services (KWallet) open one.
    pub async fn unlocks_in_silence(&self) -> bool {
        let owner = self.ask_bus::<String>("GetNameOwner", SERVICE).await;
        let gnome = self.ask_bus::<String>("GetNameOwner", "org.gnome.keyring").await;
        if owner.is_some() && owner == gnome {
            return true;
        }
        let process = self.ask_bus::<u32>("GetConnectionUnixProcessID", SERVICE).await;
        let name = process.and_then(|id| std::fs::read_to_string(format!("/proc/{id}/comm")).ok());
        name.is_some_and(|name| name.trim_end() == "oo7-daemon")
    }

    /// Asks the bus about a name on it.
    async fn ask_bus<T: serde::de::DeserializeOwned + zbus::Type>(&self, method: &str, name: &str) -> Option<T> {
        let body = (name,);
        let call = self.connection.call_method(Some(BUS), "/org/freedesktop/DBus", Some(BUS), method, &body);
        let reply = self.runtime.timeout(Duration::from_millis(500), call).await;
        reply.ok()?.ok()?.body().deserialize().ok()
    }

    /// The error if the service did not answer in time.
    async fn silence(&self) -> Error {
        match self.ask_bus::<bool>("NameHasOwner", SERVICE).await {
            Some(true) => Error::new("the secret service does not answer").hint("log in to the desktop again"),
            Some(false) => Error::new("the secret service was started and never appeared on the D-Bus session bus"),
            None => Error::new("the D-Bus session bus does not answer"),
        }
    }
}

/// Waits for all of them at once: with one after the other, most of the time would be spent waiting for the bus.
pub async fn together<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    poll_fn(|context| {
        let mut all = Poll::Ready(());
        for (future, output) in waiting.iter_mut().filter(|(_, output)| output.is_none()) {
            match future.as_mut().poll(context) {
                Poll::Ready(value) => *output = Some(value),
                Poll::Pending => all = Poll::Pending,
            }
        }
        all
    })
    .await;
    waiting.into_iter().filter_map(|(_, output)| output).collect()
}

fn has_display() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Only the name of an error is shown, because the service's message may quote what it got.
fn failure(error: &zbus::Error, method: &str) -> Failure {
    let error = match error {
        zbus::Error::MethodError(name, ..) => match name.as_str() {
            "org.freedesktop.Secret.Error.IsLocked" => return Failure::Locked,
            "org.freedesktop.Secret.Error.NoSuchObject" => return Failure::Gone,
            name => Error::new(format!("the secret service refused `{method}`: {name}")),
        },
        zbus::Error::FDO(error) => match **error {
            fdo::Error::UnknownObject(_) | fdo::Error::UnknownMethod(_) | fdo::Error::UnknownInterface(_) => {
                return Failure::Gone;
            }
            fdo::Error::ServiceUnknown(_) | fdo::Error::NameHasNoOwner(_) => {
                Error::new("no secret service on the D-Bus session bus")
                    .hint("start one: `gnome-keyring-daemon --start --components=secrets`, KWallet or KeePassXC")
            }
            fdo::Error::NoReply(_) | fdo::Error::Disconnected(_) => {
                Error::new("the secret service ended before it answered")
            }
            fdo::Error::TimedOut(_) | fdo::Error::Timeout(_) => {
                Error::new("the secret service was started and never appeared on the D-Bus session bus")
            }
            fdo::Error::AccessDenied(_) => {
                Error::new("the D-Bus session bus does not let this program use the secret service")
            }
            _ => Error::new(format!("the secret service could not do `{method}`")),
        },
        zbus::Error::InputOutput(_) => Error::new("the D-Bus session bus ended"),
        _ => Error::new(format!("the secret service could not do `{method}`")),
    };
    Failure::Other(error)
}
