"""Alerts on disk while the broker is away: JSON lines, one directory per project, readable by its owner only.

A file is written and replayed under an exclusive ``flock``, which the kernel lifts when its holder dies: so any
process may take up any file, and none takes one that is in use. Lines are whole and synced before ``write`` returns.
A file whose name ends in ``.held-BATCH-EPOCH.jsonl`` holds what the broker has taken and no worker had stored by then.
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from webhook_alerts.alert import JSON
from webhook_alerts.outbox.batch import Batch, Item, notes_of
from webhook_alerts.outbox.eviction import make_room
from webhook_alerts.outbox.folder import Folder
from webhook_alerts.outbox.lines import append, locked, peek, read, written

HELD_S = 600.0
"""After this long, in seconds, what the broker had taken is published again even though it seems to remember."""
ROOM_FOR_NOTES = 1_000_000
"""Bytes that the disk must still take before anything on it is sent by the emergency path."""
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
        self._folder = Folder(directory)
        self.directory = self._folder.path
        self.limit = limit
        self._current: Path | None = None

    def write(self, items: list[Item]) -> int:
        """Append *items*, synced; a write that fails half-way leaves no half line.

        When the spool is full, the oldest of the lowest level go; how many that were.
        """
        data = written(items)
        self._folder.prepare()
        if self._current is None or not self._folder.append_to(self._current, data):
            self._current = self._folder.add(data)
        return make_room(self._folder, self.limit)

    def write_held(self, batch: Batch) -> int:
        """Keep what the broker has taken, as a file of its own that is named after the batch and its epoch.

        When the spool is full, the oldest of the lowest level go; how many that were.
        """
        self._folder.prepare()
        self._folder.add(written(batch.items), f".held-{batch.identity}-{batch.epoch or 'unknown'}")
        return make_room(self._folder, self.limit)

    def held(self) -> dict[str, Path]:
        """The files that hold what the broker has taken, by the identity of the batch."""
        return {found[1]: path for path in self.files() if (found := _HELD.search(path.name))}

    def files(self, epoch: str | None = None, patience_s: float = HELD_S) -> list[Path]:
        """What waits, oldest first; with *epoch*, without what a broker of that epoch has had for less than so long."""
        found = self._folder.files()
        return found if epoch is None else [path for path in found if not _is_remembered(path, epoch, patience_s)]

    def summary(self) -> dict[str, JSON]:
        """What waits: files, alerts, bytes, and how old the oldest is in seconds; what was lost.

        ``unreadable`` counts files that belong to somebody else; ``error`` says that the directory does.
        """
        told: dict[str, JSON] = {"files": 0, "alerts": 0, "bytes": 0, "oldest_s": None, "unreadable": 0}
        try:
            list(self.directory.iterdir())
        except FileNotFoundError:
            return told | self._folder.losses()
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
        return told | self._folder.losses()

    def replay(
        self, send: Callable[[list[Item]], bool], batch: int, epoch: str | None = None, patience_s: float = HELD_S
    ) -> Replayed:
        """Give everything to *send*, *batch* items at a time, until it answers ``False``; what it took is removed.

        With *epoch*, what a broker of that epoch has had for less than *patience_s* stays. Files that may not be read
        stay, too.
        """
        with self._turn() as ours:
            return self._replay(send, batch, self.files(epoch, patience_s)) if ours else Replayed()

    def amend(self, change: Callable[[list[Item]], list[Item]], refused: list[Item] | None = None) -> int:
        """Show what waits, here and in *refused*, to *change* and keep the notes that it returns; how many those were.

        Each note is kept beside what it speaks of; *refused* is what this disk did not take. Nobody replays meanwhile,
        and whoever asks for ``notes`` waits. Where there is no room for a note nothing is shown of what waits here:
        it would be sent again and again.
        """
        refused = [] if refused is None else refused
        with self._noting() as ours:
            here = [item for path in self.files() for item in peek(path)] if ours else []
            more = change([*refused, *here])
            beside = notes_of(refused, more)
            try:
                if noted := notes_of(here, more):
                    self._folder.add(written(noted), _SENT)
            except OSError:
                beside = more  # so that at least this process does not send it again
            refused.extend(beside)
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
            return [item for path in self.files() if path.name.endswith(f"{_SENT}.jsonl") for item in peek(path)]
        finally:
            os.close(handle)

    def _replay(self, send: Callable[[list[Item]], bool], batch: int, paths: list[Path]) -> Replayed:
        items = torn = 0
        # A note may stand in another file than the alert that it speaks of, or than a second copy of it.
        notes = [item for path in self.files() for item in peek(path) if item[0] == "sent"]
        for path in paths:
            with locked(path, create=False) as handle:
                if handle is None:
                    continue
                found, bad = read(handle)
                owed = [item for item in found if item[0] != "sent"]
                done = 0
                while part := owed[done : done + batch]:
                    if not send([*part, *notes_of(part, notes)]):
                        break
                    done += len(part)
                items += done
                if done < len(owed):
                    self._folder.keep(path, owed[done:] + [item for item in found if item[0] == "sent"])
                    return Replayed(items, torn, complete=False)
                torn += bad
                if not path.name.endswith(f"{_SENT}.jsonl"):
                    if len(owed) < len(found):  # a copy of what its notes speak of may lie elsewhere
                        self._folder.add(written(item for item in found if item[0] == "sent"), _SENT)
                    path.unlink(missing_ok=True)
        self._forget_notes()
        if torn:
            self._folder.lose(torn=torn)
        return Replayed(items, torn)

    def _forget_notes(self) -> None:
        """Remove the notes that speak of nothing which waits any more, not even as what a broker remembers."""
        paths = self.files()
        noted = [path for path in paths if path.name.endswith(f"{_SENT}.jsonl")]
        if not noted:
            return
        waiting = {
            value.get("id") for path in paths if path not in noted for kind, value in peek(path) if kind == "alert"
        }
        for path in noted:
            if waiting.isdisjoint(key for _, value in peek(path) for key in value.get("alerts", ())):
                path.unlink(missing_ok=True)

    @contextmanager
    def _turn(self) -> Iterator[bool]:
        """One at a time replays the spool or sends of it; is it our turn? Where nobody may write, it never is."""
        with ExitStack() as stack:
            try:
                self._folder.prepare()
                handle = stack.enter_context(locked(self.directory / _TURN, create=True))
            except OSError:
                handle = None
            yield handle is not None

    @contextmanager
    def _noting(self) -> Iterator[bool]:
        """The turn, with whoever asks for ``notes`` waiting; is it ours, and is there room for a note?"""
        with ExitStack() as stack:
            ours = bool(self.files()) and stack.enter_context(self._turn())
            try:
                sending = stack.enter_context(locked(self.directory / _SENDING, create=True)) if ours else None
                if sending is not None:
                    append(sending, b" " * ROOM_FOR_NOTES)
                    os.ftruncate(sending, 0)
            except OSError:
                sending = None
            yield sending is not None


def _is_remembered(path: Path, epoch: str, patience_s: float) -> bool:
    found = _HELD.search(path.name)
    if found is None or found[2] != epoch:
        return False
    try:
        return time.time() - path.stat().st_mtime < patience_s
    except FileNotFoundError:
        return True
