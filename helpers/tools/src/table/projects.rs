//! The files of projects. They are searched only in directories that a person names.

use super::rows::AIDER;
use super::{File, Key, Then, Tool, Whose};
use crate::format::{Format, Shell};

const VARIABLES: &[Key] = &[Key::at("{variable}")];

/// The tool that a project's files belong to: any program that is started there.
pub const PROJECT: Tool = Tool { name: "project", command: Some("COMMAND"), files: &[] };

const DOTENV: File = File::new(&[], Format::Dotenv, VARIABLES);
const ENVRC: File =
    File::new(&[], Format::Shell(Shell::Bash), &[Key::at("{variable}").text("$(modelforge-credential print {word})")]);
const MCP: File = File::new(
    &[],
    Format::Json,
    &[
        Key::at("mcpServers.*.env.{variable}").with_emptied().text("${{variable}}"),
        Key::at("mcpServers.*.headers.*").whose(Whose::Shape),
    ],
);
const VSCODE: File =
    File::new(&[], Format::JsonWithComments, &[Key::at("servers.*.env.{variable}").with_emptied().then(Then::Stays)]);
const COMPOSE: File = File::new(
    &[],
    Format::Yaml,
    &[
        Key::at("services.*.environment.{variable}").with_emptied().text("${{variable}}"),
        Key::at("services.*.environment.{variable}=").text("{variable}"),
    ],
);
const LITELLM: File = File::new(
    &[],
    Format::Yaml,
    &[Key::at("model_list.*.litellm_params.api_key")
        .whose(Whose::Model("model"))
        .url(&["api_base"])
        .text("os.environ/{variable}")],
);
const OPENCODE: File = File::new(
    &[],
    Format::JsonWithComments,
    &[Key::at("provider.{provider}.options.apiKey").url(&["baseURL"]).text("{env:{variable}}")],
);
const AIDER_FILE: File = File::new(&[], Format::Yaml, AIDER);
const STREAMLIT: File = File::new(
    &[],
    Format::Toml,
    &[Key::at("{variable}").then(Then::Stays), Key::at("{provider}.api_key").then(Then::Stays)],
);

/// The row for a file of a project: by its name, for `config.yaml` also by its content.
pub fn of_project(name: &str) -> Option<&'static File> {
    const SAMPLES: [&str; 5] = ["example", "sample", "template", "dist", "schema"];
    Some(match name {
        ".envrc" => &ENVRC,
        ".mcp.json" => &MCP,
        "mcp.json" => &VSCODE,
        "opencode.json" | "opencode.jsonc" => &OPENCODE,
        ".aider.conf.yml" => &AIDER_FILE,
        "secrets.toml" => &STREAMLIT,
        "compose.yaml" | "compose.yml" | "docker-compose.yaml" | "docker-compose.yml" => &COMPOSE,
        "config.yaml" | "config.yml" | "litellm.yaml" | "litellm_config.yaml" => &LITELLM,
        _ if name.split('.').any(|part| SAMPLES.contains(&part)) => return None,
        _ if name == ".env" || name.starts_with(".env.") || name.ends_with(".env") => &DOTENV,
        _ => return None,
    })
}
