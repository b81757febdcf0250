"""`.env.example` and what the local stack makes of it."""

from pathlib import Path

import pytest
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from dev import env_file
from dev.configuration import CertificateSettings, Ports, prepare_secrets, read_configuration
from dev.settings_check import problems_of, settings_classes


def fields_by_variable() -> dict[str, FieldInfo]:
    # The ports last: theirs are the defaults of `make up`, which the example shows.
    kinds: list[type[BaseSettings]] = [*settings_classes(), CertificateSettings, Ports]
    return {name.upper(): field for kind in kinds for name, field in kind.model_fields.items()}


def test_the_example_documents_every_setting_of_every_process() -> None:
    known = set(fields_by_variable())

    assert known - env_file.documented_settings() == set()


def test_the_example_documents_nothing_that_no_process_reads() -> None:
    known = set(fields_by_variable())

    assert env_file.documented_settings() - known == set()


def test_the_example_has_one_line_for_each_setting() -> None:
    lines = env_file.EXAMPLE.read_text().splitlines()
    names = [line.removeprefix("# ").partition("=")[0] for line in lines if "=" in line]

    assert sorted(name for name in names if name.isupper()) == sorted(env_file.documented_settings())


def test_the_example_shows_the_defaults() -> None:
    fields = fields_by_variable()
    lines = env_file.EXAMPLE.read_text().splitlines()
    shown = dict(line.removeprefix("# ").split("=", 1) for line in lines if "=" in line)
    defaults = {
        name: as_setting(field.default) for name, field in fields.items() if field.default not in (None, PydanticUndefined)
    }

    assert {name: shown[name] for name in defaults} == defaults


def as_setting(default: object) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return ",".join(map(str, default)) if isinstance(default, tuple) else str(default)


def test_a_created_file_has_the_given_settings_and_only_those(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    env_file.complete(file, {"JWT_JWKS_FILE": r"C:\1", "JWT_PRIVATE_KEY_FILE": "a b"})

    assert env_file.given_settings(file, {}) == {"JWT_JWKS_FILE": r"C:\1", "JWT_PRIVATE_KEY_FILE": "a b"}
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("example", [env_file.EXAMPLE.read_text(), "# of my own\n"], ids=["copied", "own"])
def test_a_file_that_somebody_made_gets_its_keys(tmp_path: Path, example: str) -> None:
    file = tmp_path / ".env"
    file.write_text(example + "RATE_LIMIT_MAX=7")

    settings = prepare_secrets({"UNIFIED_HOME": str(tmp_path)}).given

    assert settings.keys() == {"RATE_LIMIT_MAX", "JWT_PRIVATE_KEY_FILE", "JWT_JWKS_FILE"}
    assert Path(settings["JWT_PRIVATE_KEY_FILE"]).exists()


def test_a_file_with_a_secret_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("JWT_SECRET=somebody's own")

    assert prepare_secrets({"UNIFIED_HOME": str(tmp_path)}).given == {"JWT_SECRET": "somebody's own"}


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("RATE_LIMIT_MAX=7\nLOG_LEVEL=debug\nREDIS_URL=\nOWN=1\n")
    environment = {"RATE_LIMIT_MAX": "8", "LOG_LEVEL": "", "HOME": "/root", "OWN": "2"}

    given = env_file.given_settings(file, environment)

    assert given == {"RATE_LIMIT_MAX": "8", "LOG_LEVEL": "debug", "OWN": "2"}


def test_names_that_nobody_reads_are_told_with_the_nearest_that_somebody_does() -> None:
    given = ["RATE_LIMIT_MAX", "SETTINGS_DIRECTORY", "RATE_LIMT_MAX", "log_level", "OWN"]

    assert env_file.unknown_settings(given) == [
        "OWN is no setting of the platform",
        "RATE_LIMT_MAX is no setting of the platform: is RATE_LIMIT_MAX meant?",
        "log_level is no setting of the platform: is LOG_LEVEL meant?",
    ]


@pytest.mark.parametrize(
    ("given", "mongodb", "redis", "rabbitmq"),
    [
        ({}, True, True, True),
        ({"MONGO_URI_USER_SERVICE": "mongodb://elsewhere"}, True, True, True),
        (
            {f"MONGO_URI_{service}_SERVICE": "mongodb://elsewhere" for service in ("USER", "TASK", "NOTIFICATION")},
            False,
            True,
            True,
        ),
        ({"REDIS_HOST": "elsewhere"}, True, False, True),
        ({"REDIS_URL": "redis://elsewhere", "RABBITMQ_URL": "amqp://elsewhere"}, True, False, False),
    ],
)
def test_a_server_is_local_when_it_was_not_said_to_be_elsewhere(
    tmp_path: Path, given: dict[str, str], mongodb: bool, redis: bool, rabbitmq: bool
) -> None:
    configuration = read_configuration({"UNIFIED_HOME": str(tmp_path), **given})

    locals_ = configuration.local_mongodb, configuration.local_redis, configuration.local_rabbitmq
    assert locals_ == (mongodb, redis, rabbitmq)


def test_a_folder_of_settings_that_is_not_there_is_a_problem() -> None:
    kind, *_ = settings_classes()

    assert problems_of(kind, {"SETTINGS_DIRECTORY": "/nowhere"}) == ["SETTINGS_DIRECTORY must name a folder that exists"]
