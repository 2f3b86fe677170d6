"""What drawing an alert costs in each channel, and how long a thousand of them take through its limits.

``python -m benchmarks.rendering`` draws one alert again and again, all channels in turns with ``json.dumps`` of what
came out, and prints the least of ``--rounds`` rounds, its ratio to JSON, and that to Discord. Then it draws a thousand
waiting errors until none is left, and reckons from the channel's own windows when the last of these messages may go
out; it sends nothing and waits for nothing. ``--markdown`` prints both tables for docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from webhook_alerts.alert import Alert, Kind, Level, uuid7
from webhook_alerts.channels import registry
from webhook_alerts.channels.base import Channel, Style, Window

BASELINE = "discord"
MOST_US = 100.0
"""One alert on Discord may cost so many microseconds."""
MOST_RATIO = 3.0
"""And on no channel more than so many times that."""
ALERTS = 1_000
CALLS = 100
TRACE = (
    "Traceback (most recent call last):\n"
    + "".join(
        f'  File "/srv/shop/checkout/step_{n}.py", line {n * 7 + 3}, in step_{n}\n'
        f"    return step_{n + 1}(order, customer=customer)\n"
        for n in range(12)
    )
    + "shop.payments.CardError: no such card"
)
STYLE = Style(link=lambda alert: f"https://shop.example/alerts/incident/{alert.id.hex}.Zm9vYmFyYmF6/")


def an_alert(number: int = 4711, **values: Any) -> Alert:
    """An alert as a shop raises it: a sentence, a request, a few values of context."""
    alert = Alert(
        id=uuid7(),
        level=Level.ERROR,
        kind=Kind.LOG,
        message=f"Payment {number} failed for the tenant acme",
        first_seen=1.8e9,
        last_seen=1.8e9,
        logger="shop.checkout",
        function="pay",
        line=88,
        correlation_id="8c1f2c9a7e4b4c0c",
        request={"method": "POST", "path": f"/checkout/{number}/", "user_id": "42"},
        context={"order": number, "amount": 9.5, "tenant": "acme"},
        fingerprint=f"{number:064x}",
        service="shop",
        environment="production",
        release="2026.11.1",
        host="web-1",
    )
    return replace(alert, **values)


def an_error(number: int = 4711) -> Alert:
    """The same with an exception and its trace of 25 lines."""
    return an_alert(number, kind=Kind.ERROR, exception_type="shop.payments.CardError", stack_trace=TRACE)


CASES: Mapping[str, Callable[[], Alert]] = {"log": an_alert, "error with trace": an_error}


def channels() -> Iterable[tuple[str, Channel]]:
    """Every channel that is there, but for those whose extra is not installed, which are named."""
    for name in registry.names():
        try:
            yield name, registry.get(name)
        except (ImportError, LookupError) as error:
            print(f"{name} is left out: {error}", file=sys.stderr)


def microseconds(work: Callable[[], object]) -> float:
    """Of this thread's own time: what else runs on the machine is not to be measured."""
    gc.collect()
    started = time.thread_time()
    for _ in range(CALLS):
        work()
    return (time.thread_time() - started) / CALLS * 1e6


def costs(rounds: int) -> dict[str, dict[str, dict[str, float]]]:
    """By case and channel: microseconds to draw an alert, and the ratios to its JSON and to the baseline."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for case, make in CASES.items():
        works: dict[tuple[str, str], Callable[[], object]] = {}
        for name, channel in channels():
            works["draw", name] = partial(channel.render, [make()], STYLE)
            works["json", name] = partial(json.dumps, channel.render([make()], STYLE).json)
        turns = [{key: microseconds(work) for key, work in works.items()} for _ in range(rounds)]
        least = {key: min(turn[key] for turn in turns) for key in works}
        found[case] = {
            name: {
                "us": round(least["draw", name], 1),
                "json_us": round(least["json", name], 1),
                "to_json": round(least["draw", name] / least["json", name], 1),
                "to_baseline": round(least["draw", name] / least["draw", BASELINE], 2),
            }
            for name, _ in channels()
        }
    return found


def messages(channel: Channel, alerts: Sequence[Alert]) -> int:
    """How many messages it takes until all of *alerts*, which wait together, are told."""
    made = at = 0
    while at < len(alerts):
        at += channel.render(alerts[at : at + channel.max_alerts], STYLE).count
        made += 1
    return made


def takes_s(requests: int, windows: Iterable[Window]) -> float:
    """Seconds from the first of *requests* until the last may begin, when all keep to every one of *windows*."""
    begun: list[float] = []
    limits = tuple(windows)
    for number in range(requests):
        free = [begun[-1] if begun else 0.0]
        free += [begun[number - window.limit] + window.seconds for window in limits if number >= window.limit]
        begun.append(max(free))
    return begun[-1]


def passages(count: int = ALERTS) -> dict[str, dict[str, float]]:
    """By channel: messages for *count* waiting errors, the seconds that they take, and those of one for each."""
    waiting = [an_error(number) for number in range(count)]
    found = {}
    for name, channel in channels():
        needed = messages(channel, waiting)
        windows = (*channel.default_rate, *channel.provider_rate)
        found[name] = {
            "messages": needed,
            "seconds": round(takes_s(needed, windows), 1),
            "one_by_one_s": round(takes_s(count, windows), 1),
        }
    return found


def rate(channel: Channel) -> str:
    return ", ".join(f"{window.limit}/{window.seconds:g} s" for window in channel.default_rate) or "none"


def duration(seconds: float) -> str:
    if not seconds:
        return "at once"
    if seconds < 120:
        return f"{seconds:g} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, markdown: bool) -> None:
    if markdown:
        for line in (head, ["---"] * len(head), *rows):
            print(f"| {' | '.join(line)} |")
        return
    lines = [head, *rows]
    widths = [max(len(line[at]) for line in lines) for at in range(len(head))]
    for line in lines:
        print("  ".join(f"{cell:>{width}}" for cell, width in zip(line, widths, strict=True)))


def show(found: Mapping[str, Any], passed: Mapping[str, Any], *, markdown: bool) -> None:
    head = ["channel", *(text for case in CASES for text in (f"{case}, µs", "of json.dumps", "of Discord"))]
    rows = [
        [name, *(str(found[case][name][key]) for case in CASES for key in ("us", "to_json", "to_baseline"))]
        for name in found["log"]
    ]
    table(head, rows, markdown=markdown)
    print()
    known = dict(channels())
    table(
        ["channel", "its limit", "messages", "time", "time with one message for each"],
        [
            [name, rate(known[name]), f"{row['messages']:,}", duration(row["seconds"]), duration(row["one_by_one_s"])]
            for name, row in passed.items()
        ],
        markdown=markdown,
    )


def too_dear(found: Mapping[str, Any]) -> list[str]:
    """What is beyond the aims, in words."""
    wrong = []
    for case, rows in found.items():
        if rows[BASELINE]["us"] > MOST_US:
            wrong.append(f"{case}: {BASELINE} takes {rows[BASELINE]['us']} µs, of {MOST_US:g}")
        wrong += [
            f"{case}: {name} takes {row['to_baseline']} times what {BASELINE} does, of {MOST_RATIO:g}"
            for name, row in rows.items()
            if row["to_baseline"] > MOST_RATIO
        ]
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    found, passed = costs(options.rounds), passages()
    if options.json:
        print(json.dumps({"costs": found, "passages": passed}, indent=2))
    else:
        show(found, passed, markdown=options.markdown)
    wrong = too_dear(found)
    for each in wrong:
        print(each, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
