"""Requests as bytes, on a connection that is used again and again."""

import gzip
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from urllib.parse import urlsplit

from multidict import CIMultiDict

from gateway.sse import CONTENT_TYPE as EVENT_STREAM

PATIENCE_S = 30


@dataclass(frozen=True)
class Request:
    """Everything but the body is text of one byte a character, sent as it is."""

    method: str
    target: str
    headers: Sequence[tuple[str, str]] = ()
    body: bytes | None = None

    def __bytes__(self) -> bytes:
        length = [] if self.body is None else [("Content-Length", str(len(self.body)))]
        lines = [f"{name}: {value}" for name, value in [("Host", "fuzz"), *self.headers, *length]]
        head = "\r\n".join([f"{self.method} {self.target} HTTP/1.1", *lines, "", ""])
        return head.encode("latin-1") + (self.body or b"")


@dataclass(frozen=True)
class Answer:
    """`closes` says whether the connection is over."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    closes: bool


class Connection:
    """To the server at this address; opened when it is needed, and again after an answer that closed it."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._address = address.hostname or "", address.port or 80
        self._socket: socket.socket | None = None

    def send(self, request: Request) -> Answer:
        """The answer. Raises OSError or HTTPException when there is none; of an endless one only the head is read."""
        if self._socket is None:
            self._socket = socket.create_connection(self._address, PATIENCE_S)
        try:
            self._socket.sendall(bytes(request))
            answer = self._receive(self._socket, request.method)
        except (OSError, HTTPException):
            self.close()
            raise
        if answer.closes:
            self.close()
        return answer

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    @staticmethod
    def _receive(connection: socket.socket, method: str) -> Answer:
        with HTTPResponse(connection, method=method) as response:
            response.begin()
            endless = response.headers.get("Content-Type") == EVENT_STREAM
            body = b"" if endless else response.read()
            if response.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            return Answer(response.status, CIMultiDict(response.headers.items()), body, endless or response.will_close)
