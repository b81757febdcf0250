"""Who may call what at which path, through which processes, as a table: `python -m tests.contract.access` prints it."""

from google.protobuf.descriptor import MethodDescriptor
from unified.api.v1 import options_pb2

from gateway.bindings import build_bindings
from gateway.contract import load_contract
from mesh.interceptors.callers import callers_of


def access_table() -> str:
    """A line for each binding: verb, path, access, callers, method; in the order of paths. Then what only gRPC serves."""
    services = load_contract().services
    bindings = build_bindings(services)
    rows = sorted((binding.template.text, binding.verb, *_who(binding.method), binding.name) for binding in bindings)
    bound = {binding.name for binding in bindings}
    methods = [method for service in services for method in service.methods if method.full_name not in bound]
    rows += [("", "gRPC", *_who(method), method.full_name) for method in methods]
    return "".join(f"{verb:<6} {path:<34} {who:<9} {through:<20} {method}\n" for path, verb, who, through, method in rows)


def _who(method: MethodDescriptor) -> tuple[str, str]:
    """Who may call, and the processes through which."""
    access = options_pb2.Access.Name(method.GetOptions().Extensions[options_pb2.access])
    return access.removeprefix("ACCESS_").lower(), ",".join(callers_of(method))


if __name__ == "__main__":
    print(access_table(), end="")
