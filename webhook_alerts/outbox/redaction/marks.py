"""What stands where a secret was."""

from __future__ import annotations

import re

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


_MARK = re.compile(f"({MARK})")
