"""Where ModelForge's credentials are: the chain of helpers, or one of them."""

from __future__ import annotations

from .._client import Client
from .._errors import CredentialError, UnknownProvider
from .._record import Record
from ._data import attributes_of, data_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Protocol

    class CredentialStorage(Protocol):
        """What a storage can do. A provider is named as in ModelForge's configuration."""

        def store(self, provider: str, data: Mapping[str, Any]) -> None:
            """Keeps authentication data, and replaces older."""

        def retrieve(self, provider: str) -> dict[str, Any] | None:
            """The authentication data; None if there is none."""

        def delete(self, provider: str) -> None:
            """Deletes it. Nothing to delete is no error."""

        def exists(self, provider: str) -> bool:
            """Whether there is any."""

else:
    CredentialStorage = object


class AutoStorage:
    """The chain of helpers that the user configured, or the default one.

    A credential belongs to the URL that ModelForge sends it to: the `base_url` of the provider in ModelForge's
    configuration, otherwise the provider's usual URL. If neither is known, it belongs to the provider's name.
    """

    helpers: str | None = None

    def __init__(self, client: Client | None = None) -> None:
        environment = {"MODELFORGE_CREDENTIAL_HELPERS": self.helpers} if self.helpers else {}
        self._client = client or Client(env=environment)

    def store(self, provider: str, data: Mapping[str, Any]) -> None:
        """Keeps authentication data, and replaces older."""
        record = attributes_of(data)
        del data
        self._ask("store", self.place(provider), record)

    def retrieve(self, provider: str) -> dict[str, Any] | None:
        """The authentication data; None if there is none."""
        found = self._ask("get", self.place(provider), Record())
        return data_of(found, _is_token(provider)) or None

    def delete(self, provider: str) -> None:
        """Deletes it from every helper, but only for the account that ModelForge uses."""
        self.delete_at(self.place(provider))

    def exists(self, provider: str) -> bool:
        """Whether there is any."""
        return self.retrieve(provider) is not None

    def place(self, provider: str) -> Mapping[str, str]:
        """The attributes for a provider, according to ModelForge's current configuration."""
        url = _settings(provider).get("base_url")
        return Record(url=url) if isinstance(url, str) and "://" in url else Record(provider=provider)

    def delete_at(self, place: Mapping[str, str]) -> None:
        """Deletes the credential with these attributes, for a provider that is no longer in the configuration."""
        found = self._ask("get", place, Record())
        self._ask("erase", place, Record(username=found.get("username") or "default"))

    def _ask(self, operation: str, place: Mapping[str, str], attributes: Record) -> Mapping[str, str]:
        request = Record(place)
        request.update(attributes)
        try:
            return self._client.ask(operation, request)
        except UnknownProvider:
            request["protocol"], request["host"] = "modelforge", request.pop("provider")
            return self._client.ask(operation, request)


class KeyringStorage(AutoStorage):
    """Only the system's keyring."""

    helpers = "keyring"


class EnvVarStorage(AutoStorage):
    """Only environment variables: nothing can be stored there."""

    helpers = "env"


class EncryptedFileStorage(AutoStorage):
    """Only encrypted files."""

    helpers = "age"


class CredentialManager:
    """Uses several storages in order. The default is the chain of helpers, which has its own order.

    `store` uses the first one that accepts the data, `retrieve` the first one that has data, and `delete` all.
    """

    def __init__(self, *storages: CredentialStorage) -> None:
        self.storages: tuple[CredentialStorage, ...] = storages or (AutoStorage(),)

    def store(self, provider: str, data: Mapping[str, Any]) -> None:
        """Stores authentication data in the first storage that accepts it."""
        problem: CredentialError | None = None
        for storage in self.storages:
            try:
                return storage.store(provider, data)
            except CredentialError as error:
                problem = problem or error
        if problem is not None:
            del data
            raise problem
        return None

    def retrieve(self, provider: str) -> dict[str, Any] | None:
        """The authentication data of the first storage that has any."""
        for storage in self.storages:
            data = storage.retrieve(provider)
            if data is not None:
                return data
        return None

    def delete(self, provider: str) -> None:
        """Deletes it from every storage. The first failure is raised at the end."""
        problem: CredentialError | None = None
        for storage in self.storages:
            try:
                storage.delete(provider)
            except CredentialError as error:
                problem = problem or error
        if problem is not None:
            raise problem

    def exists(self, provider: str) -> bool:
        """Whether any storage has it."""
        return any(storage.exists(provider) for storage in self.storages)


def _settings(provider: str) -> Mapping[str, Any]:
    """The provider in ModelForge's configuration; empty without ModelForge."""
    try:
        from modelforge import config
    except ImportError:
        return {}
    settings = config.get_config()[0].get("providers", {}).get(provider)
    return settings if isinstance(settings, dict) else {}


def _is_token(provider: str) -> bool | None:
    strategy = _settings(provider).get("auth_strategy")
    return {"device_flow": True, "api_key": False}.get(strategy) if isinstance(strategy, str) else None
