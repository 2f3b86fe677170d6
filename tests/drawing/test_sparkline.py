"""A sparkline draws what it is given, says it in words, and needs nothing that a strict policy forbids."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from django.utils import translation

from webhook_alerts.drawing.sparkline import hourly, sparkline

SVG = "{http://www.w3.org/2000/svg}"


def bars(values: list[float], **size: int) -> list[dict[str, str]]:
    drawn = sparkline(values, "so many", **size).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ')
    return [dict(item.attrib) for item in ET.fromstring(drawn).iter(f"{SVG}rect")]


def test_the_largest_fills_the_height_and_the_smallest_is_seen():
    drawn = bars([0, 1, 1000, 500], width=40, height=21)
    assert [bar["height"] for bar in drawn] == ["1", "20", "10"]
    assert [bar["x"] for bar in drawn] == ["10", "20", "30"]
    assert all(float(bar["y"]) + float(bar["height"]) == 21 for bar in drawn)


@pytest.mark.parametrize("values", [[], [0, 0], [0.0]])
def test_where_nothing_happened_there_is_no_bar(values):
    assert bars(values) == []


def test_hours_are_placed_by_their_distance_from_now():
    assert hourly({"100": 7, "98": 2, "96": 5, "101": 9}, now=100 * 3600 + 1800, last=4) == [0, 2, 0, 7]


def test_its_title_is_text():
    assert "<title>&lt;b&gt;</title>" in sparkline([1], "<b>")


def test_numbers_have_a_point_in_every_language():
    with translation.override("pt-br"):
        assert "," not in sparkline([1, 2, 3], "x")


def test_it_carries_no_style():
    assert "style" not in sparkline([1, 2, 3], "x")
