"""How long a log call keeps its caller while the broker is up, down, or accepts connections and never answers.

``python -m benchmarks.caller_latency`` prints, for 500 calls each in a fresh process, the median, the 99th percentile
and the worst call in microseconds, all calls together and the process's exit in seconds, and by how much memory a
storm of 100,000 equal errors grows the process, in megabytes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time

from tests.servers import Redis

CALLS = 500
CHILD = """
import json, logging, os, resource, sys, time
import django
from django.conf import settings
settings.WEBHOOK_ALERTS |= {"SPOOL_DIR": os.environ["SPOOL"]}
import tests.celery_app
django.setup()
from webhook_alerts.handlers import WebhookAlertHandler
log = logging.getLogger("bench")
log.propagate = False
log.addHandler(WebhookAlertHandler())
took = []
storm = sys.argv[2] == "storm"
began = time.perf_counter()
for number in range(int(sys.argv[1])):
    message, args = ("payment %s failed", (number,)) if storm else (f"payment {number} failed", ())
    start = time.perf_counter()
    log.error(message, *args)
    took.append(time.perf_counter() - start)
all_s = time.perf_counter() - began
took.sort()
print(json.dumps({
    "p50": took[len(took) // 2] * 1e6,
    "p99": took[len(took) * 99 // 100] * 1e6,
    "worst": took[-1] * 1e6,
    "all_s": all_s,
    "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    "ended": time.time(),
}), flush=True)
"""


def measure(broker: str, calls: int = CALLS, kind: str = "distinct") -> dict[str, float]:
    """Run one process and read what it says."""
    with tempfile.TemporaryDirectory() as spool:
        env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "TEST_BROKER_URL": broker,
            "REDIS_URL": broker,
            "SPOOL": spool,
        }
        done = subprocess.run(
            [sys.executable, "-c", CHILD, str(calls), kind], env=env, capture_output=True, text=True, check=True
        )
    found: dict[str, float] = json.loads(done.stdout)
    found["exit_s"] = time.time() - found.pop("ended")
    return found


def main() -> None:
    """Print a row for each state of the broker, and one for a storm."""
    server = Redis()
    print(f"{'broker':<14}{'p50 µs':>9}{'p99 µs':>9}{'worst µs':>10}{'500 calls s':>13}{'exit s':>8}")
    for state in ("up", "black-holed", "down"):
        if state == "black-holed":
            server.freeze()
        if state == "down":
            server.thaw()
            server.kill()
        row = measure(server.url)
        print(
            f"{state:<14}{row['p50']:>9.1f}{row['p99']:>9.1f}{row['worst']:>10.0f}{row['all_s']:>13.4f}{row['exit_s']:>8.2f}"
        )
    server.start()
    few, many = measure(server.url, 10, "storm"), measure(server.url, 100_000, "storm")
    print(
        f"a storm of 100,000: {many['p50']:.1f} µs a call, {many['rss_mb'] - few['rss_mb']:.1f} MB more than ten calls"
    )
    server.kill()


if __name__ == "__main__":
    main()
