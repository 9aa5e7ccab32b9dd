"""Starts the program, once for each operation, and turns its answer into values and exceptions."""

from __future__ import annotations

import os

from ._errors import BY_REASON, CredentialError, HelperFailed, InvalidRequest, NotFound, ProgramNotFound, TimedOut
from ._program import HINT, find
from ._record import Record, parse
from ._types import Copy, Credential

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping
    from datetime import datetime

_CAPABILITIES = ("reason",)


class Client:
    """The program, and how to call it.

    The functions of this package are the methods of a `Client()`. Make your own for another program, another time
    limit, or other settings:

    >>> import modelforge_credential
    >>> client = modelforge_credential.Client(timeout=5, env={"MODELFORGE_CREDENTIAL_HELPERS": "age"})
    >>> client.store("sk-example", url="https://llm.example/v1")
    >>> client.key(url="https://llm.example/v1")
    'sk-example'
    >>> client.erase(url="https://llm.example/v1")

    - `program`: its path. By default the one that was installed with this package, otherwise the first on PATH.
    - `timeout`: seconds for each operation, including the time in which a person answers.
    - `env`: variables that are added to the environment.
    - `interactive`: whether a person may be prompted, at the terminal or in a window, for a key, to unlock a store,
      or to sign in.

    It stores nothing except the path of the program, so threads can share it.
    """

    __slots__ = ("_environment", "_found", "_interactive", "_program", "_timeout")

    def __init__(
        self,
        program: str | os.PathLike[str] | None = None,
        *,
        timeout: float | None = 60,
        env: Mapping[str, str] | None = None,
        interactive: bool = False,
    ) -> None:
        self._program = None if program is None else os.path.abspath(os.fspath(program))
        self._found: tuple[str | None, str] | None = None
        self._timeout = timeout
        self._environment = dict(env or {})
        self._interactive = interactive

    def __repr__(self) -> str:
        return f"<Client of {self._program or 'modelforge-credential'}>"

    def key(self, provider: str | None = None, *, url: str | None = None, account: str | None = None) -> str:
        """The key or token; raises `NotFound` if there is none. See `modelforge_credential.key`."""
        found = self._ask("fill", _request(provider, url, account))
        if "password" not in found:
            name = found.get("provider") or provider or url
            raise NotFound(f"`{name}` needs no key" if found.get("sign_in") == "none" else f"no key for `{name}`")
        return found["password"]

    def get(
        self, provider: str | None = None, *, url: str | None = None, account: str | None = None
    ) -> Credential | None:
        """The credential; None if there is none. See `modelforge_credential.get`."""
        return self.find(_request(provider, url, account))

    def find(self, request: Mapping[str, str]) -> Credential | None:
        """The credential for a request of the protocol, such as `{"protocol": "keyring", "host": "my app"}`."""
        try:
            found = self.ask("fill" if self._interactive else "get", request)
        except NotFound:
            return None
        return Credential(Record(found)) if found.get("password") else None

    def ask(self, operation: str, request: Mapping[str, str]) -> Mapping[str, str]:
        """One operation of the protocol: `fill`, `get`, `store`, `erase` and so on. The answer may contain secrets."""
        return self._ask(operation, Record(request))

    def store(
        self,
        secret: str,
        provider: str | None = None,
        *,
        url: str | None = None,
        account: str | None = None,
        expires: datetime | int | None = None,
        refresh_token: str | None = None,
        **attributes: str,
    ) -> None:
        """Stores a credential. See `modelforge_credential.store`."""
        request = _request(provider, url, account)
        request["password"] = secret
        del secret
        if expires is not None:
            request["password_expiry_utc"] = _seconds(expires)
        if refresh_token is not None:
            request["oauth_refresh_token"] = refresh_token
            del refresh_token
        for name, value in attributes.items():
            if name in request or name in ("protocol", "host", "path", "username", "provider", "url"):
                raise InvalidRequest(f"`{name}` is no attribute that can be added")
            request[name] = value
        del attributes
        if not request["password"]:
            raise InvalidRequest("the secret is empty")
        self._ask("approve" if self._interactive else "store", request)

    def erase(
        self,
        provider: str | None = None,
        *,
        url: str | None = None,
        account: str | None = None,
        secret: str | None = None,
    ) -> None:
        """Erases a credential from every helper. See `modelforge_credential.erase`."""
        request = _request(provider, url, account)
        if secret is not None:
            request["password"] = secret
            del secret
            if not request["password"]:
                # For the program, an empty secret would match any.
                raise InvalidRequest("the secret is empty")
        self._ask("reject" if self._interactive else "erase", request)

    def copies(self) -> list[Copy]:
        """Every copy of every credential. See `modelforge_credential.copies`."""
        records, end = self._run("list", Record())
        if end.get("count") != str(len(records)):
            raise HelperFailed("the list is incomplete")
        return [Copy(record) for record in records]

    def _ask(self, operation: str, request: Record) -> Record:
        """One record as the answer; an empty one if there is nothing."""
        records, end = self._run(operation, request)
        return records[0] if records else end

    def _run(self, operation: str, request: Record) -> tuple[list[Record], Record]:
        # Check this before a process is started.
        request.to_lines()
        process = self._start(operation)
        import subprocess

        ended = True
        with process:
            try:
                output, said = process.communicate(request.to_lines(_CAPABILITIES), self._timeout)
            except subprocess.TimeoutExpired:
                # This exception contains the output so far. So another one is raised after it is gone.
                ended = False
                _stop(process)
            except BaseException:
                _stop(process)
                raise
        if not ended:
            raise TimedOut(f"the program did not answer within {self._timeout:g} s and was stopped")
        if process.returncode == 0:
            answer = parse(output)
            del output, said
            if isinstance(answer, int):
                raise HelperFailed(f"line {answer} of the answer is no attribute")
            return answer
        reason = _reason(output)
        del output, request
        raise _error(process.returncode, reason, said)

    def _start(self, operation: str) -> subprocess.Popen[bytes]:
        import subprocess

        environment = {**os.environ, **self._environment}
        if not self._interactive:
            environment["MODELFORGE_CREDENTIAL_INTERACTIVE"] = "0"
        problem: OSError | None = None
        path = self._path(environment)
        for _ in range(2):
            try:
                return subprocess.Popen(
                    [path, operation],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=environment,
                )
            except OSError as error:
                # The program may have been replaced since it was found.
                problem, self._found = error, None
                path = self._path(environment)
        reason = (problem and problem.strerror) or "it is not there"
        raise ProgramNotFound(f"`{path}` could not be started: {reason}", HINT)

    def _path(self, environment: Mapping[str, str]) -> str:
        if self._program is not None:
            return self._program
        path = environment.get("PATH")
        found = self._found
        if found is None or found[0] != path:
            self._found = found = (path, find(environment))
        return found[1]


