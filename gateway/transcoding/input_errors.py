"""What is wrong with a request, field by field."""

from collections.abc import Mapping, Sequence

from unified.error.v1.reason_pb2 import REASON_INVALID_ARGUMENT

from gateway.errors import RestError
from mesh.errors import MAX_FIELD_ERRORS

# A client's own misspelt key is shown to it, but not a whole body that was sent as one.
MAX_NAME_SHOWN = 100


class InvalidRequestError(RestError):
    """The request breaks the contract."""

    def __init__(self, message: str, errors: Sequence[Mapping[str, str]] = ()) -> None:
        super().__init__(REASON_INVALID_ARGUMENT, message, errors=errors)


class InputErrors:
    """Collects the errors of one request, up to the number that is answered."""

    def __init__(self) -> None:
        self._errors: list[dict[str, str]] = []

    def __bool__(self) -> bool:
        return bool(self._errors)

    def at_pointer(self, pointer: str, message: str) -> None:
        """`pointer` is a JSON pointer into the body; "" is the body itself."""
        self._add({"pointer": pointer, "message": message})

    def at_parameter(self, name: str, message: str) -> None:
        self._add({"parameter": name[:MAX_NAME_SHOWN], "message": message})

    def raise_if_any(self) -> None:
        """Raises InvalidRequestError with what was collected."""
        if self._errors:
            raise wrong_fields(self._errors)

    def _add(self, error: dict[str, str]) -> None:
        if len(self._errors) < MAX_FIELD_ERRORS:
            self._errors.append(error)


def wrong_fields(errors: Sequence[Mapping[str, str]]) -> InvalidRequestError:
    """The failure that these errors make; the first of them tells it in words."""
    first = errors[0]
    place = first.get("parameter") or first.get("pointer", "").lstrip("/") or "the body"
    return InvalidRequestError(f"{place} {first['message']}", errors)


def child(pointer: str, key: str) -> str:
    """The JSON pointer of a key below `pointer`."""
    return f"{pointer}/{key[:MAX_NAME_SHOWN].replace('~', '~0').replace('/', '~1')}"
