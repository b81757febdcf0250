"""One run: start, load and faults together until the plan is fulfilled, heal, let everything settle, account."""

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import aiohttp

from tests.audit import observing
from tests.audit.client import TRY_TIMEOUT_S
from tests.audit.evidence import Evidence
from tests.audit.faults import Poisoner, Saboteur
from tests.audit.load import Load, User
from tests.audit.operations import Journal, read_journal
from tests.audit.people import sign_up
from tests.audit.plan import Plan
from tests.audit.points import PROCESS_OF, service_of
from tests.audit.reading import Reader
from tests.audit.result import Result, conclude
from tests.audit.settling import settle
from tests.audit.supervision import Supervision
from tests.audit.world import Servers, World, own_servers, running_world

log = logging.getLogger(__name__)

INTERVAL_S = 0.1
HEALING_S = 120.0


async def audit(plan: Plan, directory: Path, servers: Servers | None = None) -> Result:
    """What the run showed. Without `servers` it starts its own; with some, the plan's victims must not be among them."""
    async with contextlib.AsyncExitStack() as stack:
        if servers is None:
            servers = await stack.enter_async_context(own_servers(directory))
        world = await stack.enter_async_context(running_world(directory, servers, plan))
        timeout = aiohttp.ClientTimeout(total=TRY_TIMEOUT_S)
        connector = aiohttp.TCPConnector(limit=0)
        session = await stack.enter_async_context(aiohttp.ClientSession(timeout=timeout, connector=connector))
        return await _Run(plan, world, await sign_up(session, world, plan)).go()


class _Run:
    def __init__(self, plan: Plan, world: World, users: list[User]) -> None:
        self._plan, self._world, self._users = plan, world, users
        self._supervision = Supervision(world.processes(plan.victims), seed=plan.seed)
        self._poisoner = Poisoner(world.servers.rabbitmq_url)
        self._journal = Journal(world.journal_file)
        self._load = Load(plan, users, self._journal)
        self._saboteur = Saboteur(plan, world.points, self._supervision, self._poisoner, lambda: self._load.acknowledged)
        self._readers = [Reader(user, seed=plan.seed) for user in users]
        self._begin = time.monotonic()

    async def go(self) -> Result:
        async with self._supervision.watching():
            async with self._poisoner.broker:
                await self._rage()
                loaded_s = time.monotonic() - self._begin
                log.info("healing")
                async with asyncio.timeout(HEALING_S):
                    await self._supervision.all_up()
                    await self._poisoner.finish()
            log.info("settling")
            leftovers = await settle(self._world)
            log.info("accounting")
            evidence = await self._evidence(leftovers)
        hits = self._world.points.hits()
        return conclude(
            self._plan,
            evidence,
            deaths=self._supervision.deaths,
            hits=hits,
            reads=sum(each.reads for each in self._readers),
            loaded_s=loaded_s,
        )

    async def _rage(self) -> None:
        """Load and faults, until the plan is fulfilled or its time is up; then every operation to its end."""
        async with asyncio.TaskGroup() as group:
            load = group.create_task(self._load.run())
            faults = group.create_task(self._saboteur.run())
            readers = [group.create_task(reader.run()) for reader in self._readers]
            while not self._is_fulfilled() and time.monotonic() < self._begin + self._plan.limit_s:
                await asyncio.sleep(INTERVAL_S)
            for task in (faults, *readers):
                task.cancel()
            log.info("enough: clients finish")
            self._world.points.disarm()
            self._load.stop()
            await load
        self._journal.close()

    def _is_fulfilled(self) -> bool:
        return (
            self._load.acknowledged >= self._plan.writes
            and self._supervision.deaths.total() >= self._plan.kills
            and all(self._world.points.hits()[point] for point in self._plan.points)
        )

    async def _evidence(self, leftovers: Mapping[str, int]) -> Evidence:
        world = self._world
        return Evidence(
            operations=read_journal(world.journal_file),
            stored=await observing.stored_tasks(world),
            comments=await observing.stored_comments(world),
            shown=await observing.shown_tasks(self._users),
            notifications=await observing.shown_notifications(self._users),
            notifications_stored=await observing.count_notifications(world),
            deliveries=observing.deliveries(world),
            poison=self._poisoner.injected,
            dead_letters=await observing.dead_letters(world),
            leftovers=leftovers,
            stale=[each for reader in self._readers for each in reader.stale],
            unexplained=self._unexplained(),
        )

    def _unexplained(self) -> Counter[str]:
        """Deaths by service that were neither a kill nor the hit of a point."""
        unexplained = Counter[str]()
        for name, count in (self._supervision.deaths - self._supervision.kills).items():
            unexplained[service_of(name)] += count
        for point, count in self._world.points.hits().items():
            unexplained[PROCESS_OF[point]] -= count
        return +unexplained
