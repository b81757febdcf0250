"""The bindings and methods that the matrix has a row for: all of them."""

from gateway.bindings import Binding, build_bindings
from gateway.contract import load_contract

SERVICES = load_contract().services
BINDINGS = build_bindings(SERVICES)
_BOUND = {binding.name for binding in BINDINGS}
UNBOUND = [method for service in SERVICES for method in service.methods if method.full_name not in _BOUND]
"""The methods that REST does not have."""


def row(binding: Binding) -> str:
    """What a test's name says of it."""
    return f"{binding.verb} {binding.template.text}"
