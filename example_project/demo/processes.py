"""The demo's processes: each in a group of its own, none outliving the demo."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parent.parent
PATIENCE_S = 10


class Running:
    """What was started, to be stopped in reverse order; also when starting the rest fails."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.logs.mkdir(parents=True, exist_ok=True)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *program: str, given: bytes = b"") -> None:
        """Start *program*, hand it *given* on its standard input, and write what it says to a log."""
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "demo.follow", str(os.getpid()), *program],
                cwd=EXAMPLE,
                stdin=subprocess.PIPE if given else subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._processes[name] = process
        if process.stdin:
            process.stdin.write(given)
            process.stdin.close()

    def ended(self) -> str | None:
        """The name of a process that is not running any more."""
        return next((name for name, process in self._processes.items() if process.poll() is not None), None)

    def log(self, name: str) -> Path:
        """Where *name* writes."""
        return self.logs / f"{name}.log"

    def last_words(self, name: str, lines: int = 15) -> str:
        """The end of a log."""
        return "\n".join(self.log(name).read_text(errors="replace").splitlines()[-lines:])

    def stop(self) -> None:
        """Ask all to end, the last started first, then make them, with whatever they started."""
        for process in reversed(self._processes.values()):
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                pass
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._processes.clear()
