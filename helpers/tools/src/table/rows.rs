//! The tools' own files, as they were found on real machines. docs/migrating.md says which were tried, with which versions.

use super::{File, Hook, Key, Then, Tool, Whose};
use crate::format::{Format, Shell};

const VARIABLES: &[Key] = &[Key::at("{variable}")];
const MCP_SERVERS: Key = Key::at("mcpServers.*.env.{variable}").with_emptied().hook(Hook::Exec);

const UNIT: &[Key] = &[Key::at("Service.Environment.{variable}=").then(Then::StaysInUnit)];

const MCP_HEADERS: Key = Key::at("mcpServers.*.headers.*").whose(Whose::Shape);

const CLAUDE_STATE: &[Key] = &[
    Key::at("primaryApiKey").of("anthropic"),
    MCP_SERVERS,
    MCP_HEADERS,
    Key::at("projects.*.mcpServers.*.headers.*").whose(Whose::Shape),
    Key::at("projects.*.mcpServers.*.env.{variable}").with_emptied().hook(Hook::Exec),
];
const QWEN: &[Key] = &[
    Key::at("env.{variable}").with_emptied(),
    Key::at("security.auth.apiKey").whose(Whose::Beside("selectedType")).url(&["baseUrl"]),
    MCP_SERVERS,
    MCP_HEADERS,
];

