"""What can go wrong. Each class says what a program can do next; the words are the program's own."""

from __future__ import annotations


class CredentialError(Exception):
    """Something went wrong; the base of all errors here.

    `str(error)` is one line. `hint`, if there is one, is what the user can do about it: mostly a command.
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
    """The request itself is wrong, so the same one fails again."""


class UnknownProvider(InvalidRequest):
    """No provider has this name, or it has no URL of its own: give its `url`."""


class ProgramNotFound(CredentialError, FileNotFoundError):
    """The program `modelforge-credential` is not installed, or is not one that this user may start."""


class HelperFailed(CredentialError):
    """A helper could not look, or could not store. The credential may be there all the same."""


class Locked(HelperFailed):
    """A store has to be unlocked first, and nobody could be asked."""


class Refused(HelperFailed):
    """A server, a person, a helper or a rule said no."""


class TimedOut(HelperFailed, TimeoutError):
    """The program did not answer in time and was stopped."""


BY_REASON: dict[str, type[CredentialError]] = {
    "unknown-provider": UnknownProvider,
    "invalid-request": InvalidRequest,
    "not-found": NotFound,
    "locked": Locked,
    "refused": Refused,
}
