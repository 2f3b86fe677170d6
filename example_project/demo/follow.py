"""Become another program that ends when its parent does: ``python -m demo.follow PARENT PROGRAM ARGUMENT…``.

Linux sends the signal even when the parent is killed; elsewhere the parent ends its children by itself.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html"""


def main() -> None:
    """Arrange for the signal, then become the program."""
    parent, *program = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != int(parent):
            sys.exit(1)  # it ended before the signal was arranged
    os.execvp(program[0], program)


if __name__ == "__main__":
    main()