#[rustfmt::skip]
pub const TOOLS: &[Tool] = &[
    Tool { name: "shell", command: None, files: &[
        File::new(&["~/.bashrc"], Format::Shell(Shell::Bash), VARIABLES),
        File::new(&["~/.bash_profile"], Format::Shell(Shell::Bash), VARIABLES),
        File::new(&["~/.profile"], Format::Shell(Shell::Sh), VARIABLES),
        File::new(&["$ZDOTDIR/.zshrc", "~/.zshrc"], Format::Shell(Shell::Zsh), VARIABLES),
        File::new(&["$ZDOTDIR/.zshenv", "~/.zshenv"], Format::Shell(Shell::Zsh), VARIABLES),
        File::new(&["$ZDOTDIR/.zprofile", "~/.zprofile"], Format::Shell(Shell::Zsh), VARIABLES),
        File::new(&["$XDG_CONFIG_HOME/fish/config.fish", "~/.config/fish/config.fish"], Format::Shell(Shell::Fish), VARIABLES),
        File::new(&["$XDG_CONFIG_HOME/fish/conf.d/*.fish", "~/.config/fish/conf.d/*.fish"], Format::Shell(Shell::Fish), VARIABLES),
        File::new(&["$XDG_CONFIG_HOME/environment.d/*.conf", "~/.config/environment.d/*.conf"], Format::Dotenv, VARIABLES),
    ] },
    Tool { name: "systemd", command: None, files: &[
        File::new(&["$XDG_CONFIG_HOME/systemd/user/*.service", "~/.config/systemd/user/*.service"], Format::Unit, UNIT),
        File::new(&["$XDG_CONFIG_HOME/systemd/user/*.d/*.conf", "~/.config/systemd/user/*.d/*.conf"], Format::Unit, UNIT),
    ] },
    Tool { name: "claude", command: Some("claude"), files: &[
        File::new(&["$CLAUDE_CONFIG_DIR/settings.json", "~/.claude/settings.json"], Format::Json,
            &[Key::at("env.{variable}").with_emptied().hook(Hook::ApiKeyHelper)]),
        File::new(&["$CLAUDE_CONFIG_DIR/.claude.json", "~/.claude.json"], Format::Json, CLAUDE_STATE),
        File::new(&["$CLAUDE_CONFIG_DIR/backups/.claude.json.backup.*", "~/.claude/backups/.claude.json.backup.*"],
            Format::Json, CLAUDE_STATE).copy(),
    ] },
    Tool { name: "codex", command: Some("codex"), files: &[
        File::new(&["$CODEX_HOME/auth.json", "~/.codex/auth.json"], Format::Json,
            &[Key::at("OPENAI_API_KEY").of("openai").then(Then::Null)]),
        File::new(&["$CODEX_HOME/config.toml", "~/.codex/config.toml"], Format::Toml, &[
            Key::at("model_providers.*.experimental_bearer_token").url(&["base_url"]).hook(Hook::CodexAuth),
            Key::at("mcp_servers.*.env.{variable}").with_emptied().hook(Hook::Exec),
            Key::at("mcp_servers.*.http_headers.*").whose(Whose::Shape),
        ]),
    ] },
    Tool { name: "pi", command: Some("pi"), files: &[
        File::new(&["~/.pi/agent/auth.json"], Format::Json,
            &[Key::at("{provider}.key").text("!modelforge-credential print {word}")]),
        File::new(&["~/.pi/agent/models.json"], Format::Json,
            &[Key::at("providers.{provider}.apiKey").url(&["baseUrl"]).text("!modelforge-credential print {word}")]),
    ] },
    Tool { name: "llm", command: Some("llm"), files: &[
        File::new(&["$LLM_USER_PATH/keys.json", "~/.config/io.datasette.llm/keys.json"], Format::Json, &[Key::at("{provider}")]),
        File::new(&["~/Library/Application Support/io.datasette.llm/keys.json"], Format::Json, &[Key::at("{provider}")]),
        File::new(&["$APPDATA/io.datasette.llm/keys.json"], Format::Json, &[Key::at("{provider}")]),
    ] },
    Tool { name: "opencode", command: Some("opencode"), files: &[
        File::new(&["$XDG_DATA_HOME/opencode/auth.json", "~/.local/share/opencode/auth.json"], Format::Json,
            &[Key::at("{provider}.key").only_if("type", "api").with_entry()]),
        File::new(&["$XDG_CONFIG_HOME/opencode/opencode.json", "~/.config/opencode/opencode.json"],
            Format::JsonWithComments, OPENCODE),
        File::new(&["$XDG_CONFIG_HOME/opencode/opencode.jsonc", "~/.config/opencode/opencode.jsonc"],
            Format::JsonWithComments, OPENCODE),
    ] },
    Tool { name: "qwen", command: Some("qwen"), files: &[
        File::new(&["~/.qwen/settings.json"], Format::JsonWithComments, QWEN),
        File::new(&["~/.qwen/settings.json.orig"], Format::JsonWithComments, QWEN).copy(),
        File::new(&["~/.qwen/.env"], Format::Dotenv, VARIABLES),
    ] },
    Tool { name: "gemini", command: Some("gemini"), files: &[
        File::new(&["~/.gemini/.env"], Format::Dotenv, VARIABLES),
        File::new(&["~/.gemini/settings.json"], Format::JsonWithComments, &[MCP_SERVERS, MCP_HEADERS]),
    ] },
    Tool { name: "huggingface", command: Some("hf"), files: &[
        File::new(&["$HF_TOKEN_PATH", "$HF_HOME/token", "$XDG_CACHE_HOME/huggingface/token", "~/.cache/huggingface/token"],
            Format::Key, &[Key::at("key").of("huggingface")]),
        File::new(&["$HF_HOME/stored_tokens", "$XDG_CACHE_HOME/huggingface/stored_tokens",
            "~/.cache/huggingface/stored_tokens"], Format::Ini, &[Key::at("*.hf_token").of("huggingface").by_account()]),
    ] },
    Tool { name: "sgpt", command: Some("sgpt"), files: &[
        File::new(&["$XDG_CONFIG_HOME/shell_gpt/.sgptrc", "~/.config/shell_gpt/.sgptrc"], Format::Dotenv,
            &[Key::at("{variable}").url(&["API_BASE_URL"])]),
    ] },
    Tool { name: "cursor", command: None, files: &[
        File::new(&["~/.cursor/mcp.json"], Format::JsonWithComments, &[MCP_SERVERS, MCP_HEADERS]),
    ] },
    Tool { name: "claude-desktop", command: None, files: &[
        File::new(&["~/.config/Claude/claude_desktop_config.json"], Format::Json, &[MCP_SERVERS, MCP_HEADERS]),
        File::new(&["~/Library/Application Support/Claude/claude_desktop_config.json"], Format::Json, &[MCP_SERVERS, MCP_HEADERS]),
        File::new(&["$APPDATA/Claude/claude_desktop_config.json"], Format::Json, &[MCP_SERVERS, MCP_HEADERS]),
    ] },
    Tool { name: "vscode", command: None, files: &[
        File::new(&["~/.config/Code/User/mcp.json"], Format::JsonWithComments, VSCODE),
        File::new(&["~/Library/Application Support/Code/User/mcp.json"], Format::JsonWithComments, VSCODE),
        File::new(&["$APPDATA/Code/User/mcp.json"], Format::JsonWithComments, VSCODE),
    ] },
    Tool { name: "aider", command: Some("aider"), files: &[
        File::new(&["~/.aider.conf.yml"], Format::Yaml, AIDER),
    ] },
    Tool { name: "continue", command: Some("cn"), files: &[
        File::new(&["~/.continue/config.yaml"], Format::Yaml, &[Key::at("models.*.apiKey").whose(Whose::Beside("provider"))
            .url(&["apiBase"]).text("${{ secrets.{variable} }}")]),
        File::new(&["~/.continue/.env"], Format::Dotenv, VARIABLES),
    ] },
    Tool { name: "cline", command: Some("cline"), files: &[
        File::new(&["~/.cline/data/settings/providers.json"], Format::Json, &[Key::at("providers.*.settings.apiKey")
            .whose(Whose::Beside("provider")).url(&["baseUrl"])]),
    ] },
    Tool { name: "mods", command: Some("mods"), files: &[
        File::new(&["$XDG_CONFIG_HOME/mods/mods.yml", "~/.config/mods/mods.yml"], Format::Yaml,
            &[Key::at("apis.{provider}.api-key").url(&["base-url"])]),
    ] },
    Tool { name: "crush", command: Some("crush"), files: &[
        File::new(&["$XDG_DATA_HOME/crush/crush.json", "~/.local/share/crush/crush.json"], Format::Json, CRUSH),
        File::new(&["$XDG_CONFIG_HOME/crush/crush.json", "~/.config/crush/crush.json"], Format::Json, CRUSH),
    ] },
    Tool { name: "aichat", command: Some("aichat"), files: &[
        File::new(&["$XDG_CONFIG_HOME/aichat/config.yaml", "~/.config/aichat/config.yaml"], Format::Yaml,
            &[Key::at("clients.*.api_key").whose(Whose::Beside("type")).url(&["api_base"])]),
    ] },
    Tool { name: "goose", command: Some("goose"), files: &[
        File::new(&["$XDG_CONFIG_HOME/goose/secrets.yaml", "~/.config/goose/secrets.yaml"], Format::Yaml, VARIABLES),
    ] },
    Tool { name: "fabric", command: Some("fabric"), files: &[
        File::new(&["$XDG_CONFIG_HOME/fabric/.env", "~/.config/fabric/.env"], Format::Dotenv, VARIABLES),
    ] },
    Tool { name: "home", command: None, files: &[
        File::new(&["~/.env"], Format::Dotenv, VARIABLES),
    ] },
    Tool { name: "netrc", command: None, files: &[
        File::new(&["$NETRC", "~/.netrc"], Format::Netrc, LOGINS),
    ] },
    Tool { name: "git", command: None, files: &[
        File::new(&["~/.git-credentials"], Format::GitStore, LOGINS),
        File::new(&["$XDG_CONFIG_HOME/git/credentials", "~/.config/git/credentials"], Format::GitStore, LOGINS),
    ] },
];

