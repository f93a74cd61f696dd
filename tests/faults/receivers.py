"""Webhook receivers with bad manners, which write down everything that they get."""

import hmac
import socket
from base64 import b64decode, b64encode
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread

MANNERS = ("honest", "slow", "cut_off", "taken_500", "redirect", "endless", "hang_up", "gone")
"""Takes it; answers after any patience; says 200 and breaks off; takes it and says 500; points elsewhere; never ends; hangs up; 410."""

QUICK = ("honest", "taken_500", "hang_up", "cut_off")
"""Those that hold nobody up."""

LONGEST_SECONDS = 25.0


@dataclass(frozen=True, slots=True)
class Got:
    manner: str
    id: str
    timestamp: str
    body: bytes
    signed: bool
    """Whether the signature is right under the endpoint's secret."""
    said: int
    """The status that was sent back; 0 where none was."""


class Receivers:
    """One server on this machine; the path says which manners a request meets."""

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}
        self.got: list[Got] = []
        self.halves = 0
        self.behaving = Event()
        """Set: everybody is honest from now on, but those who are gone."""
        self._lock, self._closing = Lock(), Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer._receive(self)

            def do_GET(self) -> None:
                outer._note(self, "elsewhere", b"", 200)

            def log_message(self, *words: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, name="receivers", daemon=True).start()

    def url(self, manner: str) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/{manner}"

    def close(self) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def counts(self) -> Counter[str]:
        with self._lock:
            return Counter(one.manner for one in self.got)

    def _receive(self, asked: BaseHTTPRequestHandler) -> None:
        manner = asked.path.strip("/")
        length = int(asked.headers.get("content-length", "0"))
        body = asked.rfile.read(length)
        if len(body) < length:
            self.halves += 1  # whoever sent it was killed in the middle: no request at all
            return
        acts = "honest" if self.behaving.is_set() and manner != "gone" else manner
        with suppress(OSError):  # whoever asked may have left
            getattr(self, f"_{acts}", self._elsewhere)(asked, manner, body)

    def _note(self, asked: BaseHTTPRequestHandler, manner: str, body: bytes, status: int) -> None:
        uid, stamp = asked.headers.get("webhook-id", ""), asked.headers.get("webhook-timestamp", "")
        with self._lock:
            self.got.append(Got(manner, uid, stamp, body, self._signed(asked, manner, uid, stamp, body), status))

    def _signed(self, asked: BaseHTTPRequestHandler, manner: str, uid: str, stamp: str, body: bytes) -> bool:
        key = b64decode(self.secrets.get(manner, "").removeprefix("whsec_"))
        right = b64encode(hmac.digest(key or b"-", f"{uid}.{stamp}.".encode() + body, "sha256")).decode()
        return f"v1,{right}" in asked.headers.get("webhook-signature", "").split(" ")

    def _answer(self, asked: BaseHTTPRequestHandler, status: int, **headers: str) -> None:
        asked.send_response(status)
        for name, value in {"content_length": "0", **headers}.items():
            asked.send_header(name.replace("_", "-"), value)
        asked.end_headers()

    def _honest(self, asked: BaseHTTPRequestHandler, manner: str, body: bytes) -> None:
        self._note(asked, manner, body, 204)
        self._answer(asked, 204)

    def _slow(self, asked: BaseHTTPRequestHandler, manner: str, body: bytes) -> None:
        self._note(asked, manner, body, 0)
        self._closing.wait(LONGEST_SECONDS)
        self._answer(asked, 200)

    def _cut_off(self, asked: BaseHTTPRequestHandler, manner: str, body: bytes) -> None:
        self._note(asked, manner, body, 200)
        asked.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 4000\r\n\r\nhalf")
        self._drop(asked)

    def _taken_500(self, asked: BaseHTTPRequestHandler, manner: str, body: bytes) -> None:
        self._note(asked, manner, body, 500)
        self._answer(asked, 500)

    def _redirect(self, asked: BaseHTTPRequestHandler, manner: str, body: bytes) -> None:
        self._note(asked, manner, body, 302)
        self._answer(asked, 302, location=self.url("elsewhere"))

    def _endless(self, asked: BaseHTTPRequestHandler, manner: str, body: bytes) -> None:
        self._note(asked, manner, body, 200)
        asked.wfile.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for _ in range(int(LONGEST_SECONDS * 10)):
            asked.wfile.write(b"1\r\n.\r\n")
            if self._closing.wait(0.1):
                return

    def _hang_up(self, asked: BaseHTTPRequestHandler, manner: str, body: bytes) -> None:
        self._note(asked, manner, body, 0)
        self._drop(asked)

    def _gone(self, asked: BaseHTTPRequestHandler, manner: str, body: bytes) -> None:
        self._note(asked, manner, body, 410)
        self._answer(asked, 410)

    def _elsewhere(self, asked: BaseHTTPRequestHandler, manner: str, body: bytes) -> None:
        self._note(asked, "elsewhere", body, 200)
        self._answer(asked, 200)

    def _drop(self, asked: BaseHTTPRequestHandler) -> None:
        asked.wfile.flush()
        asked.connection.shutdown(socket.SHUT_RDWR)
        asked.close_connection = True
