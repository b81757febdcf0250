"""What is new to one stream: asked of the service page by page, and each event once."""

from collections.abc import Awaitable, Callable
from typing import Any

# Ids of events that are kept to know them again. Beyond that an event may come twice, with the same id.
MOST_REMEMBERED = 10_000

Ask = Callable[[str, str], Awaitable[Any]]
"""From what was heard of and a page token to the service's response."""


class News:
    """Reads in rounds. A round begins a little before the end of the last one, because events do not become visible in order,
    and what is read a second time is passed over. A round that failed goes on at the page where it failed."""

    def __init__(self, ask: Ask, events_field: str) -> None:
        self._ask, self._events_field = ask, events_field
        self.position = ""
        self._page_token = ""
        # Where the next round begins: what the service said when this one began, as later pages know nothing of earlier ones.
        self._next_position = ""
        # What the last round heard, and what this one has.
        self._known: dict[str, None] = {}
        self._heard: dict[str, None] = {}

    async def begin(self, last_event_id: str) -> list[Any]:
        """Read the first page, for a client that has heard of this event, or of all that there is when empty."""
        self.position = last_event_id
        self._known[last_event_id] = None
        page = await self.page()
        if last_event_id:
            return page
        while self._page_token:
            await self.page()
        return []

    @property
    def has_more(self) -> bool:
        """Whether the round goes on."""
        return bool(self._page_token)

    async def page(self) -> list[Any]:
        """The new events of the next page, with which a round goes on or begins."""
        response = await self._ask(self.position, self._page_token)
        if not self._page_token:
            self._next_position = response.position
        fresh = [event for event in getattr(response, self._events_field) if self._is_new(event.id)]
        self._page_token = response.next_page_token
        if not self._page_token:
            self.position, self._known, self._heard = self._next_position, self._heard, {}
        return fresh

    def _is_new(self, event_id: str) -> bool:
        is_new = event_id not in self._known and event_id not in self._heard
        self._heard[event_id] = None
        if len(self._heard) > MOST_REMEMBERED:
            del self._heard[next(iter(self._heard))]
        return is_new
