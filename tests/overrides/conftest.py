"""What the tests of overrides share: settings with keys, and users."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import Permission, User
from django.db import DEFAULT_DB_ALIAS
from django.test import Client
from django.test.testcases import TestCase

from webhook_alerts.conf import Config

KEY, OTHER_KEY = Fernet.generate_key().decode(), Fernet.generate_key().decode()
SECRET = "s3cretTokenOfTheWebhookThatNobodyMaySee" * 2
URL = f"https://discord.com/api/webhooks/123456789012345678/{SECRET}"
OTHER = f"https://discord.com/api/webhooks/876543210987654321/{SECRET[::-1]}"
HOOK = {"url": "https://example.com/hooks/of-the-settings", "rate": "30/m"}


@pytest.fixture
def settled(configure: Callable[..., Config], db: None) -> Callable[..., Config]:
    """Settings with one webhook called errors, and one key; keyword arguments change them."""

    def set_to(**options: Any) -> Config:
        return configure(**{"WEBHOOKS": {"errors": HOOK}, "ENCRYPTION_KEYS": [KEY], **options})

    set_to()
    return set_to


@contextmanager
def committed() -> Iterator[None]:
    """Run what waits for the commit, which a test's transaction never has."""
    with TestCase.captureOnCommitCallbacks(using=DEFAULT_DB_ALIAS, execute=True):
        yield


@pytest.fixture
def ana(db: None) -> Callable[..., Client]:
    """Log Ana in, with these permissions."""

    def log_in(*permissions: str) -> Client:
        user, _ = User.objects.get_or_create(username="ana", defaults={"is_staff": True})
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client = Client()
        client.force_login(user)
        return client

    return log_in
