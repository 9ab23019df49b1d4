"""Send odd requests through the WSGI middleware to an application, and check that both find the same route.

    python scripts/odd_requests.py [--each N] [--seed SEED]

The requests go through werkzeug's server, through wsgiref's, and through wsgiref's with REQUEST_URI and RAW_URI. Others are
environments made by hand, in which the raw target and PATH_INFO may contradict each other. The application has every path of the
OpenAPI documents. It routes by PATH_INFO, with and without SCRIPT_NAME, and by the raw target, decoded as a whole and by
segments.
The rules:

- a request that reaches a path of the API in any of these ways was checked with this path, method and body, or was refused;
- a request that no lenient router could route to the API passes, and its body is not read;
- the middleware raises no exception.

The requests are drawn with a seed. The script exits with 1 at the first request that breaks a rule, and prints it.
"""

import argparse
import io
import json
import random
import re
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote, unquote_to_bytes, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, make_server

import werkzeug.serving
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wsgi import get_input_stream

from v4schema import catalogue, openapi
from v4schema.openapi.description import described_editions
from v4schema.openapi.guard import Guard
from v4schema.openapi.wsgi import REPORT, Preflight

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from v4schema import Report

Choice = TypeVar("Choice")
#: The methods of each path template, in upper case.
Paths = dict[str, list[str]]
#: A route that a request reaches: the path template, the method, and the variables.
Reached = tuple[str, str, tuple[tuple[str, str], ...]]

PATHS: Paths = {
    path: [name.upper() for name, node in item.items() if isinstance(node, dict)]
    for version in described_editions(catalogue.default())
    for path, item in openapi.document(version)["paths"].items()
}
AD = json.loads((Path(__file__).parent.parent / "examples" / "moped.json").read_text("utf-8"))
VALID_BODIES = [
    json.dumps(AD).encode(),
    json.dumps({"price": [{"type": "reduced", "amount": 3200000, "currency": "SEK"}]}).encode(),
    b"",
]
INVALID_BODIES = [
    b"{}",
    b"[]",
    b"{",
    b'{"visible": 3}',
    b'{"visible": 3, "\\ud800": 1}',
    b"\xff",
    b"a=1",
    b"5\r\nhello\r\n0\r\n\r\n",
]
SLASHES = ["//", "/./", "/../", "%2F", "%2f", "%252F", "\\", "%5C", "///", "/;/", "/%2e/", "%2F%2F", "\xef\xbc\x8f"]
ENDS = ["/", "//", ".", "..", "/.", "%20", "%00", "%0A", "%0a", ";x", "%2F", "%FF", "\xff", "\xc3"]
BYTES = [*"\xff\x7f%+", "%FF", "%C0%AF", "\xc0\xaf", "%C0%AE", "%00", "%0D", "%09", "%E2%80%AE", "%zz", "%u0061"]


def router(*, lenient: bool = False) -> Map:
    """Return werkzeug's router of all paths."""
    rules = (Rule(re.sub("{(.*?)}", r"<\1>", path), methods=methods, endpoint=path) for path, methods in PATHS.items())
    return Map(list(rules), strict_slashes=not lenient, merge_slashes=not lenient)


STRICT, LENIENT = router(), router(lenient=True)


def by_router(routes: Map, path: str, method: str) -> Iterator[Reached]:
    """Yield the route of a decoded path in werkzeug's router, if any."""
    try:
        endpoint, variables = routes.bind("localhost").match(path, method)
    except HTTPException:  # no such path or method, or a redirect, which leads to another request
        return
    yield endpoint, method.upper(), tuple(sorted(variables.items()))


def by_segments(path: str, method: str, errors: str = "replace") -> Iterator[Reached]:
    """Yield the routes of a percent-encoded path; an encoded slash separates no segments."""
    parts = [unquote(part, errors=errors) for part in path.split("/")]
    for template, methods in PATHS.items():
        wanted = template.split("/")
        if len(parts) == len(wanted) and method.upper() in {*methods, *(["HEAD"] if "GET" in methods else [])}:
            variables = {want[1:-1]: part for want, part in zip(wanted, parts, strict=True) if want.startswith("{")}
            fixed = all(want == part for want, part in zip(wanted, parts, strict=True) if not want.startswith("{"))
            if fixed and all(variables.values()):
                yield template, method.upper(), tuple(sorted(variables.items()))


