"""A backend for Python's `keyring`, from which pip, uv, twine and poetry get passwords.

Installing this package is enough. A system's own store comes first (its priority is 5, this one's is 4): nothing
changes on a desktop, and a server without a store gets one. To use this backend always:

    PYTHON_KEYRING_BACKEND=modelforge_credential.keyring.Keyring
"""

from __future__ import annotations

import re

from jaraco.classes import properties
from keyring import errors
from keyring.backend import KeyringBackend
from keyring.credentials import SimpleCredential

from ._client import Client
from ._errors import CredentialError, Locked, ProgramNotFound
from ._record import Record
from ._types import Credential

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keyring.credentials import Credential as KeyringCredential

# A name with a dot, or with a port. pip asks for it after it has asked for the URL.
_HOST = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:[0-9]+)?|[A-Za-z0-9-]+:[0-9]+|\[[0-9A-Fa-f:.]+\](:[0-9]+)?")


def place_of(service: str) -> Record:
    """The attributes for a service.

    >>> dict(place_of("https://upload.example.com/legacy/"))
    {'url': 'https://upload.example.com/legacy/'}
    >>> dict(place_of("packages.example.com:8080"))
    {'protocol': 'https', 'host': 'packages.example.com:8080'}
    >>> dict(place_of("poetry-repository-mine"))
    {'protocol': 'keyring', 'host': 'poetry-repository-mine'}

    A user name in the URL is removed, because it is a separate argument here:

    >>> dict(place_of("https://me@packages.example.com/simple"))
    {'url': 'https://packages.example.com/simple'}
    """
    scheme, separator, rest = service.partition("://")
    if separator:
        authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
        if "@" in authority:
            rest = rest[authority.rindex("@") + 1 :]
        return Record(url=f"{scheme}://{rest}")
    if _HOST.fullmatch(service):
        return Record(protocol="https", host=service)
    return Record(protocol="keyring", host=service)


class Keyring(KeyringBackend):
    """The helpers of modelforge-credential as a backend of `keyring`."""

    name = "modelforge-credential"

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._client = Client()

    @properties.classproperty
    def priority(cls) -> float:  # noqa: N805
        """4: below a system's own store. The backend is not usable without the program."""
        import os

        from ._program import find

        try:
            find(os.environ)
        except ProgramNotFound as error:
            raise RuntimeError(str(error)) from None
        return 4

    def get_password(self, service: str, username: str) -> str | None:
        """The password of a user; None if there is none."""
        found = self._find(service, username)
        return None if found is None else found.secret

    def get_credential(self, service: str, username: str | None) -> KeyringCredential | None:
        """The password of a user; without a name, of the default or only user."""
        found = self._find(service, username)
        if found is None:
            return None
        return SimpleCredential(username or found.account or "", found.secret)

    def set_password(self, service: str, username: str, password: str) -> None:
        """Stores a password in the first helper that can store it."""
        request = place_of(service)
        request.update(username=username, password=password)
        problem = self._change("store", request)
        if problem is not None:
            raise errors.PasswordSetError(problem)

    def delete_password(self, service: str, username: str) -> None:
        """Erases a password from every helper."""
        if self._find(service, username) is None:
            raise errors.PasswordDeleteError("Password not found")
        request = place_of(service)
        request["username"] = username
        problem = self._change("erase", request)
        if problem is not None:
            raise errors.PasswordDeleteError(problem)

    def _find(self, service: str, username: str | None) -> Credential | None:
        request = place_of(service)
        if username is not None:
            request["username"] = username
        problem: errors.KeyringError
        try:
            return self._client.find(request)
        except Locked as error:
            problem = errors.KeyringLocked(_line(error))
        except CredentialError as error:
            problem = errors.KeyringError(_line(error))
        raise problem

    def _change(self, operation: str, request: Record) -> str | None:
        """The exception of `keyring` for ours."""
        try:
            self._client.ask(operation, request)
        except CredentialError as error:
            return _line(error)
        return None


def _line(error: CredentialError) -> str:
    return f"{error} (hint: {error.hint})" if error.hint else str(error)
