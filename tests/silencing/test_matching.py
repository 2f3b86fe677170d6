"""Matchers: what they fit, how they are written, and which are refused."""

from __future__ import annotations

import json
import time

import pytest

from tests.incidents.conftest import an_alert
from webhook_alerts.alert import Level
from webhook_alerts.matching import Matcher, MatcherError, fit, labels_of, parse, read, to_text

LABELS = labels_of(
    an_alert(
        "Payment 17 failed",
        level=Level.ERROR,
        logger="shop.payments",
        service="shop",
        host="web1",
        exception_type="shop.payments.ProviderError",
        context={"order": 17, "region": "eu-west", "paid": False, "items": [1]},
    ),
    "errors",
)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("level = error", True),
        ("level = ERROR", True),
        ("level >= warning", True),
        ("level >= critical", False),
        ("level <= error", True),
        ("level < error", None),
        ("level != error", None),
        ("logger = shop", True),
        ("logger = shop.payments", True),
        ("logger = shop.pay", False),
        ("logger = shop.*", True),
        ("logger != shop", None),
        ("logger ~ *.payments", True),
        ("message ~ Payment * failed", True),
        ("message ~ payment ?? failed", True),
        ("message ~ Payment", False),
        ("kind = log", True),
        ("fingerprint = f", True),
        ("webhook = errors", True),
        ("webhook = info", False),
        ("service = shop", True),
        ("environment = ", None),
        ("host = web1", True),
        ("context.order = 17", True),
        ("context.region ~ eu-*", True),
        ("context.missing = x", False),
        ("message ~ [a]", False),
        ("colour = red", None),
        ("level = loud", None),
        ("logger >= shop", None),
        ("nonsense", None),
        ("context. = 1", None),
        ("", None),
        ("level >= debug", None),
        ("level <= critical", None),
        ("logger ~ *", None),
        ("message ~ ?*", None),
        ("webhook ~ *", None),
        ("webhook ~ ?*\nlevel >= debug\nkind != nothing*", None),
        ("kind != event", None),
        ("level = error\nlogger != shop.*", False),
        ("level = error\nlogger != blog*", True),
        ("context.a key = of two words", False),
        ("exception_type = ProviderError", True),
        ("exception_type = shop.payments.ProviderError", True),
        ("exception_type = Error", False),
        ("context.paid = false", True),
        ("context.items ~ *", None),
        ("logger != shop\nlevel >= debug", None),
    ],
)
def test_one_line(text, fits):
    if fits is None:
        with pytest.raises(MatcherError):
            parse(text)
    else:
        assert fit(parse(text), LABELS) is fits


def test_all_must_fit():
    assert fit(parse("level = error\n\nlogger = shop"), LABELS)
    assert not fit(parse("level = error\nlogger = blog"), LABELS)


def test_what_is_missing_is_empty():
    assert fit(parse("level = error\ncontext.missing != x"), LABELS)
    assert fit(parse("level = error\nenvironment = "), LABELS)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("level = error\ncolour = red", "Line 2: there is no “colour”; there are level, logger"),
        ("level = loud", "“loud” is no level; there are debug, info"),
        ("what", "Line 1: “what” is no matcher; write one such as"),
        ("logger >= shop", "“logger >=” cannot be compared so"),
        ("level >= debug", "this matches all alerts, or nearly all"),
        ("", "there is no matcher"),
        ("kind = eror", "“eror” is no kind; there are log, error"),
        (f"message = {'x' * 501}", "longer than 500 characters"),
        ("\n".join(f"logger = l{n}" for n in range(21)), "more than 20 matchers"),
    ],
)
def test_what_is_wrong_is_said(text, says):
    with pytest.raises(MatcherError) as raised:
        parse(text)
    assert says in str(raised.value)


def test_text_and_data_say_the_same():
    text = "level >= error\nlogger = shop\ncontext.region ~ eu-*"
    matchers = parse(text)
    assert to_text(matchers) == text
    assert read(json.loads(json.dumps([matcher.to_dict() for matcher in matchers]))) == matchers
    assert read(["level >= error"]) == (Matcher("level", ">=", "error"),)


@pytest.mark.parametrize("data", [None, 5, [5], [{"field": "level"}], [{"field": "level", "op": "=", "x": 1}], [[]]])
def test_data_that_is_no_matcher_is_refused(data):
    with pytest.raises(MatcherError):
        read(data)


def test_wildcards_take_time_that_grows_as_the_text_does():
    (matcher,) = parse("message ~ " + "*a" * 40 + "*b")

    def took(length: int) -> float:
        begin = time.thread_time()
        for _ in range(20):
            assert not matcher.fits({"message": "a" * length})
        return time.thread_time() - begin

    took(1_000)
    assert took(20_000) < 4 * took(10_000) + 0.05
