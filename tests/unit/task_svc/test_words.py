"""Words: the same for every language, whatever their case and form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from task_svc.words import words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", set()),
        ("--- !? \N{ROCKET}", set()),
        ("Ship it, ship IT!", {"ship", "it"}),
        ("release-1.0_final (v2)", {"release", "1", "0", "final", "v2"}),
        ("Straße STRASSE", {"strasse"}),
        ("\N{LATIN SMALL LIGATURE FI}x \uff21\uff22", {"fix", "ab"}),
        ("cafe\u0301 caf\u00e9 cafe", {"caf\u00e9", "cafe"}),
        ("Ёлка ёлка", {"ёлка"}),
        ("हिन्दी में", {"हिन्दी", "में"}),
        ("明日の会議 9時", {"明", "日", "の", "会", "議", "9", "時"}),
        ("ราคา", {"ร", "า", "ค"}),
        ("서울 회의", {"서울", "회의"}),
    ],
)
def test_a_text_has_words(text: str, expected: set[str]) -> None:
    assert words(text) == expected


@given(st.text())
def test_words_are_made_of_themselves(text: str) -> None:
    assert all(words(word) == {word} for word in words(text))


@given(st.text(), st.text())
def test_a_longer_text_has_more_words(first: str, second: str) -> None:
    assert words(f"{first} {second}") == words(first) | words(second)
