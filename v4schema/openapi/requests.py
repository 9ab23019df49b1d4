"""Preflight for the library requests: an adapter to mount on a session."""

from collections.abc import Iterable, Iterator
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter, HTTPAdapter

from v4schema.openapi.guard import Guard

#: How much of a file is read at a time, in bytes or characters.
_BLOCK = 65536


class Preflight(BaseAdapter):
    """Checks each request before `adapter` (by default requests' own) sends it; `checking` are the arguments of `Guard`.

    What is not valid raises `v4schema.openapi.PreflightError`, and nothing of it leaves. A body is read once and whole, and the
    bytes that were checked are put in its place, with their length and without a transfer coding: a file is read from where it
    stands, text is sent as UTF-8. A body that is neither bytes nor text, nor gives them, raises `TypeError`.

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
        body = None if request.body is None else _whole(request.body)
        request.body = body
        # Whoever sends this again, as after a redirect, has bytes now and no file to set back.
        request._body_position = None  # type: ignore[attr-defined]  # noqa: SLF001
        request.headers.pop("Transfer-Encoding", None)
        if body is not None or "Content-Length" in request.headers:
            request.headers["Content-Length"] = str(len(body or b""))
        self._guard.refuse(str(request.method), str(request.url), request.headers, body)
        return self._adapter.send(request, *words, **options)

    def close(self) -> None:
        """Close the adapter that sends."""
        self._adapter.close()


def _whole(body: object) -> bytes:
    """Return the bytes that urllib3 would send of a body, by its own order of what a body may be. Raises `TypeError`."""
    if isinstance(body, str | bytes):
        return _bytes(body)
    if hasattr(body, "read"):
        return b"".join(_read(body))
    try:
        return _bytes(body)
    except TypeError:
        if not isinstance(body, Iterable):
            raise
    return b"".join(map(_bytes, body))


def _read(file: Any) -> Iterator[bytes]:  # noqa: ANN401  (whatever has `read`)
    """Yield what is left of a file, which may give less at a time than it is asked for."""
    while chunk := _bytes(file.read(_BLOCK)):
        yield chunk


def _bytes(part: Any) -> bytes:  # noqa: ANN401  (whatever has a buffer)
    """Return text as UTF-8, and a buffer as its bytes, whatever its items are. Raises `TypeError` for another."""
    if isinstance(part, str):
        return part.encode("utf-8", "surrogatepass")  # what is no text is found when it is read
    try:
        return memoryview(part).tobytes()
    except TypeError:
        raise TypeError(f"a body is bytes or text, or gives them, and not {type(part).__name__}: nothing is sent") from None
