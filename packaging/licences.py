"""Writes the licences of the crates that are linked into the programs, as Markdown: licences.py TARGET

`deny.toml` says which licences a crate may have; this prints the texts that they ask to be handed on.
"""

import json
import pathlib
import subprocess
import sys

metadata = json.loads(
    subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", sys.argv[1]],
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
)
packages = {package["id"]: package for package in metadata["packages"]}
nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}

# Only ordinary dependencies of the workspace's crates, without macros, which run only in the compiler.
linked, ahead = set(), list(metadata["workspace_members"])
while ahead:
    name = ahead.pop()
    if name in linked:
        continue
    linked.add(name)
    for dependency in nodes[name]["deps"]:
        is_macro = any("proc-macro" in target["kind"] for target in packages[dependency["pkg"]]["targets"])
        if not is_macro and any(kind["kind"] is None for kind in dependency["dep_kinds"]):
            ahead.append(dependency["pkg"])

texts, without = {}, []
for package in sorted((packages[name] for name in linked if packages[name]["source"]), key=lambda one: (one["name"], one["version"])):
    folder = pathlib.Path(package["manifest_path"]).parent
    files = sorted(
        file
        for file in folder.iterdir()
        if file.is_file() and file.name.upper().startswith(("LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE"))
    )
    line = f"- {package['name']} {package['version']}: {package['license']}"
    for file in files:
        text = file.read_text(encoding="utf-8", errors="replace").strip().replace("\r\n", "\n")
        texts.setdefault(text, []).append(line)
    if not files:
        without.append(f"{line}, by {', '.join(package['authors']) or 'its authors'}")

print("# Licences of the libraries in modelforge-credential")
for text, users in sorted(texts.items(), key=lambda item: (item[1], item[0])):
    print("\nIn:\n\n" + "\n".join(users) + "\n\n```text\n" + text.replace("```", "'''") + "\n```")
if without:
    print("\n## Without a text of their own\n\n" + "\n".join(without))