const OPENCODE: &[Key] = &[
    Key::at("provider.{provider}.options.apiKey").url(&["baseURL"]).text("{env:{variable}}"),
    Key::at("mcp.*.environment.{variable}").with_emptied().text("{env:{variable}}"),
];

const VSCODE: &[Key] = &[
    Key::at("servers.*.env.{variable}").with_emptied().hook(Hook::Exec),
    Key::at("servers.*.headers.*").whose(Whose::Shape),
];

const CRUSH: &[Key] =
    &[Key::at("providers.{provider}.api_key").url(&["base_url"]).text("$(modelforge-credential print {word})")];

const LOGINS: &[Key] = &[Key::at("*.*.*").whose(Whose::Host)];

pub const AIDER: &[Key] = &[
    Key::at("openai-api-key").of("openai").url(&[
        "openai-api-base",
        "set-env/OPENAI_API_BASE",
        "set-env/OPENAI_BASE_URL",
    ]),
    Key::at("anthropic-api-key").of("anthropic").url(&["set-env/ANTHROPIC_API_BASE", "set-env/ANTHROPIC_BASE_URL"]),
    Key::at("api-key.{provider}=").url(&["../{provider}-api-base"]),
    Key::at("set-env.{variable}=").url(&["../{provider}-api-base"]),
];
