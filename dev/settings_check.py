"""Checks the settings of all processes before anything is started."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module

from pydantic_settings import BaseSettings

from dev.configuration import MONGO_URIS, CertificateSettings, Configuration, ListeningSettings, Ports
from dev.process import StartError
from mesh.settings import Settings, load

# Stand in for the addresses of local servers, which do not run yet.
_SOME_ADDRESSES = {
    **dict.fromkeys(MONGO_URIS, "mongodb://127.0.0.1"),
    "REDIS_URL": "redis://127.0.0.1",
    "RABBITMQ_URL": "amqp://127.0.0.1",
}


def settings_classes() -> list[type[BaseSettings]]:
    """Of the four processes."""
    modules = [import_module(f"{process}.settings") for process in ("gateway", "user_svc", "task_svc", "notify_svc")]
    kinds = [(module, kind) for module in modules for kind in vars(module).values() if isinstance(kind, type)]
    return [kind for module, kind in kinds if issubclass(kind, Settings) and kind.__module__ == module.__name__]


def checked_ports(configuration: Configuration) -> Ports:
    """The ports of the stack; StartError names every setting of every process that is missing or wrong."""
    complete = {**_SOME_ADDRESSES, **configuration.given}
    if not configuration.local_redis:
        complete = {name: value for name, value in complete.items() if name in configuration.given or name != "REDIS_URL"}
    with _environment({**os.environ, **complete}):
        problems = [problem for kind in (Ports, ListeningSettings, CertificateSettings) for problem in _problems(kind)]
        for kind in settings_classes():
            own = configuration.certificates_of(kind.__module__.partition(".")[0])
            problems += problems_of(kind, {**os.environ, **own})
        if problems:
            raise StartError("\n".join(["Settings are missing or wrong:", *dict.fromkeys(problems)]))
        return Ports()


def problems_of(kind: type[BaseSettings], settings: Mapping[str, str]) -> list[str]:
    """A line for each setting that is missing or wrong where nothing but these are given."""
    with _environment(settings):
        return _problems(kind)


def _problems(kind: type[BaseSettings]) -> list[str]:
    try:
        load(kind)
    except SystemExit as refusal:
        title, *lines = str(refusal.code).splitlines()
        return lines or [title]
    return []


@contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(settings)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
