"""``manage.py demo``: the whole shop on this machine, and ``demo --once``, its own check."""

import os
import shutil
import signal
import sys
import time
from argparse import ArgumentParser
from contextlib import ExitStack
from pathlib import Path

from demo import once, plan
from demo.processes import EXAMPLE, Running
from demo.start import NotStartedError, start
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from webhook_alerts.testing import services
from webhook_alerts.testing.standin_server import StandIn


class Command(BaseCommand):
    """Starts what the plan says; the plan is made first and handed over by the environment."""

    # Nothing is configured before the plan is made; web, worker and beat check for themselves.
    requires_system_checks = ()
    help = "Start the shop, a worker, beat, Redis and stand-ins for the services; Ctrl-C ends them all."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="raise a set of alerts, see that they arrive, and end")

    def handle(self, *, once: bool, **options: object) -> None:
        current = plan.current()
        if current is None:
            # Settings are read already: begin again, with an environment that names ports and places.
            environment = dict(os.environ)
            plan.make(environment, has_webhooks="WEBHOOKS" in settings.WEBHOOK_ALERTS)
            os.execve(sys.executable, sys.orig_argv, environment)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _interrupt)
        try:
            self.demo(current, once=once)
        except NotStartedError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            self.stdout.write("\nStopped.")
        finally:
            shutil.rmtree(current.data, ignore_errors=True)

    def demo(self, current: plan.Plan, *, once: bool) -> None:
        """Start, then wait or check; whatever happens, stop."""
        with ExitStack() as stack:
            standin = None
            if current.standin_port:
                every = services.every(smtp_port=current.smtp_port)
                page = EXAMPLE / "standin"
                standin = stack.enter_context(StandIn(every, port=current.standin_port, page=page))
            running = Running(Path(current.data) / "logs")
            stack.callback(running.stop)
            self.stdout.write("Starting …")
            start(current, running)
            if once:
                self.verify(current, running, standin)
            else:
                self.introduce(current)
                self.wait(running)

    def verify(self, current: plan.Plan, running: Running, standin: StandIn | None) -> None:
        """Raise and wait."""
        if not once.run(current, self.stdout.write, standin.messages if standin else None):
            raise CommandError(
                f"Not everything arrived within {once.PATIENCE_S:g} seconds.\n{running.last_words('worker')}"
            )
        self.stdout.write(self.style.SUCCESS("Everything arrived, and stands on record."))

    def introduce(self, current: plan.Plan) -> None:
        """Say where everything is."""
        channels = current.standin_url or "by the webhooks of your environment"
        self.stdout.write(
            f"\n  shop      {current.shop_url}\n"
            f"  channels  {channels}\n"
            f"  admin     {current.admin_url}\n"
            f"            login {current.login}, password {current.password}\n"
            f"  logs      {current.data}/logs\n\nCtrl-C ends it all.\n"
        )
        self.stdout.flush()

    def wait(self, running: Running) -> None:
        """Until somebody ends the demo, or a part of it ends by itself."""
        while (ended := running.ended()) is None:
            time.sleep(0.5)
        raise CommandError(f"{ended} ended:\n{running.last_words(ended)}")


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt
