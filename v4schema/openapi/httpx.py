"""Preflight for the library httpx: event hooks and transports for its clients, sync and async."""

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from typing import Any

import httpx

from v4schema.openapi.guard import Guard


def hook(**checking: Any) -> Callable[[httpx.Request], None]:  # noqa: ANN401  (those of `Guard`)
    """Return an event hook that checks each request of a client; `checking` are the arguments of `Guard`.

    What is not valid raises `v4schema.openapi.PreflightError`, and nothing of it leaves. A body is read once and whole, and the
    bytes that were checked are put in its place, with their length and without a transfer coding. A body that gives anything but
    bytes raises `TypeError`, as does a request with the extension ``target``, which is sent to another path than its URL has.

    Hooks that come after this one can still change a request. `Preflight` stands behind them all; mount it also in a client that
    speaks to others.

    >>> client = httpx.Client(event_hooks={"request": [hook()]})
    >>> client.close()
    """
    guard = Guard(**checking)

    def check(request: httpx.Request) -> None:
        stream = request.stream
        if not isinstance(stream, Iterable):
            raise TypeError(f"a body of {type(stream).__name__} cannot be read by a client that is not async: nothing is sent")
        _refuse(guard, request, b"".join(map(_bytes, stream)))

    return check


def async_hook(**checking: Any) -> Callable[[httpx.Request], Awaitable[None]]:  # noqa: ANN401  (those of `Guard`)
    """Return the same for an ``httpx.AsyncClient``."""
    guard = Guard(**checking)

    async def check(request: httpx.Request) -> None:
        stream = request.stream
        if not isinstance(stream, AsyncIterable):
            raise TypeError(f"a body of {type(stream).__name__} cannot be read by a client that is async: nothing is sent")
        _refuse(guard, request, b"".join([_bytes(part) async for part in stream]))

    return check


def _refuse(guard: Guard, request: httpx.Request, body: bytes) -> None:
    """Check a request by its body, and put that in its place. Raises `PreflightError`."""
    if "target" in request.extensions:
        raise TypeError("a request with the extension 'target' is sent to another path than its URL has: nothing is sent")
    request.stream = httpx.ByteStream(body)
    request.read()  # so that `content` can be asked for later
    framed = request.headers.pop("Transfer-Encoding", None) is not None or "Content-Length" in request.headers
    if body or framed:
        request.headers["Content-Length"] = str(len(body))
    guard.refuse(request.method, str(request.url), request.headers, body)


def _bytes(part: object) -> bytes:
    """Return a part of a body. Raises `TypeError` for what is none, such as text of a file that was not opened as bytes."""
    if not isinstance(part, bytes | bytearray | memoryview):
        raise TypeError(f"a body gives bytes, and not {type(part).__name__}: nothing is sent")
    return bytes(part)


class Preflight(httpx.BaseTransport):
    """Checks each request before `transport` sends it; the rest is that of `hook`.

    That transport, and not the client, is to be told of proxies and certificates.

    >>> client = httpx.Client(mounts={"all://api.blocket.se": Preflight(httpx.HTTPTransport(retries=2))})
    >>> client.close()
    """

    def __init__(self, transport: httpx.BaseTransport, **checking: Any) -> None:  # noqa: ANN401  (those of `Guard`)
        self._transport = transport
        self._check = hook(**checking)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Check a request, and send it."""
        self._check(request)
        return self._transport.handle_request(request)

    def close(self) -> None:
        """Close the transport that sends."""
        self._transport.close()


class AsyncPreflight(httpx.AsyncBaseTransport):
    """The same for an ``httpx.AsyncClient``."""

    def __init__(self, transport: httpx.AsyncBaseTransport, **checking: Any) -> None:  # noqa: ANN401  (those of `Guard`)
        self._transport = transport
        self._check = async_hook(**checking)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Check a request, and send it."""
        await self._check(request)
        return await self._transport.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the transport that sends."""
        await self._transport.aclose()
