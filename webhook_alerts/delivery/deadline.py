"""A hard end for an HTTP request: when time is up its socket is shut down, whatever the other side does.

Neither requests' nor urllib3's timeouts bound an answer that drips a byte a second (2 s asked, 30 s measured), nor a
TLS handshake that does.
"""

from __future__ import annotations

import contextlib
import math
import os
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import requests
import urllib3
from urllib3.util.connection import allowed_gai_family, create_connection

from webhook_alerts.delivery import unwrapped
from webhook_alerts.delivery.address import callable_of


class Deadline:
    """One request's end, *seconds* from now, and the sockets it uses.

    Sockets are watched through a duplicate: wrapping one in TLS takes the original's descriptor away.
    """

    def __init__(self, seconds: float) -> None:
        self.ends = time.monotonic() + seconds
        self.expired = False
        self.connected = False
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []

    def left_s(self) -> float:
        """Seconds until time is up."""
        return self.ends - time.monotonic()

    def watch(self, sock: socket.socket) -> None:
        """Shut *sock* down when time is up, or at once if it is."""
        with self._lock:
            self._sockets.append(socket.fromfd(sock.fileno(), sock.family, sock.type))  # TLS refuses dup()
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


class _Watchdog:
    """The one thread of a process that expires deadlines: to start a thread for each request took 100 µs.

    It holds the deadlines of requests under way, one for each thread that sends, and nothing of those that are over.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._deadlines: set[Deadline] = set()
        self._wakes = math.inf
        """When the thread looks again by itself, as ``time.monotonic`` tells it."""
        self._thread: threading.Thread | None = None

    def add(self, deadline: Deadline) -> None:
        """Expire *deadline* when its time is up."""
        with self._changed:
            self._deadlines.add(deadline)
            if self._thread is None or not self._thread.is_alive():
                self._start()
            elif deadline.ends < self._wakes:
                self._changed.notify()

    def remove(self, deadline: Deadline) -> None:
        """Its request is over."""
        with self._changed:
            self._deadlines.discard(deadline)

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name="webhook-alerts-deadlines", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            return  # no more threads, or the interpreter ends: an alert with the timeouts alone is better than none
        self._thread = thread

    def _run(self) -> None:
        while True:
            for deadline in self._due():
                deadline.expire()

    def _due(self) -> set[Deadline]:
        """Those whose time is up; or none, after waiting until there may be some."""
        with self._changed:
            due = {deadline for deadline in self._deadlines if deadline.left_s() <= 0}
            self._deadlines -= due
            if not due:
                self._wakes = min((deadline.ends for deadline in self._deadlines), default=math.inf)
                self._changed.wait(None if self._wakes == math.inf else self._wakes - time.monotonic())
            return due


_watchdog = _Watchdog()


def _after_fork_in_child() -> None:
    """The parent's thread is not here, and what it held stays locked."""
    global _watchdog
    _watchdog = _Watchdog()


os.register_at_fork(after_in_child=_after_fork_in_child)


class _Request(threading.local):
    """What binds the request that a thread makes."""

    deadline: Deadline | None = None
    allow_private = False


_request = _Request()


@contextlib.contextmanager
def within(seconds: float, *, allow_private: bool = False) -> Iterator[Deadline]:
    """Bound the request that this thread makes inside, if its session mounts ``Adapter``.

    A new connection goes to public addresses only, or to this machine if its URL says so, unless *allow_private*.
    """
    deadline = Deadline(seconds)
    watchdog = _watchdog
    watchdog.add(deadline)
    _request.deadline, _request.allow_private = deadline, allow_private
    try:
        yield deadline
    finally:
        watchdog.remove(deadline)
        _request.deadline, _request.allow_private = None, False
        deadline.close()


class Adapter(unwrapped.Adapter):
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
    timeout: Any
    source_address: tuple[str, int] | None
    socket_options: Any
    _dns_host: str
    debuglevel = 0
    """Whatever ``http.client`` is told: it would print the path and the headers of a request."""

    def _new_conn(self) -> socket.socket:
        """Connect to the first address that answers. The name is looked up once, so what is judged is what is called.

        Raises what urllib3's own does, and ``AddressRefusedError``.
        """
        failed: Exception = urllib3.exceptions.ConnectTimeoutError("no time was left to connect")
        for address in self._addresses():
            left_s = _request.deadline.left_s() if _request.deadline else self.timeout
            if left_s <= 0:
                break
            try:
                made = create_connection(
                    (address, self.port), min(self.timeout, left_s), self.source_address, self.socket_options
                )
            except TimeoutError as error:
                failed = urllib3.exceptions.ConnectTimeoutError("no answer")
                failed.__cause__ = error
            except OSError as error:
                failed = urllib3.exceptions.NewConnectionError(self, "no connection")  # type: ignore[arg-type]
                failed.__cause__ = error
            else:
                return _watched(made)
        raise failed

    def _addresses(self) -> list[str]:
        """The addresses that may be called, in the system's order."""
        try:
            found = socket.getaddrinfo(self._dns_host, self.port, allowed_gai_family(), socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise urllib3.exceptions.NameResolutionError(self._dns_host, self, error) from error  # type: ignore[arg-type]
        addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
        return addresses if _request.allow_private else callable_of(addresses, self._dns_host)

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        _connected()

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:
            _watch(self.sock)
            _connected()
        super().request(*args, **kwargs)  # type: ignore[misc]


class _HTTP(_Watched, unwrapped.HTTPConnection):
    pass


class _HTTPS(_Watched, unwrapped.HTTPSConnection):
    pass


class _HTTPPool(unwrapped.HTTPPool):
    ConnectionCls = _HTTP


class _HTTPSPool(unwrapped.HTTPSPool):
    ConnectionCls = _HTTPS


def _watch(sock: socket.socket) -> None:
    if _request.deadline is not None:
        _request.deadline.watch(sock)


def _watched(made: socket.socket) -> socket.socket:
    try:
        _watch(made)
    except Exception:
        made.close()  # no descriptor was left for a second one
        raise
    return made


def _connected() -> None:
    if _request.deadline is not None:
        _request.deadline.connected = True


def session(user_agent: str) -> requests.Session:
    """A session that the deadline bounds: no proxies or passwords from the environment, no compression."""
    made = unwrapped.Session()
    made.trust_env = False
    made.headers.update({"User-Agent": user_agent, "Accept-Encoding": "identity"})
    for scheme in ("https://", "http://"):
        made.mount(scheme, Adapter())
    return made
