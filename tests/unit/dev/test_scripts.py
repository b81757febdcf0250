"""The scripts for people who know another way to start things."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SCRIPTS = ROOT / "scripts"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """With a `make` that only tells what it was asked for."""
    shutil.copytree(SCRIPTS, tmp_path / "scripts")
    (tmp_path / "Makefile").write_text("up down:\n\t@echo $@ >>asked\n")
    (tmp_path / ".local" / "data").mkdir(parents=True)
    return tmp_path


def test_dev_starts_the_platform(checkout: Path) -> None:
    subprocess.run([checkout / "scripts" / "posix" / "dev"], check=True, timeout=30)
    assert (checkout / "asked").read_text() == "up\n"


def test_clean_stops_it_and_leaves_nothing(checkout: Path) -> None:
    for _ in range(2):
        subprocess.run([checkout / "scripts" / "posix" / "clean"], check=True, timeout=30)
    assert (checkout / "asked").read_text() == "down\n"
    assert not (checkout / ".local").exists()


def test_clean_removes_the_platform_that_it_stops_and_nothing_beside_it(checkout: Path) -> None:
    home = checkout / "a second one"
    for name in ("certs", "data", "keys", "log", "run", "mine"):
        (home / name).mkdir(parents=True)
    for name in (".env", "lock"):
        (home / name).touch()
    for elsewhere in (str(home), home.name, str(checkout / "nowhere")):
        environment = {**os.environ, "UNIFIED_HOME": elsewhere}
        subprocess.run([checkout / "scripts" / "posix" / "clean"], check=True, timeout=30, env=environment)
    assert (checkout / "asked").read_text() == "down\ndown\n"
    assert {path.name for path in home.iterdir()} == {".env", "mine"}
    assert (checkout / ".local" / "data").exists()


@pytest.mark.parametrize("exit_code", [0, 1])
def test_clean_takes_away_all_containers_and_goes_on_where_docker_does_not_answer(checkout: Path, exit_code: int) -> None:
    (checkout / ".local" / "compose").mkdir()
    docker = checkout / "docker"
    docker.write_text(f'#!/bin/sh\necho "$@" >>asked\nexit {exit_code}\n')
    docker.chmod(0o755)
    path = f"{checkout}:{os.environ['PATH']}"
    subprocess.run([checkout / "scripts" / "posix" / "clean"], check=True, timeout=30, env={**os.environ, "PATH": path})
    assert (checkout / "asked").read_text() == "compose --profile * down --volumes\ndown\n"
    assert not (checkout / ".local").exists()


@pytest.mark.parametrize("name", ["dev", "clean"])
def test_windows_calls_the_same(name: str) -> None:
    called = re.findall(r"^wsl .* -- (\S+)$", (SCRIPTS / "windows" / f"{name}.ps1").read_text(), re.MULTILINE)
    assert called == [f"scripts/posix/{name}"]
    assert (ROOT / called[0]).stat().st_mode & 0o111
