"""The services' schemas, collected beside the project; tests that need one are skipped where they are not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "research" / "schemas"


def validator(name: str) -> Draft202012Validator:
    """The validator of the schema called *name*."""
    file = FOLDER / f"{name}.schema.json"
    if not file.is_file():
        pytest.skip(f"the schema {name} is not here")
    return Draft202012Validator(json.loads(file.read_text()))
