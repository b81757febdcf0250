"""Overlays as kubectl renders them, for tests to break."""

import copy
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from dev.k8s.manifests import Manifests
from dev.k8s.rendering import can_render, render
from dev.k8s.rules import rule_problems

Break = Callable[[Manifests], None]

NEED_KUBECTL = pytest.mark.skipif(not can_render(), reason="only kubectl 1.21 or newer renders overlays")
_rendered = cache(render)


def overlay(name: str, *more: str) -> Manifests:
    """One of one's own, with more components."""
    if not can_render():
        pytest.skip("only kubectl 1.21 or newer renders overlays")
    return Manifests(copy.deepcopy(_rendered(name, more).every))


def problems_when(break_it: Break, name: str, *more: str) -> list[str]:
    """What the rules say of the overlay once it is broken; nothing before."""
    manifests = overlay(name, *more)
    assert _problems_before(name, *more) == []
    break_it(manifests)
    return rule_problems(manifests, name)


@cache
def _problems_before(name: str, *more: str) -> list[str]:
    return rule_problems(overlay(name, *more), name)


def named(manifests: Manifests, kind: str, name: str) -> dict[str, Any]:
    found = manifests.named(kind, name)
    assert found is not None
    return found


def container(manifests: Manifests, name: str) -> dict[str, Any]:
    first: dict[str, Any] = named(manifests, "Deployment", name)["spec"]["template"]["spec"]["containers"][0]
    return first


def pod(manifests: Manifests, name: str) -> dict[str, Any]:
    template: dict[str, Any] = named(manifests, "Deployment", name)["spec"]["template"]
    return template


def settings(m: Manifests) -> dict[str, Any]:
    found = [each["data"] for each in m.of("ConfigMap") if each["metadata"]["name"].startswith("unified-settings")]
    first: dict[str, Any] = found[0]
    return first
