"""The rehearsal's way to a server: kept connections, whole replies, and nothing asked twice because a connection had ended."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import sleep

import pytest

from api.rehearsal.connections import NO_REPLY, Connections
from models.errors import Invalid


class _Echo(BaseHTTPRequestHandler):
    """Says what was asked, and over which connection; closes after a path that ends in `bye`, and drops `gone`."""

    protocol_version = "HTTP/1.1"
    server: "_Server"

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        self.server.asked.append((self.command, self.path, body, self.client_address[1]))
        if self.path.endswith("gone"):
            self.close_connection = True
            return
        self.send_response(201)
        self.send_header("Protocol-Revision", "7")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.path.endswith("bye")

    do_GET = do_PUT = do_POST = _answer  # noqa: N815  # the names that the library calls

    def log_message(self, *_: object) -> None:
        """Nothing: the terminal is the test's."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Echo)
        self.asked: list[tuple[str, str, bytes, int]] = []


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server() as one:
        thread = Thread(target=one.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield one
        one.shutdown()
        thread.join()


@pytest.fixture
def ways(server: _Server) -> Iterator[Connections]:
    one = Connections(f"http://127.0.0.1:{server.server_port}/below/")
    yield one
    one.close()


def test_requests_go_over_one_connection_below_the_address_and_come_back_whole(server: _Server, ways: Connections) -> None:
    status, body, headers = ways.ask("PUT", "/a?b=1", b"\xc3\xa9" * 9_000, {"Content-Type": "application/json"})
    assert (status, body, headers["protocol-revision"]) == (201, b"\xc3\xa9" * 9_000, "7")
    assert ways.ask("GET", "/c", None, {})[:2] == (201, b"")
    assert ways.ask("POST", "/d", None, {})[:2] == (201, b"")
    assert [one[:2] for one in server.asked] == [("PUT", "/below/a?b=1"), ("GET", "/below/c"), ("POST", "/below/d")]
    assert len({one[3] for one in server.asked}) == 1


def test_a_connection_that_the_server_has_closed_is_not_asked_again(server: _Server, ways: Connections) -> None:
    ways.ask("GET", "/bye", None, {})
    sleep(0.05)  # until the end has arrived
    assert ways.ask("PUT", "/next", b"{}", {})[0] == 201
    assert len({one[3] for one in server.asked}) == len(server.asked) == 2


def test_no_reply_is_an_error_and_leaves_no_connection(server: _Server, ways: Connections) -> None:
    with pytest.raises(NO_REPLY):
        ways.ask("PUT", "/gone", b"{}", {})
    assert ways.ask("PUT", "/next", b"{}", {})[0] == 201
    with pytest.raises(NO_REPLY):
        Connections("http://127.0.0.1:9").ask("GET", "/", None, {})


@pytest.mark.parametrize("address", ["127.0.0.1:8000", "ftp://host", "http://"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(Invalid, match="no address"):
        Connections(address)
