"""The document's examples, as requests that follow one another: what an earlier answer has to say first becomes a variable.

The contract gives the same example to the same thing wherever it stands. So where a request has what is an example of an id in an
answer, it means that id, whatever it will be: `{{taskId}}`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

# What is not for the platform to say, but the same in several requests.
SETTINGS = {"baseUrl": "http://127.0.0.1:3000", "email": "ada@example.com", "password": "correct horse battery"}
TOKEN = "token"


def variable(name: str) -> str:
    """As both kinds of client write it."""
    return f"{{{{{name}}}}}"


def names_of(answers: Mapping[str, Any]) -> dict[str, str]:
    """The variables by the examples that they stand for. `answers` has an example by the name of its schema: a task's `id` is
    called taskId."""
    own = {answer["id"]: f"{name[0].lower()}{name[1:]}Id" for name, answer in answers.items() if "id" in answer}
    others = {value: key for answer in answers.values() for key, value, _ in _texts(answer) if key == TOKEN or key.endswith("Id")}
    return others | own


def filled(example: Any, names: Mapping[str, str], key: str = "") -> Any:
    """The example as it is sent."""
    if isinstance(example, dict):
        return {name: filled(value, names, name) for name, value in example.items()}
    if isinstance(example, list):
        return [filled(value, names, key) for value in example]
    if key in SETTINGS:
        return variable(key)
    return variable(names[example]) if isinstance(example, str) and example in names else example


def answered(example: Any, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The variables that an answer with this example fills, and where it has them, as in "tasks[0].id"."""
    yield from ((names[value], place) for _, value, place in _texts(example) if value in names)


def _texts(example: Any, key: str = "", place: str = "") -> Iterator[tuple[str, str, str]]:
    """The texts in it: their key, what they say, and where they stand."""
    if isinstance(example, dict):
        for name, value in example.items():
            yield from _texts(value, name, f"{place}.{name}".lstrip("."))
    elif isinstance(example, list):
        for value in example[:1]:
            yield from _texts(value, key, f"{place}[0]")
    elif isinstance(example, str) and example:
        yield key, example, place
