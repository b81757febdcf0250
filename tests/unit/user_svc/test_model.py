"""The rules of users."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from user_svc.model import User, email_key

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ADA = User("665f1f77bcf86cd799439011", "ada@example.com", "Ada", create_time=NOON, update_time=NOON)


def test_a_change_makes_the_next_version() -> None:
    later = NOON + timedelta(seconds=1)
    changed = ADA.changed({"name": "Ada King"}, at=later)
    assert changed == User(ADA.id, ADA.email, "Ada King", create_time=NOON, update_time=later, version=2)
    assert (ADA.etag, changed.etag) == ("1", "2")


@pytest.mark.parametrize("changes", [{}, {"name": "Ada"}])
def test_what_does_not_differ_is_no_change(changes: dict[str, str]) -> None:
    assert ADA.changed(changes, at=NOON + timedelta(seconds=1)) is ADA


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada@Example.COM", "ada@example.com"),
        ("stra\N{LATIN SMALL LETTER SHARP S}e@example.com", "STRASSE@example.com"),
        ("\N{FULLWIDTH LATIN SMALL LETTER A}da@example.com", "ada@example.com"),
        ("e\N{COMBINING ACUTE ACCENT}@example.com", "\N{LATIN CAPITAL LETTER E WITH ACUTE}@example.com"),
    ],
)
def test_forms_of_an_address_have_one_key(one: str, other: str) -> None:
    assert email_key(one) == email_key(other)


def test_other_addresses_have_other_keys() -> None:
    assert email_key("ada@example.com") != email_key("ada@example.org")


@given(st.text())
def test_a_key_is_its_own_key(email: str) -> None:
    assert email_key(email_key(email)) == email_key(email)


@given(st.emails())
def test_case_never_matters(email: str) -> None:
    assert email_key(email.upper()) == email_key(email.lower()) == email_key(email)
