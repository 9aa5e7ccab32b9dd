"""Writes the Homebrew formula and the Scoop manifest of a release: make.py RELEASES VERSION FOLDER

RELEASES is the URL that the packages in FOLDER will be downloaded from. Only archives that are in FOLDER are named, each with its checksum.
"""

import hashlib
import json
import pathlib
import sys
import zipfile

releases, version, folder = sys.argv[1].rstrip("/"), sys.argv[2], pathlib.Path(sys.argv[3])
name = "modelforge-credential"
about = "Stores LLM API keys, and gives them to your tools"
# If a forge hosts the release, the project's page is above its URL, and the next release is beside it.
project, separator, tag = releases.partition("/releases/download/")
in_forge = bool(separator) and version in tag


def archive(target, ending):
    file = folder / f"{name}-{version}-{target}.{ending}"
    if not file.is_file():
        return None
    return f"{releases}/{file.name}", hashlib.sha256(file.read_bytes()).hexdigest()


def formula():
    systems = {
        "on_macos": {"on_arm": "aarch64-apple-darwin", "on_intel": "x86_64-apple-darwin"},
        "on_linux": {"on_arm": "aarch64-unknown-linux-musl", "on_intel": "x86_64-unknown-linux-musl"},
    }
    lines = [
        "class ModelforgeCredential < Formula",
        f'  desc "{about}"',
        f'  homepage "{project}"',
        f'  version "{version}"',
        '  license any_of: ["MIT", "Apache-2.0"]',
        "",
    ]
    for system, processors in systems.items():
        found = {processor: archive(target, "tar.gz") for processor, target in processors.items()}
        if not any(found.values()):
            continue
        lines.append(f"  {system} do")
        for processor, place in found.items():
            if place:
                lines += [f"    {processor} do", f'      url "{place[0]}"', f'      sha256 "{place[1]}"', "    end"]
        lines += ["  end", ""]
    lines += [
        "  def install",
        '    bin.install Dir["bin/*"]',
        '    man1.install Dir["share/man/man1/*"]',
        '    man5.install Dir["share/man/man5/*"]',
        '    bash_completion.install "share/bash-completion/completions/modelforge-credential"',
        '    zsh_completion.install "share/zsh/site-functions/_modelforge-credential"',
        '    fish_completion.install "share/fish/vendor_completions.d/modelforge-credential.fish"',
        '    doc.install Dir["share/doc/modelforge-credential/*"]',
        "  end",
        "",
        "  test do",
        '    ENV["MODELFORGE_CREDENTIAL_HELPERS"] = "age"',
        '    pipe_output("#{bin}/modelforge-credential login openai", "sk-made-up-0123456789abcdef0123456789abcdef\\n", 0)',
        '    assert_match "sk-made-up-", shell_output("#{bin}/modelforge-credential print openai")',
        "  end",
        "end",
    ]
    return "\n".join(lines) + "\n"


def scoop():
    place = archive("x86_64-pc-windows-gnu", "zip")
    if not place:
        return None
    with zipfile.ZipFile(folder / place[0].rsplit("/", 1)[-1]) as packed:
        top = f"{name}-{version}-x86_64-pc-windows-gnu/"
        programs = sorted(file.removeprefix(top) for file in packed.namelist() if file.endswith(".exe"))
    manifest = {
        "version": version,
        "description": about,
        "homepage": project,
        "license": "MIT|Apache-2.0",
        "architecture": {"64bit": {"url": place[0], "hash": place[1]}},
        "extract_dir": top.rstrip("/"),
        "bin": [program.replace("/", "\\") for program in programs],
    }
    if in_forge:
        manifest["checkver"] = {"github": project}
        manifest["autoupdate"] = {
            "architecture": {"64bit": {"url": place[0].replace(version, "$version")}},
            "extract_dir": top.rstrip("/").replace(version, "$version"),
            "hash": {"url": "$baseurl/SHA256SUMS"},
        }
    return json.dumps(manifest, indent=4) + "\n"


(folder / f"{name}.rb").write_text(formula(), encoding="utf-8")
manifest = scoop()
if manifest:
    (folder / f"{name}.json").write_text(manifest, encoding="utf-8")
