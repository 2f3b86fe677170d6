"""The services' schemas, collected beside the project; tests that need one are skipped where they are not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "research" / "schemas"


def validator(name: str, *others: str) -> Draft202012Validator:
    """The validator of the schema called *name*, which may refer to *others* of them."""
    registry: Registry[Any] = Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in map(_read, others)
    )
    return Draft202012Validator(_read(name), registry=registry)


def _read(name: str) -> dict[str, Any]:
    file = FOLDER / f"{name}.schema.json"
    if not file.is_file():
        pytest.skip(f"the schema {name} is not here")
    schema: dict[str, Any] = json.loads(file.read_text())
    return schema
