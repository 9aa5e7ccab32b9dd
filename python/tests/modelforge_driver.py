"""Runs commands of ModelForge, one after the other in one process: importing it takes more than a second.

Standard input: a JSON object with `commands`, each a list of arguments and what is typed; and `ours`, whether our
storage is put under it. Standard output and standard error are what the commands print, with a form feed before each.
"""

from __future__ import annotations

import io
import json
import os
import sys


def run(cli: object, arguments: list[str], typed: str) -> object:
    """The exit status, or the error that ended it."""
    sys.stdin = io.TextIOWrapper(io.BytesIO(typed.encode()))
    try:
        cli.main(arguments, prog_name="modelforge")  # type: ignore[attr-defined]
    except SystemExit as end:
        return end.code
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return 0


def main() -> None:
    """Runs them all."""
    asked = json.load(sys.stdin)
    # No prompt reads from a terminal.
    os.setsid()
    if asked["ours"]:
        from modelforge_credential.modelforge.__main__ import prepared

        cli = prepared()
    else:
        from modelforge import cli as module

        cli = module.cli
    for arguments, typed in asked["commands"]:
        for stream in (sys.stdout, sys.stderr):
            stream.write("\f\n")
            stream.flush()
        ended = run(cli, arguments, typed)
        sys.stdout.write(f"ended: {ended}\n")
        for stream in (sys.stdout, sys.stderr):
            stream.flush()


if __name__ == "__main__":
    main()
