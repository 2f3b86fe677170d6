"""Any value becomes bounded, strict JSON."""

import json

from hypothesis import given
from hypothesis import strategies as st

from webhook_alerts.outbox.values import clean, cut, plain, repr_of

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


def test_a_wide_tree_is_bounded_as_a_whole():
    tree: object = "x" * 100
    for _ in range(5):
        tree = [tree] * 50
    assert len(json.dumps(plain(tree))) < 1_000_000


def test_a_model_is_named_without_a_query(django_user_model):
    assert repr_of(django_user_model(pk=3)) == "<auth.User pk=3>"
    assert repr_of(django_user_model.objects.all()) == "<QuerySet of auth.User>"
