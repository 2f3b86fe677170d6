"""An OpenTelemetry SDK that keeps its spans, for one test at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import opentelemetry.trace
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from webhook_alerts.conf import Config
from webhook_alerts.testing.fake_discord import FakeDiscord


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[TracerProvider]:
    """The project's tracing; the API takes one for the whole process, so it is put in its place by hand."""
    made = TracerProvider()
    monkeypatch.setattr(opentelemetry.trace, "_TRACER_PROVIDER", made)
    yield made
    made.shutdown()


@pytest.fixture
def spans(provider: TracerProvider) -> InMemorySpanExporter:
    """What was traced: ``spans.get_finished_spans()``."""
    exporter = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return exporter


@pytest.fixture
def errors(configure: Callable[..., Config], discord: FakeDiscord, transactional_db: None) -> Config:
    """One webhook called errors, without a limit."""
    return configure(WEBHOOKS={"errors": {"url": discord.url("errors"), "channel": "discord", "rate": []}})
