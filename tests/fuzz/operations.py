"""Which operation a request is for."""

import re

from tests.conformance import conformance

ELSEWHERE = "elsewhere"


class Operations:
    """Those of the OpenAPI document."""

    def __init__(self) -> None:
        names = {(method.upper(), path) for path, item in conformance().document["paths"].items() for method in item}
        # Literal segments before variables, as the edge has it.
        ordered = sorted(names, key=lambda each: [segment.startswith("{") for segment in each[1].split("/")])
        self._patterns = [
            (f"{method} {path}", re.compile(re.sub(r"\{\w+\}", "[^/]+", f"{method} {path}"))) for method, path in ordered
        ]

    def label(self, method: str, target: str) -> str:
        """As in "GET /api/tasks/{id}"."""
        request = f"{method} {target.partition('?')[0]}"
        return next((label for label, pattern in self._patterns if pattern.fullmatch(request)), ELSEWHERE)
