"""Replaces ModelForge's three functions that read and write authentication data."""

from __future__ import annotations

from ._storage import CredentialManager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._storage import CredentialStorage

_theirs: dict[str, Callable[..., Any]] = {}


def install(storage: CredentialStorage | None = None) -> None:
    """Makes ModelForge, in this process, use a storage for its credentials: the chain of helpers, or your own.

    Its commands, messages and classes do not change. It writes no key to its configuration file. A key in that file is
    removed when another one is stored, or when you log out. `modelforge-credential migrate` moves such keys.

    One call is enough. A second call changes the storage.
    """
    from modelforge import auth, config

    kept: CredentialStorage = storage or CredentialManager()
    if not _theirs:
        for name in ("get_auth_data", "save_auth_data", "clear_auth_data"):
            _theirs[name] = getattr(auth, name)

    def get_auth_data(provider_name: str) -> dict[str, Any]:
        # Also use a key that is still in the file: a chain without the helper `plaintext` does not find it.
        return kept.retrieve(provider_name) or _theirs["get_auth_data"](provider_name)

    def save_auth_data(provider_name: str, auth_data: dict[str, Any]) -> None:
        kept.store(provider_name, auth_data)
        _forget(config, provider_name, adds=True)
        auth.logger.info("Successfully saved auth data for %s", provider_name)

    def clear_auth_data(provider_name: str) -> None:
        kept.delete(provider_name)
        if _forget(config, provider_name, adds=False):
            auth.logger.info("Cleared stored auth data for %s", provider_name)

    auth.get_auth_data = get_auth_data
    auth.save_auth_data = save_auth_data
    auth.clear_auth_data = clear_auth_data


def uninstall() -> None:
    """Restores ModelForge's own functions."""
    if _theirs:
        from modelforge import auth

        for name, function in _theirs.items():
            setattr(auth, name, function)
        _theirs.clear()


def _forget(config: Any, provider: str, *, adds: bool) -> bool:
    """Removes a key from ModelForge's file, if there is one. Returns whether the file has the provider."""
    data, _ = config.get_config()
    providers = data.setdefault("providers", {}) if adds else data.get("providers", {})
    is_known = provider in providers
    if is_known and "auth_data" in providers[provider]:
        del providers[provider]["auth_data"]
        config.save_config(data)
    elif not is_known and adds:
        # As ModelForge itself does, but without the key.
        providers[provider] = {}
        config.save_config(data)
    return is_known
