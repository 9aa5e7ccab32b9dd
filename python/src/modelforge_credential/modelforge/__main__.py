"""ModelForge's command line, with its credentials in the helpers of modelforge-credential."""

from __future__ import annotations

import functools
import sys

from .._errors import CredentialError
from ._install import install
from ._storage import AutoStorage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def main() -> int:
    """Runs one command."""
    try:
        cli = prepared()
    except ImportError as error:
        return _fail(f"ModelForge cannot be imported: {error}", "pip install model-forge-llm")
    try:
        cli(prog_name="modelforge")
    except CredentialError as error:
        return _fail(str(error), error.hint)
    return 0


def prepared() -> Any:
    """ModelForge's command line, after `install()`."""
    from modelforge.cli import cli

    storage = AutoStorage()
    install(storage)
    _erase_what_a_removal_leaves(cli, storage)
    return cli


def _fail(message: str, hint: str | None) -> int:
    print(f"error: {message}", file=sys.stderr)
    if hint:
        print(f"hint: {hint}", file=sys.stderr)
    return 1


def _erase_what_a_removal_leaves(cli: Any, storage: AutoStorage) -> None:
    """Makes `config remove` erase the key of a provider together with its last model.

    ModelForge 2.3.0 looks for the provider after it has removed it, fails, and says so. In its own file, the key is
    removed together with the provider.
    """
    from modelforge import config

    command = cli.commands["config"].commands["remove"]
    theirs = command.callback

    @functools.wraps(theirs)
    def remove(*, keep_credentials: bool, local: bool, **rest: Any) -> None:
        path = config.get_config_path(local=local)
        places = {name: storage.place(name) for name in _providers(config, path)}
        theirs(keep_credentials=keep_credentials, local=local, **rest)
        if not keep_credentials:
            for name in places.keys() - _providers(config, path):
                storage.delete_at(places[name])

    command.callback = remove


def _providers(config: Any, path: object) -> set[str]:
    return set(config.get_config_from_path(path)[0].get("providers", {}))


if __name__ == "__main__":
    sys.exit(main())
