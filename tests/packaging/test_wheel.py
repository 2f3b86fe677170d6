"""What a user installs."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_every_file_of_the_package_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    files = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "webhook_alerts").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in wheel.namelist() if ".dist-info/" not in name} == files


@pytest.mark.parametrize(
    "name",
    [
        "webhook_alerts/py.typed",  # users' type checkers read our annotations
        "webhook_alerts/delivery/gate.lua",
        "webhook_alerts/migrations/0001_initial.py",
        "webhook_alerts/templates/webhook_alerts/admin/attempts.html",
        "webhook_alerts/static/webhook_alerts/admin.css",
        "webhook_alerts/locale/pt_BR/LC_MESSAGES/django.mo",
        "webhook_alerts/locale/pt_BR/LC_MESSAGES/django.po",
    ],
)
def test_what_is_no_module_is_in_the_wheel_too(wheel: zipfile.ZipFile, name: str) -> None:
    assert wheel.read(name) or name.endswith("py.typed")


def test_metadata(wheel: zipfile.ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = Parser().parsestr(wheel.read(name).decode())
    assert metadata["Name"] == "django-webhook-alerts"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"
    assert "celery[redis]!=5.7.0,>=5.5" in metadata.get_all("Requires-Dist", [])
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel.namelist())
