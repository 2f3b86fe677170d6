"""``manage.py alerts``: status, doctor, test, explain, replay, resume, prune and spool."""

from __future__ import annotations

import json
import re
from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, no_translations
from django.db import DatabaseError
from django.utils import timezone

from webhook_alerts import overrides
from webhook_alerts.conf import get_config
from webhook_alerts.delivery.resend import replay
from webhook_alerts.delivery.resume import resume
from webhook_alerts.intake.spooled import take_up
from webhook_alerts.models import Alert
from webhook_alerts.operations import doctor, health, prune, trial
from webhook_alerts.operations.explain import explain
from webhook_alerts.operations.status import status
from webhook_alerts.outbox.spool import Spool
from webhook_alerts.overrides import standing
from webhook_alerts.overrides.change import rotate_keys
from webhook_alerts.overrides.sealing import SealError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_COUNTS = ("received", "delivered", "suppressed", "pending", "failed")


def ago(text: str) -> timedelta:
    """``90s``, ``30m``, ``2h`` or ``7d`` as a length of time."""
    found = re.fullmatch(r"(\d{1,6})([smhd])", text.strip())
    if found is None:
        raise ArgumentTypeError(f"{text!r} is no length of time: write 90s, 30m, 2h or 7d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def identifier(text: str) -> UUID:
    """The id of an alert or a message."""
    try:
        return UUID(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no id: copy the one that the admin or the message shows") from None


class Command(BaseCommand):
    """Each verb is one method of its name; with ``--json`` its answer is data."""

    help = "See how alerts stand, find what is missing, send a trial, send failed ones again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

        def verb(name: str, text: str) -> ArgumentParser:
            made = verbs.add_parser(name, help=text, description=text)
            made.add_argument("--json", action="store_true", dest="as_json", help="print JSON")
            return made

        verb("status", "the sums of every webhook, its gate, the queues and the spool")
        healthy = verb("health", "how everything stands, as /health/ tells it; exits 1 when it is unhealthy")
        healthy.add_argument("--worker", metavar="NAME", help="exit 1 unless this worker is alive, and ask no more")
        healthy.add_argument("--beat", action="store_true", help="exit 1 unless beat is alive, and ask no more")
        verb("doctor", "what is missing between logger.error and the channel; exits 1 when something is")
        test = verb("test", "send a trial alert and wait until it has arrived; exits 1 when it has not")
        test.add_argument("--webhook", action="append", metavar="NAME", help="only this one (may be repeated)")
        test.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS", help="how long to wait (30)")
        why = verb("explain", "why an alert went where it went, webhook by webhook")
        why.add_argument("id", type=identifier, metavar="ID", help="of the alert, as the admin shows it")
        again = verb("replay", "put failed deliveries back to pending")
        again.add_argument("--webhook", metavar="NAME", help="only of this webhook")
        again.add_argument("--since", type=ago, metavar="2h", help="only of the last 90s, 30m, 2h or 7d")
        again.add_argument("--id", type=identifier, action="append", dest="ids", help="only this alert or message")
        resume = verb("resume", "send to a paused webhook again, and end its cooldown and open breaker")
        resume.add_argument("webhook", metavar="NAME")
        verb("prune", "delete what is older than RETENTION says")
        verb("rotate-keys", "encrypt the addresses in the database anew, with the first of ENCRYPTION_KEYS")
        spool = verb("spool", "what waits on disk for the broker")
        spool.add_argument("--replay", action="store_true", help="store it now, without the broker")

    @no_translations
    def handle(self, *, verb: str, as_json: bool, **options: Any) -> None:
        names = ("webhook", "timeout", "since", "id", "ids", "replay", "worker", "beat")
        given = {key: options[key] for key in names if key in options}
        try:
            if verb != "health":  # which bounds what it waits for
                overrides.refresh()
            getattr(self, verb.replace("-", "_"))(as_json, **given)
        except DatabaseError as error:
            found = doctor.database()
            seen = f"cannot be used: {type(error).__name__}" if found.well else f"{found.seen}. {found.hint}"
            raise CommandError(f"The database {seen}", returncode=2) from None

    def status(self, as_json: bool) -> None:
        found = status()
        if as_json:
            self._json(found)
            return
        width = max((len(name) for name in found["webhooks"]), default=7)
        self.stdout.write(f"{'webhook':<{width}}" + "".join(f"{name:>11}" for name in _COUNTS) + "  gate")
        for name, row in found["webhooks"].items():
            gate = row["gate"] + (f" for {row['wait_s']} s" if row["wait_s"] else "")
            gate += f": {row['reason']}" if row["reason"] else ""
            self.stdout.write(f"{name:<{width}}" + "".join(f"{row[count]:>11,}" for count in _COUNTS) + f"  {gate}")
        sums = {count: sum(row[count] for row in found["webhooks"].values()) for count in _COUNTS}
        sign = "=" if found["conserved"] else "≠"
        parts = " + ".join(f"{sums[count]:,} {count}" for count in _COUNTS[1:])
        self.stdout.write(f"\n{sums['received']:,} received {sign} {parts}")
        for what in ("queues", "workers", "redis", "spool", "outboxes"):
            told = ", ".join(f"{key} {value}" for key, value in found[what].items() if value is not None)
            self.stdout.write(f"{what}: {told}")
        for each in standing.standing():
            self.stdout.write(f"override: {each}")
        for problem in get_config().override_problems:
            self.stdout.write(f"override: {problem.message}. {problem.hint}")

    def health(self, as_json: bool, worker: str | None, beat: bool) -> None:
        told = health.tell(worker, beat=beat)
        if as_json:
            self._json(told)
        else:
            for name, found in told["services"].items():
                self.stdout.write(f"{name}: {found['status']}" + (f": {found['reason']}" if "reason" in found else ""))
            for name, value in told.get("metrics", {}).items():
                self.stdout.write(f"{name}: {value}")
        if told["status"] == "unhealthy":
            wrong = [name for name, found in told["services"].items() if found["status"] == "unhealthy"]
            raise CommandError(f"Unhealthy: {', '.join(wrong)}")

    def doctor(self, as_json: bool) -> None:
        findings = []
        for finding in doctor.examine():
            findings.append(finding)
            if not as_json:
                mark = self.style.SUCCESS("ok  ") if finding.well else self.style.ERROR("FAIL")
                self.stdout.write(f"{mark} {finding.name}: {finding.seen}")
                if not finding.well and finding.hint:
                    self.stdout.write(f"       {finding.hint}")
        if as_json:
            self._json([asdict(finding) for finding in findings])
        if wrong := [finding.name for finding in findings if not finding.well]:
            raise CommandError(f"Not well: {', '.join(wrong)}")

    def test(self, as_json: bool, webhook: list[str] | None, timeout: float) -> None:
        names = list(dict.fromkeys(webhook or get_config().webhooks))
        for name in names:
            self._known(name)
        if not names:
            raise CommandError('No webhook is configured: set WEBHOOK_ALERTS["WEBHOOKS"].')
        if not (found := doctor.database()).well:  # where it is told how a trial ends
            raise CommandError(f"The database {found.seen}. {found.hint}", returncode=2)
        trials = trial.run(names, get_config().service, timeout)
        if as_json:
            self._json([{**asdict(each), "alert_id": str(each.alert_id), "arrived": each.arrived} for each in trials])
        else:
            for each in trials:
                mark = self.style.SUCCESS("arrived") if each.arrived else self.style.ERROR(each.state)
                said = f": {each.reason}" if each.reason else ""
                said += f" (the answer: {each.answer})" if each.answer else ""
                self.stdout.write(f"{each.webhook}: {mark} after {each.after_s} s{said}")
        if missing := [each.webhook for each in trials if not each.arrived]:
            raise CommandError(f"Did not arrive at {', '.join(missing)}. See what is missing: manage.py alerts doctor")

    def explain(self, as_json: bool, id: UUID) -> None:  # noqa: A002 - the option's name
        row = Alert.objects.filter(pk=id).first()
        if row is None:
            raise CommandError(f"No alert {id} is on record: it was never accepted, or it is pruned.")
        story = explain(row)
        lines = [*story.alert]
        for each in story.webhooks:
            lines += ["", f"{each.webhook}: {each.state or 'nothing owed'}", *(f"  {text}" for text in each.sentences)]
        self._say(as_json, {"id": str(id), **asdict(story)}, "\n".join(lines))

    def replay(self, as_json: bool, webhook: str | None, since: timedelta | None, ids: list[UUID] | None) -> None:
        if webhook is not None:
            self._known(webhook)
        count = replay(webhook, timezone.now() - since if since else None, ids)
        self._say(as_json, {"replayed": count}, f"{count} failed deliveries are pending again.")

    def resume(self, as_json: bool, webhook: str) -> None:
        self._known(webhook)
        was_paused = resume(webhook, "manage.py")
        text = (
            f"{webhook} is sent to again."
            if was_paused
            else f"{webhook} was not paused; its cooldown, if any, is over."
        )
        self._say(as_json, {"webhook": webhook, "was_paused": was_paused}, text)

    def prune(self, as_json: bool) -> None:
        gone = prune.prune(get_config().retention, timezone.now())
        self._say(as_json, gone, "Deleted " + ", ".join(f"{count} {what}" for what, count in gone.items()) + ".")

    def rotate_keys(self, as_json: bool) -> None:
        try:
            done, left = rotate_keys("manage.py")
        except SealError as error:
            raise CommandError(f"{error}. {error.hint}") from None
        self._say(as_json, {"resealed": done, "left": left}, f"{done} addresses are encrypted with the first key.")
        if left:
            raise CommandError(
                f"No key opens the address of {', '.join(left)}: put its key back into the list, or enter it again."
            )

    def spool(self, as_json: bool, replay: bool) -> None:
        found: dict[str, Any] = {}
        if replay:
            found["replayed"] = take_up().items
        spool = Spool(get_config().spool_dir)
        found |= {"directory": str(spool.directory), **spool.summary()}
        self._say(as_json, found, "\n".join(f"{key}: {value}" for key, value in found.items()))

    def _known(self, name: str) -> None:
        if name not in (known := get_config().webhooks):
            raise CommandError(f"There is no webhook {name!r}; there are: {', '.join(known) or 'none'}")

    def _json(self, data: Any) -> None:
        self.stdout.write(json.dumps(data, indent=2, ensure_ascii=False))

    def _say(self, as_json: bool, data: dict[str, Any], text: str) -> None:
        if as_json:
            self._json(data)
        else:
            self.stdout.write(text)
