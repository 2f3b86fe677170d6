"""What Opsgenie refuses, checked without a line of the code that renders.

https://docs.opsgenie.com/docs/alert-api#create-alert and https://support.atlassian.com/opsgenie/docs/alert-fields;
lengths in code points.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_LONGEST = {
    "message": 130,
    "alias": 512,
    "description": 15_000,
    "entity": 512,
    "source": 100,
    "note": 25_000,
    "user": 100,
    "priority": 2,
}
_OF_CREATE = {*_LONGEST, "responders", "visibleTo", "actions", "tags", "details"}
_OF_A_CHANGE = {"user", "source", "note"}


def faults(body: Any, action: str) -> list[str]:
    """Everything that is wrong with the *body* of a request to create, acknowledge or close an alert."""
    if not isinstance(body, dict):
        return ["Request body is not processable"]
    return [*_body(body, action)]


def _body(body: Mapping[str, Any], action: str) -> Iterator[str]:
    known = _OF_CREATE if action == "create" else _OF_A_CHANGE
    yield from (f"{name} is not known" for name in body if name not in known)
    for name, longest in _LONGEST.items():
        value = body.get(name, "-")
        if not isinstance(value, str):
            yield f"{name} is no text"
        elif len(value) > longest:
            yield f"{name} is longer than {longest} characters"
    if action != "create":
        return
    if not str(body.get("message") or "").strip():
        yield "Message can not be empty."
    if not re.fullmatch("P[1-5]", str(body.get("priority", "P3"))):
        yield "priority is none of P1 to P5"
    tags = body.get("tags", [])
    if not isinstance(tags, list) or len(tags) > 20 or not all(map(_is_tag, tags)):
        yield "tags are no more than 20 texts of 50 characters"
    details = body.get("details", {})
    if not isinstance(details, dict) or not all(isinstance(each, str) for each in details.values()):
        yield "details are no texts"
    elif sum(len(name) + len(value) for name, value in details.items()) > 8_000:
        yield "details are longer than 8000 characters"


def _is_tag(given: Any) -> bool:
    return isinstance(given, str) and 1 <= len(given) <= 50
