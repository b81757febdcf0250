"""Where the server programs come from."""

from pathlib import Path

import pytest

from dev import programs
from dev.process import StartError


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def install(name: str, folder: Path) -> str:
    program = folder / name
    program.touch(mode=0o755)
    return str(program)


def test_a_program_on_the_path_comes_before_the_one_in_the_environment(path: Path) -> None:
    in_environment = programs.find_program("mongod")
    on_path = install("mongod", path)

    assert programs.find_program("mongod") == on_path != in_environment


def test_one_sentence_says_what_to_install_for_a_program_that_is_nowhere(path: Path) -> None:
    with pytest.raises(StartError) as raised:
        programs.find_program("redis-server")

    assert str(raised.value) == "redis-server was not found: install the package redis-server or set REDIS_URL"
