"""The real ModelForge with its credentials in our store: what it prints is compared with what it prints without us."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from providers import Provider

import modelforge_credential as mc
from modelforge_credential.modelforge import AutoStorage, CredentialManager, EncryptedFileStorage, EnvVarStorage
from modelforge_credential.modelforge._data import attributes_of, data_of

KEY = "sk-" + "sentinel" * 6
OTHER = "sk-" + "5f0c9a7e" * 6
SECRETS = (KEY, OTHER, "at-1", "rt-1", "at-2", "rt-2")
DRIVER = Path(__file__).with_name("modelforge_driver.py")

needs_modelforge = pytest.mark.skipif(
    "MODELFORGE_TEST_MODELFORGE" not in os.environ, reason="needs ModelForge: `sh tests/run` installs it"
)
PYTHON = str(Path(os.environ.get("MODELFORGE_TEST_MODELFORGE", sys.executable)).with_name("python"))


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as running:
        yield running


class Side:
    """One of the two: ModelForge as it is, or with our storage under it. Each has a home of its own."""

    def __init__(self, folder: Path, *, ours: bool) -> None:
        self.ours = ours
        self.home = folder / ("ours" if ours else "theirs")
        self.file = self.home / ".config" / "model-forge" / "config.json"
        self.file.parent.mkdir(parents=True)
        self.environment = {**os.environ, "HOME": str(self.home), "BROWSER": "/bin/true", "NO_PROXY": "*"}

    def write(self, providers: dict[str, object]) -> None:
        self.file.write_text(json.dumps({"providers": providers}, indent=4))

    def run(self, *commands: tuple[list[str], str]) -> list[tuple[str, str]]:
        """What each command prints on standard output and standard error, without what differs from run to run."""
        asked = json.dumps({"ours": self.ours, "commands": commands})
        done = subprocess.run(
            [PYTHON, str(DRIVER)], input=asked, capture_output=True, text=True, env=self.environment, cwd=self.home
        )
        assert done.returncode == 0, done.stderr
        outputs = [text.replace(str(self.home), "HOME").split("\f\n")[1:] for text in (done.stdout, done.stderr)]
        assert len(outputs[0]) == len(outputs[1]) == len(commands), done
        return [(masked(out), masked(err)) for out, err in zip(*outputs)]

    def files_with_secrets(self) -> list[str]:
        files = [path for path in self.home.rglob("*") if path.is_file()]
        return [path.name for path in files if any(one.encode() in path.read_bytes() for one in SECRETS)]


def masked(text: str) -> str:
    """Times, the time that a request took, and the port of the test's server."""
    text = re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}", "TIME", text, flags=re.MULTILINE)
    text = re.sub(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?", "TIME", text)
    text = re.sub(r"\b\d:\d\d:\d\d(\.\d+)?", "LEFT", text)
    text = re.sub(r"127\.0\.0\.1:\d+", "SERVER", text)
    return re.sub(r"\b\d+(\.\d+)? ?m?s\b", "DURATION", text)


def compare(folder: Path, providers: dict[str, object], *commands: str, typed: str = "") -> tuple[Side, Side]:
    """Runs the commands on both sides; they print the same."""
    sides = Side(folder, ours=False), Side(folder, ours=True)
    split = [(command.split(), f"{typed}\n") for command in commands]
    printed = []
    for side in sides:
        if providers:
            side.write(providers)
        printed.append(side.run(*split))
    for command, theirs, ours in zip(commands, *printed):
        assert ours == theirs, command
    assert sides[1].files_with_secrets() == []
    return sides


def openai(provider: Provider | None = None) -> dict[str, object]:
    url = f"{provider.url}/v1" if provider else "https://api.openai.com/v1"
    models = {"gpt": {"api_model_name": "gpt-4o"}, "mini": {}}
    return {"llm_type": "openai_compatible", "base_url": url, "auth_strategy": "api_key", "models": models}


def acme(provider: Provider) -> dict[str, object]:
    details = {
        "client_id": "c",
        "device_code_url": f"{provider.url}/code",
        "token_url": f"{provider.url}/token",
        "scope": "read:user",
    }
    return {
        "llm_type": "openai_compatible",
        "base_url": f"{provider.url}/acme",
        "auth_strategy": "device_flow",
        "auth_details": details,
        "models": {"m": {}},
    }


@needs_modelforge
def test_a_key_is_added_shown_replaced_and_cleared_with_the_same_words(tmp_path: Path) -> None:
    theirs, ours = compare(
        tmp_path,
        {},
        f"config add --provider openai --model gpt --api-model-name gpt-4o --api-key {KEY}",
        "auth status --provider openai",
        "auth status --provider openai --verbose",
        "auth login --provider openai",
        f"auth login --provider openai --api-key {OTHER} --force",
        "auth login --provider openai --force",
        "auth status",
        "auth logout --provider openai",
        "auth status --verbose",
        "auth login --provider openai",
        "auth logout --all-providers",
        "auth logout",
        "auth login --provider nobody",
        "auth login --provider openai --api-key wrong --force",
        "status",
        "config show",
        typed=OTHER,
    )
    assert json.loads(ours.file.read_text()) == json.loads(theirs.file.read_text())


@needs_modelforge
def test_a_provider_without_sign_in_stays_one(tmp_path: Path) -> None:
    compare(
        tmp_path,
        {},
        "config add --provider ollama --model llama",
        "auth status",
        "auth login --provider ollama",
        "auth logout --provider ollama",
        "config show",
    )


@needs_modelforge
def test_a_token_of_the_device_flow_is_kept_whole(tmp_path: Path, provider: Provider) -> None:
    _, ours = compare(
        tmp_path,
        {"acme": acme(provider)},
        "auth status",
        "auth login --provider acme",
        "auth status --provider acme",
        "auth status --provider acme --verbose",
        "auth login --provider acme",
    )
    assert provider.tokens == 2
    kept = [dict(ours.run((["auth", "logout", "--all-providers"], "")))]
    assert kept
    assert ours.run((["auth", "status"], ""))[0][1].endswith("No valid credentials found\n")


@needs_modelforge
def test_a_token_that_ends_is_refreshed_by_modelforge(tmp_path: Path, provider: Provider) -> None:
    provider.lifetime = 30
    _, ours = compare(
        tmp_path,
        {"acme": acme(provider)},
        "auth login --provider acme",
        "auth status --provider acme --verbose",
        "auth status --provider acme --verbose",
    )
    # Each side refreshed twice, with the token of the time before.
    assert provider.refreshed_with == ["rt-1", "rt-2", "rt-4", "rt-5"]
    assert ours.files_with_secrets() == []


@needs_modelforge
def test_a_token_that_never_ends_is_kept(tmp_path: Path, provider: Provider) -> None:
    provider.lifetime = None
    words = ("auth login --provider acme", "auth status --provider acme --verbose")
    compare(tmp_path, {"acme": acme(provider)}, *words)


@needs_modelforge
def test_the_model_is_asked_with_the_key(tmp_path: Path, provider: Provider) -> None:
    compare(
        tmp_path,
        {"local": openai(provider)},
        f"auth login --provider local --api-key {KEY}",
        "config use --provider local --model gpt",
        "test --prompt hi --no-telemetry",
    )
    assert provider.authorizations == [f"Bearer {KEY}"] * 2


@needs_modelforge
def test_config_show_has_no_key_to_show(tmp_path: Path) -> None:
    theirs, ours = (Side(tmp_path, ours=ours) for ours in (False, True))
    commands = [["config", "add", "--provider", "openai", "--model", "gpt", "--api-key", KEY], ["config", "show"]]
    shown = [side.run(*((command, "") for command in commands))[1][0] for side in (theirs, ours)]
    assert KEY in shown[0]
    assert "auth_data" not in shown[1]
    assert ours.files_with_secrets() == []
    data = json.loads(theirs.file.read_text())
    del data["providers"]["openai"]["auth_data"]
    assert json.loads(ours.file.read_text()) == data


@needs_modelforge
def test_what_is_removed_from_the_configuration_is_erased(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    providers = {"openai": openai(), "mine": {"models": {"m": {}}}}
    _, ours = compare(
        tmp_path,
        providers,
        f"auth login --provider openai --api-key {KEY}",
        f"config add --provider mine --model n --api-key {OTHER}",
        "config remove --provider openai --model none",
        "config remove --provider openai --model mini --keep-credentials",
        "auth status --provider openai",
        "config remove --provider openai --model gpt",
        "config remove --provider mine --model m --keep-credentials",
        "config remove --provider mine --model n",
        "config show",
    )
    monkeypatch.setenv("HOME", str(ours.home))
    assert mc.copies() == []


@needs_modelforge
def test_a_key_that_is_still_in_the_file_counts_until_it_is_replaced(tmp_path: Path) -> None:
    side = Side(tmp_path, ours=True)
    side.write({"openai": {**openai(), "auth_data": {"api_key": KEY}}})
    status, _, again = side.run(
        (["auth", "status", "--provider", "openai"], ""),
        (["auth", "login", "--provider", "openai", "--api-key", OTHER, "--force"], ""),
        (["auth", "status", "--provider", "openai"], ""),
    )
    assert "Valid credentials found" in status[0]
    assert "Valid credentials found" in again[0]
    assert side.files_with_secrets() == []


@needs_modelforge
def test_the_module_is_the_command_line(tmp_path: Path) -> None:
    side = Side(tmp_path, ours=True)
    side.write({"openai": openai()})
    words = [PYTHON, "-m", "modelforge_credential.modelforge"]
    shown = subprocess.run([*words, "auth", "--help"], capture_output=True, text=True, env=side.environment)
    assert shown.stdout.startswith("Usage: modelforge auth [OPTIONS]")
    environment = {**side.environment, "MODELFORGE_CREDENTIAL_HELPERS": "env"}
    login = [*words, "auth", "login", "--provider", "openai", "--api-key", KEY]
    failed = subprocess.run(login, capture_output=True, text=True, env=environment)
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[-2:] == [
        "error: no helper stored the credential for `openai` (`https://api.openai.com`)",
        "hint: modelforge-credential doctor",
    ]


def test_without_modelforge_the_module_says_so() -> None:
    words = [sys.executable, "-m", "modelforge_credential.modelforge"]
    failed = subprocess.run(words, capture_output=True, text=True)
    assert failed.returncode == 1
    assert failed.stderr.endswith("hint: pip install model-forge-llm\n")


def test_the_storages_are_the_chain_or_one_of_its_helpers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELFORGE_OPENAI_API_KEY", OTHER)
    assert EnvVarStorage().retrieve("openai") == {"api_key": OTHER}
    with pytest.raises(mc.HelperFailed):
        EnvVarStorage().store("openai", {"api_key": KEY})
    monkeypatch.delenv("MODELFORGE_OPENAI_API_KEY")
    manager = CredentialManager(EnvVarStorage(), EncryptedFileStorage())
    manager.store("openai", {"api_key": KEY})
    assert manager.exists("openai")
    assert AutoStorage().retrieve("openai") == {"api_key": KEY}
    manager.delete("openai")
    assert manager.retrieve("openai") is None


def test_a_provider_that_nobody_knows_has_its_key_by_its_name() -> None:
    storage = AutoStorage()
    storage.store("my_own-1", {"api_key": KEY})
    assert storage.retrieve("my_own-1") == {"api_key": KEY}
    assert [copy.url for copy in mc.copies()] == ["modelforge://my_own-1"]
    storage.delete("my_own-1")
    assert mc.copies() == []


@pytest.mark.parametrize(
    "data",
    [
        {"access_token": "a", "token_type": "bearer", "scope": "read:user"},
        {"access_token": "a", "refresh_token": "r", "expires_in": 8, "expires_at": "2126-11-23T19:34:05.123456+00:00"},
        {"access_token": "a", "expires_at": "2126-11-23T19:34:05"},
        {"access_token": "a", "scope": ""},
    ],
)
def test_authentication_data_comes_back_as_it_was(data: dict[str, object]) -> None:
    found = data_of(attributes_of(data), is_token=True)
    assert found == {name: value for name, value in data.items() if value != ""}
    # Another program refreshed it: the time is the new one.
    if "expires_at" in data:
        record = {**attributes_of(data), "password_expiry_utc": "4102444800"}
        assert data_of(record, is_token=True)["expires_at"] == "2100-01-01T00:00:00+00:00"


def test_a_token_that_ended_leaves_what_it_is_refreshed_with() -> None:
    found = data_of({"oauth_refresh_token": "r"}, is_token=True)
    assert found == {"access_token": "", "refresh_token": "r", "expires_at": "1970-01-01T00:00:00+00:00"}
    assert data_of({}, is_token=True) == {}


def test_authentication_data_without_a_key_is_refused() -> None:
    for data in ({}, {"api_key": ""}, {"api_key": None}, {"access_token": 1}):
        with pytest.raises(mc.InvalidRequest):
            AutoStorage().store("openai", data)
