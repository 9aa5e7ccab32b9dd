"""Beside a desktop's own store: a real GNOME Keyring on a session bus of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PATH = os.environ.get("PATH", "")

SESSION = """
printf password | gnome-keyring-daemon --unlock --foreground --components=secrets >/dev/null 2>&1 &
daemon=$!
status=0
"$@" || status=$?
kill $daemon
exit $status
"""

CODE = """
import time

import keyring
import modelforge_credential as mc
import secretstorage

# The daemon is on its way.
for _ in range(100):
    try:
        if not secretstorage.get_default_collection(secretstorage.dbus_init()).is_locked():
            break
    except Exception:
        time.sleep(0.1)

assert type(keyring.get_keyring()).__name__ == "ChainerBackend", keyring.get_keyring()

# What Python stores stays in the desktop's store, and is the same item as ours.
keyring.set_password("my app", "me", "theirs")
ours = mc.Client(env={"MODELFORGE_CREDENTIAL_HELPERS": "keyring"})
place = {"protocol": "keyring", "host": "my app"}
assert ours.find(place).secret == "theirs"
ours.ask("store", {**place, "username": "me", "password": "ours"})
assert keyring.get_password("my app", "me") == "ours"
assert mc.Client(env={"MODELFORGE_CREDENTIAL_HELPERS": "age"}).find(place) is None
keyring.delete_password("my app", "me")
assert ours.find(place) is None

# A token is what others read, whatever belongs to it.
ours.store("token", "github_copilot", expires=4102444800, refresh_token="refresh", scope="read:user")
assert keyring.get_password("https://api.githubcopilot.com", "default") == "token"
found = ours.get("github_copilot")
assert (found.refresh_token, found.attributes, found.expires.year) == ("refresh", {"scope": "read:user"}, 2100)

# What the desktop's store does not have is looked for in the chain.
mc.Client(env={"MODELFORGE_CREDENTIAL_HELPERS": "age"}).ask("store", {**place, "username": "me", "password": "aged"})
assert keyring.get_password("my app", "me") == "aged"
print("done")
"""


@pytest.mark.skipif(
    not (shutil.which("dbus-run-session") and shutil.which("gnome-keyring-daemon")),
    reason="needs dbus and gnome-keyring: `sh tests/run` installs them",
)
def test_pythons_items_and_ours_are_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:{PATH}")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    (tmp_path / "run").mkdir(mode=0o700)
    words = ["dbus-run-session", "--", "sh", "-c", SESSION, "sh", sys.executable, "-c", CODE]
    monkeypatch.delenv("MODELFORGE_CREDENTIAL_HELPERS")
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.stdout.endswith("done\n"), done.stdout + done.stderr
