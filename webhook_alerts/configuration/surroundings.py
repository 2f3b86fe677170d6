"""What the settings lean on when they do not say it: the project's Redis, and a directory for the spool."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from webhook_alerts.configuration.values import LOCAL_REDIS


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where Redis is and the spool goes, unless the settings say otherwise."""

    redis_url: str = field(default=LOCAL_REDIS, repr=False)
    spool_dir: str = ""


def look_around(settings: Any) -> Surroundings:
    """The surroundings of a Django project with these *settings*."""
    return Surroundings(_redis_url(settings), _spool_dir(settings))


def why_no_redis(url: str) -> str:
    """What keeps *url* from being a Redis address, or nothing; never quoting it."""
    from redis.connection import parse_url

    if not url.startswith(("redis://", "rediss://", "unix://")):
        return "it does not begin with redis://, rediss:// or unix://"
    try:
        parse_url(url)  # type: ignore[no-untyped-call]
    except Exception:  # noqa: BLE001 - its text may quote the password
        return "its port, its path or an option cannot be read"
    return ""


def _redis_url(settings: Any) -> str:
    """The Redis that the project already uses: Celery's broker, else the cache, else the one on this machine."""
    caches = getattr(settings, "CACHES", None)
    caches = caches.values() if isinstance(caches, Mapping) else ()
    locations = [cache.get("LOCATION", "") for cache in caches if isinstance(cache, Mapping)]
    for candidate in (getattr(settings, "CELERY_BROKER_URL", ""), *locations):
        for url in candidate if isinstance(candidate, (list, tuple)) else (candidate,):
            # Both Celery and Django take several servers in one text; the first is the one that is written to.
            first = re.split("[;,]", url)[0].strip() if isinstance(url, str) else ""
            if first and not why_no_redis(first):
                return first
    return LOCAL_REDIS


def _spool_dir(settings: Any) -> str:
    """A directory of this project and this user below the system's temporary one."""
    project = getattr(settings, "BASE_DIR", "") or Path.cwd()
    digest = hashlib.sha256(f"{project}:{os.geteuid()}".encode(errors="surrogatepass")).hexdigest()[:12]
    return str(Path(tempfile.gettempdir()) / f"webhook_alerts-{digest}")
