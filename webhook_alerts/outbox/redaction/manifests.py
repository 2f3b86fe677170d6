"""Secrets of Kubernetes: what stands under ``data`` in a manifest of that kind, whatever its names are."""

from __future__ import annotations

import re
from collections.abc import Iterator

from webhook_alerts.outbox.redaction import blocks
from webhook_alerts.outbox.redaction.extent import instead_of, value_at
from webhook_alerts.outbox.redaction.marks import replaced

_KIND = re.compile(r"(?:\b|(?<=\\n))kind\\{0,8}[\"']?\s{0,4}:\s{0,4}\\{0,8}[\"']?Secret\b")
_DATA = re.compile(r"(?:(?<![\w.-])|(?<=\\n))(?:data|stringData)\\{0,8}[\"']?[ \t]{0,4}:[ \t]{0,4}")
FIELDS = ("data", "stringData")


def take_manifests(text: str) -> str:
    """*text* without the data of the secrets in it."""
    if "Secret" not in text or not _KIND.search(text):
        return text
    return replaced(text, _data(text))


def _data(text: str) -> Iterator[tuple[int, int, str]]:
    done = 0
    for data in _DATA.finditer(text):
        if data.start() < done:
            continue  # within the one before: to look at each would take the square of the time
        span = blocks.below(text, data.end(), data.start()) or value_at(text, data.end(), "data", data.start())
        if span:
            done = span[1]
            yield *span, instead_of(text[slice(*span)])
