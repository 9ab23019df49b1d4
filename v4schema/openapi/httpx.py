"""Preflight for the library httpx: transports for its clients, sync and async."""

from typing import Any

import httpx

from v4schema.openapi.guard import Guard


class Preflight(httpx.BaseTransport):
    """Checks each request before `transport` (by default httpx's own) sends it; `checking` are the arguments of `Guard`.

    What is not valid raises `v4schema.openapi.PreflightError`, and nothing of it leaves.

    >>> client = httpx.Client(mounts={"all://api.blocket.se": Preflight()})
    >>> client.close()
    """

    def __init__(self, transport: httpx.BaseTransport | None = None, **checking: Any) -> None:  # noqa: ANN401  (those of `Guard`)
        self._transport = transport or httpx.HTTPTransport()
        self._guard = Guard(**checking)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Check a request, and send it."""
        self._guard.refuse(request.method, str(request.url), request.headers, request.read())
        return self._transport.handle_request(request)

    def close(self) -> None:
        """Close the transport that sends."""
        self._transport.close()


class AsyncPreflight(httpx.AsyncBaseTransport):
    """The same for an ``httpx.AsyncClient``."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None, **checking: Any) -> None:  # noqa: ANN401  (those of `Guard`)
        self._transport = transport or httpx.AsyncHTTPTransport()
        self._guard = Guard(**checking)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Check a request, and send it."""
        self._guard.refuse(request.method, str(request.url), request.headers, await request.aread())
        return await self._transport.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the transport that sends."""
        await self._transport.aclose()
