//! Sign-ins of machines, which prove who they are with files.

use std::path::Path;

use modelforge_credential_files::{self as files, Trust};
use modelforge_credential_http::http::Method;
use modelforge_credential_protocol::{Error, Result};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::options::Auth;
use crate::proof::read;
use crate::refusal::Right;
use crate::server::Server;

pub fn sign_in(server: &mut Server, auth: &Auth) -> Result<()> {
    let (mount, body) = match auth {
        Auth::Token => return Ok(()),
        Auth::Approle { mount, role_id, secret_id } => {
            let mut body = json!({ "role_id": *proof(role_id, Trust::Believed)? });
            if let Some(secret_id) = secret_id {
                body["secret_id"] = Value::from(proof(secret_id, Trust::Private)?.as_str());
            }
            (mount, body)
        }
        // Kubernetes lets every user of the pod read it, through links in a directory that anyone may write to.
        Auth::Jwt { mount, role, jwt } => (mount, json!({ "role": role, "jwt": *proof(jwt, Trust::Named)? })),
    };
    let path = format!("auth/{mount}/login");
    let reply = server.ask(Method::POST, &path, Some(&body))?;
    let name = server.name.clone();
    match (reply.status, reply.body["auth"]["client_token"].as_str()) {
        (200, Some(token)) => {
            // A batch token is not stored, so it cannot be revoked.
            let is_stored = reply.body["auth"]["token_type"] != "batch";
            server.use_token(Zeroizing::new(token.to_owned()), is_stored);
            Ok(())
        }
        (200, None) => Err(Error::new(format!("`{name}` answered the sign-in at `{path}` without a token"))),
        (400, _) if reply.body.is_object() => {
            let message = format!("`{name}` does not accept what is in the files for the sign-in at `{path}`");
            Err(Error::new(message).hint("create a new secret id or token, and write it to its file"))
        }
        _ => Err(server.refusal(&reply, Right::SignIn, &path)),
    }
}

fn proof(file: &Path, trust: Trust) -> Result<Zeroizing<String>> {
    let missing = || Error::new(format!("`{}` is empty, and the sign-in needs it", files::tilde(file)));
    read(file, trust)?.ok_or_else(missing)
}
