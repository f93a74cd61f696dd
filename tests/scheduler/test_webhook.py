"""The webhook channel against a real server on this machine."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from time import monotonic, sleep
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook as Oracle

from models.ids import new_uid
from scheduler.delivery.channels.webhook import Webhook
from scheduler.delivery.port import Endpoint, Envelope, Outcome, Refused, Retry, Sent
from tests.scheduler.house import SECRET


@dataclass
class Receiver:
    """What the server was told, and what it answers next."""

    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    reply: bytes = b""
    seen: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"]))
            made.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}, content))
            self.send_response(made.status)
            for name, value in made.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(made.reply)

        def log_message(self, format: str, *args: Any) -> None:
            """Silence."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}/hook?study=1"
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def channel() -> Iterator[Webhook]:
    made = Webhook(timeout_seconds=0.5, allow_loopback=True)
    yield made
    made.close()


@contextmanager
def raw_server(*chunks: bytes, pause: float = 0.0) -> Iterator[str]:
    """A server that speaks bytes, one chunk at a time."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            try:
                for chunk in chunks:
                    connection.sendall(chunk)
                    sleep(pause)
            except OSError:
                return

    thread = Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    listener.close()
    thread.join(5)


def envelope(url: str, secrets: tuple[str, ...] = (SECRET,)) -> Envelope:
    now = datetime.now(UTC)
    endpoint = Endpoint(new_uid(), url, secrets)
    return Envelope(new_uid(), "alert", new_uid(), f"endpoint:{endpoint.uid}", b'{"type":"alert"}', now, now + timedelta(hours=1), endpoint)


def test_a_delivery_verifies_with_the_reference_library(channel: Webhook, receiver: Receiver) -> None:
    sent = envelope(receiver.url)
    assert channel.send(sent) == Sent(200)
    path, headers, content = receiver.seen[0]
    assert path == "/hook?study=1"
    assert headers["webhook-id"] == str(sent.uid)
    assert Oracle(SECRET).verify(content, headers) == json.loads(sent.body)
    assert "cookie" not in headers


def test_what_a_receiver_answers_decides_whether_it_is_tried_again(channel: Webhook, receiver: Receiver) -> None:
    expected: list[tuple[int, dict[str, str], Outcome]] = [
        (204, {}, Sent(204)),
        (500, {}, Retry("status_5xx", 500)),
        (404, {}, Retry("status_4xx", 404)),
        (302, {"Location": receiver.url}, Retry("redirect", 302)),
        (410, {}, Refused("gone", 410, ended=True)),
        (429, {"Retry-After": "120"}, Retry("status_4xx", 429, 120.0)),
        (503, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, Retry("status_5xx", 503)),
        (503, {"Retry-After": "99999999999"}, Retry("status_5xx", 503, 86_400.0)),
    ]
    for status, headers, outcome in expected:
        receiver.status, receiver.headers = status, {**headers, "Set-Cookie": "a=b"}
        assert channel.send(envelope(receiver.url)) == outcome
    assert len(receiver.seen) == len(expected)
    assert not any("cookie" in headers for _, headers, _ in receiver.seen)


def test_the_body_of_a_reply_is_never_read(channel: Webhook) -> None:
    endless = b"x" * 65536
    with raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n", *[endless] * 200) as url:
        assert channel.send(envelope(url)) == Sent(200)


def test_a_receiver_that_drips_is_dropped_at_the_deadline(channel: Webhook) -> None:
    begun = monotonic()
    with raw_server(*[b"H", b"T", b"T", b"P", b"/", b"1", b".", b"1"] * 10, pause=0.1) as url:
        assert channel.send(envelope(url)) == Retry("timeout")
        assert monotonic() - begun < 2


def test_garbage_silence_and_a_closed_door_are_tried_again(channel: Webhook) -> None:
    with raw_server(b"\x00\xffnot http at all\r\n\r\n") as url:
        assert channel.send(envelope(url)) == Retry("not_http")
    with raw_server() as url:
        assert channel.send(envelope(url)) in (Retry("not_http"), Retry("broken_off"))
    assert channel.send(envelope(url)) == Retry("unreachable")
    assert channel.send(envelope("https://no-such-host.invalid/")) == Retry("unreachable")


def test_an_endpoint_without_a_usable_secret_is_not_called_unsigned(channel: Webhook, receiver: Receiver) -> None:
    assert channel.send(envelope(receiver.url, ())) == Retry("no_secret")
    assert channel.send(envelope(receiver.url, ("whsec_short",))) == Refused("webhook_secret")
    assert not receiver.seen


def test_a_name_that_leads_into_the_house_is_refused_when_it_is_resolved(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    port = int(receiver.url.split(":")[2].split("/")[0])
    answers = {"inside.example.org": ["127.0.0.1"], "mixed.example.org": ["93.184.216.34", "10.0.0.7"]}

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in answers[host]]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    guarded = Webhook(timeout_seconds=0.5)
    for host in answers:
        assert guarded.send(envelope(f"https://{host}:{port}/")) == Refused("forbidden_address")
    assert guarded.send(envelope(receiver.url)) == Refused("webhook_url")
    guarded.close()
    assert not receiver.seen
