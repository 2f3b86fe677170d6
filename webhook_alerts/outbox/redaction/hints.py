"""A quick look at whether a text may hold a secret at all; most hold none."""

from __future__ import annotations

from collections.abc import Iterable


def one_of(hints: Iterable[str]) -> str:
    """A regular expression for any of *hints*, which at each place tries those alone that begin with what stands there.

    A hint is a regular expression that begins with a plain character.
    """
    by_first: dict[str, set[str]] = {}
    for hint in hints:
        by_first.setdefault(hint[0], set()).add(hint[1:])
    return "|".join(f"{first}(?:{'|'.join(sorted(rest))})" for first, rest in by_first.items())
