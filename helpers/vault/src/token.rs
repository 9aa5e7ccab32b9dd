//! Gets a token: from a variable, a token helper, a file, or a sign-in.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use modelforge_credential_client::{Running, command, trusted};
use modelforge_credential_files::{self as files, Trust};
use modelforge_credential_protocol::{Error, Result};
use zeroize::Zeroizing;

use crate::address::Address;
use crate::login;
use crate::options::{Auth, Options, variable};
use crate::proof::{MAX_FILE, read, text};
use crate::server::Server;

/// The largest output of a token helper, in bytes.
const MAX_TOKEN: usize = 1 << 16;
/// The time limit of a token helper, which may have to ask a chain of helpers.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connects to a server: with a token, or through an agent that adds its own.
pub fn connect(address: Address, options: &Options) -> Result<Server> {
    let is_agent = address.is_agent;
    let mut server = Server::new(address, options);
    if !matches!(options.auth, Auth::Token) {
        login::sign_in(&mut server, &options.auth)?;
        return Ok(server);
    }
    match found()? {
        Some(token) => server.use_token(token, false),
        None if is_agent => {}
        None => {
            let error = Error::new(format!("there is no token for `{}`", server.name));
            return Err(error.hint("sign in with `bao login` or `vault login`, or set VAULT_TOKEN"));
        }
    }
    Ok(server)
}

fn found() -> Result<Option<Zeroizing<String>>> {
    if let Some((_, token)) = variable("TOKEN") {
        return Ok(Some(Zeroizing::new(token)));
    }
    let Some(home) = files::home() else { return Ok(None) };
    for name in [".bao", ".vault"] {
        if let Some(helper) = helper_in(&home.join(name))? {
            return from_helper(&helper);
        }
    }
    read(&home.join(".vault-token"), Trust::Private)
}

/// The program in the configuration of the server's own clients: `token_helper = "/path"`.
fn helper_in(file: &Path) -> Result<Option<PathBuf>> {
    let Some(content) = files::read(file, MAX_FILE, Trust::Believed)? else { return Ok(None) };
    let content = String::from_utf8_lossy(&content).into_owned();
    let value = content.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim().trim_matches('"') == "token_helper").then(|| value.trim().trim_matches('"').to_owned())
    });
    match value.map(PathBuf::from) {
        None => Ok(None),
        Some(path) if path.is_absolute() => Ok(Some(path)),
        Some(_) => Err(Error::new(format!("the `token_helper` in `{}` is not an absolute path", files::tilde(file)))),
    }
}

/// Calls it like the clients of both products: with one argument, and with only the token as its output.
fn from_helper(helper: &Path) -> Result<Option<Zeroizing<String>>> {
    let failed = |reason: String| Error::new(format!("the token helper `{}` failed: {reason}", files::tilde(helper)));
    let ask = || {
        let mut command = command(&trusted(helper)?);
        command.arg("get").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Running::start(command, true, PATIENCE)?.finish(MAX_TOKEN)
    };
    let finished = ask().map_err(|failure| failed(failure.to_string()))?;
    if !finished.status.success() {
        return Err(failed(finished.reason()));
    }
    text(&finished.output, || format!("the token helper `{}` did not answer with text", files::tilde(helper)))
}
