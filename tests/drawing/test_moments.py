"""Spans of time in words."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from webhook_alerts.drawing.moments import lasting

BEGIN = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "language", "expected"),
    [
        (0, "en", "0 seconds"),
        (1.9, "en", "1 second"),
        (59, "pt-br", "59 segundos"),
        (60, "en", "1\xa0minute"),
        (7_300, "en", "2\xa0hours"),
        (-5, "en", "0 seconds"),
    ],
)
def test_a_span_is_told_in_its_largest_unit(seconds, language, expected):
    with translation.override(language):
        assert lasting(BEGIN, BEGIN + timedelta(seconds=seconds)) == expected
