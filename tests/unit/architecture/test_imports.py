"""The walls of the house hold, and the one who watches them sees a hole."""

from pathlib import Path

import pytest

from tests.unit.architecture.modules import PRODUCT, SERVICES, Module, product_modules
from tests.unit.architecture.rules import (
    RULES,
    Rule,
    downward_only,
    general_rooms_know_no_resources,
    no_cycles,
    only_app_constructs,
    pika_is_hidden,
    services_have_floors,
    the_inside_is_plain,
)

EVERY_SERVICE = {"__main__", "app", "settings", "model", "use_cases", "repository", "mapping", "servicer"}


@pytest.fixture(scope="module")
def modules() -> list[Module]:
    return product_modules()


def test_every_room_is_read(modules: list[Module]) -> None:
    assert {module.room for module in modules} == set(PRODUCT)


@pytest.mark.parametrize("rule", RULES)
def test_the_house_keeps_the_rule(rule: Rule, modules: list[Module]) -> None:
    assert list(rule(modules)) == []


@pytest.mark.parametrize("service", SERVICES)
def test_who_knows_one_service_finds_everything_in_another(service: str, modules: list[Module]) -> None:
    files = {module.file for module in modules if module.room == service}
    assert files >= EVERY_SERVICE


@pytest.mark.parametrize(
    ("rule", "file", "code"),
    [
        (downward_only, "task_svc/repository.py", "from user_svc.model import User"),
        (downward_only, "mesh/logs.py", "import task_svc.app"),
        (downward_only, "mesh/amqp/broker.py", "from gateway import settings"),
        (downward_only, "gateway/handler.py", "def handle():\n    import notify_svc"),
        (downward_only, "gateway/handler.py", "from dev.ports import free_port"),
        (downward_only, "notify_svc/app.py", "if True:\n    from tests import callers"),
        (downward_only, "task_svc/app.py", "from . import repository"),
        (downward_only, "task_svc/app.py", "from ..user_svc import model"),
        (general_rooms_know_no_resources, "mesh/outbox.py", "from unified.task.v1 import task_pb2"),
        (general_rooms_know_no_resources, "gateway/handler.py", "import unified.user.v1.user_pb2"),
        (services_have_floors, "task_svc/use_cases.py", "from task_svc.repository import MongoTaskRepository"),
        (services_have_floors, "task_svc/model.py", "from task_svc import use_cases"),
        (services_have_floors, "task_svc/schedule.py", "from task_svc.model import Task"),
        (services_have_floors, "task_svc/servicer.py", "from task_svc.app import app"),
        (services_have_floors, "user_svc/tokens.py", "import user_svc.__main__"),
        (services_have_floors, "task_svc/comments/use_cases.py", "import task_svc.comments.repository"),
        (services_have_floors, "task_svc/comments/model.py", "from task_svc.use_cases import Page"),
        (the_inside_is_plain, "task_svc/model.py", "import orjson"),
        (the_inside_is_plain, "task_svc/schedule.py", "import orjson"),
        (the_inside_is_plain, "task_svc/comments/model.py", "from mesh.errors import ServiceError"),
        (the_inside_is_plain, "task_svc/model.py", "from mesh.errors import ServiceError"),
        (the_inside_is_plain, "notify_svc/use_cases.py", "from pymongo.errors import PyMongoError"),
        (the_inside_is_plain, "notify_svc/use_cases.py", "from mesh import mongo"),
        (only_app_constructs, "task_svc/repository.py", "from mesh.mongo import open_mongo as connect"),
        (only_app_constructs, "task_svc/repository.py", "from mesh import mongo\nclient = mongo.open_mongo('', '')"),
        (only_app_constructs, "gateway/handler.py", "import grpc\nchannel = grpc.aio.insecure_channel('')"),
        (pika_is_hidden, "mesh/consumer.py", "import pika"),
        (pika_is_hidden, "task_svc/repository.py", "from pika.exceptions import AMQPError"),
        (no_cycles, "mesh/a.py", "from mesh import b"),
    ],
)
def test_a_planted_violation_is_found(rule: Rule, file: str, code: str, tmp_path: Path) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    (path.parent / "b.py").write_text("from mesh.a import something")
    assert list(rule(product_modules(tmp_path))) == []
    path.write_text(code)
    (violation,) = rule(product_modules(tmp_path))
    assert ".".join(path.relative_to(tmp_path).with_suffix("").parts) in violation


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("task_svc/app.py", "from mesh.mongo import open_mongo\nfrom task_svc.repository import MongoTaskRepository"),
        ("task_svc/repository.py", "import pymongo\nfrom task_svc.mapping import task_to_proto\nfrom unified.error.v1 import x"),
        ("task_svc/comments/use_cases.py", "from task_svc.comments.model import Comment\nfrom task_svc.model import Task"),
        ("task_svc/comments/mapping.py", "from task_svc.comments.use_cases import Page\nfrom task_svc.mapping import SOURCE"),
        ("task_svc/model.py", "import dataclasses\nfrom collections.abc import Mapping"),
        ("task_svc/model.py", "from task_svc import schedule\nfrom task_svc.schedule import Plan"),
        ("mesh/amqp/broker.py", "import pika\nfrom mesh.amqp.channel import Channel"),
    ],
)
def test_what_is_allowed_is_no_violation(file: str, code: str, tmp_path: Path) -> None:
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text(code)
    assert [violation for rule in RULES for violation in rule(product_modules(tmp_path))] == []
