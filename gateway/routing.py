"""Finds what answers a path and a method. Literal segments beat variables; what answers GET answers HEAD."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar
from urllib.parse import unquote

from unified.error.v1.reason_pb2 import REASON_METHOD_NOT_ALLOWED, REASON_ROUTE_NOT_FOUND

from gateway.contract import ContractError
from gateway.errors import RestError
from gateway.templates import Template

Target = TypeVar("Target")


@dataclass(slots=True)
class _Node(Generic[Target]):
    literals: "dict[str, _Node[Target]]" = field(default_factory=dict)
    variable: "_Node[Target] | None" = None
    targets: dict[str, Target] = field(default_factory=dict)


# A node that a path leads to, and the values of the variables on the way.
_Found: TypeAlias = tuple[_Node[Target], list[str]]


class Router(Generic[Target]):
    """A tree of path segments; at its nodes, what answers each method."""

    def __init__(self) -> None:
        self._root: _Node[Target] = _Node()

    def add(self, verb: str, template: Template, target: Target) -> None:
        node = self._root
        for segment in template.segments:
            if segment is None:
                node.variable = node.variable or _Node()
                node = node.variable
            else:
                node = node.literals.setdefault(segment, _Node())
        if verb in node.targets:
            raise ContractError(f"two routes for {verb} {template.text}")
        node.targets[verb] = target

    def match(self, verb: str, raw_path: str) -> tuple[Target, list[str]]:
        """The target, and the values of its template's variables. `raw_path` is as sent, without the query.

        Raises ROUTE_NOT_FOUND, or METHOD_NOT_ALLOWED with an `Allow` header over all paths that match.
        """
        found = self._find(raw_path)
        verb = "GET" if verb == "HEAD" else verb
        for node, values in found:
            if verb in node.targets:
                return node.targets[verb], values
        allow = _allow(found)
        raise RestError(REASON_METHOD_NOT_ALLOWED, f"this path supports {allow}", headers={"Allow": allow})

    def allow(self, raw_path: str) -> str:
        """The methods of all paths that match, as the `Allow` header names them. Raises ROUTE_NOT_FOUND."""
        return _allow(self._find(raw_path))

    def _find(self, raw_path: str) -> list[_Found[Target]]:
        segments = _decode(raw_path)
        found: list[_Found[Target]] = []
        if segments is not None:
            _collect(self._root, segments, [], found)
        if not found:
            raise RestError(REASON_ROUTE_NOT_FOUND, "no resource answers at this path")
        return found


def _allow(found: Sequence[_Found[Target]]) -> str:
    verbs = {verb for node, _ in found for verb in node.targets}
    return ", ".join(sorted(verbs | {"OPTIONS"} | ({"HEAD"} if "GET" in verbs else set())))


def _collect(node: _Node[Target], rest: Sequence[str], values: list[str], found: list[_Found[Target]]) -> None:
    """Append every node that the segments lead to, those reached by literals first."""
    if not rest:
        if node.targets:
            found.append((node, values))
        return
    if literal := node.literals.get(rest[0]):
        _collect(literal, rest[1:], values, found)
    if node.variable and rest[0]:
        _collect(node.variable, rest[1:], [*values, rest[0]], found)


def _decode(raw_path: str) -> list[str] | None:
    """The path's segments, each percent-decoded on its own; None when that gives no text."""
    if not raw_path.isascii():
        return None
    segments = raw_path[1:].split("/")
    if "%" not in raw_path:
        return segments
    try:
        return [unquote(segment, errors="strict") for segment in segments]
    except UnicodeDecodeError:
        return None
