"""Makes packaging/session.svg, the picture in README, of a real session: session.py FOLDER-OF-THE-PROGRAMS PICTURE

It types into a real terminal of 80 columns, in an empty home without D-Bus, and draws what stands there at the end.
It needs `pip install pyte rich`.
"""

import io
import os
import pathlib
import pty
import select
import sys
import tempfile
import termios
import time

import pyte
from rich.console import Console
from rich.style import Style
from rich.text import Text

COLUMNS, LINES = 80, 60
KEY = "sk-proj-" + "MadeUp0123456789" * 4 + "wXyZ"
# The input, and what must be on the screen before the next input.
STEPS = [
    ("modelforge-credential login openai\n", "API key for openai"),
    (KEY + "\n", "stored in"),
    ("modelforge-credential exec openai -- python3 script.py\n", "characters"),
    ("modelforge-credential status\n", "PROTECTED BY"),
]


def session(programs: pathlib.Path, home: pathlib.Path) -> pyte.Screen:
    (home / "script.py").write_text("import os\nprint(len(os.environ['OPENAI_API_KEY']), 'characters')\n")
    (home / "profile").write_text("PS1='\\[\\e[32m\\]$\\[\\e[0m\\] '\n")
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(home)
        environment = {"HOME": str(home), "PATH": f"{programs}:/usr/bin:/bin", "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        os.execve("/bin/bash", ["bash", "--noprofile", "--rcfile", "profile", "-i"], environment)
    termios.tcsetwinsize(terminal, (LINES, COLUMNS))
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.ByteStream(screen)

    def read(what: str) -> None:
        """Reads until `what` stands on the screen and the program has paused."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            ready, _, _ = select.select([terminal], [], [], 0.5)
            if ready:
                stream.feed(os.read(terminal, 65536))
            elif any(what in line for line in screen.display):
                return
        sys.exit(f"{what!r} did not come up:\n" + "\n".join(line.rstrip() for line in screen.display))

    read("$")
    for typed, awaited in STEPS:
        os.write(terminal, typed.encode())
        read(awaited)
    os.close(terminal)
    os.waitpid(process, 0)
    return screen


def drawn(screen: pyte.Screen) -> str:
    """The screen as an SVG, with the terminal's colours."""
    lines = max(number for number, line in enumerate(screen.display) if line.strip(" $")) + 1
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    for number in range(lines):
        line = Text()
        for column in range(COLUMNS):
            cell = screen.buffer[number][column]
            colour = None if cell.fg == "default" else cell.fg.replace("brown", "yellow").replace("bright", "bright_")
            line.append(cell.data, Style(color=colour, bold=cell.bold))
        line.rstrip()
        console.print(line, no_wrap=True)
    return console.export_svg(title="modelforge-credential", unique_id="session")


with tempfile.TemporaryDirectory() as home:
    svg = drawn(session(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(home)))
if KEY in svg or home in svg:
    sys.exit("the picture shows the key, or a path of this machine")
# No font is downloaded: an image in a README must not load anything.
start, end = svg.index("@font-face"), svg.rindex("}", 0, svg.index(".session-matrix")) + 1
svg = svg[:start] + svg[end:].lstrip()
pathlib.Path(sys.argv[2]).write_text(svg.replace("Fira Code, monospace", "ui-monospace, Menlo, Consolas, monospace"), encoding="utf-8")
