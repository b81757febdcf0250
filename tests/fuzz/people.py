"""People who use the platform as it is meant, many at once, two of them on the same tasks; now and then a request of theirs is
broken, sent again, or sent several times at once."""

import asyncio
from random import Random

import aiohttp
import orjson
from yarl import URL

from tests.e2e.rest import Person, visiting
from tests.fuzz.intents import JSON, Board, Intent, Intents
from tests.fuzz.judging import complaint
from tests.fuzz.operations import Operations
from tests.fuzz.result import Finding, Result, curl

TIMEOUT = aiohttp.ClientTimeout(total=60)
PEOPLE = 8
AGAIN, TOGETHER = 0.1, 0.1


async def use(url: str, result: Result, seed: int, steps: int) -> None:
    """Let everybody do so many things; what is answered and found is added to `result`."""
    operations = Operations()
    async with (
        visiting(url) as visitor,
        aiohttp.ClientSession(timeout=TIMEOUT, connector=aiohttp.TCPConnector(limit=0)) as session,
    ):
        people = [await visitor.sign_up(f"Ada{number}") for number in range(PEOPLE)]
        async with asyncio.TaskGroup() as group:
            for pair in zip(people[::2], people[1::2], strict=True):
                board = Board()
                for person, partner in (pair, pair[::-1]):
                    random = Random(f"{seed} {people.index(person)}")
                    user = _User(session, person, random, board, operations, result)
                    group.create_task(user.work(Intents(random, board, partner.user["email"]), steps))


class _User:
    """Somebody at work."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        person: Person,
        random: Random,
        board: Board,
        operations: Operations,
        result: Result,
    ) -> None:
        self._session, self._person, self._random = session, person, random
        self._board, self._operations, self._result = board, operations, result

    async def work(self, intents: Intents, steps: int) -> None:
        for _ in range(steps):
            intent = intents.draw()
            times = self._random.randint(2, 5) if self._random.random() < TOGETHER else 1
            await asyncio.gather(*(self._send(intent) for _ in range(times)))
            if self._random.random() < AGAIN:
                await self._send(intent)

    async def _send(self, intent: Intent) -> None:
        headers = {"Content-Type": JSON, **self._person.headers, **intent.headers}
        url, label = self._person.base_url + intent.path, self._operations.label(intent.method, intent.path)
        try:
            async with self._session.request(
                intent.method, URL(url, encoded=True), data=intent.content, headers=headers
            ) as response:
                body = await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            wrong = f"answers nothing: {error!r}"
        else:
            self._result.answers[label, response.status] += 1
            wrong = complaint(intent.method, intent.path, response.status, response.headers, body)
            if response.status < 300 and response.content_type == JSON:
                self._board.learn(intent, orjson.loads(body))
        if wrong:
            self._result.add(Finding(label, wrong, curl(intent.method, url, headers.items(), intent.content)))
