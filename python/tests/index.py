"""A package index on the loopback interface that wants a user and a password, and takes uploads."""

from __future__ import annotations

import base64
import hashlib
import io
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

NAME = "loopback_sample"
FILE = f"{NAME}-1.0-py3-none-any.whl"


def wheel() -> bytes:
    """A package with one module."""
    folder = f"{NAME}-1.0.dist-info"
    files = {
        f"{NAME}.py": "greeting = 'hello'\n",
        f"{folder}/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\nSummary: a sample\n",
        f"{folder}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{folder}/RECORD"])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in {**files, f"{folder}/RECORD": record}.items():
            archive.writestr(name, text)
    return buffer.getvalue()


class Index:
    """The server. `uploads` counts what was taken; `refused` counts requests without the right password."""

    def __init__(self, user: str, password: str) -> None:
        self.content = wheel()
        self.uploads = 0
        self.refused = 0
        expected = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        index = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self, status: int, body: bytes = b"", kind: str = "text/html") -> None:
                self.send_response(status)
                if status == 401:
                    self.send_header("WWW-Authenticate", 'Basic realm="loopback"')
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def _is_allowed(self) -> bool:
                if self.headers.get("Authorization") == expected:
                    return True
                index.refused += 1
                self._answer(401)
                return False

            def do_GET(self) -> None:
                if not self._is_allowed():
                    return
                if self.path.endswith(".whl"):
                    self._answer(200, index.content, "application/octet-stream")
                    return
                digest = hashlib.sha256(index.content).hexdigest()
                link = f'<!DOCTYPE html><html><body><a href="/files/{FILE}#sha256={digest}">{FILE}</a></body></html>'
                self._answer(200, link.encode())

            do_HEAD = do_GET  # noqa: N815

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", "0")))
                if self._is_allowed():
                    index.uploads += 1
                    self._answer(200)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Index:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
