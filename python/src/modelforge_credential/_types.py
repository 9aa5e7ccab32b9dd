"""The program's answers. They show a secret only through the attributes that name one."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from typing import NoReturn

    from ._record import Record

SECRETS = ("password", "oauth_refresh_token")


def url_of(record: Record) -> str:
    path = f"/{record['path']}" if record.get("path") else ""
    return f"{record.get('protocol', '')}://{record.get('host', '')}{path}"


def time_of(seconds: str | None) -> datetime | None:
    """The time, or None for 0 and for numbers that are too large for a date."""
    if not seconds or not seconds.isdecimal() or int(seconds) == 0:
        return None
    from datetime import datetime, timezone

    try:
        return datetime.fromtimestamp(int(seconds), timezone.utc)
    except (OverflowError, ValueError, OSError):
        return None


class _Answer:
    """Read-only attributes. Only those that are known to be public are shown."""

    __slots__ = ("_record",)
    _record: Record
    _shown: tuple[str, ...] = ()

    def __init__(self, record: Record) -> None:
        object.__setattr__(self, "_record", record)

    @property
    def provider(self) -> str | None:
        """The provider, if the URL belongs to one."""
        return self._record.get("provider")

    @property
    def url(self) -> str:
        """The URL that it belongs to: send it nowhere else."""
        return url_of(self._record)

    @property
    def account(self) -> str | None:
        """The account; `default` if it has no name."""
        return self._record.get("username")

    def _without(self, keys: Iterable[str]) -> dict[str, str]:
        return {key: value for key, value in self._record.items() if key not in keys}

    def __repr__(self) -> str:
        shown = ((name, getattr(self, name)) for name in ("provider", "url", "account", *self._shown))
        parts = ", ".join(f"{name}={value!r}" for name, value in shown if value is not None)
        return f"{type(self).__name__}({parts})"

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} cannot be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} cannot be changed")

    def __copy__(self) -> _Answer:
        return self

    def __deepcopy__(self, memo: object) -> _Answer:
        return self


class Credential(_Answer):
    """A credential. Its `repr` shows no secret, and it cannot be pickled.

    Python cannot wipe text from memory. So do not keep it longer than you need it, and read `secret` only where you
    use it.
    """

    __slots__ = ()
    _shown = ("expires",)

    @property
    def secret(self) -> str:
        """The key or token."""
        return self._record["password"]

    @property
    def refresh_token(self) -> str | None:
        """The token that gets a new access token. The program refreshes tokens itself if it knows how."""
        return self._record.get("oauth_refresh_token")

    @property
    def expires(self) -> datetime | None:
        """When it expires, in UTC; None if that is not known."""
        return time_of(self._record.get("password_expiry_utc"))

    @property
    def attributes(self) -> dict[str, str]:
        """Other stored attributes, such as `scope` and `token_type`."""
        known = ("protocol", "host", "path", "username", "provider", "password_expiry_utc")
        return self._without((*known, *SECRETS))

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Credential is not pickled: its secret would be on disk or on the wire")


class Copy(_Answer):
    """A credential in a helper, without its secret."""

    __slots__ = ()
    _shown = ("storage",)

    @property
    def storage(self) -> str | None:
        """How it is protected, for people."""
        return self._record.get("storage")

    @property
    def plain_text(self) -> bool | None:
        """True if anyone who can read the file can read the secret; None if that is not known."""
        said = self._record.get("plain_text")
        return None if said is None else said.lower() in ("1", "true", "yes", "on")

    @property
    def created(self) -> datetime | None:
        """When it was stored, in UTC; None if that is not known."""
        return time_of(self._record.get("created_utc"))

    @property
    def attributes(self) -> dict[str, str]:
        """Other attributes, such as `file` and `variable`."""
        known = ("protocol", "host", "path", "username", "provider", "storage", "plain_text", "created_utc")
        return self._without(known)
