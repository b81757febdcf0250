"""Reads settings."""

import os
import sys
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings

DIRECTORY = "SETTINGS_DIRECTORY"

S = TypeVar("S", bound=BaseSettings)


def load(settings: type[S]) -> S:
    """Read the settings, or end the process with one message that names everything missing or wrong."""
    directory = os.environ.get(DIRECTORY) or None
    if directory and not Path(directory).is_dir():
        sys.exit(f"{DIRECTORY} must name a folder that exists")
    try:
        return settings(_secrets_dir=directory)
    except ValidationError as error:
        sys.exit("\n".join(["Settings are missing or wrong:", *_problems(error)]))


def _problems(error: ValidationError) -> list[str]:
    """A line for each problem; values are left out, they may be secrets."""
    lines = []
    for problem in error.errors(include_input=False, include_url=False):
        message = problem["msg"].removeprefix("Value error, ")
        names = [str(part).upper() for part in problem["loc"][:1]]
        message = "is not set" if problem["type"] == "missing" else message
        lines.append("  " + " ".join([*names, message]))
    # Of a list, each entry may be wrong in the same way.
    return list(dict.fromkeys(lines))
