"""The caller: ``python -m benchmarks.project.produce ours|by_hand COUNT`` prints when it began (Unix seconds)."""

import logging
import os
import sys
import time

import django


def main() -> None:
    """Raise COUNT distinct errors one way or the other."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.project.settings")
    django.setup()
    way, count = sys.argv[1], int(sys.argv[2])
    text = "bench{:08d} payment failed for order {}: the card issuer did not answer in time"
    started = time.time()
    if way == "ours":
        logger = logging.getLogger("bench")
        for i in range(count):
            logger.error(text.format(i, i), extra={"order": i, "amount": 12.5, "currency": "EUR"})
        from webhook_alerts import notify

        if not notify.flush(60):
            raise SystemExit("the outbox was not published within 60 s")
    else:
        from benchmarks.project.tasks import send_alert

        for i in range(count):
            send_alert.delay("ERROR", text.format(i, i))
    print(started, flush=True)


if __name__ == "__main__":
    main()
