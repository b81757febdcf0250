"""The `.env` file: made from `.env.example`, which names every setting, and read as the environment's second voice."""

import re
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

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
