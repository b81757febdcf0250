"""Who may call what at which path, as a table: `python -m tests.contract.access` prints it."""

from google.protobuf.descriptor import MethodDescriptor
from unified.api.v1 import options_pb2

from gateway.bindings import build_bindings
from gateway.contract import load_contract


def access_table() -> str:
    """A line for each binding: verb, path, access, method; in the order of paths. Then what is served over gRPC alone."""
    services = load_contract().services
    bindings = build_bindings(services)
    rows = sorted((binding.template.text, binding.verb, _access(binding.method), binding.name) for binding in bindings)
    bound = {binding.name for binding in bindings}
    methods = [method for service in services for method in service.methods if method.full_name not in bound]
    rows += [("", "gRPC", _access(method), method.full_name) for method in methods]
    return "".join(f"{verb:<6} {path:<34} {access:<9} {method}\n" for path, verb, access, method in rows)


def _access(method: MethodDescriptor) -> str:
    return options_pb2.Access.Name(method.GetOptions().Extensions[options_pb2.access]).removeprefix("ACCESS_").lower()


if __name__ == "__main__":
    print(access_table(), end="")
