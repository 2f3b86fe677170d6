"""A hard end for an HTTP request: when time is up its socket is shut down, whatever the other side does.

Neither requests' nor urllib3's timeouts bound an answer that drips a byte a second (2 s asked, 30 s measured), nor a
TLS handshake that does.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from webhook_alerts.delivery.address import public_addresses

_local = threading.local()


class Deadline:
    """One request's end, and the sockets it uses.

    Sockets are watched through a duplicate: wrapping one in TLS takes the original's descriptor away.
    """

    def __init__(self) -> None:
        self.expired = False
        self.connected = False
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []

    def watch(self, sock: socket.socket) -> None:
        """Shut *sock* down when time is up, or at once if it is."""
        with self._lock:
            self._sockets.append(sock.dup())
            if self.expired:
                self._shut()

    def expire(self) -> None:
        """Time is up."""
        with self._lock:
            self.expired = True
            self._shut()

    def close(self) -> None:
        """The request is over."""
        with self._lock:
            for sock in self._sockets:
                sock.close()
            self._sockets.clear()

    def _shut(self) -> None:
        for sock in self._sockets:
            with contextlib.suppress(OSError):  # the other side was quicker
                sock.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def within(seconds: float, *, allow_private: bool = False) -> Iterator[Deadline]:
    """Bound the request that this thread makes inside, if its session mounts ``Adapter``.

    A new connection goes to public addresses only, unless *allow_private*.
    """
    deadline = Deadline()
    timer = threading.Timer(seconds, deadline.expire)
    timer.daemon = True
    _local.deadline, _local.allow_private = deadline, allow_private
    timer.start()
    try:
        yield deadline
    finally:
        timer.cancel()
        _local.deadline, _local.allow_private = None, False
        deadline.close()


class Adapter(HTTPAdapter):
    """An adapter without retries whose connections, new or kept alive, are watched by the thread's deadline."""

    def __init__(self) -> None:
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pool of watched connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


class _Watched:
    """A connection that the deadline can shut, to an address that may be called."""

    sock: socket.socket | None
    port: int
    _dns_host: str

    def _new_conn(self) -> socket.socket:
        made = self._connected_to(None) if _local.allow_private else self._publicly_connected()
        _watch(made)
        return made

    def _publicly_connected(self) -> socket.socket:
        """Connect to a public address of the host, and to that only: it is not looked up a second time."""
        try:
            addresses = public_addresses(self._dns_host, self.port)
        except socket.gaierror as error:
            raise urllib3.exceptions.NameResolutionError(self._dns_host, self, error) from error  # type: ignore[arg-type]
        for address in addresses[:-1]:
            try:
                return self._connected_to(address)
            except urllib3.exceptions.HTTPError:
                continue  # the next may answer
        return self._connected_to(addresses[-1])

    def _connected_to(self, address: str | None) -> socket.socket:
        name = self._dns_host
        self._dns_host = address or name
        try:
            made: socket.socket = super()._new_conn()  # type: ignore[misc]
        finally:
            self._dns_host = name  # the certificate is the name's
        return made

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        _connected()

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:
            _watch(self.sock)
            _connected()
        super().request(*args, **kwargs)  # type: ignore[misc]


class _HTTP(_Watched, urllib3.connection.HTTPConnection):
    pass


class _HTTPS(_Watched, urllib3.connection.HTTPSConnection):
    pass


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HTTP


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HTTPS


def _watch(sock: socket.socket) -> None:
    deadline: Deadline | None = getattr(_local, "deadline", None)
    if deadline is not None:
        deadline.watch(sock)


def _connected() -> None:
    deadline: Deadline | None = getattr(_local, "deadline", None)
    if deadline is not None:
        deadline.connected = True


def session(user_agent: str) -> requests.Session:
    """A session that the deadline bounds: no proxies or passwords from the environment, no compression."""
    made = requests.Session()
    made.trust_env = False
    made.headers.update({"User-Agent": user_agent, "Accept-Encoding": "identity"})
    for scheme in ("https://", "http://"):
        made.mount(scheme, Adapter())
    return made
