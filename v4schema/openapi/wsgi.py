"""Preflight for servers: a middleware for WSGI (PEP 3333) that answers a wrong request as the API would."""

import io
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from wsgiref.util import application_uri, request_uri

from v4schema.openapi.guard import Guard
from v4schema.report import Report

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: Where the report on a request stands in its environment.
REPORT = "v4schema.report"
#: A body of more bytes than this is not read: an ad has some thousands.
_LARGEST = 16 * 1024 * 1024
#: The status that the API is expected to answer with, by finding; else 400.
_STATUS = {"http.token_missing": 401, "http.content_type": 415}


class Preflight:
    """Checks each request before `application` gets it; `checking` are the arguments of `Guard`.

    One with errors is answered as the API would: 400 with the errors nested like the ad, 401 and 415 with a ``detail``. One that
    passes has its report in its environment, under ``v4schema.report``. What goes to another path than the API has, or comes by
    another method, is no matter of this: it passes unread.
    """

    def __init__(self, application: "WSGIApplication", **checking: Any) -> None:  # noqa: ANN401  (those of `Guard`)
        self._application = application
        self._guard = Guard(**checking)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request, or have it answered."""
        from werkzeug.exceptions import HTTPException
        from werkzeug.wrappers import Request

        request, url = Request(environ), _url(environ)
        if not self._guard.concerns(request.method, url):
            return self._application(environ, start_response)
        request.max_content_length = _LARGEST
        try:
            body = request.get_data()
        except HTTPException as error:  # it is too large, or breaks off
            return error(environ, start_response)
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))
        report = self._guard.check(request.method, url, dict(request.headers), body)
        environ[REPORT] = report
        if self._guard.passes(report):
            return self._application(environ, start_response)
        return _answer(report)(environ, start_response)


def _url(environ: "WSGIEnvironment") -> str:
    """Return the URL as it was sent, with a slash in a name still encoded, where the server tells."""
    sent = environ.get("REQUEST_URI") or environ.get("RAW_URI") or ""
    return application_uri({**environ, "SCRIPT_NAME": ""}).rstrip("/") + sent if sent.startswith("/") else request_uri(environ)


def _answer(report: Report) -> "WSGIApplication":
    """Return what the API is expected to answer."""
    from werkzeug.wrappers import Response

    first = next((finding for finding in report.errors if finding.code in _STATUS), None)
    told = report.api() if first is None else {"detail": first.says}
    status = 400 if first is None else _STATUS[first.code]
    return Response(json.dumps(told, ensure_ascii=False), status, content_type="application/json")
