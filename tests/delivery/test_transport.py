"""One request against servers that misbehave in every way a socket allows."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import os
import signal
import socket
import ssl
import struct
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.servers import free_port
from webhook_alerts.channels import registry
from webhook_alerts.channels.base import Access, File, Request, Response
from webhook_alerts.delivery import deadline, transport
from webhook_alerts.delivery.transport import TransportError
from webhook_alerts.testing.fake_discord import FakeDiscord

SECRET = "s3cret-token"


def post(url: str, body: dict[str, Any] | None = None, files: Sequence[File] = (), *, timeout: float) -> Response:
    """POST to this machine."""
    return transport.send(Request(url, body or {}, tuple(files)), timeout=timeout, allow_private=True)


"""The servers of these tests are on this machine."""
CERTIFICATE = Path(__file__).with_name("localhost.pem")
"""Key and certificate of hooks.example and localhost, made for these tests, for a hundred years."""


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    transport.close()


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' certificate is one of an authority that everybody trusts."""
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(CERTIFICATE))


def encrypted(answer: Callable[[socket.socket], None]) -> Callable[[socket.socket], None]:
    """*answer* through TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)

    def through_tls(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as inner:
            answer(inner)

    return through_tls


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
        received = connection.recv(65536)
        if not received:
            raise ConnectionError("there is no more")
        data += received
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


def drip_body(connection: socket.socket) -> None:
    request_of(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
    for _ in range(300):
        connection.sendall(b"x")
        time.sleep(0.05)


def ok(connection: socket.socket) -> None:
    while True:
        request_of(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


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
        post(f"{scheme}://{address}", {"content": "x"}, timeout=1)
    assert (caught.value.reason, caught.value.ambiguous) == (reason, ambiguous)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_nobody_listens():
    with pytest.raises(TransportError, match="connection_refused"):
        post(f"http://127.0.0.1:{free_port()}/{SECRET}", timeout=5)


def test_no_such_name():
    with pytest.raises(TransportError, match="dns_error"):
        post(f"https://does-not-exist.invalid/{SECRET}", timeout=5)


def test_nothing_of_the_address_is_logged_or_printed_at_any_level(caplog, capsys, monkeypatch):
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    with caplog.at_level(1), serve(ok) as address:
        assert transport.send(Request(f"http://{address}", {}), timeout=5).status == 200
        assert SECRET not in caplog.text
        transport.close()  # this server hears one at a time
        requests.post(f"http://{address}", data="{}", timeout=5)  # what the project itself asks is logged as ever
    assert SECRET in caplog.text
    assert capsys.readouterr().out.count(SECRET) == 1


def test_what_holds_an_address_does_not_show_it():
    """Whoever reports errors with the variables of their frames, shows their ``repr``."""
    url, headers = f"https://hooks.example/{SECRET}", {"X-Api-Key": SECRET}
    held = (Request(url, {"text": "it broke"}, headers=headers), Access(url, (SECRET,), headers, url))
    assert SECRET not in repr(held)
    assert SECRET not in repr(registry.get("webhook").limits(url))


def test_a_dripping_body_counts_by_its_status_and_is_cut_off(caplog):
    with serve(drip_body) as address:
        got = post(f"http://{address}", timeout=1)
    assert got.status == 200
    assert 0 < len(got.body) < 300


def test_an_endless_body_is_read_to_its_bound(caplog):
    def answer(connection: socket.socket) -> None:
        request_of(connection)
        connection.sendall(b"HTTP/1.1 500 Oops\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    with serve(answer) as address:
        got = post(f"http://{address}", timeout=5)
    assert (got.status, len(got.body)) == (500, transport.BODY_BYTES)


def test_a_bomb_is_not_unpacked():
    bomb = gzip.compress(b"\0" * 50_000_000)

    def answer(connection: socket.socket) -> None:
        request_of(connection)
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
        connection.sendall(head.encode() + bomb)

    with serve(answer) as address:
        got = post(f"http://{address}", timeout=5)
    assert got.body == bomb[: transport.BODY_BYTES]


def test_a_redirect_is_an_answer_and_is_not_followed():
    asked = []

    def answer(connection: socket.socket) -> None:
        asked.append(request_of(connection))
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")

    with serve(answer) as address:
        assert post(f"http://{address}", timeout=5).status == 302
    assert len(asked) == 1
    head = asked[0].decode().lower()
    assert "accept-encoding: identity" in head
    assert "user-agent: discordbot (webhook_alerts, " in head


def test_a_connection_is_kept_for_the_next_request():
    connections = []

    def answer(connection: socket.socket) -> None:
        connections.append(connection)
        ok(connection)

    with serve(answer) as address:
        assert [post(f"http://{address}", timeout=5).body for _ in range(3)] == [b"ok"] * 3
        transport.close()
    assert len(connections) == 1


def through_https(address: str) -> str:
    return "https://" + address.replace("127.0.0.1", "localhost")


@pytest.mark.usefixtures("trusted")
def test_requests_go_through_tls_and_its_connection_is_kept_too():
    connections = []

    def answer(connection: socket.socket) -> None:
        connections.append(connection)
        ok(connection)

    with serve(encrypted(answer)) as address:
        assert [post(through_https(address), timeout=5).body for _ in range(3)] == [b"ok"] * 3
        transport.close()
    assert len(connections) == 1


@pytest.mark.usefixtures("trusted")
def test_the_deadline_holds_through_tls():
    with serve(encrypted(drip_headers)) as address, pytest.raises(TransportError, match="timeout_read"):
        post(through_https(address), timeout=1)
    with serve(encrypted(drip_body)) as address:
        assert 0 < len(post(through_https(address), timeout=1).body) < 300


def test_a_certificate_that_nobody_vouches_for_is_refused():
    with serve(encrypted(ok)) as address, pytest.raises(TransportError, match="tls_error"):
        post(through_https(address), timeout=5)


@pytest.mark.usefixtures("trusted")
def test_a_certificate_for_another_name_is_refused():
    with serve(encrypted(ok)) as address, pytest.raises(TransportError, match="tls_error"):
        post(f"https://{address}", timeout=5)


def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Neither where requests go, nor who logs in."""
    asked = []

    def answer(connection: socket.socket) -> None:
        asked.append(request_of(connection))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
        monkeypatch.setenv(name.upper(), f"http://127.0.0.1:{free_port()}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ana password hunter2\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with serve(answer) as address:
        assert post(f"http://{address}", timeout=5).status == 200
    assert b"authorization" not in asked[0].lower()


def test_several_addresses_share_one_deadline(monkeypatch: pytest.MonkeyPatch):
    """Each gets what is left, and when nothing is left no other is called."""
    called: list[tuple[str, float]] = []
    connect = deadline.create_connection

    def create_connection(at: tuple[str, int], timeout: float, *more: object) -> socket.socket:
        called.append((at[0], timeout))
        return connect(at, timeout, *more)

    monkeypatch.setattr(deadline, "create_connection", create_connection)
    monkeypatch.setattr(transport, "CONNECT_S", 0.7)
    addresses = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{n}", 0)) for n in range(1, 9)]
    with contextlib.ExitStack() as full:
        listener = full.enter_context(socket.create_server(("0.0.0.0", 0), backlog=0))
        port = listener.getsockname()[1]
        for _ in range(4):  # no more fit into the queue, so that who comes next waits
            waiting = full.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", port))
        real = socket.getaddrinfo
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda host, *args: addresses if host == "hooks.example" else real(host, *args)
        )
        with pytest.raises(TransportError, match="timeout_connect"):
            post(f"http://hooks.example:{port}/x", timeout=1)
    assert [address for address, _ in called] == ["127.0.0.1", "127.0.0.2"]
    assert called[0][1] == 0.7
    assert called[1][1] <= 0.3


