"""Path templates of `google.api.http`: literals, `*` for a segment, `**` for all that follow, variables of them, and a verb at
the end, as in "/things/{name=shelves/*}:undo"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from gateway.contract import ContractError

ANY, REST = "*", "**"
VARIABLE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
"""A variable that is one field, the only kind that a `location` has."""
_LITERAL = re.compile(r"[A-Za-z0-9._~-]+")
_VARIABLE = re.compile(r"\{([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)(?:=([^{}]+))?\}")
_VERB = re.compile(r":([^/{}]*)$")
# Those between braces divide no segments of the template.
_SLASH = re.compile(r"/(?![^{]*\})")
_ENCODED_SLASH = re.compile("%(?=2[fF])")


@dataclass(frozen=True, slots=True)
class Variable:
    """A field's path, as in "thing.name", and the segments that it spans."""

    path: str
    start: int
    pattern: tuple[str, ...]

    @property
    def is_one_segment(self) -> bool:
        """Whether it is any one segment."""
        return self.pattern == (ANY,)

    @property
    def regex(self) -> str:
        """What it may be, as a regular expression."""
        return "^" + "/".join({ANY: "[^/]+", REST: ".*"}.get(part, re.escape(part)) for part in self.pattern) + "$"

    def value(self, segments: Sequence[str]) -> str:
        """The text in a path whose segments are `segments`, as they were sent. Raises UnicodeDecodeError."""
        if len(self.pattern) == 1 and self.pattern[0] != REST:
            return unquote(segments[self.start], errors="strict")
        end = None if REST in self.pattern else self.start + len(self.pattern)
        # Of several segments, a slash that was no divider stays encoded.
        return "/".join(unquote(_ENCODED_SLASH.sub("%25", segment), errors="strict") for segment in segments[self.start : end])


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled path template. `segments` holds literals, ANY and REST; `verb` is empty where there is none."""

    text: str
    segments: tuple[str, ...]
    spans: tuple[Variable, ...]
    verb: str

    @property
    def variables(self) -> tuple[str, ...]:
        """The fields that the path fills, as paths of proto names."""
        return tuple(variable.path for variable in self.spans)

    def values(self, segments: Sequence[str]) -> list[str]:
        """What the variables stand for in a path that matches. Raises UnicodeDecodeError."""
        return [variable.value(segments) for variable in self.spans]


def parse_template(text: str) -> Template:
    """Raises ContractError."""
    if not text.startswith("/"):
        raise ContractError(f"path template {text!r} does not start with a slash")
    verb = _VERB.search(text)
    body = text[1 : verb.start()] if verb else text[1:]
    segments: list[str] = []
    spans: list[Variable] = []
    for part in _SLASH.split(body):
        match = _VARIABLE.fullmatch(part)
        pattern = (match[2] or ANY).split("/") if match else [part]
        if match:
            spans.append(Variable(match[1], len(segments), tuple(pattern)))
        segments += pattern
    for segment in segments:
        if segment not in (ANY, REST) and not _LITERAL.fullmatch(segment):
            raise ContractError(f"path template {text!r} has a segment that is not supported: {segment!r}")
    if REST in segments[:-1]:
        raise ContractError(f"path template {text!r} has ** before its end")
    if verb and not _LITERAL.fullmatch(verb[1]):
        raise ContractError(f"path template {text!r} has a verb that is not supported: {verb[1]!r}")
    if len({span.path for span in spans}) < len(spans):
        raise ContractError(f"path template {text!r} names a variable twice")
    return Template(text, tuple(segments), tuple(spans), verb[1] if verb else "")
