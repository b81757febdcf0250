"""No test is left out of `make test`."""

from dev.service import ROOT
from dev.test import GROUPS


def test_every_folder_of_tests_is_in_one_group() -> None:
    folders = {str(path.parent.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py")}
    kinds = {"/".join(folder.split("/")[:2]) for folder in folders}
    assert sorted(kinds) == sorted(folder for group in GROUPS for folder in group)
