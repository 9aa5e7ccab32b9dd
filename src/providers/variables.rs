//! The variables for a provider's key: those of tools, and ModelForge's own, which depend on a name and not on a URL.

use modelforge_credential_protocol::{Record, Result};
use modelforge_credential_providers::{self as table, Location, SignIn, modelforge_variables};

use super::modelforge::Defined;
use super::rows::location_of;
use super::{Provider, Providers};

/// An empty list of variables. It says that no variable applies.
pub fn no_variables() -> Result<Record> {
    Record::of([("env[]", "")])
}

impl Provider {
    /// Attributes for helpers besides the description of the credential.
    pub fn context(&self) -> Result<Record> {
        let mut context = Record::of([("sign_in", self.sign_in.name())])?;
        context.merge(&self.device_flow)?;
        context.merge(&no_variables()?)?;
        self.push_variables(&mut context)?;
        Ok(context)
    }

    /// The variables in which tools other than ModelForge look for its credential.
    pub fn usual_variables(&self) -> &[String] {
        &self.variables
    }

    /// A variable for its key that is set but empty, like a missing secret in CI.
    pub fn empty_variable(&self) -> Option<&str> {
        let is_empty = |name: &&String| std::env::var_os(name).is_some_and(|value| value.is_empty());
        self.variables.iter().find(is_empty).map(String::as_str)
    }

    /// The variable in which ModelForge would look for its credential under this name: there is one for keys and one for tokens.
    pub fn variable_of_modelforge(&self, name: &str) -> String {
        let [api_key, access_token] = modelforge_variables(name);
        if self.sign_in == SignIn::DeviceFlow { access_token } else { api_key }
    }

    /// Adds only the variables that are set: a list of all would not fit into a record.
    pub(super) fn push_variables(&self, context: &mut Record) -> Result<()> {
        let url = self.location.url();
        let of_modelforge = self.has_modelforges.then(|| modelforge_variables(&self.name));
        for variable in of_modelforge.iter().flatten().chain(&self.variables).filter(|variable| is_set(variable)) {
            context.push("env[]", format!("{variable} {} {url}", self.name))?;
        }
        Ok(())
    }
}

impl Providers {
    /// The URL to which ModelForge sends the value of `MODELFORGE_<NAME>_…`, if it is not this provider's URL. It is the URL in
    /// ModelForge's own file, otherwise the usual one.
    pub fn elsewhere_in_modelforge(&self, name: &str, provider: &Provider) -> Option<String> {
        let usual = || Location::parse(table::by_name(name)?.url?);
        let url = self.defined(name).map_or_else(usual, |defined| location_of(&defined.url))?;
        let here = location_of(&provider.location)?;
        (!here.covers(url.protocol, url.host, url.path)).then(|| url.to_string())
    }

    /// The entry for a name in ModelForge's file.
    pub fn defined(&self, name: &str) -> Option<&Defined> {
        self.definitions()?.get(name)?.as_ref().ok()
    }

    /// ModelForge's name of the provider for this variable, if the variable is one of ModelForge's.
    pub fn name_of_modelforges(variable: &str) -> Option<String> {
        let name = variable.strip_prefix("MODELFORGE_")?;
        let name = name.strip_suffix("_API_KEY").or_else(|| name.strip_suffix("_ACCESS_TOKEN"))?;
        (!name.is_empty()).then(|| name.to_ascii_lowercase())
    }

    /// The entry in ModelForge's file as a provider, whatever its name means elsewhere.
    pub fn as_modelforge_has_it(&self, name: &str, defined: &Defined) -> Provider {
        Provider {
            name: name.to_owned(),
            location: defined.url.clone(),
            sign_in: defined.sign_in,
            account: None,
            moved_from: None,
            has_modelforges: false,
            variables: Vec::new(),
            device_flow: Record::new(),
        }
    }

    /// Decides which provider `MODELFORGE_<NAME>_…` belongs to. ModelForge's file is read only if such a variable is set.
    pub(super) fn with_modelforges(&self, mut provider: Provider) -> Provider {
        if modelforge_variables(&provider.name).iter().any(|name| is_set(name)) {
            provider.has_modelforges = self.elsewhere_in_modelforge(&provider.name, &provider).is_none();
        }
        provider
    }
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some()
}
