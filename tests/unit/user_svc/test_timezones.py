"""The time zones that users may live in."""

import zoneinfo
from collections.abc import Iterator

import pytest

from user_svc.timezones import timezones


@pytest.fixture
def bare_machine() -> Iterator[None]:
    """One whose system knows no time zones."""
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(to=())
    yield
    zoneinfo.reset_tzpath(to=before)


@pytest.mark.usefixtures("bare_machine")
def test_each_of_them_can_be_computed_with_on_a_bare_machine() -> None:
    names = timezones()
    assert {"UTC", "Europe/London", "Asia/Kolkata", "America/Argentina/Buenos_Aires"} <= names
    assert {zoneinfo.ZoneInfo.no_cache(name).key for name in names} == names
