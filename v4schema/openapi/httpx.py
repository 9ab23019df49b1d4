"""Checks requests of the library httpx: event hooks and transports for its clients, sync and async."""

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from typing import Any

import httpx

from v4schema.openapi.guard import Guard


def hook(**options: Any) -> Callable[[httpx.Request], None]:  # noqa: ANN401  (those of `Guard`)
    """Return an event hook that checks each request of a client; `options` are the arguments of `Guard`.

    A request that is not valid raises `v4schema.openapi.PreflightError`, and nothing of it is sent. The whole body is read once
    and replaced by the bytes that were checked, with their length and without a transfer coding. A body that yields anything but
    bytes raises `TypeError`, as does a request with the extension ``target``, which is sent to another path than its URL has.

    Hooks that run after this one can still change a request. `Preflight` runs after all hooks. A mounted `Preflight` checks only
    the requests to its address, so it also suits a client that talks to other servers.

    >>> client = httpx.Client(event_hooks={"request": [hook()]})
    >>> client.close()
    """
    guard = Guard(**options)

    def check(request: httpx.Request) -> None:
        stream = request.stream
        if not isinstance(stream, Iterable):
            raise TypeError(f"a sync client cannot read a body of {type(stream).__name__}: nothing is sent")
        _enforce(guard, request, b"".join(map(_bytes, stream)))

    return check


def async_hook(**options: Any) -> Callable[[httpx.Request], Awaitable[None]]:  # noqa: ANN401  (those of `Guard`)
    """Return the same hook as `hook`, for an ``httpx.AsyncClient``."""
    guard = Guard(**options)

    async def check(request: httpx.Request) -> None:
        stream = request.stream
        if not isinstance(stream, AsyncIterable):
            raise TypeError(f"an async client cannot read a body of {type(stream).__name__}: nothing is sent")
        _enforce(guard, request, b"".join([_bytes(part) async for part in stream]))

    return check


def _enforce(guard: Guard, request: httpx.Request, body: bytes) -> None:
    """Check a request by its body, and set its body to the checked bytes. Raises `PreflightError`."""
    if "target" in request.extensions:
        raise TypeError("a request with the extension 'target' is sent to another path than its URL has: nothing is sent")
    request.stream = httpx.ByteStream(body)
    request.read()  # so that `content` can be read later
    framed = request.headers.pop("Transfer-Encoding", None) is not None or "Content-Length" in request.headers
    if body or framed:
        request.headers["Content-Length"] = str(len(body))
    guard.enforce(request.method, str(request.url), request.headers, body)


def _bytes(part: object) -> bytes:
    """Return a part of a body. Raises `TypeError` if it is not bytes, such as text from a file opened as text."""
    if not isinstance(part, bytes | bytearray | memoryview):
        raise TypeError(f"a body must yield bytes, not {type(part).__name__}: nothing is sent")
    return bytes(part)


class Preflight(httpx.BaseTransport):
    """Checks each request before `transport` sends it, in the same way as `hook`.

    Proxies and certificates are options of that transport, not of the client.

    >>> client = httpx.Client(mounts={"all://api.blocket.se": Preflight(httpx.HTTPTransport(retries=2))})
    >>> client.close()
    """

    def __init__(self, transport: httpx.BaseTransport, **options: Any) -> None:  # noqa: ANN401  (those of `Guard`)
        self._transport = transport
        self._check = hook(**options)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Check a request, and send it."""
        self._check(request)
        return self._transport.handle_request(request)

    def close(self) -> None:
        """Close the inner transport."""
        self._transport.close()


class AsyncPreflight(httpx.AsyncBaseTransport):
    """The same as `Preflight`, for an ``httpx.AsyncClient``."""

    def __init__(self, transport: httpx.AsyncBaseTransport, **options: Any) -> None:  # noqa: ANN401  (those of `Guard`)
        self._transport = transport
        self._check = async_hook(**options)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Check a request, and send it."""
        await self._check(request)
        return await self._transport.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the inner transport."""
        await self._transport.aclose()
