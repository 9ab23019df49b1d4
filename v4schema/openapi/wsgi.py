"""Checks requests to a server: a WSGI middleware (PEP 3333) that answers an invalid request as the API would."""

import io
import json
import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, unquote_to_bytes, urlsplit

from v4schema.findings.report import Report
from v4schema.openapi.guard import Guard

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_LOG = logging.getLogger("v4schema.openapi")

#: The key of the report in the environment of a request.
REPORT = "v4schema.report"
#: The most bytes of a body that is read; an ad has a few thousand.
_LARGEST = 16 * 1024 * 1024
#: The status that the API is expected to answer with, by finding code; any other is 400.
_STATUS = {"http.token_missing": 401, "http.content_type": 415}
#: The keys under which servers put the raw target of a request; PEP 3333 defines neither.
_RAW = ("REQUEST_URI", "RAW_URI")
_LENGTH = re.compile("0*[0-9]{1,18}")
_UTF_8 = re.compile(r';\s*charset="?(utf-?8|us-ascii)"?\s*(?=;|$)', re.IGNORECASE)


class Preflight:
    """Checks each request before `application` gets it; `options` are the arguments of `Guard`.

    A request with errors is answered as the API would: 400 with the errors nested like the ad, 401 and 415 with a ``detail``. The
    environment of a request that passes has the report under ``v4schema.report``, and the body with its length.

    The path is the one that the application sees: SCRIPT_NAME and PATH_INFO, and the raw target (REQUEST_URI, RAW_URI) if the
    server gives it. Host does not matter. HEAD, or no method, is checked as GET. A path of another edition than ``version`` is
    refused.

    An ambiguous request is refused with a ``detail``, even with ``warn``. The status is 400 for a path that is not UTF-8, has a
    slash too many, or is another path of the API in the raw target than in PATH_INFO; 400 for a body whose length is wrong, that
    has both a length and a transfer coding, or whose transfer coding the server has not decoded; 413 for a body of more than
    16 MiB; 415 for a body with a content coding, or with another charset than UTF-8. An exception while checking is a refusal too
    (400). A request with a path or a method that the API does not have passes unread.
    """

    def __init__(self, application: "WSGIApplication", **options: Any) -> None:  # noqa: ANN401  (those of `Guard`)
        self._application = application
        self._guard = Guard(**options)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer an invalid request, or pass it to the application."""
        try:
            refusal = self._refusal(environ)
        except Exception as error:  # noqa: BLE001  (after any exception, the request is unchecked)
            # A traceback could show the request, which has personal data.
            _LOG.error("a request is refused: %s was raised while checking it", type(error).__name__)
            refusal = _detail(400, "The request could not be checked.")
        if refusal is None:
            return self._application(environ, start_response)
        status, body = refusal
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response(f"{status} {HTTPStatus(status).phrase}", headers)
        return [] if environ.get("REQUEST_METHOD") == "HEAD" else [body]

    def _refusal(self, environ: "WSGIEnvironment") -> tuple[int, bytes] | None:
        """Return the status and the body of the response to a request that may not pass; None if it may."""
        from werkzeug.datastructures import EnvironHeaders

        method = (environ.get("REQUEST_METHOD") or "GET").strip().upper()  # as werkzeug reads it
        method = "GET" if method == "HEAD" else method  # routers send HEAD to the handler of GET
        try:
            url = self._url(method, environ)
            if not url:
                return None
            body = _body(environ)
        except _AmbiguousError as error:
            _LOG.warning("a request is refused: %s", error)
            return _detail(error.status, str(error))
        report = self._guard.check(method, url, dict(EnvironHeaders(environ)), body)
        environ[REPORT] = report
        return None if self._guard.passes(report) else _answer(report)

    def _url(self, method: str, environ: "WSGIEnvironment") -> str:
        """Return the URL of a request, or ``""`` if it is for no path of the API.

        Raises `_AmbiguousError` if different routers would find different paths.
        """
        paths = list(dict.fromkeys(_paths(environ)))
        strict = [(url, found) for url in map(_local_url, paths) if (found := self._guard.route(method, url)) is not None]
        lenient = [found for path in paths if (found := self._guard.route(method, _local_url(_lenient(path)))) is not None]
        routes = [*(found for _, found in strict), *lenient]
        if not routes:
            return ""
        if any(not _is_utf8(path) for path in paths):
            raise _AmbiguousError(400, "The path is not text in UTF-8.")
        if not strict:
            raise _AmbiguousError(400, "The path has too many slashes to be a path of the API.")
        if any(found != routes[0] for found in routes):
            raise _AmbiguousError(400, "The path is one path of the API as it was sent, and another after decoding.")
        query = quote(_octets(environ.get("QUERY_STRING") or ""), safe="!$%&'()*+,/:;=?@[]")
        return f"{strict[0][0]}?{query}"


class _AmbiguousError(Exception):
    """A request can be read in more than one way; `status` is that of the response."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def _paths(environ: "WSGIEnvironment") -> Iterator[str]:
    """Yield the paths that an application may use to route a request, percent-encoded."""
    mounted, path = environ.get("SCRIPT_NAME") or "", environ.get("PATH_INFO") or ""
    # Werkzeug routes a path without its first slash like one with it, and a client may send one.
    for separator in ("", "/"):
        yield quote(_octets(f"/{mounted}{separator}{path}"))
    for name in _RAW:
        if raw := environ.get(name):
            for target_path in _target_paths(raw):
                encoded = quote(_octets(f"/{target_path}"), safe="/%")
                yield encoded
                yield quote(unquote_to_bytes(encoded))


