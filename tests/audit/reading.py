"""Readers: what was acknowledged is what everybody reads from then on, from a cache as well as from a database."""

import asyncio
import random

from tests.audit.client import Answer
from tests.audit.load import User

PROFILE = "/api/users/profile"
PAUSE_S = 0.1
# Of all that a reader does.
PROFILE_CHANGES = 0.2


class Reader:
    """Reads a user's tasks and profile, and changes the profile now and then, until it is cancelled."""

    def __init__(self, user: User, *, seed: int) -> None:
        self._user, self._random = user, random.Random(seed)
        self.reads = 0
        # Answers that were older than what had been acknowledged before they were asked for.
        self.stale: list[str] = []

    async def run(self) -> None:
        while True:
            if self._random.random() < PROFILE_CHANGES:
                await self._change_profile()
            else:
                await self.read(self._choose())
            await asyncio.sleep(PAUSE_S)

    def _choose(self) -> str:
        tasks = [path for path in self._user.versions if path != PROFILE]
        return self._random.choice(tasks) if tasks and self._random.random() < 0.5 else PROFILE

    async def read(self, path: str) -> None:
        """Read once, and compare with what was known before."""
        known = self._user.versions.get(path, 0)
        answer = await self._user.client.ask("GET", path)
        if answer is None or not answer.settles:
            return
        self.reads += 1
        # One that was deleted meanwhile is not known any more.
        if path in self._user.versions and _version(answer) < known:
            self.stale.append(
                f"{path} was read as {answer.status} {answer.body.get('etag')} after version {known} was acknowledged"
            )

    async def _change_profile(self) -> None:
        name = f"User {self._random.random()}"
        answer = await self._user.client.ask("PATCH", PROFILE, {"name": name})
        if answer is not None and answer.status == 200:
            self._user.learn(PROFILE, _version(answer))


def _version(answer: Answer) -> int:
    """Of what was read; 0 where it was not found."""
    return int(answer.body.get("etag", 0))
