"""Your LLM API keys, from the program `modelforge-credential`.

>>> import modelforge_credential
>>> modelforge_credential.store("sk-example", "openai")
>>> modelforge_credential.key("openai")
'sk-example'

Nothing is cached: each call asks the program, which takes one or two milliseconds, so a replaced key is seen at once.
In asynchronous code, use a thread:

>>> import asyncio
>>> asyncio.run(asyncio.to_thread(modelforge_credential.key, "openai"))
'sk-example'
>>> modelforge_credential.erase("openai")
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from ._client import Client
    from ._errors import (
        CredentialError,
        HelperFailed,
        InvalidRequest,
        Locked,
        NotFound,
        ProgramNotFound,
        Refused,
        TimedOut,
        UnknownProvider,
    )
    from ._types import Copy, Credential

__all__ = [
    "Client",
    "Copy",
    "Credential",
    "CredentialError",
    "HelperFailed",
    "InvalidRequest",
    "Locked",
    "NotFound",
    "ProgramNotFound",
    "Refused",
    "TimedOut",
    "UnknownProvider",
    "copies",
    "erase",
    "get",
    "key",
    "store",
]
__version__ = "0.2.0"

_default: Client | None = None


def key(provider: str | None = None, *, url: str | None = None, account: str | None = None) -> str:
    """The key or token of a provider, or for a URL.

    `account` is the name of one of several accounts. The default is the usual account.

    Raises `NotFound` if there is none. Its hint is the command that signs in:

    >>> import modelforge_credential
    >>> try:
    ...     modelforge_credential.key("mistral")
    ... except modelforge_credential.NotFound as error:
    ...     print(error.hint)
    modelforge-credential login mistral
    """
    return _shared().key(provider, url=url, account=account)


def get(provider: str | None = None, *, url: str | None = None, account: str | None = None) -> Credential | None:
    """The credential of a provider, or for a URL; None if there is none.

    >>> import modelforge_credential
    >>> modelforge_credential.store("sk-example", "openai", account="work")
    >>> found = modelforge_credential.get("openai", account="work")
    >>> found
    Credential(provider='openai', url='https://api.openai.com', account='work')
    >>> found.secret
    'sk-example'
    >>> modelforge_credential.get("mistral") is None
    True
    >>> modelforge_credential.erase("openai")

    If a helper could not look, that is an exception (`HelperFailed`, `Locked`), not None.
    """
    return _shared().get(provider, url=url, account=account)


def store(
    secret: str,
    provider: str | None = None,
    *,
    url: str | None = None,
    account: str | None = None,
    expires: datetime | int | None = None,
    refresh_token: str | None = None,
    **attributes: str,
) -> None:
    """Stores a credential in the first helper that can store it, and reads it back.

    An older one of the same account is replaced.
    `expires` is a time with a time zone, or seconds since 1970. Other attributes are stored with the credential:

    >>> import modelforge_credential
    >>> modelforge_credential.store("gho-example", "github_copilot", expires=4102444800, scope="read:user")
    >>> found = modelforge_credential.get("github_copilot")
    >>> found.expires.isoformat(), found.attributes
    ('2100-01-01T00:00:00+00:00', {'scope': 'read:user'})
    >>> modelforge_credential.erase("github_copilot")
    """
    _shared().store(
        secret, provider, url=url, account=account, expires=expires, refresh_token=refresh_token, **attributes
    )


def erase(
    provider: str | None = None, *, url: str | None = None, account: str | None = None, secret: str | None = None
) -> None:
    """Erases a credential from every helper; of every account, if none is named. Nothing to erase is not an error.

    With `secret`, only copies with the same secret: if a server refused a key, a newer one stays.

    >>> import modelforge_credential
    >>> modelforge_credential.store("sk-new", "openai")
    >>> modelforge_credential.erase("openai", secret="sk-old")
    >>> modelforge_credential.key("openai")
    'sk-new'
    >>> modelforge_credential.erase("openai")
    """
    _shared().erase(provider, url=url, account=account, secret=secret)


def copies() -> list[Copy]:
    """Every copy of every credential, without its secret.

    >>> import modelforge_credential
    >>> modelforge_credential.store("sk-example", "openai")
    >>> [(copy.provider, copy.account, copy.plain_text) for copy in modelforge_credential.copies()]
    [('openai', 'default', False)]
    >>> modelforge_credential.erase("openai")
    """
    return _shared().copies()


def _shared() -> Client:
    global _default
    if _default is None:
        from ._client import Client

        _default = Client()
    return _default


# Modules that take time to import are imported when they are first used.
_HOMES = {"Client": "_client", "Copy": "_types", "Credential": "_types"}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f".{_HOMES.get(name, '_errors')}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
