"""Any value becomes bounded, strict JSON."""

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook_alerts.handlers import WebhookAlertHandler
from webhook_alerts.outbox.redaction import Redactor
from webhook_alerts.outbox.values import SEAM, clean, cut, plain, repr_of
from webhook_alerts.testing.outbox import override_alerts

ANY_TEXT = st.text(st.characters(exclude_categories=()))
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), ANY_TEXT, st.binary(), st.decimals(), st.dates()
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.one_of(ANY_TEXT, st.integers()), inner))
)


@given(VALUES)
def test_every_value_is_json_that_postgresql_takes(value):
    text = json.dumps(plain(value), allow_nan=False, ensure_ascii=False)
    text.encode()
    assert "\\u0000" not in text


@given(ANY_TEXT)
def test_clean_changes_only_what_is_refused(text):
    cleaned = clean(text)
    cleaned.encode()
    assert "\0" not in cleaned
    if all(0 < ord(char) < 0xD800 or ord(char) > 0xDFFF for char in text):
        assert cleaned == text


@given(ANY_TEXT, st.integers(30, 200))
def test_a_cut_is_short_and_keeps_both_ends(text, limit):
    short = cut(text, limit)
    assert len(short) <= limit + 60
    if len(text) <= limit:
        assert short == text


STRADDLING = [
    "password: hunter2xyz",
    "Authorization: Bearer hunter2xyz",
    "the password for the user ana is hunter2xyz",
    "a senha do banco é hunter2xyz",
    "Cookie: a=b; sessionid=hunter2xyz",
    '"token": "hunter2xyz"',
    '"password":"hunter2xyz"',
    "4111 1111 1111 1111",
    "ghp_" + "A1b2" * 9,
    "eyJhbGciOiJIUzI1NiJ9." + "A1b2" * 40 + ".A1b2",
]


@pytest.mark.parametrize("secret", STRADDLING)
@pytest.mark.parametrize("around", ["word ", "x" * 30 + "\n", "a=1&", "aaaa"])
def test_no_half_of_a_secret_stays_where_a_text_is_cut(around, secret):
    """Wherever the secret stands, at the end of the head or at the beginning of the tail."""
    redact = Redactor().text
    for at in (*range(660 - len(secret), 670, 3), *range(4_664 - len(secret), 4_672, 2)):
        text = ((around * 2_000)[:at] + "&" + secret + "\n" + around * 2_000)[:5_000]
        redacted = redact(cut(text, 1_000))
        assert not any(part in redacted for part in ("unter2", "ter2xyz", "A1b2A1", "1111")), (at, redacted)
        assert "characters cut]" in redacted


def test_what_a_repeat_shows_is_redacted_before_it_is_cut():
    key = "ghp_" + "A1b2" * 9
    log = logging.Logger("repeats")
    log.addHandler(WebhookAlertHandler())
    with override_alerts() as box:
        for number in range(3):
            log.error("%s", f"{number} " + "a" * 630 + f" {key} " + "b" * 2_000)
    assert box[0].occurrences == 3
    assert box[0].samples
    assert "A1b2" not in str(box[0].samples)


def test_nobody_else_can_hide_what_stands_behind_a_seam():
    assert Redactor().text("a \x1e and the rest") == "a \x1e and the rest"
    assert SEAM not in Redactor().text(cut("word " * 1_000, 100))


def test_a_wide_tree_is_bounded_as_a_whole():
    tree: object = "x" * 100
    for _ in range(5):
        tree = [tree] * 50
    assert len(json.dumps(plain(tree))) < 1_000_000


def test_a_model_is_named_without_a_query(django_user_model):
    assert repr_of(django_user_model(pk=3)) == "<auth.User pk=3>"
    assert repr_of(django_user_model.objects.all()) == "<QuerySet of auth.User>"
