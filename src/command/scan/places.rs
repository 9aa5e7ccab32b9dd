//! The places to search if the person names none.

use std::path::{Path, PathBuf};

use modelforge_credential_files as files;

/// Below the home directory, in addition to its own files and the directories for settings, which are searched completely. Agents store
/// transcripts there, editors and shells histories, and tools logs and copies of files that they rewrite.
const BELOW_HOME: [&str; 28] = [
    ".aider",
    ".cache/claude-cli-nodejs",
    ".cache/huggingface/stored_tokens",
    ".cache/huggingface/token",
    ".claude",
    ".cline",
    ".codex",
    ".continue",
    ".copilot",
    ".crush",
    ".cursor",
    ".docker/config.json",
    ".gemini",
    ".ipython",
    ".jupyter",
    ".llm",
    ".npm/_logs",
    ".pi",
    ".pm2/logs",
    ".qwen",
    ".streamlit",
    ".vscode/settings.json",
    ".zsh_sessions",
    "Library/Application Support/Claude",
    "Library/Application Support/Code/User",
    "Library/Application Support/Cursor/User",
    "Library/Application Support/io.datasette.llm",
    "Library/Logs",
];

/// In the data directory, which may also have games and disks of virtual machines.
const IN_DATA: [&str; 10] = [
    "aichat",
    "crush",
    "fish",
    "goose",
    "io.datasette.llm",
    "modelforge-credential",
    "nvim",
    "opencode",
    "powershell",
    "python_keyring",
];

/// In the directory for programs' settings on Windows, `%APPDATA%`. The last one is the history of PowerShell.
const IN_APPDATA: [&str; 5] =
    ["Claude", "Code/User", "Cursor/User", "io.datasette.llm", "Microsoft/Windows/PowerShell/PSReadLine"];

/// The directories and files to search. With `true`, only a directory's own files.
pub fn usual(home: &Path) -> Vec<(PathBuf, bool)> {
    let named = |variable: &str, usual: &str| {
        let named = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
        named.unwrap_or_else(|| home.join(usual))
    };
    let data = named("XDG_DATA_HOME", ".local/share");
    let whole = [named("XDG_CONFIG_HOME", ".config"), named("XDG_STATE_HOME", ".local/state")];
    let whole = whole.into_iter().chain(BELOW_HOME.map(|name| home.join(name)));
    let whole = whole.chain(IN_DATA.map(|name| data.join(name)));
    let roaming = std::env::var_os("APPDATA").map(PathBuf::from).filter(|path| path.is_absolute());
    let whole = whole.chain(roaming.into_iter().flat_map(|folder| IN_APPDATA.map(|name| folder.join(name))));
    // Directories of tools that were moved by a variable.
    let moved = ["CLAUDE_CONFIG_DIR", "CODEX_HOME", "HISTFILE"].map(|name| named(name, "")).into_iter();
    let whole = whole.chain(moved.filter(|path| path.as_path() != home.join("")));
    std::iter::once((home.to_path_buf(), true)).chain(whole.map(|path| (path, false))).collect()
}

/// The home folder, unless it is another user's.
pub fn home() -> Option<PathBuf> {
    files::home().filter(|_| files::is_home_of_this_user())
}
