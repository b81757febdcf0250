"""The rules of the house about who may lean on whom. Each answers its violations, in words."""

import sys
from collections.abc import Callable, Iterator, Sequence
from graphlib import CycleError, TopologicalSorter

from tests.unit.architecture.modules import PRODUCT, ROOMS, SERVICES, Module

# Our own source roots, and which of them each room may use besides itself.
OWN = {*PRODUCT, "dev", "tests", "bench", "unified"}
BELOW = {**{room: {"mesh", "unified"} for room in ROOMS}, "mesh": {"unified"}}
# What those who know no tasks, users and notifications may know of the contracts.
GENERAL_CONTRACTS = ("unified.api", "unified.error")
# Inside a service, from the top; every other file stands beside `servicer`.
FLOORS = {"__main__": 5, "app": 4, "use_cases": 2, "wording": 1, "model": 0, "schedule": -1}
BESIDE_SERVICER = 3
CONSTRUCTORS = {"open_mongo", "open_redis", "open_channel", "serving", "Broker", "AsyncMongoClient", "insecure_channel"}

Rule = Callable[[Sequence[Module]], Iterator[str]]


def within(imported: str, packages: Sequence[str]) -> bool:
    return any(f"{imported}.".startswith(f"{package}.") for package in packages)


def downward_only(modules: Sequence[Module]) -> Iterator[str]:
    """gateway | services -> mesh -> generated -> third-party; services never import each other, nobody imports dev or tests."""
    for module in modules:
        for imported in module.imports:
            room = imported.partition(".")[0]
            if not room or (room in OWN and room not in BELOW[module.room] | {module.room}):
                yield f"{module.name} imports {imported}"


def general_rooms_know_no_resources(modules: Sequence[Module]) -> Iterator[str]:
    for module in modules:
        if module.room in ("mesh", "gateway"):
            for imported in module.imports:
                if within(imported, ["unified"]) and not within(imported, GENERAL_CONTRACTS):
                    yield f"{module.name} knows {imported}"


def services_have_floors(modules: Sequence[Module]) -> Iterator[str]:
    """__main__ -> app -> servicer, consumer, repository, mapping ... -> use_cases -> model."""
    for module in modules:
        floor = FLOORS.get(module.file, BESIDE_SERVICER)
        for imported in module.imports:
            room, _, rest = imported.partition(".")
            if module.room in SERVICES and room == module.room and rest:
                # A package inside a service has the same floors.
                below = next((FLOORS[part] for part in rest.split(".") if part in FLOORS), BESIDE_SERVICER)
                if below > floor or (below == floor != BESIDE_SERVICER):
                    yield f"{module.name} imports {imported}"


def the_inside_is_plain(modules: Sequence[Module]) -> Iterator[str]:
    """Models need the standard library alone; use cases also know models and how to refuse."""
    for module in modules:
        packages = {module.room, module.name.rpartition(".")[0]}
        plain = [file for file, floor in FLOORS.items() if floor <= FLOORS["wording"]]
        models = tuple(f"{package}.{file}" for package in packages for file in plain)
        inside = {"schedule": (), "model": models, "wording": models, "use_cases": (*models, "mesh.errors", "unified.error")}
        allowed = inside.get(module.file)
        if module.room in SERVICES and allowed is not None:
            for imported in module.imports:
                if imported.partition(".")[0] not in sys.stdlib_module_names and not within(imported, allowed):
                    yield f"{module.name} imports {imported}"


def only_app_constructs(modules: Sequence[Module]) -> Iterator[str]:
    for module in modules:
        if module.room in ROOMS and module.file not in ("app", "__main__"):
            mentioned = module.names | {imported.rpartition(".")[2] for imported in module.imports}
            for constructor in sorted(mentioned & CONSTRUCTORS):
                yield f"{module.name} uses {constructor}"


def pika_is_hidden(modules: Sequence[Module]) -> Iterator[str]:
    for module in modules:
        if not within(module.name, ["mesh.amqp"]) and any(within(imported, ["pika"]) for imported in module.imports):
            yield f"{module.name} imports pika"


def no_cycles(modules: Sequence[Module]) -> Iterator[str]:
    names = {module.name for module in modules}
    graph = {module.name: {_module_of(imported, names) for imported in module.imports} - {""} for module in modules}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield " -> ".join(error.args[1])


def _module_of(imported: str, names: set[str]) -> str:
    """The module that an import names, or holds what it names."""
    return imported if imported in names else next((name for name in [imported.rpartition(".")[0]] if name in names), "")


RULES: list[Rule] = [
    downward_only,
    general_rooms_know_no_resources,
    services_have_floors,
    the_inside_is_plain,
    only_app_constructs,
    pika_is_hidden,
    no_cycles,
]
