"""The spool's directory: whole files of lines, each change of them synced, readable by their owner only."""

from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path

from webhook_alerts.alert import JSON
from webhook_alerts.outbox.batch import Item
from webhook_alerts.outbox.lines import append, locked, written

MAX_FILE = 8_000_000
"""Bytes after which a process begins its next file."""
_LOSSES = "losses.json"


class Folder:
    """Files by their names, which begin with the time so that the oldest is first. Raises ``OSError``."""

    def __init__(self, directory: str) -> None:
        self.path = Path(directory)

    def prepare(self) -> None:
        """Make the directory, for its owner only. Raises ``PermissionError`` where it is somebody else's."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = self.path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise PermissionError("the spool directory belongs to someone else")
        if found.st_mode & 0o077:
            self.path.chmod(0o700)

    def files(self) -> list[Path]:
        """What waits, oldest first; nothing where nobody may look."""
        try:
            return sorted(path for path in self.path.iterdir() if path.suffix == ".jsonl")
        except OSError:
            return []

    def size(self) -> int:
        """Bytes of all that waits."""
        total = 0
        for path in self.files():
            try:
                total += path.stat().st_size
            except FileNotFoundError:
                continue
        return total

    def add(self, data: bytes, mark: str = "") -> Path:
        """A new file that holds *data*, with *mark* at the end of its name."""
        path = self.path / f"{time.time_ns() // 1_000_000:013d}-{os.getpid()}-{os.urandom(3).hex()}{mark}.jsonl"
        with locked(path, create=True) as handle:
            if handle is None:
                raise OSError(f"the spool file {path.name} is taken")
            append(handle, data)
        self._sync_directory()
        return path

    def append_to(self, path: Path, data: bytes) -> bool:
        """Add *data* to a file; ``False`` if it is full, in use, or gone."""
        with locked(path, create=False) as handle:
            if handle is None or os.fstat(handle).st_size >= MAX_FILE:
                return False
            append(handle, data)
            return True

    def keep(self, path: Path, rest: list[Item]) -> None:
        """Replace *path* by what is left of it, under the same name, so that its place in the order stays."""
        scratch = path.with_suffix(".tmp")
        with locked(scratch, create=True) as handle:
            if handle is None:
                return
            os.ftruncate(handle, 0)
            append(handle, written(rest))
        scratch.replace(path)
        self._sync_directory()

    def losses(self) -> dict[str, JSON]:
        """What was lost ever: alerts and repeats ``evicted``, lines ``torn``."""
        try:
            told = json.loads((self.path / _LOSSES).read_bytes() or b"{}")
            return {key: int(told.get(key, 0)) for key in ("evicted", "torn")}
        except (OSError, ValueError, AttributeError, TypeError):
            return {"evicted": 0, "torn": 0}

    def lose(self, **counts: int) -> None:
        """Add to what was lost ever, for whoever asks how things stand."""
        with locked(self.path / _LOSSES, create=True) as handle:
            if handle is not None:
                told = self.losses()
                os.ftruncate(handle, 0)
                append(handle, json.dumps({key: told[key] + counts.get(key, 0) for key in told}).encode())

    def _sync_directory(self) -> None:
        handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
