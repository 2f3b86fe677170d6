"""A task of the user's that takes its time."""

import os

import redis
from celery import shared_task


@shared_task(name="user.work")
def work(until: str) -> None:
    """Work, for a minute at most, until something is put into the list *until*."""
    with redis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=None) as memory:
        memory.blpop([until], timeout=60)