def test_a_deadline_that_comes_after_a_later_one_is_kept():
    with serve(drip_headers) as address, ThreadPoolExecutor(1) as another, deadline.within(60):
        time.sleep(0.1)  # whoever watches has gone to sleep for a minute
        request = another.submit(post, f"http://{address}", timeout=1)
        with pytest.raises(TransportError, match="timeout_read"):
            request.result()


def test_many_deadlines_are_kept_at_once():
    def ends(address: str) -> str:
        with pytest.raises(TransportError) as caught:
            post(f"http://{address}", timeout=1)
        return caught.value.reason

    with contextlib.ExitStack() as servers, ThreadPoolExecutor(8) as threads:
        addresses = [servers.enter_context(serve(drip_headers)) for _ in range(8)]
        assert list(threads.map(ends, addresses)) == ["timeout_read"] * 8


def test_a_deadline_holds_in_a_child_that_was_forked_at_the_worst_moment():
    """While another thread was about to watch a request."""
    held, forked = threading.Event(), threading.Event()

    def hold() -> None:
        with deadline._watchdog._changed:
            held.set()
            forked.wait(30)

    with deadline.within(60), serve(drip_headers) as address:
        thread = threading.Thread(target=hold)
        thread.start()
        held.wait(10)
        child = os.fork()
        if child == 0:
            signal.alarm(20)  # a lock that nobody gives back
            try:
                post(f"http://{address}", timeout=1)
            except TransportError as error:
                os._exit(0 if error.reason == "timeout_read" else 1)
            os._exit(2)
        forked.set()
        thread.join()
        assert os.waitpid(child, 0)[1] == 0


def test_where_no_thread_can_be_started_the_request_is_made_all_the_same(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(deadline, "_watchdog", deadline._Watchdog())
    with serve(ok) as address:
        usual = threading.stack_size(2**46)  # more than there are addresses
        try:
            assert post(f"http://{address}", timeout=5).status == 200
        finally:
            threading.stack_size(usual)
        transport.close()


def test_whatever_goes_wrong_ends_with_a_reason_and_no_url(monkeypatch: pytest.MonkeyPatch):
    def broken(watched: deadline.Deadline, sock: socket.socket) -> None:
        raise NotImplementedError(f"cannot send to {SECRET}")

    monkeypatch.setattr(deadline.Deadline, "watch", broken)
    with serve(ok) as address, pytest.raises(TransportError, match="unexpected NotImplementedError") as caught:
        post(f"http://{address}", timeout=5)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_files_are_sent_beside_the_payload(discord: FakeDiscord):
    url = discord.url("errors").replace("/api/", "/api/v10/") + "?wait=true"
    files = [File("trace-1.txt", "ünïcödé " * 1000), File("trace-2.txt", "")]
    assert post(url, {"content": "see the file"}, files, timeout=5).status == 200
    (entry,) = discord.requests("errors")
    assert entry.body == {"content": "see the file"}
    assert sorted(entry.files) == ["trace-1.txt", "trace-2.txt"]
