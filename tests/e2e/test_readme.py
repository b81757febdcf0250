"""The README's requests, pasted into a shell one after another: what they answer is what the README shows."""

import ast
import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.rest import PASSWORD, visiting
from tests.platform import Platform
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]
SECTIONS = ("First requests", "The same over gRPC")
BLOCK = re.compile(r"```bash\n(.*?)```(?:\n```(?:json|text)\n(.*?)```)", re.DOTALL)
# What is cut, and what differs each time: ids and times.
VARIABLE = re.compile(r"(\.\.\.|[0-9a-f]{24}|\d{4}-\d\d-\d\dT[\d:.]+Z)")
END = b"--- end of block ---\n"
TIMEOUT_S = 30.0


def sections() -> dict[str, str]:
    """The README's texts by their titles."""
    parts = re.split(r"^## (.*)\n", (ROOT / "README.md").read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def blocks() -> list[tuple[str, re.Pattern[str]]]:
    """What to paste, and what it answers, in order."""
    texts = sections()
    return [(pasted, pattern_of(shown)) for name in SECTIONS for pasted, shown in BLOCK.findall(texts[name])]


def pattern_of(shown: str) -> re.Pattern[str]:
    """Matches answers that read like the one shown, blanks and line breaks apart."""
    parts = VARIABLE.split(without_blanks(shown))
    return re.compile("".join(like(part) if VARIABLE.fullmatch(part) else re.escape(part) for part in parts))


def like(part: str) -> str:
    if part == "...":
        return ".*"
    return "[0-9a-f]{24}" if len(part) == 24 and part.isalnum() else r"[-\dT:.]+Z"


def without_blanks(text: str) -> str:
    return "".join(text.split())


class Shell:
    """A shell that somebody pastes into."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin
        assert process.stdout
        self._input, self._output = process.stdin, process.stdout

    async def paste(self, text: str) -> str:
        """What appears until the prompt would be back."""
        self._input.write(text.encode() + b"\necho '" + END.strip() + b"'\n")
        async with asyncio.timeout(TIMEOUT_S):
            answer = await self._output.readuntil(END)
        return without_blanks(answer.removesuffix(END).decode())


@pytest.fixture
async def shell() -> AsyncIterator[Shell]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec("bash", stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.STDOUT, cwd=ROOT)
    yield Shell(process)
    await process.communicate(b"exit\n")


# The README's gRPC is not encrypted.
@pytest.mark.parametrize("platform", ["plain", "nginx", "replicas"], indirect=True)
async def test_each_request_answers_what_the_readme_shows(shell: Shell, platform: Platform) -> None:
    pairs = blocks()
    assert len(pairs) >= 7
    for block, pattern in pairs:
        pasted = block.replace("http://127.0.0.1:3000", platform.base_url).replace("127.0.0.1:3002", platform.target("task_svc"))
        await check(shell, pasted, pattern)


async def test_from_python_it_is_the_same_over_rest_and_over_grpc(
    shared_platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    async with visiting(shared_platform.base_url) as visitor:
        ada = await visitor.sign_up("Ada")
    (text,) = re.findall(r"```python\n(.*?)```", sections()["From Python"], re.DOTALL)
    for shown, real in {
        "http://127.0.0.1:3000": shared_platform.base_url,
        "127.0.0.1:3002": shared_platform.target("task_svc"),
        "ada@example.com": ada.user["email"],
        "correct horse battery staple": PASSWORD,
    }.items():
        assert shown in text
        text = text.replace(shown, real)

    # As the prompt of `python -m asyncio` takes it.
    await eval(compile(text, "README.md", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), {})

    over_rest, over_grpc = capsys.readouterr().out.split("\n", 1)
    assert over_rest == "['Ship it']"
    assert 'title: "Ship it"' in over_grpc


async def check(shell: Shell, pasted: str, pattern: re.Pattern[str]) -> None:
    only_reads = " -d " not in pasted and " -X " not in pasted
    if only_reads:  # notifications take a moment
        await eventually(lambda: shell.paste(pasted), lambda answer: bool(pattern.fullmatch(answer)))
    else:
        answer = await shell.paste(pasted)
        assert pattern.fullmatch(answer), f"{pasted}answered {answer}, not {pattern.pattern}"
