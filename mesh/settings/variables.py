"""What every group of settings stands on."""

import re
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field, ValidationInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

T = TypeVar("T")


def _readable(path: Path) -> Path:
    if not path.is_file():
        raise ValueError("must name a file that exists")
    return path


def either(value: T, info: ValidationInfo, other: str) -> T:
    """The value of a field that may only be missing when the other one, which stands before it, is set."""
    # A field that is itself wrong is not among the data.
    if value is None and info.data.get(other, "wrong") is None:
        raise ValueError(f"or {other.upper()} must be set")
    return value


def spelled(pattern: str, words: str) -> AfterValidator:
    """Takes text that the pattern matches; whatever else is refused with these words, which end with an example."""

    def check(text: str) -> str:
        if not re.match(pattern, text):
            raise ValueError(words)
        return text

    return AfterValidator(check)


Port = Annotated[int, Field(ge=1, le=65535)]
ReadableFile = Annotated[Path, AfterValidator(_readable)]
# Where gRPC finds a service.
Target = Annotated[str, spelled(r"\S+\Z", "must be an address without spaces (127.0.0.1:3001)")]


class Variables(BaseSettings):
    """Settings from variables: a field's name in upper case is the variable it comes from; an empty one counts as unset.

    Every group of settings stands on it: of several bases the last one's way of reading holds.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)
