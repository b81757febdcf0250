"""Path templates of `google.api.http`, as far as the edge speaks them: literal segments, and variables of one segment each."""

import re
from dataclasses import dataclass

from gateway.contract import ContractError

_LITERAL = re.compile(r"[A-Za-z0-9._~-]+")
VARIABLE = re.compile(r"\{([a-z][a-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled path template. `segments` holds a literal's text, or None where a variable stands."""

    text: str
    segments: tuple[str | None, ...]
    variables: tuple[str, ...]


def parse_template(text: str) -> Template:
    """Raises ContractError for what is not supported: `*`, `**`, `{a.b}`, `{a=b/*}`, `:verb`."""
    if not text.startswith("/"):
        raise ContractError(f"path template {text!r} does not start with a slash")
    segments: list[str | None] = []
    variables: list[str] = []
    for segment in text[1:].split("/"):
        if variable := VARIABLE.fullmatch(segment):
            segments.append(None)
            variables.append(variable[1])
        elif _LITERAL.fullmatch(segment):
            segments.append(segment)
        else:
            raise ContractError(f"path template {text!r} has a segment that is not supported: {segment!r}")
    if len(set(variables)) < len(variables):
        raise ContractError(f"path template {text!r} names a variable twice")
    return Template(text, tuple(segments), tuple(variables))
