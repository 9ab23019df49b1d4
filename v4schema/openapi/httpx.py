"""Preflight for the library httpx: event hooks and transports for its clients, sync and async."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from v4schema.openapi.guard import Guard


def hook(**checking: Any) -> Callable[[httpx.Request], None]:  # noqa: ANN401  (those of `Guard`)
    """Return an event hook that checks each request of a client; `checking` are the arguments of `Guard`.

    What is not valid raises `v4schema.openapi.PreflightError`, and nothing of it leaves. For a client that speaks to others as
    well, mount `Preflight`.

    >>> client = httpx.Client(event_hooks={"request": [hook()]})
    >>> client.close()
    """
    guard = Guard(**checking)

    def check(request: httpx.Request) -> None:
        guard.refuse(request.method, str(request.url), request.headers, request.read())

    return check


def async_hook(**checking: Any) -> Callable[[httpx.Request], Awaitable[None]]:  # noqa: ANN401  (those of `Guard`)
    """Return the same for an ``httpx.AsyncClient``."""
    guard = Guard(**checking)

    async def check(request: httpx.Request) -> None:
        guard.refuse(request.method, str(request.url), request.headers, await request.aread())

    return check


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
