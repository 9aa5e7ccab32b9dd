"""Converts between ModelForge's authentication data and the attributes of a credential."""

from __future__ import annotations

from .._errors import InvalidRequest
from .._record import Record
from .._types import time_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

# Stored unchanged, beside the token. `expires_at` has microseconds, which `password_expiry_utc` cannot have.
_KEPT = ("token_type", "scope", "expires_at", "expires_in")
# An expired token is not returned, but its refresh token is. ModelForge then gets this time as its expiry.
_EXPIRED = "1970-01-01T00:00:00+00:00"


def attributes_of(data: Mapping[str, Any]) -> Record:
    """The attributes for authentication data.

    >>> dict(attributes_of({"api_key": "sk-example"}))
    {'password': 'sk-example'}
    """
    secret = data.get("api_key") or data.get("access_token")
    if not isinstance(secret, str):
        raise InvalidRequest("the authentication data has neither an `api_key` nor an `access_token`")
    record = Record(password=secret)
    if "access_token" not in data:
        return record
    if isinstance(data.get("refresh_token"), str) and data["refresh_token"]:
        record["oauth_refresh_token"] = data["refresh_token"]
    for name in _KEPT:
        value = data.get(name)
        if isinstance(value, (str, int)) and not isinstance(value, bool) and value != "":
            record[name] = str(value)
    expires = _time(record.get("expires_at"))
    if expires is not None:
        record["password_expiry_utc"] = str(max(1, int(expires.timestamp())))
    return record


def data_of(found: Mapping[str, str], is_token: bool | None) -> dict[str, Any]:
    """The authentication data in an answer; empty if there is none.

    If `is_token` is None, the other attributes show whether it is a token.

    >>> data_of(Record(password="sk-example"), None)
    {'api_key': 'sk-example'}
    """
    secret, refresh_token = found.get("password"), found.get("oauth_refresh_token")
    if is_token is None:
        is_token = refresh_token is not None or "password_expiry_utc" in found or "token_type" in found
    if not is_token:
        return {"api_key": secret} if secret else {}
    if not secret and not refresh_token:
        return {}
    data: dict[str, Any] = {"access_token": secret or ""}
    for name in ("token_type", "scope"):
        if name in found:
            data[name] = found[name]
    if found.get("expires_in", "").isdecimal():
        data["expires_in"] = int(found["expires_in"])
    if refresh_token:
        data["refresh_token"] = refresh_token
    expires = time_of(found.get("password_expiry_utc"))
    if expires is not None:
        kept = _time(found.get("expires_at"))
        # After a refresh by another program, the stored text belongs to the older token.
        is_same = kept is not None and int(kept.timestamp()) == int(expires.timestamp())
        data["expires_at"] = found["expires_at"] if is_same else expires.isoformat()
    elif not secret:
        data["expires_at"] = _EXPIRED
    return data


def _time(text: object) -> datetime | None:
    """A time as ModelForge writes it. Without a time zone it is UTC."""
    if not isinstance(text, str):
        return None
    from datetime import datetime, timezone

    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=timezone.utc)