def decoded(native: str, errors: str = "replace") -> str:
    """Decode a text of the environment as werkzeug does; a text that breaks PEP 3333 stays as it is."""
    try:
        return native.encode("latin-1").decode("utf-8", errors)
    except UnicodeEncodeError:
        return native


def targets(environ: Mapping[str, Any]) -> Iterator[str]:
    """Yield the paths of the raw targets, percent-encoded."""
    for name in ("REQUEST_URI", "RAW_URI"):
        if raw := re.sub("[\x80-\xff]", lambda byte: f"%{ord(byte[0]):02X}", environ.get(name, "")):
            yield raw.partition("?")[0]
            yield re.sub(r"^[a-z]+://[^/?#]*", "", raw).partition("?")[0]
            yield re.sub(r"^[a-z]+://[^/?#]*", "", raw).partition("?")[0].partition("#")[0]
            try:
                yield urlsplit(raw).path
            except ValueError:
                continue


def reached(environ: Mapping[str, Any]) -> set[Reached]:
    """Return all routes that a request reaches, by each way of routing."""
    method, info = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
    found = {
        *by_router(STRICT, decoded(info), method),
        *by_router(STRICT, decoded(environ.get("SCRIPT_NAME", "") + info), method),
    }
    for path in targets(environ):
        found |= {*by_router(STRICT, unquote(path), method), *by_segments(path, method)}
    return found


def could_reach(environ: Mapping[str, Any]) -> bool:
    """Return whether any lenient router, mounted anywhere, could route a request to the API."""
    method, info = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
    mounted = environ.get("SCRIPT_NAME", "")
    candidates = [
        decoded(each, errors) for each in (info, mounted + info, f"{mounted}/{info}") for errors in ("replace", "ignore")
    ]
    for path in targets(environ):
        octets = unquote_to_bytes(path.encode("utf-8", "surrogatepass"))
        candidates += [octets.decode(errors="replace"), octets.decode(errors="ignore")]
        for start in (*tails(path), *tails(re.sub("/+", "/", path).rstrip("/"))):
            if any(True for errors in ("replace", "ignore") for _ in by_segments(start, method, errors)):
                return True
    for path in candidates:
        for spelling in (path, re.sub("/+", "/", path)):
            if any(True for start in tails(spelling) for _ in by_router(LENIENT, start, method)):
                return True
    return False


def tails(path: str) -> Iterator[str]:
    """Yield a path, and its parts from each slash to the end."""
    yield f"/{path}"
    yield from (path[place.start() :] for place in re.finditer("/", path))


@dataclass
class Observation:
    """What happened to one request."""

    environ: dict[str, Any] = field(default_factory=dict)
    entered: bool = False
    error: BaseException | None = None
    checked: list[tuple[str, str, bytes | None]] = field(default_factory=list)
    called: bool = False
    unread: bool = False
    body: bytes | None = None
    report: object = None


