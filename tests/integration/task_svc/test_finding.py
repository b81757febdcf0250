"""Lists by filter and order, over gRPC: what a plain reading of the contract gives, in pages that skip and repeat nothing."""

import asyncio
import itertools
import random
from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from unified.error.v1 import reason_pb2
from unified.task.v1 import task_pb2

from tests.integration.task_svc.person import Person
from tests.refusals import refused

STATUSES = [value for value in task_pb2.Status.values() if value]
PRIORITIES = [value for value in task_pb2.Priority.values() if value]
LABELS = ["home", "work", "Work"]
WORDS = ["Ship", "write", "Übung", "release-notes", "42", "会議"]
DUE_TIMES = [Timestamp(seconds=seconds) for seconds in (-62_135_596_800, 1000, 2000, 2000, 3000, 253_402_300_799)]
ORDERS = [f"{field}{way}" for field in ("createTime", "updateTime", "dueTime", "priority") for way in ("", " desc")]
SORT_KEYS: dict[str, Callable[[task_pb2.Task], int]] = {
    "createTime": lambda task: task.create_time.ToMilliseconds(),
    "updateTime": lambda task: task.update_time.ToMilliseconds(),
    "dueTime": lambda task: task.due_time.ToMilliseconds(),
    "priority": lambda task: task.priority,
}


async def many_tasks(person: Person, dice: random.Random, count: int = 120) -> list[task_pb2.Task]:
    tasks = await asyncio.gather(*(person.create(**some_values(dice)) for _ in range(count)))
    # So that the order of changes is not that of creation.
    changed = await asyncio.gather(*(person.change(task.id, title=task.title + " again") for task in tasks[::3]))
    return [*changed, *(task for index, task in enumerate(tasks) if index % 3)]


def some_values(dice: random.Random) -> dict[str, Any]:
    return {
        "title": " ".join(dice.choices(WORDS, k=2)),
        "description": " ".join(dice.choices(WORDS, k=dice.randrange(3))).upper(),
        "status": dice.choice(STATUSES),
        "priority": dice.choice(PRIORITIES),
        "labels": dice.sample(LABELS, dice.randrange(3)),
        "due_time": dice.choice([None, *DUE_TIMES]),
    }


def some_question(dice: random.Random) -> dict[str, Any]:
    every = {
        "status": dice.sample(STATUSES, 2),
        "priority": dice.choices(PRIORITIES, k=3),
        "label": dice.sample(LABELS, dice.randrange(1, 3)),
        "due_after": dice.choice(DUE_TIMES),
        "due_before": dice.choice(DUE_TIMES),
        "q": " ".join(dice.choices(WORDS, k=dice.randrange(1, 3))).lower(),
    }
    return {name: every[name] for name in dice.sample(sorted(every), dice.randrange(3))}


def answers(task: task_pb2.Task, question: dict[str, Any]) -> bool:
    """The filters of the contract, read plainly."""
    text = f"{task.title} {task.description}".lower()
    due = task.due_time.ToMilliseconds() if task.HasField("due_time") else None
    return (
        ("status" not in question or task.status in question["status"])
        and ("priority" not in question or task.priority in question["priority"])
        and set(question.get("label", [])) <= set(task.labels)
        and all(word in text for word in question.get("q", "").split())
        and ("due_after" not in question or (due is not None and due >= question["due_after"].ToMilliseconds()))
        and ("due_before" not in question or (due is not None and due < question["due_before"].ToMilliseconds()))
    )


def in_order(tasks: list[task_pb2.Task], order_by: str) -> list[str]:
    field, _, descending = order_by.partition(" ")
    ordered = sorted(tasks, key=lambda task: (SORT_KEYS[field](task), task.id), reverse=bool(descending))
    if field == "dueTime":
        ordered.sort(key=lambda task: not task.HasField("due_time"))
    return [task.id for task in ordered]


