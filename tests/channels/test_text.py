"""Where a text is cut: within its bounds, with a mark, and between what a reader sees as one sign."""

from __future__ import annotations

import re

import pytest

from webhook_alerts.channels.text import cut_end, cut_middle

SIGNS = {
    "a family of joined emoji": "👩\u200d👩\u200d👧\u200d👦",
    "a skin": "👍🏽",
    "a flag": "🇵🇹",
    "a key": "1\ufe0f\u20e3",
    "an accent": "e\u0301",
    "a vowel of Devanagari": "कि",
    "a vowel of Thai": "กั",
}


@pytest.mark.parametrize("sign", SIGNS.values(), ids=list(SIGNS))
@pytest.mark.parametrize("most", range(100, 125))
def test_no_sign_of_several_characters_is_torn(sign: str, most: int) -> None:
    whole = re.compile(f"(?:{re.escape(sign)})*")
    for shift in ("", "x", "xy"):
        end = cut_end(shift + sign * 400, most)
        assert len(end) <= most
        assert whole.fullmatch(end.removeprefix(shift).removesuffix("…"))
        middle = cut_middle(sign * 400 + shift, most)
        assert len(middle) <= most
        head, tail = re.split(r"\n… \[\d+ characters cut\] …\n", middle)
        assert whole.fullmatch(head)
        assert whole.fullmatch(tail.removesuffix(shift))


def test_what_joins_for_ever_is_torn_and_its_end_is_kept() -> None:
    text = "x" + "\u0301" * 1_000_000
    cut = cut_middle(text, 4000)
    assert 3900 < len(cut) <= 4000
    assert cut.endswith("\u0301" * 1000)


@pytest.mark.parametrize("most", [0, 1, 2, 30, 45])
def test_where_no_mark_has_room_the_end_is_cut(most: int) -> None:
    assert len(cut_middle("word " * 100, most)) <= most
    assert cut_end("abc", 3) == cut_middle("abc", 3) == "abc"
