"""Lines of JSON at the end of a file, on the disk when they are said to be written."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from contextlib import suppress
from functools import partial

from webhook_alerts.channels import inside
from webhook_alerts.channels.base import Request, Response, encode
from webhook_alerts.channels.file import path
from webhook_alerts.delivery.carriers import bounded

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
"""Readable, to see whether the last line is whole; never waiting for what reads a pipe."""


def send(request: Request, *, timeout: float, allow_private: bool = False) -> Response:  # noqa: ARG001
    """Append the lines of *request*, each by one write, and sync them; the file is its owner's alone if it is new.

    It is opened each time, so that whoever rotates it may move it. Raises ``TransportError`` after *timeout* seconds.
    """
    lines = [encode(line) + b"\n" for line in request.json["lines"]]
    return bounded.run(partial(_said, partial(_append, path(request.url), lines)), timeout)


def ask(url: str, *, timeout: float) -> Response:
    """Could it be written? Makes no file where none is. Raises ``TransportError`` after *timeout* seconds."""
    return bounded.run(partial(_said, partial(_look, path(url))), timeout)


def _append(name: str, lines: list[bytes]) -> None:
    handle = os.open(name, _FLAGS, 0o600)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "it is no file")
        with suppress(OSError):  # some file systems know no locks; each line is one write all the same
            fcntl.flock(handle, fcntl.LOCK_EX)  # else the line that another process writes just now looks cut
        if not _is_whole(handle):
            lines = [b"\n" + lines[0], *lines[1:]]
        for line in lines:
            _write(handle, line)
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_whole(handle: int) -> bool:
    """Does the file end with a line? A full disk may have cut one."""
    size = os.fstat(handle).st_size
    return size == 0 or os.pread(handle, 1, size - 1) == b"\n"


def _write(handle: int, line: bytes) -> None:
    """One write, and more only where the system took a part; what it then refuses stays cut."""
    while line:
        line = line[os.write(handle, line) :]


def _look(name: str) -> None:
    folder = os.path.dirname(name)  # noqa: PTH120 - as the system will read it
    for place, mode in ((name, os.W_OK), (folder, os.W_OK | os.X_OK)):
        if os.path.lexists(place):
            if not os.access(place, mode):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            return
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))


def _said(work: partial[None]) -> Response:
    """What the system says of *work*, without the path."""
    try:
        work()
    except OSError as error:
        what = "its directory is not there" if error.errno == errno.ENOENT else error.strerror or type(error).__name__
        return Response(inside.FULL if error.errno in _FULL else 503, {}, f"file: {what}".encode())
    return Response(200, {}, b"")
