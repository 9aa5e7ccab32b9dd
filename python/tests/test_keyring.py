"""The backend, and the real tools that ask `keyring`: each gets its password, and leaves it in no file."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.backend
import keyring.core
import keyring.errors
import pytest
from index import FILE, Index

import modelforge_credential as mc
from modelforge_credential.keyring import Keyring
from support import SECRET, script, tool

pytestmark = pytest.mark.usefixtures("no_secret_on_disk")
USER = "somebody"


@pytest.fixture
def index() -> Iterator[Index]:
    with Index(USER, SECRET) as running:
        yield running


def run(*words: str, env: dict[str, str] | None = None, secret: str = "", cwd: Path | None = None) -> str:
    """What a tool prints. It may not prompt: it has no terminal."""
    done = subprocess.run(
        [tool(words[0]), *words[1:]],
        env={**os.environ, **(env or {})},
        input=secret,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=cwd,
        start_new_session=True,
    )
    assert done.returncode == 0, f"{words} ended with {done.returncode}:\n{done.stdout}"
    assert SECRET not in done.stdout or words[:2] == ("keyring", "get")
    return done.stdout


def test_it_is_registered_and_chosen_where_there_is_no_other_store() -> None:
    backends = run("keyring", "--list-backends")
    assert "modelforge_credential.keyring.Keyring (priority: 4)" in backends
    code = "import keyring; print(type(keyring.get_keyring()).__module__, keyring.get_keyring().name)"
    chosen = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True).stdout
    assert chosen == "modelforge_credential.keyring modelforge-credential\n"


def test_without_the_program_it_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Keyring.viable
    monkeypatch.setenv("PATH", "")
    assert not Keyring.viable
    with pytest.raises(RuntimeError, match="is not installed beside this package or on PATH"):
        _ = Keyring.priority


@pytest.mark.parametrize(
    "service",
    ["my app", "poetry-repository-mine", "a/b?c#d", "ü:ß", "..", "x@y", "https://llm.example/v1", "a.example:8080"],
)
def test_what_is_set_is_found_and_deleted(service: str) -> None:
    backend = Keyring()
    assert backend.get_password(service, "me") is None
    backend.set_password(service, "me", SECRET)
    backend.set_password(service, "you", "another")
    assert backend.get_password(service, "me") == SECRET
    found = backend.get_credential(service, "me")
    assert found is not None
    assert (found.username, found.password) == ("me", SECRET)
    backend.delete_password(service, "me")
    assert backend.get_password(service, "me") is None
    assert backend.get_password(service, "you") == "another"
    with pytest.raises(keyring.errors.PasswordDeleteError):
        backend.delete_password(service, "me")


def test_a_password_without_a_user_name_is_the_only_one() -> None:
    backend = Keyring()
    assert backend.get_credential("my app", None) is None
    backend.set_password("my app", "me", SECRET)
    found = backend.get_credential("my app", None)
    assert found is not None
    assert (found.username, found.password) == ("me", SECRET)


def test_a_providers_key_is_found_by_its_url() -> None:
    mc.store(SECRET, "openai")
    assert Keyring().get_password("https://api.openai.com", "default") == SECRET
    assert Keyring().get_password("api.openai.com", "default") == SECRET
    assert Keyring().get_password("openai", "default") is None


def test_problems_are_those_of_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = Keyring()
    with pytest.raises(keyring.errors.PasswordSetError) as caught:
        backend.set_password("my app", "me", f"{SECRET}\nx")
    assert SECRET not in str(caught.value)
    body = "cat >/dev/null; echo reason=locked; echo 'error: it is locked' >&2; exit 1"
    helper = script(tmp_path / "bin", "modelforge-credential-sealed", body)
    monkeypatch.setenv("PATH", f"{helper.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("MODELFORGE_CREDENTIAL_HELPERS", "sealed")
    with pytest.raises(keyring.errors.KeyringLocked, match="it is locked"):
        backend.get_password("my app", "me")


def test_the_command_keyring_sets_gets_and_deletes() -> None:
    run("keyring", "set", "my app", "me", secret=f"{SECRET}\n")
    assert run("keyring", "get", "my app", "me") == f"{SECRET}\n"
    run("keyring", "del", "my app", "me")
    assert Keyring().get_password("my app", "me") is None


def test_pip_that_imports_keyring_is_let_in(index: Index, tmp_path: Path) -> None:
    Keyring().set_password(f"http://{index.host}/simple/", USER, SECRET)
    words = ["--keyring-provider", "import", "--no-input", "--disable-pip-version-check", "-d", str(tmp_path)]
    for user in (f"{USER}@", ""):
        (tmp_path / FILE).unlink(missing_ok=True)
        run("pip", "download", *words, "-i", f"http://{user}{index.host}/simple/", "loopback-sample")
        assert (tmp_path / FILE).read_bytes() == index.content
    assert index.refused > 0


def test_pip_that_starts_keyring_is_let_in(index: Index, tmp_path: Path) -> None:
    Keyring().set_password(f"http://{index.host}/simple/", USER, SECRET)
    # pip does not look in the folder that it is in itself.
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "keyring").symlink_to(tool("keyring"))
    path = f"{tmp_path}/bin:{os.environ['PATH']}"
    words = ["--keyring-provider", "subprocess", "--no-input", "--disable-pip-version-check", "-d", str(tmp_path)]
    url = f"http://{USER}@{index.host}/simple/"
    run("pip", "download", *words, "-i", url, "loopback-sample", env={"PATH": path})
    assert (tmp_path / FILE).read_bytes() == index.content


def test_uv_is_let_in(index: Index, tmp_path: Path) -> None:
    Keyring().set_password(f"http://{index.host}/simple/", USER, SECRET)
    path = f"{Path(tool('keyring')).parent}:{os.environ['PATH']}"
    url = f"http://{USER}@{index.host}/simple/"
    words = ["--keyring-provider", "subprocess", "--target", str(tmp_path / "there"), "--python", sys.executable]
    run("uv", "pip", "install", "--no-cache", *words, "--index-url", url, "loopback-sample", env={"PATH": path})
    assert (tmp_path / "there" / "loopback_sample.py").exists()


def test_twine_is_let_in_by_the_user_and_the_password(index: Index, tmp_path: Path) -> None:
    url = f"http://{index.host}/legacy/"
    Keyring().set_password(url, USER, SECRET)
    (tmp_path / FILE).write_bytes(index.content)
    run("twine", "upload", "--non-interactive", "--repository-url", url, str(tmp_path / FILE))
    assert (index.uploads, index.refused) == (1, 0)


def test_poetry_keeps_its_password_there_and_is_let_in(index: Index, tmp_path: Path, home: Path) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / FILE).write_bytes(index.content)
    project = '[project]\nname = "loopback-sample"\nversion = "1.0"\ndescription = "x"\n'
    (tmp_path / "pyproject.toml").write_text(project)
    run("poetry", "config", "repositories.mine", f"http://{index.host}/legacy/", cwd=tmp_path)
    code = (
        "import sys; from poetry.console.application import main; "
        "sys.argv = ['poetry', 'config', 'http-basic.mine', 'somebody', sys.stdin.read()]; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], input=SECRET, text=True, capture_output=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert Keyring().get_password("poetry-repository-mine", USER) == SECRET
    run("poetry", "publish", "--repository", "mine", "--no-interaction", cwd=tmp_path)
    assert index.uploads == 1
