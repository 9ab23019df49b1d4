"""Preflight for the library requests: an adapter to mount on a session."""

from typing import TYPE_CHECKING, Any

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter, HTTPAdapter

from v4schema.openapi.guard import Guard

if TYPE_CHECKING:
    from collections.abc import Iterable


class Preflight(BaseAdapter):
    """Checks each request before `adapter` (by default requests' own) sends it; `checking` are the arguments of `Guard`.

    What is not valid raises `v4schema.openapi.PreflightError`, and nothing of it leaves.

    >>> import requests
    >>> session = requests.Session()
    >>> session.mount("https://api.blocket.se/pro-import-api/", Preflight())
    """

    def __init__(self, adapter: BaseAdapter | None = None, **checking: Any) -> None:  # noqa: ANN401  (those of `Guard`)
        super().__init__()
        self._adapter = adapter or HTTPAdapter()
        self._guard = Guard(**checking)

    def send(self, request: PreparedRequest, *words: Any, **options: Any) -> Response:  # noqa: ANN401  (requests' own)
        """Check a request, and send it."""
        self._guard.refuse(str(request.method), str(request.url), request.headers, _whole(request))
        return self._adapter.send(request, *words, **options)

    def close(self) -> None:
        """Close the adapter that sends."""
        self._adapter.close()


def _whole(request: PreparedRequest) -> bytes | None:
    """Return the body of a request; one that can be read but once is put together, and sent so."""
    body: Any = request.body
    if body is None or isinstance(body, str | bytes | bytearray):
        return None if body is None else _together([body])
    if hasattr(body, "seekable") and body.seekable():
        place, told = body.tell(), body.read()
        body.seek(place)
        return _together([told])
    request.body = _together([body.read()] if hasattr(body, "read") else body)
    request.headers.pop("Transfer-Encoding", None)
    request.headers["Content-Length"] = str(len(request.body))
    return request.body


def _together(chunks: "Iterable[bytes | bytearray | str]") -> bytes:
    return b"".join(chunk.encode() if isinstance(chunk, str) else chunk for chunk in chunks)
