"""Values that stand in the lines below their name, known by their indentation: YAML's blocks, JSON over lines."""

from __future__ import annotations

import re

LINE = r"(?:\r?\n|(?:\\{1,4}r)?\\{1,4}n)"
"""A line's end, as it is or as ``repr`` writes it."""

_HEADER = re.compile(
    # A tag, an anchor, the sign of a block, a comment: https://yaml.org/spec/1.2.2/#81-block-scalar-styles
    r"[ \t]{0,8}(?:[!&][^\s\\]{0,60}[ \t]{1,4}){0,2}(?P<block>[|>][-+0-9]{0,3})?[ \t]{0,8}(?:#[^\n\\]{0,200})?"
    rf"(?P<line>{LINE})"
)
_FIRST = frozenset("|>!&#\r\n\\")
_BEFORE = " \t-{[\"'\\"
_INDENT = re.compile(r"[ \t]*(?:-[ \t]+)*")
_REACH = 200
"""Characters of indentation that are looked at."""
_NO_SENTENCE = re.compile(r"(?:-[ \t]+)?(?:\S+|[\"'\[{].*|[\w\"'.-]+[ \t]?[:=][ \t].*)")


def below(text: str, at: int, name_at: int, *, alone: bool = True) -> tuple[int, int] | None:
    """From where to where the value of the name at *name_at* goes, if at *at* its line ends and deeper ones follow.

    Without a sign of YAML the name must stand *alone* in its line, and no sentence may follow, as below a heading.
    """
    header = _HEADER.match(text, at) if text[at : at + 1] in _FIRST else None
    if header is None:
        return None
    depth = _depth(text, name_at)
    if not header["block"] and (depth is None or not alone):
        return None
    start, end = _deeper(text, header.end(), header["line"], depth or 0)
    value = text[start:end]
    if not any(map(str.isalnum, value)):
        return None
    if not header["block"] and not _NO_SENTENCE.fullmatch(value.split(header["line"], 1)[0].rstrip()):
        return None
    return start, end


def end_of_lines(text: str, at: int, name_at: int) -> int:
    """The end of the lines from *at* on that are deeper than the name at *name_at*; *at* itself where none is."""
    return max(at, _deeper(text, at + 1, "\n", _depth(text, name_at) or 0)[1])


def _depth(text: str, name_at: int) -> int | None:
    """How far the line is indented whose first name is at *name_at*; ``None`` where it is not the first."""
    before = text[max(name_at - _REACH, 0) : name_at]
    other = before.rstrip(_BEFORE)
    lead = before[len(other) :]
    if not other or other.endswith(("\n", "\\n")):
        indent = _INDENT.match(lead)
        return indent.end() if indent else 0
    # The first of a text that is quoted, or that is said of something: ``ValueError: password:``
    return 0 if "'" in lead or '"' in lead or other.endswith(":") else None


def _deeper(text: str, at: int, line_end: str, depth: int) -> tuple[int, int]:
    """From the first sign to the last of the lines from *at* on that are deeper than *depth*, or are items."""
    start = end = at
    while at < len(text):
        stop = text.find(line_end, at)
        stop = len(text) if stop < 0 else stop
        content = text[at:stop].lstrip(" \t")
        if content.strip():
            indent = stop - at - len(content)
            if indent < depth or (indent == depth and not content.startswith("- ")):
                break
            start = stop - len(content) if start == end else start
            end = stop
        at = stop + len(line_end)
    return start, end