class RecordingGuard(Guard):
    """A guard that records what it checks."""

    def __init__(self, recorder: "Recorder") -> None:
        super().__init__()
        self._recorder = recorder

    def check(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> "Report":
        """Record a request, and check it."""
        self._recorder.seen.checked.append((method, url, body))
        return super().check(method, url, headers, body)


class Recorder:
    """An application behind the middleware, with the observation of the current request (`seen`)."""

    def __init__(self) -> None:
        self.seen = Observation()
        self._preflight = Preflight(self._application)
        self._preflight._guard = RecordingGuard(self)  # noqa: SLF001

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Take a request from a server."""
        self.seen.environ, self.seen.entered = dict(environ), True
        try:
            return [*self._preflight(environ, start_response)]
        except Exception as error:  # noqa: BLE001  (a rule is that there is none)
            self.seen.error = error
            start_response("500 Raised", [])
            return []

    def _application(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        seen = self.seen
        seen.called, seen.report = True, environ.get(REPORT)
        seen.unread = environ["wsgi.input"] is seen.environ["wsgi.input"]
        if not seen.unread:
            seen.body = get_input_stream(environ).read() if len(seen.environ) % 2 else environ["wsgi.input"].read()
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"the application"]


def broken_rule(seen: Observation, status: int, answer: bytes) -> str | None:
    """Return how a rule is broken; None if none is."""
    if seen.error is not None:
        return f"raised {seen.error!r}"
    if not seen.entered:
        return None if status == 0 or status >= 400 else f"the server answered {status} itself"  # noqa: PLR2004
    if seen.called:
        routes = reached(seen.environ)
        return mismatch(seen, routes) if routes else None
    if status not in {400, 401, 413, 415} or not json.loads(answer):
        return f"refused with {status}, or without a message"
    return None if could_reach(seen.environ) else "refused a request to no path of the API"


def mismatch(seen: Observation, routes: set[Reached]) -> str | None:
    """Return how the application got another request than the guard checked; None if it got the same."""
    if len(seen.checked) != 1 or seen.report is None:
        return f"passed unread: {routes}"
    ((method, url, body),) = seen.checked
    checked = {
        (template, variables) for tail in tails(urlsplit(url).path) for template, _, variables in by_segments(tail, method)
    }
    for template, wanted, variables in routes:
        if {(template, variables)} != checked or method != {"HEAD": "GET", "": "GET"}.get(wanted, wanted):
            return f"checked {checked} {method}, reached {template} {variables} {wanted}"
    return None if body == seen.body else f"checked {body!r}, read {seen.body!r}"


class Generator:
    """Draws odd requests with a seed; `kinds` names what is odd in the current one."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  (nothing secret)
        self.kinds: set[str] = set()

    def one(self, choices: Iterable[Choice]) -> Choice:
        """Return one of several values."""
        return self._random.choice([*choices])

    def happens(self, share: float) -> bool:
        """Return True with a probability."""
        return self._random.random() < share

    def odd(self, kind: str, share: float) -> bool:
        """Return True with a probability, and then add the kind to `kinds`."""
        happens = self.happens(share)
        self.kinds |= {kind} if happens else set()
        return happens

    def target(self) -> str:
        """Return the target of a request, perhaps an odd one; each character is one byte."""
        path = re.sub(
            "{.*?}", lambda _: self.one(["moped-001", "a", "log", "ad", "v4", "1%2F2", "a;b", "..", "%C3%A5"]), self.one(PATHS)
        )
        if self.odd("elsewhere", 0.06):
            path = self.one(["/health", "/", "", "*", "/v4", "/v4/ads", "/v5/ad", "/v4/ad/1/2/3", "/files/%FF.jpg", "h:80", "ad"])
        if self.odd("mounted", 0.1):
            path = self.one(["/pro-import-api", "/x/y", "/v4/ad", "/v3"]) + path
        for _ in range(self.one([0, 0, 1, 1, 2])):
            path = self.respelled(path)
        if self.odd("form", 0.08):
            path = self.one(["http://h", "http://v4", "x:", "HTTP://[", "http://u@h:x", "//h", "http://h?", "h#"]) + path
        if self.odd("tail", 0.1):
            path += self.one(["?x=1", "?", "#x", "?a#b", "#?", "?%FF", "%3Fx", "%23x", ";x=1", "?source_id=/v4/ad"])
        return path

    def respelled(self, path: str) -> str:
        """Return a path in another spelling."""
        (kind,) = self._random.choices(["encoded", "double", "slash", "end", "start", "case", "byte"], [40, 6, 20, 10, 6, 2, 10])
        self.kinds.add(kind)
        place = self._random.randrange(len(path) + 1)
        match kind:
            case "encoded":
                path = "".join(self.encoded(each) if self.happens(0.3) else each for each in path)
            case "double":
                path = "".join(f"%25{ord(each):02x}" if self.happens(0.2) or each == "%" else each for each in path)
            case "slash":
                place = self.one([found.start() for found in re.finditer("/", path)] or [0])
                path = path[:place] + self.one(SLASHES) + path[place + 1 :]
            case "end":
                path += self.one(ENDS)
            case "start":
                path = self.one(["", "/", "//", "%2F", ".", "%00", "\xff"]) + path.lstrip("/")
            case "case":
                path = path.encode("latin-1").upper().decode("latin-1")
            case _:
                path = path[:place] + self.one(BYTES) + path[place:]
        return path

    def encoded(self, each: str) -> str:
        """Return a character percent-encoded, in lower or upper case."""
        return self.one([f"%{ord(each):02x}", f"%{ord(each):02X}"]) if each not in "/%" else each

    def method(self, target: str) -> str:
        """Return a method, mostly one of a path with as many segments."""
        likely = [name for path, names in PATHS.items() for name in names if path.count("/") == max(2, min(4, target.count("/")))]
        if self.odd("method", 0.2):
            return self.one(
                ["HEAD", "OPTIONS", "post", "pAtCh", "PURGE", "get", "TRACE", "GET2", "P\xd6ST", "po\xdft", "CONNECT"]
            )
        return self.one(likely or ["GET"])

    def headers(self) -> list[tuple[str, str]]:
        """Return headers, without those of the body."""
        lines = [("X-Auth-Token", "6d2f7a")] if self.happens(0.85) else []
        hosts = ["h?", "h#", "[", "", "h\x00", "h h", "]", "h:x", "h/v4/ad", "\xff", "v4/ad?", "@", "[::1", "h?/v4/ad#"]
        if self.odd("host", 0.25):
            lines += [("Host", self.one(hosts)) for _ in range(self.one([0, 1, 1, 2]))]
        else:
            lines.append(("Host", "localhost"))
        types = [
            "text/plain",
            "application/json; charset=utf-7",
            'application/json;charset="UTF-8"',
            "",
            "multipart/form-data",
            "\xff",
        ]
        lines.append(("Content-Type", self.one(types) if self.odd("type", 0.12) else "application/json"))
        if self.odd("coding", 0.05):
            lines.append(("Content-Encoding", self.one(["gzip", "identity", "br", "deflate", "", "x"])))
        return lines

    def body(self) -> tuple[bytes, list[tuple[str, str]]]:
        """Return a body as it is sent, and the headers about its length and coding."""
        body = self.one(VALID_BODIES if self.happens(0.6) else INVALID_BODIES)
        length = str(len(body))
        if self.odd("framing", 0.3):
            pieces = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in (body[:7], body[7:]) if each) + b"0\r\n\r\n"
            wrong = self.one(
                ["-1", "+2", "1_0", "x", "5,5", "9" * 5000, "00" + length, str(len(body) + 9), str(max(0, len(body) - 9)), "\xb2"]
            )
            coding = self.one(["chunked", "Chunked", "gzip, chunked", "identity", "xchunked", "chunked, identity", ""])
            return self.one(
                [
                    (pieces, [("Transfer-Encoding", "chunked")]),
                    (pieces[:-7], [("Transfer-Encoding", "chunked")]),
                    (body, [("Transfer-Encoding", coding)]),
                    (pieces, [("Transfer-Encoding", coding), ("Content-Length", length)]),
                    (body, [("Content-Length", wrong)]),
                    (body, [("Content-Length", length), ("Content-Length", wrong)]),
                    (body, []),
                ]
            )
        return body, [("Content-Length", length)] if body or self.happens(0.5) else []

    def message(self) -> bytes:
        """Return a request as bytes."""
        self.kinds = set()
        target, (body, framing) = self.target(), self.body()
        lines = [*self.headers(), *framing]
        head = f"{self.method(target)} {target} HTTP/{self.one(['1.1', '1.1', '1.0'])}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in lines)
        return head.encode("latin-1") + b"\r\n" + body

    def environ(self) -> dict[str, Any]:
        """Return an environment made by hand, perhaps one that no server makes."""
        self.kinds = set()
        target, (body, framing) = self.target(), self.body()
        path, _, query = target.partition("?")
        info = unquote_to_bytes(path.encode("latin-1")).decode("latin-1")
        environ: dict[str, Any] = {"REQUEST_METHOD": self.method(target), "PATH_INFO": info, "QUERY_STRING": query}
        if self.odd("script", 0.25):
            cut = self.one([found.start() for found in re.finditer("/", info)] or [0])
            environ |= {"SCRIPT_NAME": info[:cut], "PATH_INFO": info[cut:]}
        if self.odd("raw", 0.6):
            raw = target if self.happens(0.5) else self.target()
            environ |= {
                name: raw if self.happens(0.8) else self.target()
                for name in self.one([["REQUEST_URI"], ["RAW_URI"], ["REQUEST_URI", "RAW_URI"]])
            }
        if self.odd("unicode", 0.05):
            environ[self.one(["PATH_INFO", "RAW_URI", "QUERY_STRING", "SCRIPT_NAME"])] = self.one(
                ["/v4/ad/\u0100", "\ud800/v4/ad", "/v4/ad\u2028", "/v4/a\td"]
            )
        if self.odd("missing", 0.05):
            environ.pop("PATH_INFO")
        if self.odd("capital", 0.03):
            environ["REQUEST_METHOD"] = self.one(["PO\u017fT", "\u212aET", "PATCH\x00", ""])
        for name, value in [*self.headers(), *framing]:
            key = name.upper().replace("-", "_")
            environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value
        if self.happens(0.3):
            environ["wsgi.input_terminated"] = self.one([True, True, False])
        return environ | {
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
        }


