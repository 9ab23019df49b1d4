"""Preflight for servers: a middleware for WSGI (PEP 3333) that answers a wrong request as the API would."""

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

#: Where the report on a request stands in its environment.
REPORT = "v4schema.findings.report"
#: A body of more bytes than this is not read: an ad has some thousands.
_LARGEST = 16 * 1024 * 1024
#: The status that the API is expected to answer with, by finding; else 400.
_STATUS = {"http.token_missing": 401, "http.content_type": 415}
#: Where servers put the target of a request as it was sent: neither name is of PEP 3333.
_RAW = ("REQUEST_URI", "RAW_URI")
_LENGTH = re.compile("0*[0-9]{1,18}")
_UTF_8 = re.compile(r';\s*charset="?(utf-?8|us-ascii)"?\s*(?=;|$)', re.IGNORECASE)


class Preflight:
    """Checks each request before `application` gets it; `checking` are the arguments of `Guard`.

    One with errors is answered as the API would: 400 with the errors nested like the ad, 401 and 415 with a ``detail``. One that
    passes has its report in its environment, under ``v4schema.findings.report``, and its body there with its length.

    A path is judged as the application sees it: SCRIPT_NAME and PATH_INFO, and the raw target (REQUEST_URI, RAW_URI) where the
    server tells it; Host does not matter. HEAD, or no method, is checked as GET is; a path of another edition than ``version`` is
    refused.

    Whatever could be read in more than one way is refused with a ``detail``, with ``warn`` too. Of a path, 400: it is not UTF-8,
    has a slash too many, or means another path of the API as it was sent than in PATH_INFO. Of a body, 400: its length is wrong,
    or stands beside a transfer coding, or the server has not decoded that; 413: it is larger than 16 MiB; 415: it has a content
    coding, or another charset than UTF-8. What is raised while checking is a refusal as well (400). What goes to another path
    than the API has, or comes by another method, passes unread.
    """

    def __init__(self, application: "WSGIApplication", **checking: Any) -> None:  # noqa: ANN401  (those of `Guard`)
        self._application = application
        self._guard = Guard(**checking)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request, or have it answered."""
        try:
            refused = self._refused(environ)
        except Exception as error:  # noqa: BLE001  (whatever it is, the request has not been checked)
            # A traceback could show the request, and so personal data.
            _LOG.error("a request is refused: %s was raised while checking it", type(error).__name__)
            refused = _detail(400, "The request could not be checked.")
        if refused is None:
            return self._application(environ, start_response)
        status, body = refused
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response(f"{status} {HTTPStatus(status).phrase}", headers)
        return [] if environ.get("REQUEST_METHOD") == "HEAD" else [body]

    def _refused(self, environ: "WSGIEnvironment") -> tuple[int, bytes] | None:
        """Return the status and the body of the answer to a request that may not pass."""
        from werkzeug.datastructures import EnvironHeaders

        method = (environ.get("REQUEST_METHOD") or "GET").strip().upper()  # as werkzeug reads it
        method = "GET" if method == "HEAD" else method  # routers send HEAD to what answers GET
        try:
            url = self._url(method, environ)
            if not url:
                return None
            body = _body(environ)
        except _UnclearError as unclear:
            _LOG.warning("a request is refused: %s", unclear)
            return _detail(unclear.status, str(unclear))
        report = self._guard.check(method, url, dict(EnvironHeaders(environ)), body)
        environ[REPORT] = report
        return None if self._guard.passes(report) else _answer(report)

    def _url(self, method: str, environ: "WSGIEnvironment") -> str:
        """Return the URL that a request means, or ``""`` if it means no path of the API.

        Raises `_UnclearError` if that depends on who reads it.
        """
        paths = list(dict.fromkeys(_paths(environ)))
        strict = [(url, found) for url in map(_at, paths) if (found := self._guard.route(method, url)) is not None]
        loose = [found for path in paths if (found := self._guard.route(method, _at(_loose(path)))) is not None]
        routes = [*(found for _, found in strict), *loose]
        if not routes:
            return ""
        if any(not _decodes(path) for path in paths):
            raise _UnclearError(400, "The path is not text in UTF-8.")
        if not strict:
            raise _UnclearError(400, "The path has a slash too many to be one of the API.")
        if any(found != routes[0] for found in routes):
            raise _UnclearError(400, "The path means one thing as it was sent, and another when it is decoded.")
        query = quote(_octets(environ.get("QUERY_STRING") or ""), safe="!$%&'()*+,/:;=?@[]")
        return f"{strict[0][0]}?{query}"


class _UnclearError(Exception):
    """A request can be read in more than one way; `status` is that of the answer."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def _paths(environ: "WSGIEnvironment") -> Iterator[str]:
    """Yield the paths that an application may route a request by, percent-encoded."""
    mounted, path = environ.get("SCRIPT_NAME") or "", environ.get("PATH_INFO") or ""
    # Werkzeug routes a path without its first slash like one with it, and a server may be sent one.
    for between in ("", "/"):
        yield quote(_octets(f"/{mounted}{between}{path}"))
    for name in _RAW:
        if raw := environ.get(name):
            for sent in _sent(raw):
                encoded = quote(_octets(f"/{sent}"), safe="/%")
                yield encoded
                yield quote(unquote_to_bytes(encoded))


