//! The files, as data: a further tool's file is a further row.

use std::path::PathBuf;

/// A file in which a program keeps keys.
pub struct Source {
    pub folder: Folder,
    pub path: &'static str,
    pub format: Format,
}

/// Where a path begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Folder {
    /// The person's own folder; ModelForge looks there on every system, whatever XDG says.
    Home,
    /// Where Python's keyring keeps its files.
    PythonKeyring,
    /// The folder that the program was started in. Its files come with whatever was downloaded there, so they are believed
    /// less: they answer only for the account that is named after the folder.
    Here,
}

/// How a file is read.
pub enum Format {
    Json(Json),
    /// The plain-text file of `keyrings.alt`: a section for each service, in it a line for each user.
    KeyringIni,
}

/// Where in a JSON document the keys are.
pub struct Json {
    /// The way to the object that holds an entry for each provider, by name.
    pub entries: &'static [&'static str],
    /// The member of an entry that says which URL it is for.
    pub url: &'static str,
    /// The member of an entry that holds the secret, and is taken out with all that it holds. None: the entry itself.
    pub secret: Option<&'static str>,
    /// In the secret, unless it is just a string: the key, the first of these that is there.
    pub password: &'static [&'static str],
    /// Its refresh token.
    pub refresh_token: &'static str,
    /// When it ends, as ISO 8601.
    pub expires: &'static str,
    /// A member that may be shown, and is passed on under the same name.
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

/// In the order in which they are asked.
pub const SOURCES: &[Source] = &[
    Source { folder: Folder::Home, path: ".config/model-forge/config.json", format: Format::Json(MODELFORGE) },
    // `modelforge config migrate` copies it as it is, and leaves it behind.
    Source { folder: Folder::Home, path: ".config/model-forge/models.json", format: Format::Json(MODELFORGE) },
    Source { folder: Folder::PythonKeyring, path: "keyring_pass.cfg", format: Format::KeyringIni },
    Source { folder: Folder::Here, path: ".model-forge/config.json", format: Format::Json(MODELFORGE) },
];

impl Folder {
    /// `None`: there is no such folder.
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