async def test_a_list_is_what_the_contract_says(ada: Person, bob: Person) -> None:
    dice = random.Random(11)
    tasks = await many_tasks(ada, dice)
    await many_tasks(bob, dice, 30)
    questions = [{}, *(some_question(dice) for _ in range(12))]
    found = 0
    for question, order_by in itertools.product(questions, ORDERS):
        listed = [task.id async for page in ada.pages(dice.choice([7, 50]), order_by=order_by, **question) for task in page]
        expected = [task for task in tasks if answers(task, question)]
        assert listed == in_order(expected, order_by), (question, order_by)
        found += 0 < len(expected) < len(tasks)
    assert found > len(questions)


async def test_newest_first_is_the_order_when_none_is_asked_for(ada: Person) -> None:
    tasks = [await ada.create() for _ in range(3)]
    assert list((await ada.page()).tasks) == tasks[::-1]
    assert list((await ada.page(order_by="createTime")).tasks) == tasks


async def test_what_changed_is_found_by_what_it_is_now(ada: Person) -> None:
    task = await ada.create("Ship it", labels=["a"], status=task_pb2.STATUS_TODO)
    changed = await ada.change(task.id, title="Send it", labels=["b"], status=task_pb2.STATUS_DONE)
    for old in ({"q": "ship"}, {"label": ["a"]}, {"status": [task_pb2.STATUS_TODO]}):
        assert not (await ada.page(**old)).tasks
    for new in ({"q": "send"}, {"label": ["b"]}, {"status": [task_pb2.STATUS_DONE]}):
        assert list((await ada.page(**new)).tasks) == [changed]
    await ada.delete(task.id)
    assert not (await ada.page(q="send")).tasks


@pytest.mark.parametrize("q", ["SHIP", "it ship", "it, ship!", "\uff33\uff48\uff49\uff50", "everyone"])
async def test_words_match_in_any_order_case_and_form(q: str, ada: Person) -> None:
    task = await ada.create("Ship it", description="(to everyone)")
    assert list((await ada.page(q=q)).tasks) == [task]


@pytest.mark.parametrize("q", ["shi", "ships", "sh.p", "s.*", "ship -it everybody", "status\0todo", "todo"])
async def test_only_whole_words_match_and_nothing_is_a_pattern(q: str, ada: Person) -> None:
    await ada.create("Ship it", description="(to everyone)")
    assert not (await ada.page(q=q)).tasks


async def test_nobody_finds_what_is_somebody_elses(ada: Person, bob: Person) -> None:
    await ada.create("Ship it", labels=["a"], due_time=DUE_TIMES[1])
    everything: dict[str, Any] = {"q": "ship", "label": ["a"], "due_after": DUE_TIMES[0], "status": [task_pb2.STATUS_TODO]}
    assert (await ada.page(**everything)).tasks
    assert not (await bob.page(**everything)).tasks


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ({"status": [99]}, "status[0]"),
        ({"status": [task_pb2.STATUS_TODO, 0]}, "status[1]"),
        ({"priority": [0]}, "priority[0]"),
        ({"label": [""]}, "label[0]"),
        ({"label": ["x"] * 21}, "label"),
        ({"q": "?!"}, "q"),
        ({"q": "x" * 201}, "q"),
        ({"order_by": "title"}, "order_by"),
        ({"order_by": "createTime DESC"}, "order_by"),
        ({"order_by": "createTime desc, priority"}, "order_by"),
        ({"due_before": Timestamp(seconds=253_402_300_800)}, "due_before"),
    ],
)
async def test_a_question_that_breaks_the_contract_is_refused(question: dict[str, Any], named: str, ada: Person) -> None:
    with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
        await ada.page(**question)
    assert refusal.fields == [named]


async def test_a_token_is_good_for_its_filter_and_order_alone(ada: Person) -> None:
    await asyncio.gather(*(ada.create("Ship it", labels=["a", "b"]) for _ in range(3)))
    token = (await ada.page(1, q="ship it", label=["a", "b"], order_by="priority")).next_page_token
    assert (await ada.page(1, token, q="it SHIP", label=["b", "a"], order_by="priority")).tasks
    for other in ({"q": "ship"}, {"label": ["a"]}, {"order_by": "dueTime"}, {"order_by": "priority desc"}, {"order_by": ""}):
        with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
            await ada.page(1, token, **{"q": "ship it", "label": ["a", "b"], "order_by": "priority", **other})
        assert refusal.fields == ["page_token"]
