//! What a refusal of the server means. The server's own message may quote the request, and depends on its version.

use modelforge_credential_protocol::{Error, Result};

use crate::server::{Reply, Server};

/// The right that a token needs, as policies write it.
#[derive(Clone, Copy)]
pub enum Right {
    Read,
    List,
    Write,
    Delete,
    Destroy,
    SignIn,
}

impl Right {
    fn verb(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::List => "list",
            Self::Write => "write",
            Self::Delete => "delete",
            Self::Destroy => "destroy versions of",
            Self::SignIn => "sign in at",
        }
    }

    fn capabilities(self) -> &'static str {
        match self {
            Self::Read => "\"read\"",
            Self::List => "\"list\"",
            Self::Write => "\"create\", \"update\"",
            Self::Delete => "\"delete\"",
            Self::Destroy | Self::SignIn => "\"update\"",
        }
    }
}

impl Server {
    /// Sends a request, and turns a refusal into an error. A missing secret is a normal answer.
    pub fn expect(&self, reply: Reply, right: Right, path: &str) -> Result<Reply> {
        if reply.is_success() || reply.is_absence() { Ok(reply) } else { Err(self.refusal(&reply, right, path)) }
    }

    pub fn refusal(&self, reply: &Reply, right: Right, path: &str) -> Error {
        let (server, verb) = (&self.name, right.verb());
        let path = path.split('?').next().unwrap_or_default();
        match reply.status {
            // The server tells only signed-in users which methods exist.
            403 | 404 if matches!(right, Right::SignIn) => {
                Error::new(format!("`{server}` does not let this machine sign in at `{path}`, or has no such method"))
                    .hint("bao auth list")
            }
            403 => self.denied(right, path),
            404 => Error::new(format!("`{server}` has nothing at `{path}`: no such engine, or another version of kv"))
                .hint("bao secrets list -detailed"),
            400 if reply.body.is_null() => {
                Error::new(format!("`{server}` does not speak plain http")).hint("set VAULT_ADDR to https://…")
            }
            413 => Error::new(format!("the credential is too large for `{server}`")),
            429 => Error::new(format!("`{server}` limits the rate of requests")).hint("try again in some seconds"),
            503 => self.unavailable(),
            status => Error::new(format!("`{server}` refused to {verb} `{path}`: status {status}")),
        }
    }

    /// Does not depend on the server's message: a token that can look itself up is valid but lacks the right; otherwise it is invalid.
    fn denied(&self, right: Right, path: &str) -> Error {
        let (server, verb) = (&self.name, right.verb());
        if !self.has_token() {
            return Error::new(format!("the agent at `{server}` has no token with the right to {verb} `{path}`"));
        }
        match self.get("auth/token/lookup-self") {
            Ok(reply) if reply.is_success() => {
                let message =
                    format!("the token for `{server}` has no right to {verb} `{path}`, or there is no such engine");
                Error::new(message)
                    .hint(format!("add to its policy: path \"{path}\" {{ capabilities = [{}] }}", right.capabilities()))
            }
            Ok(reply) if reply.status == 403 => {
                Error::new(format!("`{server}` does not accept the token: it expired, was revoked or has been used up"))
                    .hint("sign in again with `bao login` or `vault login`, or set VAULT_TOKEN")
            }
            Ok(reply) => self.refusal(&reply, Right::Read, "auth/token/lookup-self"),
            Err(error) => error,
        }
    }

    fn unavailable(&self) -> Error {
        let server = &self.name;
        let is = |reply: &Reply, key: &str, value: bool| reply.body[key].as_bool() == Some(value);
        match self.get("sys/seal-status") {
            Ok(reply) if is(&reply, "initialized", false) => {
                Error::new(format!("`{server}` is not initialized")).hint("bao operator init")
            }
            Ok(reply) if is(&reply, "sealed", true) => {
                Error::new(format!("`{server}` is sealed")).hint("bao operator unseal")
            }
            _ => Error::new(format!("`{server}` is not available now: status 503")),
        }
    }
}
