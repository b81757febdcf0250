"""The typed client of the Unified platform."""

from unified_client.client import Client
from unified_client.errors import ApiError, FieldProblem, UnifiedError, UnreachableError
from unified_client.streams import Event
from unified_client.transport import Retries
from unified_client.wire import UNSET, Unset

__all__ = ["UNSET", "ApiError", "Client", "Event", "FieldProblem", "Retries", "UnifiedError", "UnreachableError", "Unset"]
