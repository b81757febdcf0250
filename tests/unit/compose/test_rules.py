"""compose.yaml keeps the rules, and one that is broken is refused, in words that say where."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from dev.compose.__main__ import rule_problems, schema_problems
from dev.compose.definitions import password_hash
from dev.compose.file import Compose, Document, read
from dev.compose.rules import RULES
from dev.compose.secrets import ensure_secrets, made_names


def said(document: Document, name: str) -> dict[str, Any]:
    service: dict[str, Any] = document["services"][name]
    return service


def test_the_file_is_what_the_specification_and_the_code_say() -> None:
    assert (schema_problems(read()), rule_problems(read())) == ([], [])


def test_a_misspelt_word_is_found() -> None:
    document = read()
    said(document, "redis")["restrat"] = said(document, "redis").pop("restart")
    assert "'restrat' was unexpected" in schema_problems(document)[0]


def misspell_setting(d: Document) -> None:
    said(d, "gateway")["environment"]["RATE_LIMIT_MXA"] = "7"


def forget_secret(d: Document) -> None:
    said(d, "task_svc")["secrets"].remove("RABBITMQ_URL")


def forget_key(d: Document) -> None:
    said(d, "user_svc")["secrets"].remove("private.pem")


def exceed(d: Document) -> None:
    said(d, "notify_svc")["environment"]["DRAIN_SECONDS"] = "1000"


def mistake_port(d: Document) -> None:
    said(d, "gateway")["environment"]["TASK_SERVICE_TARGET"] = "dns:///task_svc:3001"


def hide_the_numbers(d: Document) -> None:
    said(d, "gateway2")["environment"]["API_GATEWAY_METRICS_PORT"] = "3101"


def part_networks(d: Document) -> None:
    del said(d, "notify_svc")["networks"]["rabbitmq"]


def hurry(d: Document) -> None:
    said(d, "user_svc")["depends_on"]["mongodb"] = {"condition": "service_started"}


def move_database(d: Document) -> None:
    said(d, "task_svc")["environment"]["DB_NAME_TASK_SERVICE"] = "tasks"


def open_service(d: Document) -> None:
    said(d, "task_svc")["ports"] = ["3002:3002"]


def open_network(d: Document) -> None:
    d["networks"]["mongodb"] = {}


def write_anywhere(d: Document) -> None:
    said(d, "mongodb")["read_only"] = False


def use_everything(d: Document) -> None:
    del said(d, "rabbitmq")["deploy"]["resources"]["limits"]["memory"]


def run_as_root(d: Document) -> None:
    del said(d, "redis")["user"]


def own_nothing(d: Document) -> None:
    said(d, "nginx")["tmpfs"] = ["/srv/nginx/tmp"]


def stay_dead(d: Document) -> None:
    said(d, "nginx")["restart"] = "no"


def take_the_latest(d: Document) -> None:
    said(d, "redis")["image"] = "redis:latest"


def differ_from_the_cluster(d: Document) -> None:
    said(d, "mongodb")["image"] = "mongo:7.0.1"


def mount_nothing(d: Document) -> None:
    said(d, "redis")["volumes"][1] = "./infra/redis/redis.cnf:/etc/unified/redis.conf:ro"


def mount_elsewhere(d: Document) -> None:
    said(d, "redis")["volumes"][1] = "./infra/redis/redis.conf:/etc/redis.conf:ro"


def hide_a_secret(d: Document) -> None:
    said(d, "redis")["secrets"] = []


def invent_a_secret(d: Document) -> None:
    d["secrets"]["server.pem"]["file"] = "certificate.pem"


def ask_nobody(d: Document) -> None:
    del said(d, "rabbitmq")["healthcheck"]


def ask_a_stranger(d: Document) -> None:
    said(d, "user_svc")["healthcheck"]["test"] = ["CMD", "python", "-m", "mesh.wellness", "3001"]


def ask_elsewhere(d: Document) -> None:
    said(d, "user_svc")["healthcheck"]["test"][-1] = "3002"


def stop_at_once(d: Document) -> None:
    said(d, "gateway2")["stop_grace_period"] = "10s"


def close_the_door_at_once(d: Document) -> None:
    del said(d, "nginx")["stop_grace_period"]


def forget_file(d: Document) -> None:
    said(d, "nginx")["volumes"].pop(1)


def forget_certificate(d: Document) -> None:
    said(d, "nginx")["secrets"].pop(0)


def wander(d: Document) -> None:
    said(d, "gateway2")["networks"]["platform"] = {"aliases": ["gateway"]}


def lose_the_name(d: Document) -> None:
    del said(d, "gateway2")["networks"]["platform"]["aliases"]


def trust_everybody(d: Document) -> None:
    said(d, "gateway")["environment"]["TRUSTED_PROXIES"] = "0.0.0.0/0"


def stand_alone(d: Document) -> None:
    del d["services"]["gateway2"]


def declare_for_nobody(d: Document) -> None:
    d["volumes"]["mysql"] = None


@pytest.mark.parametrize(
    ("break_it", "problem"),
    [
        (misspell_setting, "gateway does not read the setting RATE_LIMIT_MXA"),
        (forget_secret, "task_svc:  RABBITMQ_URL is not set"),
        (forget_key, "user_svc:  JWT_PRIVATE_KEY_FILE must name a file that exists"),
        (exceed, "notify_svc:  DRAIN_SECONDS Input should be less than or equal to 300"),
        (mistake_port, "gateway: TASK_SERVICE_TARGET leads to task_svc:3001, where nobody listens"),
        (hide_the_numbers, "gateway2 is not asked for its metrics at API_GATEWAY_METRICS_PORT"),
        (part_networks, "notify_svc shares no network with rabbitmq, which RABBITMQ_URL names"),
        (hurry, "user_svc does not wait until mongodb is healthy"),
        (move_database, "task_svc uses the database tasks, which infra/mongodb/users.js does not open to it"),
        (open_service, "task_svc must publish nothing, not ['3002:3002']"),
        (
            open_network,
            "the network mongodb must be internal: mongodb, notify_svc, task_svc, user_svc need not reach anything outside",
        ),
        (write_anywhere, "mongodb must have a read-only root, no capabilities and no new privileges"),
        (use_everything, "rabbitmq must have limits of processor, memory and processes"),
        (run_as_root, "redis must say who runs in it, other than root"),
        (own_nothing, "nginx must say whose /srv/nginx/tmp is, and how large: uid, gid, mode, size"),
        (stay_dead, "nginx must be started again when it ends"),
        (take_the_latest, "redis: its image redis:latest must have a tag that says which it is"),
        (differ_from_the_cluster, "mongodb: its image mongo:7.0.1 is another one than in k8s/components"),
        (mount_nothing, "redis mounts ./infra/redis/redis.cnf, which is nowhere"),
        (mount_elsewhere, "redis names /etc/unified/redis.conf, which is not mounted"),
        (hide_a_secret, "redis names /run/secrets/redis-users.acl, which is not mounted"),
        (invent_a_secret, "nothing makes the secret server.pem at certificate.pem"),
        (ask_nobody, "rabbitmq needs a health check, as a list"),
        (ask_a_stranger, "user_svc: its health check runs mesh.wellness, which is nowhere"),
        (ask_elsewhere, "user_svc: its health check does not ask its port 3001"),
        (stop_at_once, "gateway2 is killed before it has drained: its grace period must be 30s or longer"),
        (close_the_door_at_once, "nginx is killed before its workers have ended: its grace period must be longer than 30s"),
        (forget_file, "nginx lacks its file site.conf"),
        (forget_certificate, "nginx lacks certificates/server.pem"),
        (wander, "gateway2 needs an address that stays, for nginx"),
        (lose_the_name, "gateway2 does not answer to the name gateway"),
        (trust_everybody, "gateway must trust nginx: TRUSTED_PROXIES must be 172.30.213.10"),
        (stand_alone, "there must be two gateways or more"),
        (declare_for_nobody, "nobody uses mysql of volumes"),
    ],
)
def test_what_is_broken_is_said(break_it: Callable[[Document], None], problem: str) -> None:
    document = read()
    break_it(document)
    assert any(problem in each for rule in RULES for each in rule(Compose(document))), rule_problems(document)


def test_secrets_are_made_once_and_only_their_maker_reaches_them(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    ensure_secrets(folder)
    made = {file.name: file.read_text() for file in folder.iterdir()}
    assert made.keys() == made_names()
    assert folder.stat().st_mode & 0o777 == 0o700
    ensure_secrets(folder)
    assert {file.name: file.read_text() for file in folder.iterdir()} == made
    ensure_secrets(tmp_path / "others")
    others = {file.name: file.read_text() for file in (tmp_path / "others").iterdir()}
    assert [name for name in made if made[name] == others[name]] == []


def test_a_secret_that_is_missing_is_made_again_and_the_others_stay(tmp_path: Path) -> None:
    ensure_secrets(tmp_path)
    redis, rabbitmq = (tmp_path / "REDIS_URL").read_text(), (tmp_path / "RABBITMQ_URL").read_text()
    (tmp_path / "RABBITMQ_URL").unlink()
    ensure_secrets(tmp_path)
    assert (tmp_path / "REDIS_URL").read_text() == redis
    assert (tmp_path / "RABBITMQ_URL").read_text() != rabbitmq
    (user,) = orjson.loads((tmp_path / "rabbitmq-definitions.json").read_bytes())["users"]
    assert user["password_hash"] == password_hash(str(urlsplit((tmp_path / "RABBITMQ_URL").read_text()).password))
