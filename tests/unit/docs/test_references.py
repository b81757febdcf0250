"""What the documents point to is there: files, headings, make targets, modules and paths."""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from mesh.error_codes import RULES

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")], key=str)
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
MAKE = re.compile(r"`make ([a-z0-9-]+)")
MODULE = re.compile(r"python -m ([a-z0-9_.]+)")
# Paths in code marks that begin with one of our rooms.
PATH = re.compile(
    r"`((?:protos|generated|mesh|gateway|user_svc|task_svc|notify_svc|dev|tests|bench|docs|k8s|clients|infra)/[\w./]*)`"
)


def anchors(page: Path) -> set[str]:
    """As renderers make them of headings."""
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(page.read_text())}


def broken_links(page: Path) -> Iterator[str]:
    for file, anchor in LINK.findall(page.read_text()):
        target = page.parent / file if file else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield f"{file}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_points_to_exists(page: Path) -> None:
    text = page.read_text()
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert list(broken_links(page)) == []
    assert set(MAKE.findall(text)) - targets == set()
    assert [module for module in MODULE.findall(text) if find_spec(module) is None] == []
    assert [path for path in PATH.findall(text) if not (ROOT / path).exists()] == []


def test_there_are_pages() -> None:
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "architecture.md", "operations.md"} <= {page.name for page in PAGES}


def test_clients_are_told_of_every_error_code() -> None:
    rows = re.findall(r"^\| \d.*", (ROOT / "docs/api.md").read_text(), re.MULTILINE)
    told = {code for row in rows for code in re.findall(r"`([a-z_]+)`", row)}
    # Nobody is there to read "cancelled".
    assert {rule.code for rule in RULES.values()} - told == {"cancelled"}
