"""Trace contexts of strangers."""

import pytest

from mesh.tracing import sane

SANE = f"00-{'1a' * 16}-{'2b' * 8}-01"


def test_a_trace_context_is_taken_over() -> None:
    assert sane(SANE) == SANE


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "00-1",
        SANE.upper(),
        SANE + "-x",
        f" {SANE}",
        f"{SANE},{SANE}",
        f"01{SANE[2:]}",
        SANE.replace("1a", "00"),
        SANE.replace("2b", "00"),
    ],
)
def test_what_is_none_is_not(sent: str) -> None:
    assert sane(sent) == ""
