"""Exceptions. Each class tells a program what it can do next. The message is that of the program."""

from __future__ import annotations


class CredentialError(Exception):
    """The base class of all exceptions here.

    `str(error)` is one line. `hint`, if there is one, says how the user can fix it, usually with a command.
    A traceback shows it as well (Python 3.11 and later).
    """

    hint: str | None

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        if hint:
            self.__notes__ = [f"hint: {hint}"]

    def __str__(self) -> str:
        return str(self.args[0])

    def __reduce__(self) -> tuple[type[CredentialError], tuple[str, str | None]]:
        return type(self), (str(self), self.hint)


class NotFound(CredentialError, LookupError):
    """Every helper looked, and none has it. The hint is the command that signs in."""


class InvalidRequest(CredentialError, ValueError):
    """The request itself is wrong. The same request will fail again."""


class UnknownProvider(InvalidRequest):
    """No provider has this name, or every user has another URL for it: use `url`."""


class ProgramNotFound(CredentialError, FileNotFoundError):
    """The program `modelforge-credential` is not installed, or is not safe to start."""


class HelperFailed(CredentialError):
    """A helper could not look, or could not store. It may still have the credential."""


class Locked(HelperFailed):
    """A store has to be unlocked first, and nobody could be prompted."""


class Refused(HelperFailed):
    """A server, a person, a helper or a rule refused it."""


class TimedOut(HelperFailed, TimeoutError):
    """The program did not answer in time and was stopped."""


BY_REASON: dict[str, type[CredentialError]] = {
    "unknown-provider": UnknownProvider,
    "invalid-request": InvalidRequest,
    "not-found": NotFound,
    "locked": Locked,
    "refused": Refused,
}