def _request(provider: str | None, url: str | None, account: str | None) -> Record:
    """The attributes for a provider or a URL."""
    if (provider is None) == (url is None):
        raise InvalidRequest("give either a provider or a `url`")
    request = Record({"provider": provider} if provider is not None else {"url": url or ""})
    if account is not None:
        if account == "":
            raise InvalidRequest("the name of an account is empty")
        request["username"] = account
    return request


def _seconds(expires: datetime | int) -> str:
    if isinstance(expires, int):
        seconds = expires
    elif expires.tzinfo is None:
        raise InvalidRequest("`expires` has no time zone")
    else:
        seconds = int(expires.timestamp())
    if seconds <= 0:
        raise InvalidRequest("`expires` is before 1970")
    return str(seconds)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stops the program, and lets it stop its helpers first."""
    import subprocess

    process.terminate()
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        process.kill()


def _reason(output: bytes) -> str | None:
    for line in output.splitlines():
        if line.startswith(b"reason="):
            return line[len(b"reason=") :].decode(errors="replace")
    return None


def _error(status: int, reason: str | None, said: bytes) -> CredentialError:
    """The exception for the program's standard error: warnings, then `error:`, and sometimes `hint:`."""
    message, hint, warnings = None, None, []
    for line in said.decode(errors="replace").splitlines():
        if line.startswith("error: "):
            message, hint = line[len("error: ") :], None
        elif line.startswith("hint: ") and message is not None:
            hint = line[len("hint: ") :]
        elif line.startswith("warning: "):
            warnings.append(line[len("warning: ") :])
    kind = BY_REASON.get(reason or "", InvalidRequest if status == 2 else HelperFailed)
    if message is None:
        message = f"the program ended with status {status}" if status >= 0 else f"signal {-status} ended the program"
    elif issubclass(kind, HelperFailed) and warnings:
        # The helper's own message is the reason.
        message = f"{message}: {'; '.join(warnings)}"
    return kind(message, hint)
