"""A task of the user's that takes its time."""

from celery import shared_task

from webhook_alerts.shared_memory import client


@shared_task(name="user.work")
def work(until: str) -> None:
    """Work, for a minute at most, until something is put into the list *until*."""
    client().blpop([until], timeout=60)
