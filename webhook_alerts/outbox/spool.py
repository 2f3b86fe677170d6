"""Alerts on disk while the broker is away: JSON lines, one directory per project, readable by its owner only.

A file is written and replayed under an exclusive ``flock``, which the kernel lifts when its holder dies: so any
process may take up any file, and none takes one that is in use. Lines are whole and synced before ``write`` returns.
A file whose name ends in ``.held-BATCH-EPOCH.jsonl`` holds what the broker has taken and no worker had stored by then.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from webhook_alerts.alert import JSON
from webhook_alerts.outbox.batch import Batch, Item, alerts_in

MAX_FILE = 8_000_000
"""Bytes after which a process begins its next file."""
HELD_S = 600.0
"""After this long, in seconds, what the broker had taken is published again even though it seems to remember."""
ROOM = 0.8
"""To what part of its size the spool is brought back when it is full."""
_LOSSES = "losses.json"
_TURN = "turn.lock"
_SENDING = "sending.lock"
_SENT = ".sent"
_HELD = re.compile(r"\.held-([0-9a-f]+)-([0-9a-z]+)\.jsonl$")


@dataclass(frozen=True, slots=True)
class Replayed:
    """What one round of replay did. ``complete`` is false when the broker went away in the middle."""

    items: int = 0
    torn: int = 0
    complete: bool = True


class Spool:
    """The directory as one process sees it; at most about *limit* bytes. Raises ``OSError`` where the disk refuses."""

    def __init__(self, directory: str, limit: int = 100_000_000) -> None:
        self.directory = Path(directory)
        self.limit = limit
        self._current: Path | None = None

    def write(self, items: list[Item]) -> int:
        """Append *items*, synced; a write that fails half-way leaves no half line.

        When the spool is full, the oldest of the lowest level go; how many alerts that were.
        """
        data = _lines(items)
        self._prepare()
        if self._current is None or not self._append_to(self._current, data):
            self._current = self._new_file("")
            self._create(self._current, data)
        return self._make_room()

    def write_held(self, batch: Batch) -> None:
        """Keep what the broker has taken, as a file of its own that is named after the batch and its epoch."""
        self._prepare()
        self._create(self._new_file(f".held-{batch.identity}-{batch.epoch or 'unknown'}"), _lines(batch.items))

    def held(self) -> dict[str, Path]:
        """The files that hold what the broker has taken, by the identity of the batch."""
        return {found[1]: path for path in self.files() if (found := _HELD.search(path.name))}

    def files(self, epoch: str | None = None) -> list[Path]:
        """What waits, oldest first; with *epoch*, without what a broker of that epoch still remembers."""
        try:
            found = sorted(path for path in self.directory.iterdir() if path.suffix == ".jsonl")
        except OSError:
            return []
        return found if epoch is None else [path for path in found if not _is_remembered(path, epoch)]

    def summary(self) -> dict[str, JSON]:
        """What waits: files, alerts, bytes, and how old the oldest is in seconds; what was lost.

        ``unreadable`` counts files that belong to somebody else; ``error`` says that the directory does.
        """
        told: dict[str, JSON] = {"files": 0, "alerts": 0, "bytes": 0, "oldest_s": None, "unreadable": 0}
        try:
            list(self.directory.iterdir())
        except FileNotFoundError:
            return told | self._losses()
        except OSError as error:
            return {**told, "error": error.strerror or type(error).__name__}
        for path in self.files():
            try:
                data, age = path.read_bytes(), time.time() - path.stat().st_mtime
            except FileNotFoundError:
                continue  # taken up meanwhile
            except OSError:
                told["unreadable"] += 1
                continue
            told["files"] += 1
            told["bytes"] += len(data)
            told["alerts"] += data.count(b'{"alert": ')
            told["oldest_s"] = round(max(age, told["oldest_s"] or 0.0), 1)
        return told | self._losses()

    def replay(self, send: Callable[[list[Item]], bool], batch: int, epoch: str | None = None) -> Replayed:
        """Give everything to *send*, *batch* items at a time, until it answers ``False``; what it took is removed.

        With *epoch*, what a broker of that epoch remembers stays. Files that may not be read stay, too.
        """
        with self._turn() as ours:
            return self._replay(send, batch, epoch) if ours else Replayed()

    def amend(self, change: Callable[[list[Item]], list[Item]]) -> int:
        """Show everything that waits to *change* and keep the notes that it returns; how many those were.

        Nobody replays meanwhile, and whoever asks for ``notes`` waits.
        """
        if not self.files():
            return 0
        with self._turn() as ours, _locked(self.directory / _SENDING, create=True) as sending:
            if not ours or sending is None:
                return 0
            found = [item for path in self.files() for item in _peek(path)]
            more = change(found)
            if more:
                self._create(self._new_file(_SENT), _lines(more))
            return len(more)

    def notes(self) -> list[Item]:
        """What was sent of what waits, or waited a moment ago; returns once nobody is sending.

        For whoever stores the same alerts by another way.
        """
        try:
            handle = os.open(self.directory / _SENDING, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return []
        try:
            fcntl.flock(handle, fcntl.LOCK_SH)
            return [item for path in self.files() if path.name.endswith(f"{_SENT}.jsonl") for item in _peek(path)]
        finally:
            os.close(handle)

    def _replay(self, send: Callable[[list[Item]], bool], batch: int, epoch: str | None) -> Replayed:
        items = torn = 0
        paths = self.files(epoch)
        # A note may stand in another file than the alert that it speaks of, or than a second copy of it.
        notes = [item for path in self.files() for item in _peek(path) if item[0] == "sent"]
        for path in paths:
            with _locked(path, create=False) as handle:
                if handle is None:
                    continue
                found, bad = _read(handle)
                owed = [item for item in found if item[0] != "sent"]
                done = 0
                while done < len(owed) and send(_with_notes(owed[done : done + batch], notes)):
                    done += len(owed[done : done + batch])
                items += done
                if done < len(owed):
                    self._keep(path, owed[done:] + [item for item in found if item[0] == "sent"])
                    return Replayed(items, torn, complete=False)
                torn += bad
                if len(owed) == len(found):
                    path.unlink(missing_ok=True)
        self._forget_notes()
        if torn:
            self._lose(torn=torn)
        return Replayed(items, torn)

    def _forget_notes(self) -> None:
        """Remove the notes that speak of nothing which waits any more, not even as what a broker remembers."""
        paths = self.files()
        noted = [path for path in paths if path.name.endswith(f"{_SENT}.jsonl")]
        if not noted:
            return
        waiting = {
            value.get("id") for path in paths if path not in noted for kind, value in _peek(path) if kind == "alert"
        }
        for path in noted:
            if waiting.isdisjoint(key for _, value in _peek(path) for key in value.get("alerts", ())):
                path.unlink(missing_ok=True)

    @contextmanager
    def _turn(self) -> Iterator[bool]:
        """One at a time replays the spool or sends of it; says whether it is our turn."""
        try:
            self._prepare()
        except OSError:
            yield False
            return
        with _locked(self.directory / _TURN, create=True) as handle:
            yield handle is not None

    def _append_to(self, path: Path, data: bytes) -> bool:
        with _locked(path, create=False) as handle:
            if handle is None or os.fstat(handle).st_size >= MAX_FILE:
                return False
            _append(handle, data)
            return True

    def _create(self, path: Path, data: bytes) -> None:
        with _locked(path, create=True) as handle:
            if handle is None:
                raise OSError(f"the spool file {path.name} is taken")
            _append(handle, data)
        self._sync_directory()

    def _new_file(self, mark: str) -> Path:
        name = f"{time.time_ns() // 1_000_000:013d}-{os.getpid()}-{os.urandom(3).hex()}{mark}.jsonl"
        return self.directory / name

    def _keep(self, path: Path, rest: list[Item]) -> None:
        """Replace *path* by what is left of it, under the same name, so that its place in the order stays."""
        scratch = path.with_suffix(".tmp")
        with _locked(scratch, create=True) as handle:
            if handle is None:
                return
            os.ftruncate(handle, 0)
            _append(handle, _lines(rest))
        scratch.replace(path)
        self._sync_directory()

    def _make_room(self) -> int:
        """Drop the oldest of the lowest level until the spool is within its size again."""
        size = self._size()
        if size <= self.limit:
            return 0
        lost = 0
        for level in (10, 20, 30, 40, 50):
            for path in self.files():
                if size <= self.limit * ROOM:
                    break
                before = size
                dropped, size = self._drop(path, level, size)
                lost += dropped if size < before else 0
        self._lose(evicted=lost)
        return lost

    def _drop(self, path: Path, level: int, size: int) -> tuple[int, int]:
        """Take the alerts of *level* out of one file; how many, and what the spool's *size* is then."""
        with _locked(path, create=False) as handle:
            if handle is None:
                return 0, size
            found, _ = _read(handle)
            rest = [item for item in found if item[0] != "alert" or int(item[1].get("level", 0)) // 10 * 10 > level]
            if len(rest) == len(found):
                return 0, size
            before = os.fstat(handle).st_size
            if alerts_in(rest):
                self._keep(path, rest)
                return len(found) - len(rest), size - before + path.stat().st_size
            path.unlink(missing_ok=True)
            return alerts_in(found), size - before

    def _size(self) -> int:
        total = 0
        for path in self.files():
            try:
                total += path.stat().st_size
            except FileNotFoundError:
                continue
        return total

    def _losses(self) -> dict[str, JSON]:
        try:
            told = json.loads((self.directory / _LOSSES).read_bytes() or b"{}")
            return {key: int(told.get(key, 0)) for key in ("evicted", "torn")}
        except (OSError, ValueError, AttributeError, TypeError):
            return {"evicted": 0, "torn": 0}

    def _lose(self, **counts: int) -> None:
        """Add to what was lost ever, for whoever asks how things stand."""
        with _locked(self.directory / _LOSSES, create=True) as handle:
            if handle is not None:
                told = self._losses()
                os.ftruncate(handle, 0)
                _append(handle, json.dumps({key: told[key] + counts.get(key, 0) for key in told}).encode())

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


def _is_remembered(path: Path, epoch: str) -> bool:
    found = _HELD.search(path.name)
    if found is None or found[2] != epoch:
        return False
    try:
        return time.time() - path.stat().st_mtime < HELD_S
    except FileNotFoundError:
        return True


def _with_notes(part: list[Item], notes: list[Item]) -> list[Item]:
    """*part* with the notes of what of it was sent already: stored without them, it would be sent again."""
    if not notes:
        return part
    there = {value.get("id") for kind, value in part if kind == "alert"}
    return part + [note for note in notes if not there.isdisjoint(note[1].get("alerts", ()))]


@contextmanager
def _locked(path: Path, *, create: bool) -> Iterator[int | None]:
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


def _lines(items: list[Item]) -> bytes:
    return b"".join(json.dumps({kind: value}, ensure_ascii=False).encode() + b"\n" for kind, value in items)


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


def _peek(path: Path) -> list[Item]:
    """The items of a file as it is now, without its lock."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return []
    try:
        return _read(handle)[0]
    finally:
        os.close(handle)


def _read(handle: int) -> tuple[list[Item], int]:
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
