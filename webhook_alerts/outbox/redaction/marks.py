"""What stands where a secret was."""

from __future__ import annotations

import re
from collections.abc import Iterable

KIND = r"[a-z][a-z0-9 _-]{0,31}"
"""What a kind may be called."""
MARK = rf"\[redacted:{KIND}\]"
"""A mark, as a regular expression. Rules leave marks alone, so that a second pass changes nothing."""

SECRET = "[redacted:secret]"  # noqa: S105 - the opposite of one
FAILED = "[redacted:failed]"


def mark(kind: str) -> str:
    """``[redacted:kind]``."""
    return f"[redacted:{kind}]"


def between_marks(pattern: re.Pattern[str], kind: str, text: str) -> str:
    """*text* with every match of *pattern* replaced, but for what already is a mark."""
    parts = _MARK.split(text)
    parts[::2] = [pattern.sub(lambda _: mark(kind), part) for part in parts[::2]]
    return "".join(parts)


def replaced(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    """*text* with something else from each start to its end, in order; what lies within a span before is passed by."""
    parts: list[str] = []
    done = 0
    for start, end, shown in spans:
        if start >= done:
            parts += text[done:start], shown
            done = end
    return "".join(parts) + text[done:] if parts else text


_MARK = re.compile(f"({MARK})")
