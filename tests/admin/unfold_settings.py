"""The test project with django-unfold, which replaces the admin's templates."""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS as BASE_APPS

INSTALLED_APPS = ["unfold", *BASE_APPS]
