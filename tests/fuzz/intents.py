"""What people want of the platform next, and what becomes of it when a request is broken on its way."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any
from urllib.parse import quote

TASKS, INBOX, PROFILE = "/api/tasks", "/api/notifications", "/api/users/profile"
JSON, CSV = "application/json", "text/csv"
# Few enough that people meet at them.
MOST_KEPT = 30
ODD: list[Any] = [None, True, 0, -1, 2**63, 1.5, "", " ", "\0", "x" * 3000, "\U0001f4a9", "3600s", "todo", "2030-01-31"]
ODD += [[], [[]], [None] * 200, {}, {"a": {}}]
ODD_HEADERS = {
    "If-Match": ['""', "x y", "W/", "\xe4"],
    "Idempotency-Key": ["", "x" * 300, "\xe4"],
    "Content-Type": ["text/plain", "", "a/b;c"],
}
BROKEN, KEYED, CAREFUL = 0.25, 0.4, 0.4


@dataclass(frozen=True)
class Intent:
    """A request; `path` has its query. A body that is not bytes becomes JSON."""

    method: str
    path: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes | None:
        return self.body if self.body is None or isinstance(self.body, bytes) else json.dumps(self.body).encode()


class Board:
    """What people have seen who work together: ids by the path of their list, and entity tags by the path of their resource."""

    def __init__(self) -> None:
        self.ids: dict[str, list[str]] = {TASKS: [], INBOX: []}
        self.etags: dict[str, str] = {}
        self.page_tokens: list[str] = []

    def learn(self, intent: Intent, answer: Any) -> None:
        """From the JSON of a success."""
        path = intent.path.partition("?")[0]
        if "id" in answer and intent.method == "POST" and path.endswith(("/tasks", "/comments")):
            self._keep(path, answer["id"])
            self.etags[f"{path}/{answer['id']}"] = answer["etag"]
        elif "etag" in answer:
            self.etags[path] = answer["etag"]
        for notification in answer.get("notifications", ()):
            self._keep(INBOX, notification["id"])
        self.page_tokens = [*self.page_tokens, *filter(None, [answer.get("nextPageToken")])][-MOST_KEPT:]

    def _keep(self, path: str, found: str) -> None:
        self.ids[path] = [*self.ids.get(path, []), found][-MOST_KEPT:]


class Intents:
    """One person's. `partner` is the address that tasks are assigned to."""

    def __init__(self, random: Random, board: Board, partner: str) -> None:
        self._random, self._board, self._partner = random, board, partner
        self._kinds: list[Callable[[], Intent]] = [
            self._create,
            self._create,
            self._change,
            self._change,
            self._change,
            self._act,
        ]
        self._kinds += [self._comment, self._of_comment, self._batch, self._file, self._read, self._read, self._inbox, self._self]

    def draw(self) -> Intent:
        intent = self._random.choice(self._kinds)()
        headers: dict[str, str] = dict(intent.headers)
        if intent.method != "GET" and self._chance(KEYED):
            headers["Idempotency-Key"] = f"{self._random.getrandbits(64):x}"
        if self._chance(CAREFUL) and (etag := self._board.etags.get(intent.path)):
            headers["If-None-Match" if intent.method == "GET" else "If-Match"] = f'"{etag}"'
        intent = replace(intent, headers=headers)
        return self._break(intent) if self._chance(BROKEN) else intent

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _one(self, path: str) -> str:
        """A resource of this list, or what might be one."""
        return f"{path}/{self._random.choice([*self._board.ids.get(path, ()), '665f1f77bcf86cd799439021'])}"

    def _values(self) -> dict[str, Any]:
        due = f"20{self._random.randint(20, 40)}-01-31T12:00:00Z"
        values: dict[str, Any] = {
            "description": self._random.choice(["", "Release 1.0", None]),
            "status": self._random.choice(["todo", "in_progress", "blocked", "done", "cancelled"]),
            "priority": self._random.choice(["low", "high", None]),
            "labels": self._random.choice([[], ["a"], ["a", "b"]]),
            "dueTime": self._random.choice([due, None]),
            "assigneeId": self._random.choice([self._partner, self._partner, None]),
            "reminders": self._random.choice([[], [{"before": "3600s"}], [{"at": due}]]),
        }
        return {name: values[name] for name in self._random.sample(sorted(values), self._random.randint(0, 3))}

    def _create(self) -> Intent:
        values = self._values()
        return Intent(
            "POST",
            TASKS,
            {"title": f"Task {self._random.randint(1, 99)}", "assigneeId": self._partner, **values, "status": "todo"},
        )

    def _change(self) -> Intent:
        return Intent(self._random.choice(["PUT", "PATCH"]), self._one(TASKS), self._values())

    def _act(self) -> Intent:
        task = self._one(TASKS)
        return self._random.choice(
            [Intent("DELETE", task), Intent("POST", f"{task}/restore"), Intent("POST", f"{task}/restore", {})]
        )

    def _comment(self) -> Intent:
        return Intent("POST", f"{self._one(TASKS)}/comments", {"body": "Done"})

    def _of_comment(self) -> Intent:
        lists = [path for path in self._board.ids if path.endswith("/comments")] or [f"{self._one(TASKS)}/comments"]
        comment = self._one(self._random.choice(lists))
        return self._random.choice(
            [Intent("GET", comment), Intent("PATCH", comment, {"body": "Not yet"}), Intent("DELETE", comment)]
        )

    def _batch(self) -> Intent:
        def operation() -> dict[str, Any]:
            task = {"id": self._one(TASKS).rpartition("/")[2]}
            return self._random.choice(
                [{"create": {"title": "Of many"}}, {"update": {**task, **self._values()}}, {"delete": task}]
            )

        return Intent("POST", f"{TASKS}/batch", {"operations": [operation() for _ in range(self._random.randint(1, 5))]})

    def _file(self) -> Intent:
        dry = self._random.choice(["", "?dryRun=true"])
        rows = "title,priority,labels\n" + "Ship it,high,release\n" * self._random.randint(0, 3)
        out = Intent("GET", f"{TASKS}/export?format={self._random.choice(['csv', 'jsonl'])}")
        return self._random.choice([out, Intent("POST", f"{TASKS}/import{dry}", rows.encode(), {"Content-Type": CSV})])

    def _read(self) -> Intent:
        task = self._one(TASKS)
        page = f"?pageSize=2&pageToken={quote(self._random.choice([*self._board.page_tokens, '']))}"
        asked = self._random.choice(
            ["?status=todo&priority=high", "?q=task&orderBy=dueTime", "?label=a&dueAfter=2025-01-01T00:00:00Z"]
        )
        paths = [
            TASKS,
            TASKS + page,
            TASKS + asked,
            task,
            f"{task}/history",
            f"{task}/history{page}",
            f"{task}/comments",
            f"{task}/comments{page}",
        ]
        return Intent("GET", self._random.choice(paths))

    def _inbox(self) -> Intent:
        one, verb = self._one(INBOX), self._random.choice(["read", "unread", "archive", "unarchive"])
        through = {"through": one.rpartition("/")[2]}
        return self._random.choice(
            [
                *(
                    Intent("GET", f"{INBOX}{each}")
                    for each in ("", "/latest", "/unread-count", "/preferences", "?state=unread&pageSize=2")
                ),
                *(Intent("POST", f"{INBOX}/{each}", self._random.choice([{}, through])) for each in ("read-all", "seen-all")),
                Intent("POST", f"{one}/{verb}"),
                Intent("DELETE", one),
                Intent(
                    self._random.choice(["PUT", "PATCH"]),
                    f"{INBOX}/preferences",
                    {"ownActions": True, "types": [{"type": "task.updated", "inbox": self._chance(0.8)}]},
                ),
            ]
        )

    def _self(self) -> Intent:
        change = {"name": self._random.choice(["Ada", "Ada King"]), "timezone": self._random.choice(["Europe/London", None])}
        return self._random.choice([Intent("GET", PROFILE), Intent("PATCH", PROFILE, change)])

    def _break(self, intent: Intent) -> Intent:
        """The same with one thing wrong, most likely."""
        ways = [self._break_path, self._break_headers]
        return self._random.choice([*ways, *[self._break_body] * 3] if isinstance(intent.body, dict) else ways)(intent)

    def _break_path(self, intent: Intent) -> Intent:
        way = intent.path.split("/")
        way[-1] = quote(str(self._random.choice(ODD)), safe="")[:2000]
        return replace(intent, path="/".join(way))

    def _break_headers(self, intent: Intent) -> Intent:
        name = self._random.choice(sorted(ODD_HEADERS))
        return replace(intent, headers={**intent.headers, name: self._random.choice(ODD_HEADERS[name])})

    def _break_body(self, intent: Intent) -> Intent:
        name = self._random.choice([*intent.body, "title", "id", "etag", "nothing"])
        broken = json.dumps({**intent.body, name: self._random.choice(ODD)}).encode()
        return replace(intent, body=broken[: self._random.choice([None, None, None, len(broken) // 2])])
