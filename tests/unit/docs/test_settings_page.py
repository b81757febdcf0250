"""The page of all settings, and the README's short list, against the classes that read them."""

import re
from pathlib import Path

from pydantic_core import PydanticUndefined

from tests.unit.dev.test_settings import as_setting, fields_by_variable

ROOT = Path(__file__).parents[3]
ROW = re.compile(r"^\| (`[A-Z].*?) \| (.*?) \|", re.MULTILINE)
NAME = re.compile(r"`([A-Z][A-Z0-9_]+)`")


def rows(page: str) -> list[tuple[str, str]]:
    """Setting and default, for each setting that has a row."""
    found = ROW.findall((ROOT / page).read_text())
    return [(name, default) for names, default in found for name in NAME.findall(names)]


def shown_default(name: str) -> str:
    field = fields_by_variable()[name]
    if field.default is PydanticUndefined:
        return "required"
    return "none" if field.default in (None, ()) else f"`{as_setting(field.default)}`"


def test_the_page_names_every_setting_once() -> None:
    assert sorted(name for name, _ in rows("docs/settings.md")) == sorted(fields_by_variable())


def test_the_page_shows_the_defaults() -> None:
    shown = dict(rows("docs/settings.md"))
    assert shown == {name: shown_default(name) for name in shown}


def test_the_readme_agrees_with_the_page() -> None:
    settings = [(name, default) for name, default in rows("README.md") if name in fields_by_variable()]
    assert len(settings) >= 6
    assert set(settings) <= set(rows("docs/settings.md"))
