"""Reads `.http` files as VS Code's REST Client does, and sends what is in them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

DEFINITION = re.compile(r"^@(\w+) *= *(.*)$", re.MULTILINE)
REFERENCE = re.compile(r"\{\{(.+?)\}\}")
ANSWERED = re.compile(r"(\w+)\.response\.body\.\$\.(.+)")
NAME = re.compile(r"^# +@name +(\w+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A request of the file, its variables not filled in yet."""

    name: str
    verb: str
    url: str
    headers: Mapping[str, str]
    body: str


class HttpFile:
    """`given` are the variables that somebody changed in the file."""

    def __init__(self, text: str, given: Mapping[str, str]) -> None:
        self.blocks = [block for part in re.split(r"^###.*$", text, flags=re.MULTILINE) for block in _blocks(part)]
        self._variables = {**dict(DEFINITION.findall(text)), **given}
        self._answers: dict[str, Any] = {}

    async def send(self, session: aiohttp.ClientSession, block: Block) -> int:
        """The status. A JSON answer is there for later requests; a stream is left once it has begun."""
        headers = {name: self._filled(value) for name, value in block.headers.items()}
        body = self._filled(block.body) or None
        async with session.request(block.verb, self._filled(block.url), headers=headers, data=body) as response:
            if response.content_type == "application/json":
                self._answers[block.name] = await response.json()
            else:
                await response.content.readline()
            return response.status

    def has_what_others_want(self, block: Block) -> bool:
        """Whether the answer has all that the file reads from it."""
        wanted = [ANSWERED.search(value) for value in self._variables.values()]
        return all(self._answered(each[1], each[2]) is not None for each in wanted if each and each[1] == block.name)

    def _filled(self, text: str) -> str:
        return REFERENCE.sub(lambda reference: self._value(reference[1]), text)

    def _value(self, name: str) -> str:
        if answered := ANSWERED.fullmatch(name):
            return str(self._answered(answered[1], answered[2]))
        return self._filled(self._variables[name])

    def _answered(self, name: str, place: str) -> Any:
        """What stands at a place like "tasks[0].id" of an answer, if anything does."""
        found = self._answers[name]
        for step in re.findall(r"\w+", place):
            try:
                found = found[int(step) if step.isdigit() else step]
            except LookupError:
                return None
        return found


def _blocks(part: str) -> Iterator[Block]:
    """The request in it, if there is one."""
    lines = [line for line in part.split("\n") if not line.startswith("#") and not DEFINITION.match(line)]
    head, _, body = "\n".join(lines).strip().partition("\n\n")
    if head:
        request, *headers = head.split("\n")
        verb, url = request.split(" ")
        name = NAME.search(part)
        yield Block(name[1] if name else url, verb, url, dict(header.split(": ", 1) for header in headers), body)
