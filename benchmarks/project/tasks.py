"""The task a user would write by hand: one alert, one POST over a kept session, one audit row."""

import requests
from celery import shared_task
from django.conf import settings

from benchmarks.project.models import SentLog

session = requests.Session()


@shared_task(autoretry_for=(requests.RequestException,), retry_backoff=True, ignore_result=True)
def send_alert(level: str, message: str) -> None:
    """Post one embed and record it."""
    answer = session.post(
        settings.SINK,
        json={"embeds": [{"title": level, "description": message, "color": 15158332}]},
        timeout=10,
    )
    answer.raise_for_status()
    SentLog.objects.create(level=level, message=message, status_code=answer.status_code)
