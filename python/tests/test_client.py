"""The functions, with the real program and an encrypted store."""

from __future__ import annotations

import copy
import datetime
import json
import os
import pickle
import pprint
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path

import pytest

import modelforge_credential as mc
from support import SECRET, script

pytestmark = pytest.mark.usefixtures("no_secret_on_disk")


def test_a_stored_key_is_found_by_name_and_by_url_and_is_erased() -> None:
    mc.store(SECRET, "openai")
    assert mc.key("openai") == SECRET
    assert mc.key(url="https://api.openai.com/v1") == SECRET
    found = mc.get("openai")
    assert found is not None
    assert (found.secret, found.provider, found.url) == (SECRET, "openai", "https://api.openai.com")
    assert (found.account, found.expires, found.refresh_token, found.attributes) == ("default", None, None, {})
    mc.erase("openai", secret="sk-another")
    assert mc.key("openai") == SECRET
    mc.erase("openai", secret=SECRET)
    assert mc.get("openai") is None
    mc.erase("openai")


def test_a_token_comes_back_whole() -> None:
    expires = datetime.datetime(2100, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))
    mc.store(SECRET, url="https://llm.example/v1", expires=expires, refresh_token="rt-1", scope="a b", mood="good")
    found = mc.get(url="https://llm.example/v1")
    assert found is not None
    assert found.expires == expires
    assert found.expires.utcoffset() == datetime.timedelta(0)
    assert (found.refresh_token, found.attributes) == ("rt-1", {"scope": "a b", "mood": "good"})


def test_accounts_are_apart() -> None:
    mc.store("of default", "openai")
    mc.store("of work", "openai", account="work")
    assert (mc.key("openai"), mc.key("openai", account="work")) == ("of default", "of work")
    assert mc.get("openai", account="home") is None
    assert sorted((one.provider, one.account) for one in mc.copies()) == [("openai", "default"), ("openai", "work")]


@pytest.mark.parametrize("secret", ["ü€", "a=b=", " blank ", "\udcff\udc80", "x" * 60_000, '"quoted"\\'])
def test_any_text_of_one_line_comes_back_as_it_was(secret: str) -> None:
    mc.store(secret, url="https://llm.example")
    assert mc.key(url="https://llm.example") == secret


def test_what_is_missing_is_none_or_an_exception_with_the_next_step() -> None:
    assert mc.get("openai") is None
    with pytest.raises(mc.NotFound) as caught:
        mc.key("openai")
    assert caught.value.hint == "modelforge-credential login openai"
    assert str(caught.value) == "no credential for `openai` (`https://api.openai.com`)"
    assert isinstance(caught.value, LookupError)
    shown = traceback.format_exception(type(caught.value), caught.value, None)
    assert ("hint: modelforge-credential login openai" in "".join(shown)) == (sys.version_info >= (3, 11))


def test_a_provider_that_needs_no_key_says_so() -> None:
    assert mc.get("ollama") is None
    with pytest.raises(mc.NotFound, match="`ollama` needs no key"):
        mc.key("ollama")


def test_each_problem_has_its_exception() -> None:
    with pytest.raises(mc.UnknownProvider) as unknown:
        mc.key("opnai")
    assert unknown.value.hint is not None
    assert "openai" in unknown.value.hint
    with pytest.raises(mc.InvalidRequest):
        mc.get(url="nowhere")
    with pytest.raises(mc.Refused):
        mc.get(url="backup://x")


@pytest.mark.parametrize(
    ("reason", "kind"),
    [("locked", mc.Locked), ("refused", mc.Refused), ("failed", mc.HelperFailed), ("melted", mc.HelperFailed)],
)
def test_what_a_helper_says_decides_the_exception(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: str, kind: type[mc.CredentialError]
) -> None:
    body = f"cat >/dev/null; echo reason={reason}; echo 'error: it is {reason}' >&2; exit 1"
    helper = script(tmp_path / "bin", "modelforge-credential-odd", body)
    monkeypatch.setenv("PATH", f"{helper.parent}:{os.environ['PATH']}")
    client = mc.Client(env={"MODELFORGE_CREDENTIAL_HELPERS": "odd"})
    for ask in (client.get, client.key):
        with pytest.raises(mc.HelperFailed, match=f"it is {reason}") as caught:
            ask("openai")
        assert type(caught.value) is kind
    with pytest.raises(mc.HelperFailed):
        client.copies()


