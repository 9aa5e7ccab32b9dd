"""Finds the program. The one that was installed with this package comes first, because it has the same version."""

from __future__ import annotations

import os
import sys

from ._errors import ProgramNotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAME = "modelforge-credential"
HINT = "pip install modelforge-credential, or put the program on PATH"
_IS_WINDOWS = os.name == "nt"
_SCRIPTS = "Scripts" if _IS_WINDOWS else "bin"


def folders(environment: Mapping[str, str]) -> Iterator[str]:
    """The directories to search, never the working directory."""
    site_packages = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    # `pip install --target`.
    yield os.path.join(site_packages, _SCRIPTS)
    # `--prefix`, `--user`, and a system's own: PREFIX/lib/python3.N/site-packages, on Windows PREFIX\Lib\site-packages.
    above = site_packages
    for _ in range(2 if _IS_WINDOWS else 3):
        above = os.path.dirname(above)
    if os.path.basename(site_packages) in ("site-packages", "dist-packages"):
        yield os.path.join(above, _SCRIPTS)
    yield os.path.join(sys.prefix, _SCRIPTS)
    for entry in environment.get("PATH", "").split(os.pathsep):
        if os.path.isabs(entry):
            yield entry


def find(environment: Mapping[str, str]) -> str:
    """The absolute path of the program."""
    refused = None
    for folder in folders(environment):
        path = os.path.join(folder, NAME + (".exe" if _IS_WINDOWS else ""))
        try:
            problem = _problem(path)
        except OSError:
            continue
        if problem is None:
            return path
        refused = refused or problem
    if refused:
        raise ProgramNotFound(*refused)
    raise ProgramNotFound(f"the program `{NAME}` is not installed beside this package or on PATH", HINT)


def _problem(path: str) -> tuple[str, str] | None:
    """The error for a program that is not started because another user could have put it there."""
    found = os.stat(path)
    if not os.path.isfile(path) or not os.access(path, os.X_OK):
        return f"`{path}` is not executable", f"chmod +x {path}"
    if _IS_WINDOWS:
        return None
    real = os.path.realpath(path)
    for place, status in ((path, found), (os.path.dirname(path), None), (os.path.dirname(real), None)):
        status = status or os.stat(place)
        if status.st_uid not in (0, os.geteuid()):
            return f"`{path}` is not started: `{place}` belongs to another user", f"ls -ld {place}"
        if status.st_mode & 0o002:
            return f"`{path}` is not started: anyone can write to `{place}`", f"chmod o-w {place}"
    return None
