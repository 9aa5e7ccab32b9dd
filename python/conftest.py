"""A separate home directory for each test, and the programs that were just built."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support import ROOT, SECRET


def programs() -> Path:
    """The directory of the programs under test."""
    named = os.environ.get("MODELFORGE_TEST_PROGRAMS")
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    folder = Path(named) if named else target / os.environ.get("CARGO_BUILD_TARGET", "") / "debug"
    if not (folder / "modelforge-credential").exists():
        pytest.exit(f"there is no program in {folder}: `cargo build --workspace` makes it, and `sh tests/run` does all")
    return folder


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty home directory, and an environment without any key. Encrypted files are the only store."""
    keep = {name: os.environ[name] for name in ("LC_ALL", "LANG", "TMPDIR", "SYSTEMROOT") if name in os.environ}
    for name in list(os.environ):
        # pytest's own variable stays.
        if not name.startswith("PYTEST_"):
            monkeypatch.delenv(name)
    for name, value in keep.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("PATH", os.pathsep.join([str(PROGRAMS), "/usr/local/bin", "/usr/bin", "/bin"]))
    monkeypatch.setenv("MODELFORGE_CREDENTIAL_HELPERS", "age")
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "python" / "src"))
    return folder


@pytest.fixture
def no_secret_on_disk(home: Path) -> object:
    """Fails if a file below the home directory contains the sentinel afterwards."""
    yield
    for path in home.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), f"{path} holds the secret"


PROGRAMS = programs()
