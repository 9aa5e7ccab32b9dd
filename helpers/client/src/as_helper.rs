//! A program as a [`Helper`]. A chain uses it like a helper in its own process.

use modelforge_credential_protocol::{Capabilities, Helper, Record, Result};

use crate::Program;

impl Helper for Program {
    fn capabilities(&self) -> Capabilities {
        self.capabilities()
    }

    fn known_capabilities(&self) -> Result<Capabilities> {
        Ok(self.known_capabilities()?)
    }

    fn get(&self, request: &Record) -> Result<Option<Record>> {
        Ok(self.get(request)?)
    }

    fn store(&self, credential: &Record) -> Result<()> {
        Ok(self.store(credential)?)
    }

    fn erase(&self, description: &Record) -> Result<()> {
        Ok(self.erase(description)?)
    }

    fn list(&self, request: &Record) -> Result<Option<Vec<Record>>> {
        Ok(self.list(request)?)
    }

    fn identity(&self, request: &Record) -> Result<Option<Record>> {
        Ok(self.identity(request)?)
    }

    fn members(&self, request: &Record) -> Result<Option<Record>> {
        Ok(self.members(request)?)
    }

    fn sync(&self, request: &Record) -> Result<Option<Record>> {
        Ok(self.sync(request)?)
    }

    fn get_each(&self, requests: &[Record]) -> Vec<Result<Option<Record>>> {
        self.get_each(requests).into_iter().map(|found| Ok(found?)).collect()
    }

    fn store_each(&self, credentials: &[Record]) -> Vec<Result<()>> {
        self.store_each(credentials).into_iter().map(|stored| Ok(stored?)).collect()
    }

    fn erase_each(&self, descriptions: &[Record]) -> Vec<Result<()>> {
        self.erase_each(descriptions).into_iter().map(|erased| Ok(erased?)).collect()
    }
}