def _target_paths(target: str) -> Iterator[str]:
    """Yield the possible paths of a raw target, percent-encoded: by HTTP (RFC 9112, section 3.2), and by Python's URL parser."""
    path = re.sub("^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*", "", target).partition("?")[0]
    yield path
    yield path.partition("#")[0]  # HTTP has no fragments in targets, so servers treat them differently
    with suppress(ValueError):  # for example, a host with one bracket
        yield urlsplit(target).path


def _octets(text: str) -> bytes:
    """Return the bytes of a text in the environment; for a text that breaks PEP 3333, bytes that are not UTF-8."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return b"\xff" + text.encode("utf-8", "surrogatepass")  # at the start, because paths are matched by their ends


def _lenient(path: str) -> str:
    """Return a path as lenient routers read it: without empty segments, and without bytes that are not UTF-8."""
    segments = (quote(unquote(segment, errors="ignore"), safe="") for segment in path.split("/"))
    return "/" + "/".join(filter(None, segments))


def _local_url(path: str) -> str:
    return f"http://localhost{path}"


def _is_utf8(path: str) -> bool:
    try:
        unquote(path, errors="strict")
    except UnicodeDecodeError:
        return False
    return True


def _body(environ: "WSGIEnvironment") -> bytes:
    """Read the body of a request, and put it back with its length, so that the application reads the same bytes.

    Raises `_AmbiguousError` for a length that is not a number or is wrong, for a transfer coding together with a length, for a
    transfer coding that the server has not decoded (RFC 9112, section 6.1), for a content coding (RFC 9110, section 8.4), for
    another charset than UTF-8 (RFC 8259, section 8.1), and for a body that is too large or incomplete.
    """
    from werkzeug.exceptions import HTTPException
    from werkzeug.wsgi import get_input_stream

    length, coding = environ.get("CONTENT_LENGTH") or "", environ.get("HTTP_TRANSFER_ENCODING")
    terminated = bool(environ.get("wsgi.input_terminated"))
    if coding is not None and length:
        raise _AmbiguousError(400, "The body has both a length and a transfer coding.")
    if coding is not None and not (terminated and coding.strip().lower() == "chunked"):
        raise _AmbiguousError(400, "This server does not decode the transfer coding of the body.")
    if length and not _LENGTH.fullmatch(length):
        raise _AmbiguousError(400, "The length of the body is not a number.")
    if (environ.get("HTTP_CONTENT_ENCODING") or "identity").strip().lower() != "identity":
        raise _AmbiguousError(415, "The body is compressed or encoded: send it without a content coding.")
    if "charset" in _UTF_8.sub("", environ.get("CONTENT_TYPE") or "").lower():
        raise _AmbiguousError(415, "The charset of the body is not UTF-8.")
    if not terminated:
        environ.pop("wsgi.input_terminated", None)  # werkzeug takes any value for true
    try:
        body = get_input_stream(environ, max_content_length=_LARGEST).read()
    except HTTPException as error:
        raise _AmbiguousError(error.code or 400, error.description or error.name) from None
    if length and int(length) != len(body):
        raise _AmbiguousError(400, "The body is not as long as its Content-Length says.")
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    return body


def _answer(report: Report) -> tuple[int, bytes]:
    """Return the status and the body that the API is expected to answer with."""
    first = next((finding for finding in report.errors if finding.code in _STATUS), None)
    return (400, json.dumps(report.api()).encode()) if first is None else _detail(_STATUS[first.code], first.message)


def _detail(status: int, message: str) -> tuple[int, bytes]:
    return status, json.dumps({"detail": message}).encode()
