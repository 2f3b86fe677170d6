"""The small project that the throughput benchmark runs: our app, and the task one would write by hand."""

from benchmarks.project.celery import app

__all__ = ["app"]
