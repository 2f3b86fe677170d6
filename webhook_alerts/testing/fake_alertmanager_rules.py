"""What Alertmanager's own types take, in Go, checked without a line of the code that renders.

https://github.com/prometheus/alertmanager/blob/main/notify/webhook/webhook.go and template/template.go: a receiver that
decodes into them fails at another type, and at a name that Prometheus does not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
_FINGERPRINT = re.compile(r"[0-9a-f]{16}")
_MESSAGE: Mapping[str, type] = {
    "version": str,
    "groupKey": str,
    "truncatedAlerts": int,
    "status": str,
    "receiver": str,
    "groupLabels": dict,
    "commonLabels": dict,
    "commonAnnotations": dict,
    "externalURL": str,
    "alerts": list,
}
_ALERT: Mapping[str, type] = {
    "status": str,
    "labels": dict,
    "annotations": dict,
    "startsAt": str,
    "endsAt": str,
    "generatorURL": str,
    "fingerprint": str,
}


def fault(body: Any) -> str:
    """What is wrong with a *body* first; empty where nothing is."""
    return next(_faults(body), "")


def _faults(body: Any) -> Iterator[str]:
    if not isinstance(body, dict):
        yield "no object"
        return
    yield from _shape(body, _MESSAGE, "")
    if body["version"] != "4":
        yield "version"
    if not body["alerts"] or not body["groupKey"].startswith("{}:{"):
        yield "alerts or groupKey"
    for alert in body["alerts"]:
        yield from _alert(alert)
        for common in ("Labels", "Annotations"):
            if not body[f"common{common}"].items() <= alert[common.lower()].items():
                yield f"common{common} that are not common"
        if not body["groupLabels"].items() <= alert["labels"].items():
            yield "groupLabels that are none of its labels"
    firing = any(alert["status"] == "firing" for alert in body["alerts"])
    if body["status"] != ("firing" if firing else "resolved"):
        yield "status"


def _alert(alert: Any) -> Iterator[str]:
    if not isinstance(alert, dict):
        yield "alerts: no object"
        return
    yield from _shape(alert, _ALERT, "alerts: ")
    if alert["status"] not in {"firing", "resolved"}:
        yield "alerts: status"
    if not (_TIME.fullmatch(alert["startsAt"]) and _TIME.fullmatch(alert["endsAt"])):
        yield "alerts: a time"
    if alert["endsAt"].startswith("0001-") != (alert["status"] == "firing"):
        yield "alerts: endsAt"
    if not _FINGERPRINT.fullmatch(alert["fingerprint"]):
        yield "alerts: fingerprint"
    if not alert["labels"].get("alertname"):
        yield "alerts: labels without alertname"
    for name, value in (*alert["labels"].items(), *alert["annotations"].items()):
        if not _NAME.fullmatch(name) or not isinstance(value, str) or not value:
            yield f"alerts: {name}"


def _shape(given: Mapping[str, Any], wanted: Mapping[str, type], where: str) -> Iterator[str]:
    for name, kind in wanted.items():
        if type(given.get(name)) is not kind:
            yield f"{where}{name}"
    yield from (f"{where}{name}: unknown" for name in given if name not in wanted)
