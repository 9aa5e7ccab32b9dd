"""`python -m modelforge_credential …` runs the program, wherever it was installed."""

from __future__ import annotations

import os
import sys

from ._errors import ProgramNotFound
from ._program import find


def main() -> int:
    """Replaces this process by the program; on Windows, waits for it."""
    try:
        program = find(os.environ)
    except ProgramNotFound as error:
        print(f"error: {error}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        return 127
    if os.name != "nt":
        os.execv(program, [program, *sys.argv[1:]])
    import subprocess

    return subprocess.run([program, *sys.argv[1:]]).returncode


if __name__ == "__main__":
    sys.exit(main())
