"""Items in files: a JSON line for each, whole and synced, written and read under a lock that dies with its holder."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from webhook_alerts.outbox.batch import Item

_encode = json.JSONEncoder(ensure_ascii=False).encode


@contextmanager
def locked(path: Path, *, create: bool) -> Iterator[int | None]:
    """The open file under its lock; ``None`` when another process holds it, it is gone, or it is somebody else's."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | (os.O_CREAT if create else 0)
    try:
        handle = os.open(path, flags, 0o600)
    except (FileNotFoundError, PermissionError):
        if create:
            raise
        yield None
        return
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        # Between open and lock another process may have replayed and removed it.
        yield handle if _is_at(handle, path) else None
    finally:
        # A child forked meanwhile shares the lock: closing alone would not lift it.
        fcntl.flock(handle, fcntl.LOCK_UN)
        os.close(handle)


def _is_at(handle: int, path: Path) -> bool:
    try:
        return path.stat().st_ino == os.fstat(handle).st_ino
    except FileNotFoundError:
        return False


def written(items: Iterable[Item]) -> bytes:
    """*items* as they stand in a file."""
    return b"".join(_encode({kind: value}).encode() + b"\n" for kind, value in items)


def append(handle: int, data: bytes) -> None:
    """Write *data* at the end, synced; a write that fails half-way leaves nothing of it. Raises ``OSError``."""
    before = os.fstat(handle).st_size
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
    except OSError:
        os.ftruncate(handle, before)
        raise


def peek(path: Path) -> list[Item]:
    """The items of a file as it is now, without its lock."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return []
    try:
        return read(handle)[0]
    finally:
        os.close(handle)


def read(handle: int) -> tuple[list[Item], int]:
    """The items, and how many lines are none."""
    os.lseek(handle, 0, os.SEEK_SET)
    found: list[Item] = []
    torn = 0
    with os.fdopen(os.dup(handle), "rb") as lines:
        for line in lines:
            try:
                ((kind, value),) = json.loads(line).items()
                found.append((str(kind), dict(value)))
            except (ValueError, AttributeError, TypeError):
                torn += 1
    return found, torn
