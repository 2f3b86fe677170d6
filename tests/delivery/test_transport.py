"""One request against servers that misbehave in every way a socket allows."""

from __future__ import annotations

import contextlib
import functools
import gzip
import socket
import struct
import threading
import time
import traceback
from collections.abc import Callable, Iterator

import pytest

from tests.servers import free_port
from webhook_alerts.channels.base import File
from webhook_alerts.delivery import transport
from webhook_alerts.delivery.transport import TransportError
from webhook_alerts.testing.fake_discord import FakeDiscord

SECRET = "s3cret-token"
post = functools.partial(transport.post, allow_private=True)
"""The servers of these tests are on this machine."""


@contextlib.contextmanager
def serve(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that hands every connection to *answer*."""
    listener = socket.create_server(("127.0.0.1", 0))
    stopping = threading.Event()

    def accept() -> None:
        while not stopping.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                answer(connection)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield f"127.0.0.1:{listener.getsockname()[1]}/{SECRET}"
    stopping.set()
    with contextlib.suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


def request_of(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def drip(connection: socket.socket, data: bytes) -> None:
    request_of(connection)
    for byte in data:
        connection.sendall(bytes([byte]))
        time.sleep(0.1)


def drip_headers(connection: socket.socket) -> None:
    drip(connection, b"HTTP/1.1" + b" " * 300)


def silent(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while connection.recv(65536):
            pass


def reset(connection: socket.socket) -> None:
    request_of(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def closed(connection: socket.socket) -> None:
    request_of(connection)


def banner(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
    connection.recv(65536)


def nonsense(connection: socket.socket) -> None:
    request_of(connection)
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")


@pytest.mark.parametrize(
    ("scheme", "behaviour", "reason", "ambiguous"),
    [
        ("http", drip_headers, "timeout_read", True),
        ("http", silent, "timeout_read", True),
        ("https", silent, "timeout_connect", False),  # a TLS handshake that never ends
        ("https", banner, "tls_error", False),
        ("http", reset, "connection_reset", True),
        ("http", closed, "connection_reset", True),
        ("http", nonsense, "connection_reset", True),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_server_that_misbehaves_ends_in_time_with_a_reason_and_no_url(scheme, behaviour, reason, ambiguous):
    with serve(behaviour) as address, pytest.raises(TransportError) as caught:
        post(f"{scheme}://{address}", {"content": "x"}, [], timeout=1)
    assert (caught.value.reason, caught.value.ambiguous) == (reason, ambiguous)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_nobody_listens():
    with pytest.raises(TransportError, match="connection_refused"):
        post(f"http://127.0.0.1:{free_port()}/{SECRET}", {}, [], timeout=5)


def test_no_such_name():
    with pytest.raises(TransportError, match="dns_error"):
        post(f"https://does-not-exist.invalid/{SECRET}", {}, [], timeout=5)


def test_a_dripping_body_counts_by_its_status_and_is_cut_off(caplog):
    def answer(connection: socket.socket) -> None:
        request_of(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
        drip_body(connection)

    def drip_body(connection: socket.socket) -> None:
        for _ in range(300):
            connection.sendall(b"x")
            time.sleep(0.05)

    with serve(answer) as address:
        got = post(f"http://{address}", {}, [], timeout=1)
    assert got.status == 200
    assert 0 < len(got.body) < 300


def test_an_endless_body_is_read_to_its_bound(caplog):
    def answer(connection: socket.socket) -> None:
        request_of(connection)
        connection.sendall(b"HTTP/1.1 500 Oops\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    with serve(answer) as address:
        got = post(f"http://{address}", {}, [], timeout=5)
    assert (got.status, len(got.body)) == (500, transport.BODY_BYTES)


def test_a_bomb_is_not_unpacked():
    bomb = gzip.compress(b"\0" * 50_000_000)

    def answer(connection: socket.socket) -> None:
        request_of(connection)
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
        connection.sendall(head.encode() + bomb)

    with serve(answer) as address:
        got = post(f"http://{address}", {}, [], timeout=5)
    assert got.body == bomb[: transport.BODY_BYTES]


def test_a_redirect_is_an_answer_and_is_not_followed():
    asked = []

    def answer(connection: socket.socket) -> None:
        asked.append(request_of(connection))
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")

    with serve(answer) as address:
        assert post(f"http://{address}", {}, [], timeout=5).status == 302
    assert len(asked) == 1
    head = asked[0].decode().lower()
    assert "accept-encoding: identity" in head
    assert "user-agent: discordbot (webhook_alerts, " in head


def test_a_connection_is_kept_for_the_next_request():
    connections = []

    def answer(connection: socket.socket) -> None:
        connections.append(connection)
        while True:
            request_of(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with serve(answer) as address:
        assert [post(f"http://{address}", {}, [], timeout=5).body for _ in range(3)] == [b"ok"] * 3
        transport._session().close()
    assert len(connections) == 1


def test_files_are_sent_beside_the_payload(discord: FakeDiscord):
    url = discord.url("errors").replace("/api/", "/api/v10/") + "?wait=true"
    files = [File("trace-1.txt", "ünïcödé " * 1000), File("trace-2.txt", "")]
    assert post(url, {"content": "see the file"}, files, timeout=5).status == 200
    (entry,) = discord.requests("errors")
    assert entry.body == {"content": "see the file"}
    assert sorted(entry.files) == ["trace-1.txt", "trace-2.txt"]
