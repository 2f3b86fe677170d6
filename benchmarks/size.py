"""What a hundred times longer history costs: every page of the admin, and what workers and beat do, at two sizes.

``python -m benchmarks.size`` builds 20,000 alerts with 40,000 deliveries, and 2,000,000 with 4,000,000, in a PostgreSQL
of its own, and prints queries and milliseconds at both, the best of ``--rounds``, and their ratio. The two take turns.
``--only WORD ...`` measures what has one of the words in its name.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import django

from tests.servers import Postgres

AIM = 3.0
"""The highest ratio that counts as reached, for what takes longer than ``FEW_MS``."""
FEW_MS = 5.0
Work = Callable[[], object]


class Size:
    """One history in a database of its own, and what is done with it."""

    def __init__(self, alerts: int, server: Postgres, stack: ExitStack) -> None:
        from tests import everyday, history

        self.alerts = alerts
        began = time.monotonic()
        where = {"host": "127.0.0.1", "port": server.port, "user": "postgres"}
        self.settings = stack.enter_context(history.database(f"size_{alerts}", **where))
        with self.chosen():
            history.build(alerts)
            self.work = {**dict(self._pages()), **{name: rolled_back(work) for name, work in everyday.WORK.items()}}
        print(f"{alerts:,} alerts with all that belongs to them: {time.monotonic() - began:.0f} s", flush=True)

    @contextmanager
    def chosen(self) -> Iterator[None]:
        """This process's database is this one."""
        from tests import history
        from webhook_alerts.silencing import current

        with history.default(self.settings):
            current.forget()
            yield

    def _pages(self) -> Iterator[tuple[str, Work]]:
        from django.contrib.auth.models import User
        from django.test import Client

        from tests import everyday

        browser = Client()
        browser.force_login(User.objects.create_superuser("operator"))

        def look(address: str) -> None:
            answer = browser.get(address)
            assert answer.status_code == 200, (address, answer.status_code)

        for name, address in everyday.pages():
            yield name, lambda address=address: look(address)  # type: ignore[misc]


def rolled_back(work: Work) -> Work:
    """*work* that leaves nothing behind."""
    from django.db import transaction

    def run() -> None:
        with transaction.atomic():
            work()
            transaction.set_rollback(True)

    return run


def measure(work: Work, rounds: int) -> tuple[int, float]:
    """How many queries it makes, and its milliseconds, the fewest of all rounds: others use the machine, too."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    work()
    with CaptureQueriesContext(connection) as captured:
        work()
    queries = len(captured)  # now, for requests reset what is captured
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return queries, min(took) * 1000


def compare(sizes: Sequence[Size], rounds: int, only: Sequence[str]) -> Iterator[tuple[str, list[tuple[int, float]]]]:
    """What was measured of each thing, at every size."""
    for name in sizes[0].work:
        if any(word in name for word in only):
            found = []
            for size in sizes:
                with size.chosen():
                    found.append(measure(size.work[name], rounds))
            yield name, found


def main() -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=20_000)
    parser.add_argument("--large", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=[""])
    given = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    try:
        server = Postgres()
    except FileNotFoundError:
        raise SystemExit("PostgreSQL's own commands (initdb, pg_ctl) are not installed") from None
    django.setup()
    try:
        run(server, given)
    finally:
        server.stop()


def run(server: Postgres, given: argparse.Namespace) -> None:
    """Everything, on that PostgreSQL."""
    from django.test.utils import override_settings

    from tests import everyday

    nowhere = "http://127.0.0.1:9/api/webhooks/123456789012345678/" + "t" * 68
    configured = {**everyday.options(nowhere), "REDIS_URL": os.environ["REDIS_URL"], "SPOOL_DIR": os.environ["SPOOL"]}
    with override_settings(WEBHOOK_ALERTS=configured), ExitStack() as stack:
        sizes = Size(given.small, server, stack), Size(given.large, server, stack)
        print(f"{'':48}{'queries':>16}{'ms':>20}{'ratio':>8}")
        over = []
        for name, ((few, small_ms), (many, large_ms)) in compare(sizes, given.rounds, given.only):
            ratio = large_ms / small_ms
            print(f"{name:48}{few:8}{many:8}{small_ms:10.1f}{large_ms:10.1f}{ratio:8.1f}", flush=True)
            if (ratio > AIM and large_ms > FEW_MS) or many > few:
                over.append(name)
    print(f"over {AIM:g} times, or more queries: {', '.join(over) or 'nothing'}")


if __name__ == "__main__":
    main()
