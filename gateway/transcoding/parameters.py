"""Query strings to request fields: dotted names, repeated parameters, nothing unknown and nothing twice."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from gateway.contract import ContractError, fields_on
from gateway.transcoding.input_errors import InputErrors
from gateway.transcoding.supported import WELL_KNOWN
from gateway.transcoding.values import Reader, WrongValueError, text_reader

MAX_PARAMETERS = 100


class Parameter:
    """A field that a parameter fills. `path` is its proto names from the request down, `name` what documents call it."""

    def __init__(self, path: tuple[str, ...], name: str, field: FieldDescriptor) -> None:
        self.path, self.name, self.field = path, name, field
        self.repeated = field.is_repeated
        self._read: Reader = text_reader(field)

    def read(self, text: str, errors: InputErrors) -> Any:
        """The field's value (an element of it when repeated), or None and an error."""
        try:
            return self._read(text)
        except WrongValueError as wrong:
            errors.at_parameter(self.name, str(wrong))
            return None


def path_parameter(request: Descriptor, path: str) -> Parameter:
    """The parameter of a path variable."""
    fields = fields_on(request, path)
    return Parameter(tuple(path.split(".")), ".".join(field.json_name for field in fields), fields[-1])


def query_parameters(field: FieldDescriptor) -> Iterator[Parameter]:
    """The parameters that fill a field: itself, or each field of the message it holds."""
    return _parameters(field, (), ())


def _parameters(field: FieldDescriptor, path: tuple[str, ...], names: tuple[str, ...]) -> Iterator[Parameter]:
    path, names = (*path, field.name), (*names, field.json_name)
    if field.containing_oneof is not None and len(field.containing_oneof.fields) > 1:
        raise ContractError(f"{field.full_name} is one of several, so it cannot be a query parameter")
    if field.message_type is None or field.message_type.full_name in WELL_KNOWN:
        yield Parameter(path, ".".join(names), field)
        return
    if field.is_repeated:
        raise ContractError(f"{field.full_name} repeats messages, so it cannot be a query parameter")
    for inner in field.message_type.fields:
        yield from _parameters(inner, path, names)


def compile_query(parameters: list[Parameter]) -> Callable[[str, InputErrors], dict[str, Any]]:
    """From a raw query string to request fields by proto name, messages as dicts."""
    by_name = {name: each for each in parameters for name in (each.name, ".".join(each.path))}

    def read(query: str, errors: InputErrors) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        seen: set[str] = set()
        for name, text in _split(query, errors):
            parameter = by_name.get(name)
            if parameter is None:
                errors.at_parameter(name, "is not a parameter of this request")
            elif parameter.name in seen and not parameter.repeated:
                errors.at_parameter(parameter.name, "is there twice")
            else:
                seen.add(parameter.name)
                _put(fields, parameter, parameter.read(text, errors))
        return fields

    return read


def _split(query: str, errors: InputErrors) -> list[tuple[str, str]]:
    if not query:
        return []
    try:
        if query.isascii():
            return parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except ValueError:
        pass
    errors.at_parameter("the query", f"must be percent-encoded UTF-8 with at most {MAX_PARAMETERS} parameters")
    return []


def _put(fields: dict[str, Any], parameter: Parameter, value: Any) -> None:
    *parents, name = parameter.path
    for parent in parents:
        fields = fields.setdefault(parent, {})
    if parameter.repeated:
        fields.setdefault(name, []).append(value)
    else:
        fields[name] = value
