"""Settings: read from the environment once, checked together before a socket opens.

What is not in the environment may be in files: SETTINGS_DIRECTORY names a folder with one for each such setting, called as the
setting is, as Kubernetes mounts a secret.
"""

from mesh.settings.jwt import JwtSettings
from mesh.settings.loading import DIRECTORY, load
from mesh.settings.process import ServiceSettings, Settings
from mesh.settings.stores import MongoUri, OptionalRedisSettings, RabbitSettings, RedisSettings, StreamOverlap
from mesh.settings.variables import Port, ReadableFile, Target, spelled

__all__ = [
    "DIRECTORY",
    "JwtSettings",
    "MongoUri",
    "OptionalRedisSettings",
    "Port",
    "RabbitSettings",
    "ReadableFile",
    "RedisSettings",
    "ServiceSettings",
    "Settings",
    "StreamOverlap",
    "Target",
    "load",
    "spelled",
]
