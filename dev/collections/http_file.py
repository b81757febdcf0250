"""The requests as an `.http` file, for VS Code's REST Client and others that read its form.

What a request needs of an earlier answer is said at the top, in that client's words: `{{Login.response.body.$.token}}`.
"""

from collections.abc import Iterator

from dev.collections.examples import SETTINGS, TOKEN, variable
from dev.collections.requests import Request, text_of

HEAD = """# {title}: every request of the API, written from its contract by `make proto`; changes by hand do not last.
#
# Send them from the top: what later ones need (the token, ids) comes from the answers to earlier ones. A client that cannot read
# answers so (`{{{{Login.response.body.$.token}}}}` and so on) wants the values themselves in these lines.
"""


def http_file(requests: list[Request], title: str) -> str:
    """The file as text."""
    kept = {name: _answered(request, place) for request in requests for name, place in request.keeps.items()}
    head = [HEAD.format(title=title), *(f"@{name} = {value}" for name, value in (SETTINGS | kept).items())]
    return "\n".join([*head, *(line for request in requests for line in _lines(request))]) + "\n"


def _answered(request: Request, place: str) -> str:
    return variable(f"{request.name}.response.body.$.{place}")


def _lines(request: Request) -> Iterator[str]:
    """With what may be sent as well as comments."""
    yield f"\n### {request.folder}: {request.title}"
    yield f"# {' '.join(request.description.split())}"
    if optional := [f"{each.name}={each.value}" for each in request.query if not each.required]:
        yield f"# Query: {'&'.join(optional)}"
    yield f"# @name {request.name}"
    yield f"{request.verb} {_url(request)}"
    if request.needs_token:
        yield f"Authorization: Bearer {variable(TOKEN)}"
    yield from (f"# {each.name}: {each.value}" for each in request.headers)
    if request.content_type:
        yield f"Content-Type: {request.content_type}\n"
        yield text_of(request.body).rstrip()


def _url(request: Request) -> str:
    path = request.path
    for name, value in request.path_values.items():
        path = path.replace(f"{{{name}}}", value)
    query = "&".join(f"{each.name}={each.value}" for each in request.query if each.required)
    return f"{variable('baseUrl')}{path}{'?' if query else ''}{query}"
