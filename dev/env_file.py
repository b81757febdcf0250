"""The `.env` file: made from `.env.example`, which names every setting, and read as the environment's second voice."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path

from dotenv import dotenv_values

from mesh.settings import DIRECTORY

EXAMPLE = Path(__file__).resolve().parent.parent / ".env.example"
_ASSIGNMENT = re.compile(r"^(?:# )?([A-Z][A-Z0-9_]*)=", re.MULTILINE)


def documented_settings() -> frozenset[str]:
    """The names that `.env.example` documents."""
    return frozenset(_ASSIGNMENT.findall(EXAMPLE.read_text()))


def complete(file: Path, filled_in: Mapping[str, str]) -> None:
    """Set settings in the file, which is made as a copy of the example where it is missing."""
    text = (file if file.exists() else EXAMPLE).read_text()
    for name, value in filled_in.items():
        line = f"{name}={value}"
        text, found = re.subn(rf"^(?:# )?{name}=.*$", line.replace("\\", r"\\"), text, flags=re.MULTILINE)
        text = text if found else f"{text.rstrip()}\n{line}\n"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(text)


def given_settings(file: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """What is set, and not empty, in the environment or the file; the environment wins."""
    in_file = {name: value for name, value in dotenv_values(file, interpolate=False).items() if value}
    known = documented_settings() | in_file.keys()
    in_environment = {name: value for name, value in environment.items() if value and name in known}
    return {**in_file, **in_environment}


def unknown_settings(given: Iterable[str]) -> list[str]:
    """A sentence for each name that is no setting: processes ignore it, so it may be a slip of the pen."""
    known = documented_settings() | {DIRECTORY}
    sentences = []
    for name in sorted(set(given) - known):
        nearest = get_close_matches(name.upper(), known, n=1)
        sentences.append(f"{name} is no setting of the platform{f': is {nearest[0]} meant?' if nearest else ''}")
    return sentences
