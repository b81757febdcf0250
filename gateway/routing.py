"""Finds what answers a path and a method. Literal segments beat variables, and those beat `**`; what answers GET answers HEAD."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar
from urllib.parse import unquote

from unified.error.v1.reason_pb2 import REASON_METHOD_NOT_ALLOWED, REASON_ROUTE_NOT_FOUND

from gateway.contract import ContractError
from gateway.errors import RestError
from gateway.templates import ANY, REST, Template

Target = TypeVar("Target")


@dataclass(slots=True)
class _Node(Generic[Target]):
    """`branches` by literal, ANY and REST; `verbs` by what follows a colon in the last segment; `targets` by method."""

    branches: "dict[str, _Node[Target]]" = field(default_factory=dict)
    verbs: "dict[str, _Node[Target]]" = field(default_factory=dict)
    targets: dict[str, tuple[Target, Template]] = field(default_factory=dict)


# A node that a path leads to, and the path's segments as they were sent, without the verb.
_Found: TypeAlias = tuple[_Node[Target], Sequence[str]]


class Router(Generic[Target]):
    """A tree of path segments; at its nodes, what answers each method."""

    def __init__(self) -> None:
        self._root: _Node[Target] = _Node()

    def add(self, verb: str, template: Template, target: Target) -> None:
        node = self._root
        for segment in template.segments:
            # A path that holds the signs * and ** goes where any segment would.
            node = node.branches.setdefault(segment, _Node())
        if template.verb:
            node = node.verbs.setdefault(template.verb, _Node())
        if verb in node.targets:
            raise ContractError(f"two routes for {verb} {template.text}")
        node.targets[verb] = target, template

    def match(self, verb: str, raw_path: str) -> tuple[Target, list[str]]:
        """The target, and the values of its template's variables. `raw_path` is as sent, without the query.

        Raises ROUTE_NOT_FOUND, or METHOD_NOT_ALLOWED with an `Allow` header over all paths that match.
        """
        found = self._find(raw_path)
        verb = "GET" if verb == "HEAD" else verb
        for node, segments in found:
            if verb in node.targets:
                target, template = node.targets[verb]
                return target, template.values(segments)
        allow = _allow(found)
        raise RestError(REASON_METHOD_NOT_ALLOWED, f"this path supports {allow}", headers={"Allow": allow})

    def allow(self, raw_path: str) -> str:
        """The methods of all paths that match, as the `Allow` header names them. Raises ROUTE_NOT_FOUND."""
        return _allow(self._find(raw_path))

    def _find(self, raw_path: str) -> list[_Found[Target]]:
        found: list[_Found[Target]] = []
        segments = raw_path[1:].split("/")
        names = _decode(raw_path, segments)
        if names is not None:
            last, colon, verb = segments[-1].rpartition(":")
            if colon:
                stem = [*segments[:-1], last]
                nodes = _collect(self._root, [*names[:-1], unquote(last)])
                found += [(node.verbs[verb], stem) for node in nodes if verb in node.verbs]
            found += [(node, segments) for node in _collect(self._root, names) if node.targets]
        if not found:
            raise RestError(REASON_ROUTE_NOT_FOUND, "no resource answers at this path")
        return found


def _allow(found: Sequence[_Found[Target]]) -> str:
    verbs = {verb for node, _ in found for verb in node.targets}
    return ", ".join(sorted(verbs | {"OPTIONS"} | ({"HEAD"} if "GET" in verbs else set())))


def _collect(node: _Node[Target], names: Sequence[str]) -> list[_Node[Target]]:
    """Every node that the decoded segments lead to, those reached by literals first."""
    rest = [node.branches[REST]] if REST in node.branches else []
    if not names:
        return [node, *rest]
    name, *others = names
    nodes = []
    if name in node.branches:
        nodes += _collect(node.branches[name], others)
    if name and ANY in node.branches:
        nodes += _collect(node.branches[ANY], others)
    return nodes + rest


def _decode(raw_path: str, segments: Sequence[str]) -> Sequence[str] | None:
    """The path's segments, each percent-decoded on its own; None when that gives no text."""
    if not raw_path.isascii():
        return None
    if "%" not in raw_path:
        return segments
    try:
        return [unquote(segment, errors="strict") for segment in segments]
    except UnicodeDecodeError:
        return None
