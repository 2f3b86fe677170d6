"""The locked versions."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINES = (ROOT / "requirements" / "lock.txt").read_text().splitlines()
PINS = {line.split("==")[0].lower().replace("_", "-"): line for line in LINES if not line.startswith("#")}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def required() -> set[str]:
    groups = PROJECT["dependency-groups"]
    wanted = [*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"]]
    for name in ("demo", "serve", "test", "lint"):
        wanted += [item for item in groups[name] if isinstance(item, str)]
    wanted += [item for extra in PROJECT["project"]["optional-dependencies"].values() for item in extra]
    return {re.match(r"[\w.-]+", item)[0].lower().replace("_", "-") for item in wanted}  # type: ignore[index]


def test_the_lock_holds_plain_pins_and_nothing_of_a_machine() -> None:
    for line in PINS.values():
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line), line


@pytest.mark.parametrize("name", sorted(required()))
def test_what_is_required_is_locked(name: str) -> None:
    assert name in PINS


def test_celery_is_the_release_that_survives_a_restart_of_redis() -> None:
    assert PINS["celery"] == "celery==5.6.3"