def exchange(address: tuple[str, int], message: bytes) -> tuple[int, bytes]:
    """Send a message to a server. Return the status and the body of the response; the status is 0 if there is none."""
    with socket.create_connection(address, timeout=30) as wire:
        answer = b""
        try:
            wire.sendall(message)
            wire.shutdown(socket.SHUT_WR)
            while piece := wire.recv(65536):
                answer += piece
        except ConnectionError:  # the server has closed the connection before reading everything
            pass
    head, _, body = answer.partition(b"\r\n\r\n")
    status = re.match(rb"HTTP/1\.[01] ([0-9]{3})", head)
    return int(status[1]) if status else 0, body


class QuietHandler(WSGIRequestHandler):
    """wsgiref's handler, without a log."""

    def log_message(self, *_: object) -> None:
        """Log nothing."""


class RawTargetHandler(QuietHandler):
    """The same, with the raw target in the environment."""

    def get_environ(self) -> dict[str, Any]:
        """Return the environment with the raw target under both keys that servers use."""
        return {**super().get_environ(), "REQUEST_URI": self.path, "RAW_URI": self.path}


class QuietWerkzeugHandler(werkzeug.serving.WSGIRequestHandler):
    """werkzeug's handler, without its log, which cannot write every target."""

    def log_request(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def loopback(server: Any) -> Iterator[tuple[str, int]]:  # noqa: ANN401  (socketserver's, of either kind)
    """Serve on loopback during a ``with`` block; yields the address."""
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.server_address[:2]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def by_hand(recorder: Recorder, generator: Generator) -> tuple[int, bytes, object]:
    """Send an environment made by hand. Return the status and the body of the response, and the environment."""
    environ, statuses = generator.environ(), []

    def start_response(status: str, _headers: object, _info: object = None) -> Callable[[bytes], object]:
        statuses.append(int(status[:3]))
        return print

    answer = b"".join(recorder(environ, start_response))
    return statuses[0], answer if environ["REQUEST_METHOD"] != "HEAD" else b'"no body"', recorder.seen.environ


def results(each: int, seed: int) -> Iterator[tuple[str, Counter[str], str | None]]:
    """Send `each` requests to each server. Yield its name, counts of oddities and outcomes, and the first broken rule."""
    recorder = Recorder()
    with ExitStack() as stack:
        servers = {
            "werkzeug": werkzeug.serving.make_server("127.0.0.1", 0, recorder, request_handler=QuietWerkzeugHandler),
            "wsgiref": make_server("127.0.0.1", 0, recorder, handler_class=QuietHandler),
            "raw target": make_server("127.0.0.1", 0, recorder, handler_class=RawTargetHandler),
        }
        addresses = {name: stack.enter_context(loopback(server)) for name, server in servers.items()}
        for name in ("by hand", *addresses):
            generator, counts = Generator(seed), Counter[str]()
            fault = None
            for _ in range(each):
                recorder.seen = Observation()
                if name == "by hand":
                    status, answer, request = by_hand(recorder, generator)
                else:
                    message = generator.message()
                    status, answer = exchange(addresses[name], message)
                    request, answer = message, answer if not message.startswith(b"HEAD") else b'"no body"'
                fault = broken_rule(recorder.seen, status, answer)
                counts.update(["requests", outcome(recorder.seen), *(f"odd {kind}" for kind in generator.kinds)])
                if fault is not None:
                    fault = f"{fault}\n{status} {answer!r}\n{request!r}\n{recorder.seen.environ}"
                    break
            yield name, counts, fault


def outcome(seen: Observation) -> str:
    """Name the outcome of a request."""
    if not seen.entered:
        return "refused by the server"
    if seen.called:
        return "checked and passed" if seen.checked else "passed unread"
    return "checked and refused" if seen.checked else "refused unchecked"


def main() -> int:
    """Send all requests, and print counts. Return 1 at the first broken rule."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=2000, help="how many requests to send to each server")
    parser.add_argument("--seed", type=int, default=13)
    args = parser.parse_args()
    start, total = time.monotonic(), 0
    for name, counts, fault in results(args.each, args.seed):
        total += counts["requests"]
        print(f"{name}: " + ", ".join(f"{count} {what}" for what, count in sorted(counts.items())))
        if fault is not None:
            print(f"A rule is broken: {fault}")
            return 1
    print(f"{total} odd requests in {time.monotonic() - start:.0f} s: guard and application agree.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
