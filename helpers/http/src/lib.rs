//! Requests with secrets. One set of rules, each with its reason:
//!
//! - **https, or this machine** ([`endpoint`]): with anything else, everybody on the way can read it. `localhost` is always this machine,
//!   whatever a name server says.
//! - **No redirect is followed**: it could lead to any other server. A caller that knows more may send the request there itself
//!   ([`Problem`]).
//! - **Every certificate is checked**: against the system's authorities, or those that the user named, and no others.
//! - **A proxy is another host**: requests to this machine use none.
//! - **A maximum size and a time limit**: a server can neither fill our memory nor keep us waiting.
//! - **Messages are our own** ([`Problem`]): those of the libraries may quote the request.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use modelforge_credential_http::{Client, Options, endpoint, http};
//!
//! # fn main() -> modelforge_credential_protocol::Result<()> {
//! let url = endpoint("the server", "https://vault.example:8200/v1/sys/health")?;
//! let client = Client::new(Options::default());
//! let request = http::Request::get(url.as_str()).body(Vec::new()).expect("a URL that was checked");
//! let answer = client.send(request, Duration::from_secs(3)).map_err(|problem| problem.error)?;
//! assert!(answer.status().is_success());
//! # Ok(())
//! # }
//! ```

#![deny(missing_docs)]

mod client;
mod endpoint;
mod problem;
mod proxy;
mod resolve;
#[cfg(unix)]
mod socket;

pub use client::{Client, Options};
pub use endpoint::{endpoint, host};
pub use problem::{Problem, is_passing};
pub use ureq::http;
pub use url;
