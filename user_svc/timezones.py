"""The time zones that there are: those of the IANA database in the package `tzdata`, the same on every machine."""

from functools import cache
from importlib.resources import files


@cache
def timezones() -> frozenset[str]:
    """Their names, as in "Europe/London"."""
    return frozenset(files("tzdata").joinpath("zones").read_text().split()) - {"Factory"}
