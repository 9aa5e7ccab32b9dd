//! Keys that others store in the server. They are read, and never written.

use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Error, Record, Result};
use modelforge_credential_providers::{Location, by_location};

use crate::address::Address;
use crate::fields;
use crate::kv::Kv;
use crate::options::{Foreign, Options};
use crate::token;

impl Foreign {
    pub fn get(&self, options: &Options, request: &Record) -> Result<Option<Record>> {
        let Some(path) = self.path_for(request) else { return Ok(None) };
        let kv = Kv::open(token::connect(Address::of(options)?, options)?, options)?;
        let Ok(secret) = kv.read(&path)? else { return Ok(None) };
        let place = kv.shown(&path);
        let Some(value) = secret.fields.get(&self.field) else {
            return Err(Error::new(format!("`{place}` has no field `{}`", self.field)));
        };
        let key = fields::text(value).filter(|key| !key.is_empty());
        let key = key.ok_or_else(|| Error::new(format!("the field `{}` of `{place}` is not a key", self.field)))?;
        let answer = Record::of([("username", DEFAULT_ACCOUNT), ("password", &key), ("ephemeral", "1")]);
        answer.map(Some).map_err(|_| Error::new(format!("the field `{}` of `{place}` is not a key", self.field)))
    }

    /// The path of the key for a request. It depends on the URL, not on the provider's name in the request, because a key belongs to one
    /// URL.
    fn path_for(&self, request: &Record) -> Option<String> {
        let (protocol, host, path) = (request.text("protocol")?, request.text("host")?, request.text("path"));
        // Such a key has no account, so it does not match a request for a certain one.
        if request.get("username").is_some_and(|account| account != DEFAULT_ACCOUNT.as_bytes()) {
            return None;
        }
        match &self.url {
            Some(url) => Location::parse(url)?.covers(protocol, host, path).then(|| self.path.clone()),
            None => Some(self.path.replace(Self::PROVIDER, by_location(protocol, host, path)?.name)),
        }
    }
}
