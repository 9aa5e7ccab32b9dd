//! Connects to the session bus: only through a Unix socket of this user or of root, because the process behind it gets every secret.

use std::env;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use modelforge_credential_protocol::{Error, Result};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use zbus::Address;
use zbus::address::transport::{Transport, UnixSocket};

const CORRECT: &str = "log in again, or correct DBUS_SESSION_BUS_ADDRESS";

/// The addresses of the bus, to be tried in order (D-Bus specification, "Server Addresses").
pub fn addresses() -> Result<String> {
    match env::var("DBUS_SESSION_BUS_ADDRESS") {
        Ok(addresses) if !addresses.is_empty() => Ok(addresses),
        _ => {
            let socket = socket(env::var("XDG_RUNTIME_DIR").ok(), rustix::process::geteuid().as_raw());
            let absent = Error::new("there is no D-Bus session bus");
            let absent = absent.hint("without a desktop session, store keys in the `age` helper");
            if Path::new(&socket).exists() { Ok(format!("unix:path={socket}")) } else { Err(absent) }
        }
    }
}

/// Where the bus listens if nothing names its address. An empty variable counts as unset, as in the core.
fn socket(runtime: Option<String>, user: u32) -> String {
    let folder = runtime.filter(|folder| !folder.is_empty());
    format!("{}/bus", folder.unwrap_or_else(|| format!("/run/user/{user}")))
}

/// For an address of which no part can be used.
pub fn unusable() -> Error {
    Error::new("DBUS_SESSION_BUS_ADDRESS is not a valid address").hint("log in again")
}

/// Connects to an address, and checks who owns the other end before anything is sent.
pub fn open(address: &str, deadline: Instant) -> Result<UnixStream> {
    let kind = address.split_once(':').map_or("", |(kind, _)| kind);
    if matches!(kind, "tcp" | "nonce-tcp" | "unixexec") {
        let error =
            Error::new(format!("the D-Bus session bus is at a `{kind}:` address, and secrets need a Unix socket"));
        return Err(error.hint(CORRECT));
    }
    let parsed = Address::try_from(address).map_err(|_| unusable())?;
    let Transport::Unix(unix) = parsed.transport() else { return Err(unusable()) };
    let place = match unix.path() {
        UnixSocket::File(path) => SocketAddrUnix::new(path),
        #[cfg(target_os = "linux")]
        UnixSocket::Abstract(name) => SocketAddrUnix::new_abstract_name(name.as_encoded_bytes()),
        _ => return Err(unusable()),
    };
    let place = place.map_err(|_| unusable())?;
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)
        .map_err(|_| Error::new("cannot open a socket for the D-Bus session bus"))?;
    loop {
        match connect(&socket, &place) {
            Ok(()) => break,
            // The queue of the socket is full.
            Err(Errno::AGAIN) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(10)),
            Err(Errno::AGAIN) => return Err("the D-Bus session bus does not answer".into()),
            Err(_) => return Err(Error::new("nothing listens at the address of the D-Bus session bus").hint(CORRECT)),
        }
    }
    if is_ours(&socket, unix.path()) {
        Ok(socket.into())
    } else {
        Err(Error::new("the D-Bus session bus belongs to another user, who would get the secrets").hint(CORRECT))
    }
}

/// True if this user or root owns the other end.
#[cfg(target_os = "linux")]
fn is_ours(socket: &OwnedFd, _: &UnixSocket) -> bool {
    let peer = rustix::net::sockopt::socket_peercred(socket);
    peer.is_ok_and(|peer| peer.uid.is_root() || peer.uid == rustix::process::geteuid())
}

/// The same by the owner of the socket's file, because not every Unix can tell who owns the other end.
#[cfg(not(target_os = "linux"))]
fn is_ours(_: &OwnedFd, place: &UnixSocket) -> bool {
    use std::os::unix::fs::MetadataExt;
    let UnixSocket::File(path) = place else { return false };
    let owner = std::fs::metadata(path).map(|metadata| metadata.uid());
    owner.is_ok_and(|owner| owner == 0 || owner == rustix::process::geteuid().as_raw())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_folder_that_is_set_to_nothing_is_not_set() {
        for (runtime, place) in
            [(None, "/run/user/7/bus"), (Some(""), "/run/user/7/bus"), (Some("/run/x"), "/run/x/bus")]
        {
            assert_eq!(socket(runtime.map(str::to_owned), 7), place);
        }
    }
}
