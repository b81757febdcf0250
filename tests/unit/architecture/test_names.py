"""Files are named by what they hold. A name that says nothing collects everything."""

import re

import pytest

from tests.unit.architecture.modules import product_modules

FORBIDDEN = {"util", "utils", "common", "helper", "helpers", "manager", "managers", "base", "misc"}


def words_of(name: str) -> set[str]:
    return set(re.split(r"[._]+", name))


def test_no_file_is_named_by_a_word_that_says_nothing() -> None:
    assert [module.name for module in product_modules() if words_of(module.name) & FORBIDDEN] == []


@pytest.mark.parametrize("name", ["mesh.utils", "task_svc.base_repository", "gateway.common.json", "mesh.task_helpers"])
def test_such_a_name_is_found(name: str) -> None:
    assert words_of(name) & FORBIDDEN
