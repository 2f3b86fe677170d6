"""Alerts on disk while the broker is away: JSON lines, one directory per project, readable by its owner only.

A file is written and replayed under an exclusive ``flock``, which the kernel lifts when its holder dies: so any
process may take up any file, and none takes one that is in use. Lines are whole and synced before ``write`` returns.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from webhook_alerts.alert import JSON
from webhook_alerts.outbox.batch import Item

MAX_FILE = 8_000_000
"""Bytes after which a process begins its next file."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What one round of replay did. ``complete`` is false when the broker went away in the middle."""

    items: int = 0
    torn: int = 0
    complete: bool = True


class Spool:
    """The directory as one process sees it. Raises ``OSError`` where the disk refuses."""

    def __init__(self, directory: str) -> None:
        self.directory = Path(directory)
        self._current: Path | None = None

    def write(self, items: list[Item]) -> None:
        """Append *items*, synced; a write that fails half-way leaves no half line."""
        data = b"".join(json.dumps({kind: value}, ensure_ascii=False).encode() + b"\n" for kind, value in items)
        self._prepare()
        if self._current is not None:
            with _locked(self._current, create=False) as handle:
                if handle is not None and os.fstat(handle).st_size < MAX_FILE:
                    _append(handle, data)
                    return
        self._current = self.directory / f"{time.time_ns() // 1_000_000:013d}-{os.getpid()}-{os.urandom(3).hex()}.jsonl"
        with _locked(self._current, create=True) as handle:
            if handle is None:
                raise OSError(f"the spool file {self._current.name} is taken")
            _append(handle, data)
        self._sync_directory()

    def files(self) -> list[Path]:
        """What waits, oldest first."""
        try:
            return sorted(path for path in self.directory.iterdir() if path.suffix == ".jsonl")
        except OSError:
            return []

    def summary(self) -> dict[str, JSON]:
        """What waits: files, alerts, bytes, and how old the oldest is in seconds; ``error`` where it cannot be read."""
        files = alerts = size = 0
        oldest: float | None = None
        for path in self.files():
            try:
                data = path.read_bytes()
                age = time.time() - path.stat().st_mtime
            except OSError as error:
                return {
                    "files": files,
                    "alerts": alerts,
                    "bytes": size,
                    "oldest_s": oldest,
                    "error": str(error.strerror),
                }
            files += 1
            size += len(data)
            alerts += data.count(b'{"alert": ')
            oldest = max(age, oldest or 0.0)
        return {"files": files, "alerts": alerts, "bytes": size, "oldest_s": oldest and round(oldest, 1)}

    def replay(self, send: Callable[[list[Item]], bool], batch: int) -> Replayed:
        """Give everything to *send*, *batch* items at a time, until it answers ``False``; what it took is removed."""
        items = torn = 0
        for path in self.files():
            with _locked(path, create=False) as handle:
                if handle is None:
                    continue
                found, bad = _read(handle)
                sent = 0
                while sent < len(found) and send(found[sent : sent + batch]):
                    sent += len(found[sent : sent + batch])
                items += sent
                if sent < len(found):
                    self._keep(path, found[sent:])
                    return Replayed(items, torn, complete=False)
                torn += bad
                path.unlink(missing_ok=True)
        return Replayed(items, torn)

    def _keep(self, path: Path, rest: list[Item]) -> None:
        """Replace *path* by what is left of it, under the same name, so that its place in the order stays."""
        scratch = path.with_suffix(".tmp")
        with _locked(scratch, create=True) as handle:
            if handle is None:
                return
            os.ftruncate(handle, 0)
            _append(handle, b"".join(json.dumps({kind: value}).encode() + b"\n" for kind, value in rest))
        scratch.replace(path)
        self._sync_directory()

    def _prepare(self) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = self.directory.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise PermissionError("the spool directory belongs to someone else")
        if found.st_mode & 0o077:
            self.directory.chmod(0o700)

    def _sync_directory(self) -> None:
        handle = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _locked(path: Path, *, create: bool) -> Iterator[int | None]:
    """The open file under its lock; ``None`` when another process holds it, or it is gone."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | (os.O_CREAT if create else 0)
    try:
        handle = os.open(path, flags, 0o600)
    except FileNotFoundError:
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


def _append(handle: int, data: bytes) -> None:
    before = os.fstat(handle).st_size
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
    except OSError:
        os.ftruncate(handle, before)
        raise


def _read(handle: int) -> tuple[list[Item], int]:
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
