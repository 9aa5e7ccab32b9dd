"""An LLM provider and an OAuth server on the loopback interface."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs


class Provider:
    """Says `hello` to who has the right key, hands out device codes, and confirms each at once.

    `lifetime` is that of the next tokens, in seconds; `authorizations` is what clients showed.
    """

    def __init__(self) -> None:
        self.lifetime: int | None = 3600
        self.tokens = 0
        self.authorizations: list[str] = []
        self.refreshed_with: list[str] = []
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                answer = provider.answer(self.path, body, self.headers.get("Authorization", ""))
                text = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, path: str, body: bytes, authorization: str) -> dict[str, object]:
        """The answer to one request."""
        if path == "/code":
            return {"device_code": "d", "user_code": "U-1", "verification_uri": "http://127.0.0.1/", "interval": 0}
        if path == "/token":
            self.tokens += 1
            form = parse_qs(body.decode())
            self.refreshed_with += form.get("refresh_token", [])
            number = self.tokens
            token: dict[str, object] = {"access_token": f"at-{number}", "token_type": "bearer", "scope": "read:user"}
            if self.lifetime is not None:
                token |= {"refresh_token": f"rt-{number}", "expires_in": self.lifetime}
            return token
        self.authorizations.append(authorization)
        message = {"role": "assistant", "content": "hello"}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        return {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}

    def __enter__(self) -> Provider:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
