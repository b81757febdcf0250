"""No test is left out of `make test`, and none runs twice."""

from collections import Counter

from dev.service import ROOT
from dev.test import GROUPS, arguments


def test_every_file_of_tests_is_in_one_group() -> None:
    runs: Counter[str] = Counter()
    for group in GROUPS:
        given = arguments(group)
        left = [ROOT / each.removeprefix("--ignore=") for each in given if each not in group]
        for folder in group:
            found = (ROOT / folder).rglob("test_*.py")
            runs.update(str(path) for path in found if not any(path.is_relative_to(folder) for folder in left))
    assert runs == Counter(str(path) for path in (ROOT / "tests").rglob("test_*.py"))
