//! The files, as data. To add a tool's file, add a row.

use std::path::PathBuf;

/// A file in which a program stores keys.
pub struct Source {
    pub folder: Folder,
    pub path: &'static str,
    pub format: Format,
}

/// The directory that a path is relative to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Folder {
    /// The home directory. ModelForge uses it on every system, whatever XDG says.
    Home,
    /// The directory of Python's keyring.
    PythonKeyring,
    /// The directory in which the program was started. Its files may have been downloaded, so they are trusted less: they answer only for
    /// the account named after the directory.
    Here,
}

/// The format of a file.
pub enum Format {
    Json(Json),
    /// The plain-text file of `keyrings.alt`: a section for each service, with a line for each user.
    KeyringIni,
}

/// The positions of the keys in a JSON document.
pub struct Json {
    /// The path to the object with an entry for each provider, by name.
    pub entries: &'static [&'static str],
    /// The member of an entry with its URL.
    pub url: &'static str,
    /// The member of an entry that contains the secret. It is removed completely. `None`: the entry itself.
    pub secret: Option<&'static str>,
    /// The members of the secret that may have the key. The first existing one counts. Unused if the secret is a string.
    pub password: &'static [&'static str],
    /// The member with the refresh token.
    pub refresh_token: &'static str,
    /// The member with the expiry, in ISO 8601.
    pub expires: &'static str,
    /// Members that are public, and are passed on with the same name.
    pub public: &'static [&'static str],
}

pub const MODELFORGE: Json = Json {
    entries: &["providers"],
    url: "base_url",
    secret: Some("auth_data"),
    password: &["api_key", "access_token"],
    refresh_token: "refresh_token",
    expires: "expires_at",
    public: &["scope", "token_type"],
};

/// The files, in the order in which they are searched.
pub const SOURCES: &[Source] = &[
    Source { folder: Folder::Home, path: ".config/model-forge/config.json", format: Format::Json(MODELFORGE) },
    // `modelforge config migrate` copies it, and leaves the original.
    Source { folder: Folder::Home, path: ".config/model-forge/models.json", format: Format::Json(MODELFORGE) },
    Source { folder: Folder::PythonKeyring, path: "keyring_pass.cfg", format: Format::KeyringIni },
    Source { folder: Folder::Here, path: ".model-forge/config.json", format: Format::Json(MODELFORGE) },
];

impl Folder {
    /// `None`: there is no such directory.
    pub fn find(self) -> Option<PathBuf> {
        match self {
            Self::Home => modelforge_credential_files::home(),
            Self::PythonKeyring if cfg!(windows) => {
                std::env::var_os("LOCALAPPDATA").map(PathBuf::from).map(|data| data.join("Python Keyring"))
            }
            Self::PythonKeyring => {
                let data = std::env::var_os("XDG_DATA_HOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
                let data =
                    data.or_else(|| modelforge_credential_files::home().map(|home| home.join(".local").join("share")));
                data.map(|data| data.join("python_keyring"))
            }
            Self::Here => std::env::current_dir().ok(),
        }
        .filter(|folder| folder.is_absolute())
    }
}