@pytest.mark.parametrize(
    "call",
    [
        lambda: mc.get(),
        lambda: mc.get("openai", url="https://api.openai.com"),
        lambda: mc.get("openai", account=""),
        lambda: mc.get("openai\nhost=evil"),
        lambda: mc.store("a\nb", "openai"),
        lambda: mc.store("a\0b", "openai"),
        lambda: mc.store("a\rb", "openai"),
        lambda: mc.store("\ud800", "openai"),
        lambda: mc.store("x" * 65_536, "openai"),
        lambda: mc.store("", "openai"),
        lambda: mc.erase("openai", secret=""),
        lambda: mc.store("s", "openai", host="evil"),
        lambda: mc.store("s", "openai", password="other"),
        lambda: mc.store("s", "openai", expires=datetime.datetime(2030, 1, 1)),
        lambda: mc.store("s", "openai", expires=-1),
        lambda: mc.store(b"s", "openai"),  # type: ignore[arg-type]
    ],
)
def test_a_wrong_request_starts_no_program(call: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", None)
    with pytest.raises(mc.InvalidRequest) as caught:
        call()  # type: ignore[operator]
    # No error below it holds the value.
    assert caught.value.__context__ is None


def test_a_secret_is_in_no_repr_pickle_or_traceback() -> None:
    mc.store(SECRET, "openai", refresh_token=SECRET)
    found = mc.get("openai")
    assert found is not None
    for shown in (repr(found), str(found), f"{found}", f"{found!r:>9}", pprint.pformat([found]), repr(vars(mc))):
        assert SECRET not in shown
    for give_away in (pickle.dumps, json.dumps, vars):
        with pytest.raises(TypeError):
            give_away(found)
    assert copy.copy(found) is copy.deepcopy(found) is found
    with pytest.raises(AttributeError):
        found.secret = "other"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        found.note = "x"


def test_a_traceback_with_local_variables_shows_no_secret(tmp_path: Path) -> None:
    bad = script(tmp_path / "bin", "bad", f"cat >/dev/null; echo password={SECRET}; echo 'error: no' >&2; exit 1")
    worse = script(tmp_path / "bin", "worse", f"cat >/dev/null; echo password={SECRET}; echo {SECRET}")
    slow = script(tmp_path / "bin", "slow", f"cat >/dev/null; echo password={SECRET}; exec sleep 60")
    for program, timeout in ((bad, 60.0), (worse, 60.0), (slow, 0.5)):
        client = mc.Client(program, timeout=timeout)
        for operation, arguments in ((client.get, ("openai",)), (client.store, (SECRET, "openai"))):
            with pytest.raises(mc.HelperFailed) as caught:
                operation(*arguments)
            told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
            # What this test itself holds is its own.
            del told.stack[:2]
            assert SECRET not in "".join(told.format())
            assert caught.value.__context__ is None
            assert pickle.loads(pickle.dumps(caught.value)).args == caught.value.args  # noqa: S301


def test_a_program_that_is_not_there_or_may_not_be_started_is_named(tmp_path: Path) -> None:
    client = mc.Client(tmp_path / "nothing")
    with pytest.raises(mc.ProgramNotFound, match="could not be started: No such file") as caught:
        client.get("openai")
    assert isinstance(caught.value, FileNotFoundError)
    elsewhere = mc.Client(env={"PATH": str(tmp_path / "empty")})
    with pytest.raises(mc.ProgramNotFound, match="not installed beside this package or on PATH"):
        elsewhere.get("openai")


def test_a_program_of_that_name_in_the_folder_one_stands_in_is_not_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path / "work", "modelforge-credential", "echo password=evil")
    monkeypatch.chdir(tmp_path / "work")
    for path in ("", ".", ":", "bin:."):
        with pytest.raises(mc.ProgramNotFound):
            mc.Client(env={"PATH": path}).get("openai")