def _sent(target: str) -> Iterator[str]:
    """Yield the path of a raw target, still percent-encoded: by HTTP (RFC 9112, section 3.2), and as URLs are taken apart."""
    path = re.sub("^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*", "", target).partition("?")[0]
    yield path
    yield path.partition("#")[0]  # HTTP sends no fragment, so servers differ in what they make of one
    with suppress(ValueError):  # such as a host with one bracket
        yield urlsplit(target).path


def _octets(text: str) -> bytes:
    """Return what a text of the environment was sent as; one that breaks PEP 3333 becomes what is not UTF-8."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return b"\xff" + text.encode("utf-8", "surrogatepass")  # before it, since paths are matched by their ends


def _loose(path: str) -> str:
    """Return a path as lenient routers read it: without empty segments, and without bytes that are no text."""
    segments = (quote(unquote(segment, errors="ignore"), safe="") for segment in path.split("/"))
    return "/" + "/".join(filter(None, segments))


def _at(path: str) -> str:
    return f"http://localhost{path}"


def _decodes(path: str) -> bool:
    try:
        unquote(path, errors="strict")
    except UnicodeDecodeError:
        return False
    return True


def _body(environ: "WSGIEnvironment") -> bytes:
    """Read the body of a request, and put it back with its length, so that the application reads the same.

    Raises `_UnclearError` for a length that is no number or is contradicted, for a transfer coding beside a length, or one that
    the server has not decoded (RFC 9112, section 6.1), for a content coding (RFC 9110, section 8.4), for another charset than
    UTF-8 (RFC 8259, section 8.1), and for a body that is too large or breaks off.
    """
    from werkzeug.exceptions import HTTPException
    from werkzeug.wsgi import get_input_stream

    length, coding = environ.get("CONTENT_LENGTH") or "", environ.get("HTTP_TRANSFER_ENCODING")
    terminated = bool(environ.get("wsgi.input_terminated"))
    if coding is not None and length:
        raise _UnclearError(400, "The body has both a length and a transfer coding.")
    if coding is not None and not (terminated and coding.strip().lower() == "chunked"):
        raise _UnclearError(400, "The transfer coding of the body is not one that this server decodes.")
    if length and not _LENGTH.fullmatch(length):
        raise _UnclearError(400, "The length of the body is not a number.")
    if (environ.get("HTTP_CONTENT_ENCODING") or "identity").strip().lower() != "identity":
        raise _UnclearError(415, "The body is compressed or encoded: send it as it is.")
    if "charset" in _UTF_8.sub("", environ.get("CONTENT_TYPE") or "").lower():
        raise _UnclearError(415, "The charset of the body is not UTF-8.")
    if not terminated:
        environ.pop("wsgi.input_terminated", None)  # which werkzeug takes for a yes, whatever it holds
    try:
        body = get_input_stream(environ, max_content_length=_LARGEST).read()
    except HTTPException as error:
        raise _UnclearError(error.code or 400, error.description or error.name) from None
    if length and int(length) != len(body):
        raise _UnclearError(400, "The body is not as long as it is said to be.")
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    return body


def _answer(report: Report) -> tuple[int, bytes]:
    """Return what the API is expected to answer."""
    first = next((finding for finding in report.errors if finding.code in _STATUS), None)
    return (400, json.dumps(report.api()).encode()) if first is None else _detail(_STATUS[first.code], first.message)


def _detail(status: int, message: str) -> tuple[int, bytes]:
    return status, json.dumps({"detail": message}).encode()
