"""``WEBHOOK_ALERTS["REDACT"]``: what users add comes on top, and what is wrong with it is named."""

from __future__ import annotations

import pytest

from webhook_alerts.conf import parse
from webhook_alerts.outbox.redaction import redactor_for

THIS = "tests.outbox.test_redaction_options"


def shout(text: str) -> str:
    return text.upper()


def undo(text: str) -> str:
    return text + " password=hunter2"


def fail(text: str) -> str:
    raise ValueError(text)


def no_text(text: str) -> bytes:
    return text.encode()


def redactor(**options):
    config = parse({"REDACT": options})
    assert not config.problems
    return redactor_for(config)


def problem(redact):
    (found,) = parse({"REDACT": redact}).problems
    return found


def test_names_are_added():
    added = redactor(keys=["cpf", "Employee-Number"])
    assert added.mapping({"cpf": "1", "user_cpf": 2, "employeeNumber": 3, "password": 4, "cpfl": 5}) == {
        "cpf": "[redacted:secret]",
        "user_cpf": "[redacted:secret]",
        "employeeNumber": "[redacted:secret]",
        "password": "[redacted:secret]",
        "cpfl": 5,
    }
    assert added.text("cpf=123 employee_number: 7") == "cpf=[redacted:secret] employee_number: [redacted:secret]"


def test_a_name_that_is_about_a_secret_is_one_when_the_user_says_so():
    assert redactor(keys=["token_type"]).text("token_type=x1") == "token_type=[redacted:secret]"


def test_patterns_are_added_by_kind_or_without():
    assert redactor(patterns={"order": r"ORD-\d+"}).text("of ORD-17") == "of [redacted:order]"
    both = redactor(patterns=[r"ORD-\d+", r"[a-z]{8}"])
    assert both.text("of ORD-17 password=hunter2") == "of [redacted:pattern] [redacted:pattern]=hunter2"
    assert both.text(both.text("of ORD-17")) == "of [redacted:pattern]"


def test_the_function_comes_first_so_that_it_cannot_undo_the_rules():
    assert redactor(function=f"{THIS}.shout").text("of ana") == "OF ANA"
    assert redactor(function=f"{THIS}.undo").text("of ana") == "of ana password=[redacted:secret]"


@pytest.mark.parametrize("name", ["fail", "no_text"])
def test_a_function_that_fails_shows_nothing_and_is_counted(name):
    failing = redactor(function=f"{THIS}.{name}")
    before = failing.failures
    assert failing.text("of ana") == "[redacted:failed]"
    assert failing.mapping({"a": "b"}) == {"[redacted:failed]": "[redacted:failed]"}
    assert failing.failures == before + 3


@pytest.mark.parametrize(
    ("redact", "check", "words"),
    [
        (["cpf"], "E003", 'WEBHOOK_ALERTS["REDACT"] must be a dict'),
        ({"key": ["cpf"]}, "E002", "unknown key: 'key'"),
        ({"keys": "cpf"}, "E003", '["keys"] must be a list'),
        ({"keys": [1]}, "E003", '["keys"] must be a list'),
        ({"keys": ["--"]}, "E003", '["keys"] must be a list'),
        ({"patterns": "x"}, "E003", '["patterns"] must be a list'),
        ({"patterns": ["("]}, "E023", '["patterns"]["0"] is no regular expression: missing )'),
        ({"patterns": {"order": "("}}, "E023", '["order"] is no regular expression'),
        ({"patterns": {"order": 7}}, "E023", '["order"] must be a text, not int'),
        ({"patterns": {"Order]": "x"}}, "E023", "is not named with"),
        ({"patterns": ["x*"]}, "E023", "matches the empty text"),
        ({"function": "no.such.thing"}, "E024", "cannot be imported: ModuleNotFoundError"),
        ({"function": f"{THIS}.THIS"}, "E024", "is not the dotted path of a callable"),
        ({"function": 7}, "E024", "cannot be imported"),
    ],
)
def test_what_is_wrong_is_named(redact, check, words):
    found = problem(redact)
    assert found.id == check
    assert words in found.message
    assert found.hint


def test_what_is_wrong_takes_nothing_away():
    config = parse({"REDACT": {"keys": 7, "patterns": ["(", r"ORD-\d+"]}})
    assert redactor_for(config).text("ORD-7 password=hunter2") == "[redacted:pattern] password=[redacted:secret]"


def test_without_its_function_nothing_is_shown():
    config = parse({"REDACT": {"function": "no.such.thing"}})
    assert redactor_for(config).text("of ana") == "[redacted:failed]"