def test_a_program_that_anyone_could_have_put_there_is_not_started(tmp_path: Path) -> None:
    program = script(tmp_path / "bin", "modelforge-credential", "echo password=evil")
    (tmp_path / "bin").chmod(0o777)
    with pytest.raises(mc.ProgramNotFound, match="anyone can write to") as caught:
        mc.Client(env={"PATH": str(program.parent)}).get("openai")
    assert caught.value.hint == f"chmod o-w {program.parent}"


def test_a_program_that_does_not_answer_is_stopped(tmp_path: Path) -> None:
    body = f"echo $$ >{tmp_path}/id; exec sleep 60"
    client = mc.Client(script(tmp_path / "bin", "slow", body), timeout=0.3)
    with pytest.raises(mc.TimedOut) as caught:
        client.get("openai")
    assert isinstance(caught.value, TimeoutError)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "id").read_text()), 0)


def test_a_program_that_was_replaced_is_found_again(tmp_path: Path) -> None:
    first = script(tmp_path / "one", "modelforge-credential", "cat >/dev/null; echo password=one")
    script(tmp_path / "two", "modelforge-credential", "cat >/dev/null; echo password=two")
    client = mc.Client(env={"PATH": f"{tmp_path}/one:{tmp_path}/two:/usr/bin:/bin"})
    assert client.key("openai") == "one"
    first.unlink()
    assert client.key("openai") == "two"


def test_threads_and_forks_share_a_client() -> None:
    mc.store(SECRET, "openai")
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(mc.key("openai"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [SECRET] * 8
    child = os.fork()
    if child == 0:
        os._exit(0 if mc.key("openai") == SECRET else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_no_program_is_left_when_it_is_interrupted(tmp_path: Path) -> None:
    # It has read its request: the other side is waiting by then.
    body = f"cat >/dev/null; echo $$ >{tmp_path}/id; exec sleep 60"
    program = script(tmp_path / "bin", "slow", body)
    # A job in the background of a script inherits that this signal is ignored.
    heeds = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = f"{heeds}; import modelforge_credential as mc; mc.Client({str(program)!r}).get('openai')"
    child = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE)
    while not (tmp_path / "id").exists() or not (tmp_path / "id").read_text():
        assert child.poll() is None
        time.sleep(0.01)
    child.send_signal(2)
    _, said = child.communicate()
    assert b"KeyboardInterrupt" in said
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "id").read_text()), 0)


def test_nothing_that_takes_time_is_imported_before_it_is_used() -> None:
    code = (
        "import sys; before = set(sys.modules); import modelforge_credential; print(*sorted(set(sys.modules) - before))"
    )
    loaded = subprocess.run([sys.executable, "-S", "-c", code], stdout=subprocess.PIPE, check=True, text=True).stdout
    assert loaded.split() == ["__future__", "modelforge_credential"]


def test_the_module_runs_the_program() -> None:
    run = [sys.executable, "-m", "modelforge_credential"]
    shown = subprocess.run([*run, "--version"], stdout=subprocess.PIPE, check=True, text=True).stdout
    assert shown.startswith("modelforge-credential ")
    answer = subprocess.run([*run, "print", "openai"], capture_output=True, text=True)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "modelforge-credential login openai" in answer.stderr
    nowhere = subprocess.run([*run, "print"], capture_output=True, text=True, env={**os.environ, "PATH": ""})
    assert nowhere.returncode == 127
    assert nowhere.stderr == (
        "error: the program `modelforge-credential` is not installed beside this package or on PATH\n"
        "hint: pip install modelforge-credential, or put the program on PATH\n"
    )
