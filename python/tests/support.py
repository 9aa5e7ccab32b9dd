"""What several tests need."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECRET = "sk-sentinel-5f0c9a7e41d84b1f"


def script(folder: Path, name: str, body: str) -> Path:
    """A program of three lines of shell."""
    folder.mkdir(exist_ok=True, mode=0o755)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def tool(name: str) -> str:
    """A program of the environment that these tests run in."""
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    assert found, f"`{name}` is not in this environment: `sh tests/run` installs it"
    return found
