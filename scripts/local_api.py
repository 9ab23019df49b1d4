"""A local stand-in for the API: it keeps ads in memory, behind the middleware that checks requests.

    python scripts/local_api.py [PORT]

It is for tests and for trying things out. It publishes nothing, and its responses follow the documents.
"""

import argparse
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from v4schema import validate
from v4schema.openapi.wsgi import Preflight

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_AT = "2026-02-01T12:00:00Z"
_PATHS = Map(
    [
        Rule("/<any(v3,v4):version>/ad", methods=["POST"], endpoint="create"),
        Rule("/<any(v3,v4):version>/ad", methods=["GET"], endpoint="every"),
        Rule("/<any(v3,v4):version>/ad/<source_id>", methods=["GET"], endpoint="get"),
        Rule("/<any(v3,v4):version>/ad/<source_id>", methods=["PUT", "PATCH"], endpoint="change"),
        Rule("/<any(v3,v4):version>/ad/<source_id>", methods=["DELETE"], endpoint="delete"),
        Rule("/<any(v3,v4):version>/ad/<source_id>/log", methods=["GET"], endpoint="log"),
        Rule("/v4/ad/<source_id>/migrate", methods=["POST"], endpoint="migrate"),
    ]
)


class Api:
    """The application without the checks. With `token`, it accepts only this token; else any."""

    def __init__(self, token: str | None = None) -> None:
        self.ads: dict[str, dict[str, Any]] = {}
        self._gone: set[str] = set()
        self._token = token

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[bytes]":
        """Answer a request."""
        try:
            endpoint, variables = _PATHS.bind_to_environ(environ).match()
            if self._token in {None, environ.get("HTTP_X_AUTH_TOKEN")}:
                status, body = getattr(self, endpoint)(Request(environ), **variables)
            else:
                status, body = 401, {"detail": "Invalid token."}
        except MethodNotAllowed as error:
            return Response(status=405, headers={"Allow": ", ".join(error.valid_methods or ())})(environ, start_response)
        except NotFound:
            status, body = 404, {"detail": "Not found."}
        except HTTPException as error:  # for example, a redirect to the path in another spelling
            return error(environ, start_response)
        text = "" if body is None else json.dumps(body, ensure_ascii=False)
        return Response(text, status, content_type="application/json" if text else None)(environ, start_response)

    def create(self, request: Request, version: str) -> tuple[int, Any]:
        """Add an ad."""
        ad = json.loads(request.get_data())
        if ad["source_id"] in {*self.ads, *self._gone}:
            return 409, {"source_id": ["Ad with this source_id already exists."]}
        self.ads[ad["source_id"]] = ad
        return 201, _returned(ad, version)

    def every(self, _: Request, version: str) -> tuple[int, Any]:
        """List all ads."""
        return 200, [_returned(ad, version) for ad in self.ads.values()]

    def get(self, _: Request, version: str, source_id: str) -> tuple[int, Any]:
        """Return an ad."""
        return 200, _returned(self._existing(source_id), version)

    def change(self, request: Request, version: str, source_id: str) -> tuple[int, Any]:
        """Change an ad. Members that the request leaves out keep their values, and the changed ad has to be valid."""
        existing = self._existing(source_id)
        kept = {} if request.method == "PUT" and version == "v4" else existing
        changed = kept | json.loads(request.get_data() or b"{}") | {"source_id": source_id}
        report = validate(changed, version=version, operation="response")
        if not report.valid:
            return 400, report.api()
        self.ads[source_id] = changed
        return 200, _returned(changed, version)

    def delete(self, _: Request, source_id: str, **__: str) -> tuple[int, Any]:
        """Delete an ad."""
        self._existing(source_id)
        del self.ads[source_id]
        self._gone.add(source_id)
        return 204, None

    def log(self, _: Request, source_id: str, **__: str) -> tuple[int, Any]:
        """Return the log of an ad."""
        self._existing(source_id)
        done = {"action": "publish", "state": "done", "external_message": "Published."}
        return 200, [{"request_id": str(uuid.UUID(int=1)), "created": _AT, **done}]

    def migrate(self, request: Request, source_id: str) -> tuple[int, Any]:
        """Change an ad to V4."""
        return self.change(request, "v4", source_id)

    def _existing(self, source_id: str) -> dict[str, Any]:
        if source_id not in self.ads:
            raise NotFound
        return self.ads[source_id]


def _returned(ad: dict[str, Any], version: str) -> dict[str, Any]:
    """Return an ad in the form that the API returns by the documents."""
    answer = {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, ad["source_id"])), "state": "created", "blocket_ad_id": None}
    return ad | answer | {"api_version": version, "created": _AT, "updated": _AT, "image_refs": [], "log": []}


@contextmanager
def serving(application: "WSGIApplication", port: int = 0) -> Iterator[str]:
    """Serve an application on loopback during a ``with`` block; yields its address."""
    server = make_server("127.0.0.1", port, application, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", nargs="?", type=int, choices=range(1, 65536), metavar="PORT", default=8000)
    with serving(Preflight(Api()), parser.parse_args().port) as address:
        print(f"{address}/v4/ad; stop it with Ctrl-C")
        with suppress(KeyboardInterrupt):
            Event().wait()


if __name__ == "__main__":
    main()
