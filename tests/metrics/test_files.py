"""The dashboard and the rules that come with the package name only what is exported."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest

from webhook_alerts.metrics.catalogue import METRICS, PREFIX, Metric
from webhook_alerts.metrics.collector import AlertsCollector

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "docs" / "prometheus-rules.yml"
DASHBOARD = json.loads((ROOT / "docs" / "grafana-dashboard.json").read_text())
GUIDE = (ROOT / "docs" / "observability.md").read_text()
SERIES = {name: metric for metric in METRICS for name in metric.series}
OF_PROMETHEUS = {"instance", "le"}
_SELECTOR = re.compile(rf"({PREFIX}\w+)(?:\{{([^}}]*)\}})?")
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
_GROUPED = re.compile(r"\b(?:by|on|without|ignoring)\s*\(([^)]*)\)")


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def expressions() -> Iterator[tuple[str, str]]:
    """Where an expression stands, and the expression."""
    for rule in rules():
        yield f"rule {rule['alert']}", rule["expr"]
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            yield f"panel {panel['title']} {target['refId']}", target["expr"]
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield f"variable {variable['name']}", variable["definition"]


EXPRESSIONS = dict(expressions())


def wrong(expression: str) -> list[str]:
    """What in *expression* is not exported: names, labels, and values of labels that have few."""
    found = []
    used: list[Metric] = []
    for name, matchers in _SELECTOR.findall(expression):
        metric = SERIES.get(name)
        if metric is None:
            found.append(name)
            continue
        used.append(metric)
        for label, operator, value in _MATCHER.findall(matchers):
            if label not in {*metric.labels, *OF_PROMETHEUS}:
                found.append(f"{name}{{{label}}}")
            elif operator in {"=", "!="} and label in metric.values and value not in metric.values[label]:
                found.append(f'{name}{{{label}="{value}"}}')
    known = OF_PROMETHEUS.union(*(metric.labels for metric in used))
    for labels in _GROUPED.findall(expression):
        found += [label for label in re.findall(r"\w+", labels) if label not in known]
    return found


def test_what_is_wrong_is_found():
    assert wrong("rate(webhook_alerts_recieved_total[5m])") == ["webhook_alerts_recieved_total"]
    assert wrong("webhook_alerts_received[5m]") == ["webhook_alerts_received"]
    assert wrong('webhook_alerts_pending{queue="x"}') == ["webhook_alerts_pending{queue}"]
    assert wrong('webhook_alerts_up{part="readis"}') == ['webhook_alerts_up{part="readis"}']
    assert wrong("sum by (level) (webhook_alerts_pending)") == ["level"]
    assert wrong('max by (instance, part) (webhook_alerts_up{part="redis"})') == []


@pytest.mark.parametrize("where", EXPRESSIONS)
def test_an_expression_names_only_what_is_exported(where):
    assert PREFIX in EXPRESSIONS[where]
    assert wrong(EXPRESSIONS[where]) == []


def test_every_metric_is_of_use_in_the_dashboard_or_a_rule():
    used = {SERIES[name] for text in EXPRESSIONS.values() for name, _ in _SELECTOR.findall(text)}
    assert {metric.name for metric in set(METRICS) - used} == {"malformed"}


def test_every_metric_is_explained():
    for metric in METRICS:
        assert metric.series[0].removesuffix("_bucket") in GUIDE
    for rule in rules():
        assert rule["alert"] in GUIDE


def test_a_rule_says_what_happened_and_how_grave_it_is():
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    for rule in rules():
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert set(rule["annotations"]) == {"summary", "description"}
        for label in re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]):
            assert label in rule["expr"] or label == "instance"


def test_the_dashboard_has_the_structure_that_grafana_imports():
    assert {"title", "uid", "schemaVersion", "panels", "templating", "time"} <= set(DASHBOARD)
    assert DASHBOARD["schemaVersion"] >= 36
    numbers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(numbers)) == len(numbers)
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, f"{panel['title']} lies on another panel"
        taken |= cells
        if panel["type"] != "row":
            assert panel["description"] or panel["title"] == "What answers"
            assert panel["datasource"]["uid"] == "${datasource}"
            refs = [target["refId"] for target in panel["targets"]]
            assert refs
            assert len(set(refs)) == len(refs)


def test_the_dashboard_uses_the_variables_that_it_has_and_no_address():
    text = json.dumps(DASHBOARD)
    names = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    assert set(re.findall(r"\$\{?(?!__)([a-z]\w*)", text)) == names
    assert "http" not in text


@pytest.fixture
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None and os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail("promtool is not installed (Debian: prometheus)")
    return found or pytest.skip("promtool is not installed (Debian: prometheus)")


@pytest.mark.parametrize(
    "arguments", [("check", "rules", "docs/prometheus-rules.yml"), ("test", "rules", "tests/metrics/rules.yml")]
)
def test_prometheus_takes_the_rules_and_they_fire_when_they_should(promtool, arguments):
    done = subprocess.run([promtool, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_takes_every_expression_of_the_dashboard(promtool, tmp_path):
    panels = [text for where, text in EXPRESSIONS.items() if where.startswith("panel")]
    filled = [text.replace("$__rate_interval", "5m").replace("$webhook", ".*") for text in panels]
    records = [{"record": f"tried:{number}", "expr": text} for number, text in enumerate(filled)]
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": records}]}))
    done = subprocess.run([promtool, "check", "rules", path], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(records) >= 20


def test_every_rule_is_tried():
    tried = (ROOT / "tests" / "metrics" / "rules.yml").read_text()
    for rule in rules():
        assert tried.count(rule["alert"]) >= 2, f"{rule['alert']} is not seen both silent and firing"


def test_prometheus_takes_what_is_exported(promtool, owe):
    owe("a")
    registry = CollectorRegistry()
    registry.register(AlertsCollector())
    told = generate_latest(registry)
    done = subprocess.run([promtool, "check", "metrics"], input=told, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")
