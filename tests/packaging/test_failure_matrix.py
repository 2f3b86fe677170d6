"""The failure matrix names tests that exist."""

from __future__ import annotations

import re

import pytest

from tests.packaging.test_readme import ROOT

NAMED = re.findall(r"`([\w/]+\.py)::(\w+)`", (ROOT / "docs" / "failure-matrix.md").read_text())


def test_it_names_some() -> None:
    assert len(NAMED) >= 30


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_it_is_there(file: str, test: str) -> None:
    assert f"def {test}(" in (ROOT / "tests" / file).read_text()
