"""Which trace the work at hand belongs to, and its spans, where somebody collects them.

The trace context (`traceparent` of W3C) is taken over, passed on and logged in any case; it is all that spans know of each other.
"""

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pymongo.monitoring import CommandListener

traceparent: ContextVar[str] = ContextVar("traceparent", default="")
"""What is passed on with whatever is sent, naming the trace and the span under way; empty where there is none."""
sharing: ContextVar[Sequence[str]] = ContextVar("sharing", default=())
"""In the place of that one, those of all whose calls travel together."""

Kind = Literal["server", "client", "producer", "consumer"]

_SANE = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def sane(text: str) -> str:
    """The trace context that a stranger sent, or nothing where it is none of the version that we know."""
    return text if _SANE.fullmatch(text) else ""


def trace_id() -> str:
    """Of the work at hand; empty where it belongs to no trace."""
    return traceparent.get()[3:35]


class Span:
    """A step of a trace. This one is nobody's: nothing is collected."""

    def rename(self, name: str) -> None:
        """Once it is known what the step was."""

    def note(self, key: str, value: str | int) -> None:
        """Keep an attribute."""

    def failed(self, why: str) -> None:
        """The step ends, but not well. One that raises has failed anyway."""


class Tracer:
    """Makes spans. This one makes none."""

    # What tells of MongoDB's commands as spans.
    command_listeners: "Sequence[CommandListener]" = ()

    def span(self, name: str, kind: Kind, **attributes: str | int) -> AbstractContextManager[Span]:  # noqa: ARG002
        """A step as long as the context, and after the span that `traceparent` names; inside, `traceparent` names this one."""
        return _NOTHING


_NOTHING = nullcontext(Span())
OFF = Tracer()
