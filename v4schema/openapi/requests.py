"""Checks requests of the library requests: an adapter to mount on a session."""

from collections.abc import Iterable, Iterator
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter, HTTPAdapter

from v4schema.openapi.guard import Guard

#: How much of a file is read at a time, in bytes or characters.
_BLOCK = 65536


class Preflight(BaseAdapter):
    """Checks each request before `adapter` (by default requests' own) sends it; `options` are the arguments of `Guard`.

    A request that is not valid raises `v4schema.openapi.PreflightError`, and nothing of it is sent. The whole body is read once
    and replaced by the bytes that were checked, with their length and without a transfer coding: a file is read from its current
    position, text is sent as UTF-8. A body that neither is nor yields bytes or text raises `TypeError`.

    >>> import requests
    >>> session = requests.Session()
    >>> session.mount("https://api.blocket.se/pro-import-api/", Preflight())
    """

    def __init__(self, adapter: BaseAdapter | None = None, **options: Any) -> None:  # noqa: ANN401  (those of `Guard`)
        super().__init__()
        self._adapter = adapter or HTTPAdapter()
        self._guard = Guard(**options)

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:  # noqa: ANN401  (requests' own)
        """Check a request, and send it."""
        body = None if request.body is None else _all_bytes(request.body)
        request.body = body
        # If the request is sent again, as after a redirect, its body is bytes, and there is no file to rewind.
        request._body_position = None  # type: ignore[attr-defined]  # noqa: SLF001
        request.headers.pop("Transfer-Encoding", None)
        if body is not None or "Content-Length" in request.headers:
            request.headers["Content-Length"] = str(len(body or b""))
        self._guard.enforce(str(request.method), str(request.url), request.headers, body)
        return self._adapter.send(request, *args, **options)

    def close(self) -> None:
        """Close the inner adapter."""
        self._adapter.close()


def _all_bytes(body: object) -> bytes:
    """Return the bytes that urllib3 would send for a body, by its own order of kinds of bodies. Raises `TypeError`."""
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


def _read(file: Any) -> Iterator[bytes]:  # noqa: ANN401  (any object with `read`)
    """Yield the rest of a file, which may return less than it is asked for."""
    while chunk := _bytes(file.read(_BLOCK)):
        yield chunk


def _bytes(part: Any) -> bytes:  # noqa: ANN401  (any object with a buffer)
    """Return text as UTF-8, and a buffer as its bytes, whatever the type of its items. Raises `TypeError` for anything else."""
    if isinstance(part, str):
        return part.encode("utf-8", "surrogatepass")  # the reader reports text that is not UTF-8
    try:
        return memoryview(part).tobytes()
    except TypeError:
        raise TypeError(f"a body must be or yield bytes or text, not {type(part).__name__}: nothing is sent") from None
