"""The protocol's only data structure: lines of `key=value`, checked before they are written and when they are read."""

from __future__ import annotations

from ._errors import InvalidRequest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_LINE = 65_535
MAX_ATTRIBUTES = 1_024
MAX_RECORD = 4 << 20


class Record(dict[str, str]):
    """Attributes in order. A repeated attribute is not supported, because nothing here needs one.

    Its `repr` has no values, because a traceback may print local variables.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<record of {', '.join(self)}>"

    __str__ = __repr__

    def to_lines(self, capabilities: Iterable[str] = ()) -> bytes:
        """The lines of a request. A request that the program would refuse is an error."""
        lines = [f"capability[]={name}\n".encode() for name in capabilities]
        for key, value in self.items():
            lines.append(_line(key, value))
        if len(lines) > MAX_ATTRIBUTES or sum(map(len, lines)) > MAX_RECORD:
            raise InvalidRequest("the request has too many attributes, or is too long")
        return b"".join(lines)


def _line(key: str, value: object) -> bytes:
    if not isinstance(value, str):
        raise InvalidRequest(f"`{key}` is not text")
    if not key.isidentifier() or not key.isascii():
        raise InvalidRequest("the name of an attribute has other characters than letters, digits and `_`")
    if "\n" in value or "\r" in value or "\0" in value:
        raise InvalidRequest(f"`{key}` has a line break or a NUL in it")
    line = None
    try:
        line = f"{key}={value}\n".encode(errors="surrogateescape")
    except UnicodeEncodeError:
        # That exception contains the value, so this one is raised after it is gone.
        pass
    if line is None:
        raise InvalidRequest(f"`{key}` is not text")
    if len(line) > MAX_LINE:
        raise InvalidRequest(f"`{key}` is longer than a line may be ({MAX_LINE} bytes)")
    return line


def parse(output: bytes) -> tuple[list[Record], Record] | int:
    """The records that end with an empty line, and the rest; or the number of an invalid line.

    It raises no exception, because a traceback would contain the answer, in the variables of the functions.
    """
    records, current = [], Record()
    lines = output.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    for number, line in enumerate(lines, 1):
        line = line.removesuffix(b"\r")
        if not line:
            records.append(current)
            current = Record()
            continue
        key, equals, value = line.partition(b"=")
        if not key or not equals or b"\r" in value or b"\0" in value or not key.isascii():
            return number
        if not key.endswith(b"[]"):
            current[key.decode()] = value.decode(errors="surrogateescape")
    return records, current
