"""What answers where, and how long its answers took: by the path's template, so that there are as many series as routes."""

from functools import cache
from typing import Generic, TypeVar

from prometheus_client import Histogram

Target = TypeVar("Target")

DURATION = Histogram("unified_http_server_duration_seconds", "Time to answer a request.", ["method", "route", "code"])


class Route(Generic[Target]):
    """A method, a path template, and what answers there. What `lasts` is open for as long as its client likes."""

    def __init__(self, verb: str, path: str, target: Target, *, lasts: bool = False) -> None:
        self.name, self.target, self._lasts = f"{verb} {path}", target, lasts
        # Looked up once for each status: to find a child by its labels costs more than to observe.
        self._durations = cache(lambda status: DURATION.labels(verb, path, status))

    def answered(self, status: int, duration_s: float) -> None:
        """Count an answer. How long something lasted says nothing of us: of that, only refusals count."""
        if not self._lasts or status >= 400:
            self._durations(status).observe(duration_s)


# Whatever method and path a stranger thinks of.
NO_ROUTE = Route("any", "none", None)
