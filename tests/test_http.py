"""Real HTTP: a local stand-in for the API, behind the middleware and checked clients."""

import array
import asyncio
import io
import json
import logging
import mmap
import pickle
import re
import shlex
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
from json_strategies import Ad
from local_api import Api, serving
from odd_requests import exchange, results
from requests.adapters import BaseAdapter
from werkzeug.test import EnvironBuilder, run_wsgi_app

import v4schema.openapi.httpx
import v4schema.openapi.requests
from v4schema import Report
from v4schema.errors import UnknownName
from v4schema.openapi import PreflightError
from v4schema.openapi.wsgi import Preflight

GUIDE = Path(__file__).parent / "guide"
#: The answer that a client of HTTP returns: status and parsed body.
Answer = tuple[int, Any]
#: The guide's own hosts.
HOSTS = re.compile(r"https://(api[.]blocket[.]se/pro-import-api|pro-import-api[.]blocket[.]se)")


@pytest.fixture
def api() -> Iterator[str]:
    """The address of a stand-in for the API, with the middleware in front of it."""
    with serving(Preflight(Api())) as address:
        yield address


@pytest.fixture
def unguarded() -> Iterator[tuple[str, Api]]:
    """The address of a stand-in without the middleware, and what it keeps."""
    api = Api()
    with serving(api) as address:
        yield address, api


def commands(address: str, whole: Ad) -> dict[str, list[str]]:
    """The guide's commands by name, for an address; "complete ad payload" is replaced by an ad."""
    payload = "{ /* complete ad payload */ }"
    texts = {
        name: (GUIDE / f"{name}.sh").read_text("utf-8").replace("\\\n", "") for name in ("create", "list", "replace", "update")
    }
    assert payload in texts["replace"]
    return {name: shlex.split(HOSTS.sub(address, text).replace(payload, json.dumps(whole))) for name, text in texts.items()}


def parts(command: list[str]) -> tuple[str, str, dict[str, str], bytes | None]:
    """The method, the URL, the headers and the body that a command of curl sends."""
    words = iter(command[1:])
    method, url, headers, body = "GET", "", {}, None
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(words).encode()
        else:
            url = word
    return method, url, headers, body


def by_curl(command: list[str]) -> Answer:
    """Send a command of the guide as it is."""
    done = subprocess.run(
        [*command, "--silent", "--noproxy", "*", "--write-out", "\n%{http_code}"], check=True, capture_output=True, text=True
    )
    body, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(body)


def by_requests(command: list[str]) -> Answer:
    """Send the same by requests, checked before it leaves."""
    method, url, headers, body = parts(command)
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://127.0.0.1", v4schema.openapi.requests.Preflight())
        answer = session.request(method, url, headers=headers, data=body)
    return answer.status_code, answer.json()


def by_httpx(command: list[str]) -> Answer:
    """Send the same by httpx, checked before it leaves."""
    method, url, headers, body = parts(command)
    with httpx.Client(transport=v4schema.openapi.httpx.Preflight(httpx.HTTPTransport()), trust_env=False) as client:
        answer = client.request(method, url, headers=headers, content=body)
    return answer.status_code, answer.json()


def by_async_httpx(command: list[str]) -> Answer:
    """Send the same by httpx's other client."""
    method, url, headers, body = parts(command)

    async def send() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=v4schema.openapi.httpx.AsyncPreflight(httpx.AsyncHTTPTransport()), trust_env=False
        ) as client:
            return await client.request(method, url, headers=headers, content=body)

    answer = asyncio.run(send())
    return answer.status_code, answer.json()


def by_hook(command: list[str]) -> Answer:
    """Send the same by httpx with an event hook."""
    method, url, headers, body = parts(command)
    with httpx.Client(event_hooks={"request": [v4schema.openapi.httpx.hook()]}, trust_env=False) as client:
        answer = client.request(method, url, headers=headers, content=body)
    return answer.status_code, answer.json()


without_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is missing")
SENDERS = [pytest.param(by_curl, marks=without_curl), by_requests, by_httpx, by_async_httpx, by_hook]


@pytest.mark.parametrize("send", SENDERS)
def test_commands_of_the_guide_are_answered(send: Callable[[list[str]], Answer], api: str, guide: Callable[[str], Ad]) -> None:
    """Each of them passes the checks of client and server, and does what the guide says."""
    command = commands(api, guide("moped"))
    status, created = send(command["create"])
    assert (status, created["source_id"], created["state"]) == (201, "moped-001", "created")
    assert send(command["create"]) == (409, {"source_id": ["Ad with this source_id already exists."]})
    status, listed = send(command["list"])
    assert (status, [ad["source_id"] for ad in listed]) == (200, ["moped-001"])
    assert send(command["replace"])[0] == 200
    status, updated = send(command["update"])
    assert (status, updated["price"][0]["type"]) == (200, "reduced")


@without_curl
def test_the_middleware_answers_refusals_as_the_api_does(api: str, guide: Callable[[str], Ad]) -> None:
    """400 is nested like the ad, 401 and 415 have a detail; the guide's placeholder for an ad is no JSON."""
    ad = guide("moped")
    del ad["category_fields"]["brand"]
    method, url, headers, _ = parts(commands(api, ad)["create"])
    create = ["curl", "-X", method, url, "-d", json.dumps(ad)]
    named = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    assert by_curl([*create, *named]) == (400, {"category_fields": {"brand": ["This field is required."]}})
    assert by_curl([*create, "-H", "Content-Type: application/json"]) == (
        401,
        {"detail": "Authentication credentials were not provided."},
    )
    assert by_curl([*create, "-H", "X-Auth-Token: 6d2f7a"]) == (
        415,
        {"detail": "The body is sent as application/x-www-form-urlencoded instead of application/json."},
    )
    literal = shlex.split(HOSTS.sub(api, (GUIDE / "replace.sh").read_text("utf-8").replace("\\\n", "")))
    assert by_curl(literal) == (400, ["This is not JSON."])
    assert by_curl(["curl", f"{api}/v4/ad/moped-001", "-H", "X-Auth-Token: 6d2f7a"]) == (404, {"detail": "Not found."})


def test_a_chunked_body_reaches_the_application_whole(api: str, guide: Callable[[str], Ad]) -> None:
    """A body in chunks is checked and passed on."""
    method, url, headers, body = parts(commands(api, guide("moped"))["create"])
    assert body is not None
    pieces = [body[:100], body[100:]]
    for status, send in ((201, requests_in_pieces), (409, httpx_in_pieces)):
        assert send(method, url, headers, pieces) == status


def requests_in_pieces(method: str, url: str, headers: dict[str, str], pieces: list[bytes]) -> int:
    """Send a body in chunks by requests and return the status of the answer."""
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://127.0.0.1", v4schema.openapi.requests.Preflight())
        return session.request(method, url, headers=headers, data=iter(pieces)).status_code


def httpx_in_pieces(method: str, url: str, headers: dict[str, str], pieces: list[bytes]) -> int:
    """Send a body in chunks by httpx, without a check, and return the status of the answer."""
    with httpx.Client(trust_env=False) as client:
        return client.request(method, url, headers=headers, content=iter(pieces)).status_code


class Ear(BaseAdapter):
    """A transport that keeps requests instead of sending them."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[requests.PreparedRequest] = []
        self.options: dict[str, Any] = {}
        self.closed = False

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:  # noqa: ANN401
        """Keep a request."""
        self.heard.append(request)
        self.options = options
        answer = requests.Response()
        answer.status_code, answer.raw, answer.request = 201, io.BytesIO(b"{}"), request
        return answer

    def close(self) -> None:
        """Note that it was closed."""
        self.closed = True


#: Private values, in their own fields and in others.
SECRETS = ["0701234567", "asa@example.com", "Åsa Öberg", "ABC12D", "6d2f7a", "moped-0701234567"]


@pytest.fixture
def telling(clean: Ad) -> Ad:
    """An ad with errors, and with private values in all kinds of fields."""
    clean["source_id"] = SECRETS[5]
    clean["contact"] = {"name": SECRETS[2], "email": "asa@example.com no", "phone": [SECRETS[0]]}
    clean["body"] = "Ring Åsa Öberg, 0701234567"
    clean["image_urls"] = ["http://example.com/0701234567.jpg"]
    clean["category_fields"] |= {"registration_number": "ABC12D ", "brand": 701234567, "color": None}
    clean["category_fields"]["powertrain"]["transmission"] = "0701234567"
    clean["dealer_code"] = {"email": SECRETS[1]}
    clean |= {SECRETS[0]: 1, "a\nWARNING root: forged": 2}
    clean["contact"][SECRETS[1]] = True
    return clean


def test_a_refused_request_is_not_sent(telling: Ad, caplog: pytest.LogCaptureFixture) -> None:
    """Requests and both clients of httpx raise an error with the report; the log contains only codes and places."""
    caplog.set_level(logging.DEBUG)
    url, headers = "https://api.blocket.se/pro-import-api/v4/ad", {"X-Auth-Token": "6d2f7a"}
    refused: list[Report] = []
    ear = Ear()
    with requests.Session() as session:
        session.mount("https://api.blocket.se/pro-import-api/", v4schema.openapi.requests.Preflight(ear))
        with pytest.raises(PreflightError) as error:
            session.post(url, headers=headers, json=telling)
        refused.append(error.value.report)
        assert ear.heard == []
    sent: list[httpx.Request] = []

    def hear(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(201, json={})

    with httpx.Client(transport=v4schema.openapi.httpx.Preflight(httpx.MockTransport(hear))) as client:
        with pytest.raises(PreflightError) as error:
            client.post(url, headers=headers, json=telling)
        refused.append(error.value.report)

    async def post() -> None:
        async with httpx.AsyncClient(transport=v4schema.openapi.httpx.AsyncPreflight(httpx.MockTransport(hear))) as client:
            await client.post(url, headers=headers, json=telling)

    with pytest.raises(PreflightError) as error:
        asyncio.run(post())
    refused.append(error.value.report)
    hooks = {"request": [v4schema.openapi.httpx.hook()]}
    with httpx.Client(transport=httpx.MockTransport(hear), event_hooks=hooks) as client:
        with pytest.raises(PreflightError) as error:
            client.post(url, headers=headers, json=telling)
        refused.append(error.value.report)
    assert sent == []
    assert all(report == refused[0] for report in refused)
    assert ("schema.type", "/contact/phone") in {(finding.code, finding.at) for finding in refused[0].errors}
    log = "\n".join(record.getMessage() + (record.exc_text or "") for record in caplog.records)
    assert "POST refused: " in log
    assert "error schema.type /contact/phone" in log
    assert "warning field.unknown /contact/…" in log
    assert "forged" not in log
    for secret in SECRETS:
        assert secret not in log
        assert secret not in str(error.value)
    assert str(error.value).startswith("POST refused: ")
    copied = pickle.loads(pickle.dumps(error.value))  # noqa: S301  (our own)
    assert (str(copied), copied.report) == (str(error.value), error.value.report)


def test_warn_sends_and_logs(telling: Ad, unguarded: tuple[str, Api], caplog: pytest.LogCaptureFixture) -> None:
    """With `warn`, an ad with errors is sent all the same, and the log says so."""
    address, api = unguarded
    with requests.Session() as session:
        session.trust_env = False
        session.mount(address, v4schema.openapi.requests.Preflight(warn=True))
        assert session.post(f"{address}/v4/ad", headers={"X-Auth-Token": "6d2f7a"}, json=telling).status_code == 201
    assert telling["source_id"] in api.ads
    (record,) = [record for record in caplog.records if record.name == "v4schema.openapi"]
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith("POST passed with errors: error schema.type /dealer_code; ")


def test_warnings_are_logged_and_the_request_is_sent(
    api: str, guide: Callable[[str], Ad], caplog: pytest.LogCaptureFixture
) -> None:
    """A price that is plausible only in kronor, or a placeholder, is logged at the level INFO."""
    caplog.set_level(logging.INFO, "v4schema.openapi")
    assert by_httpx(commands(api, guide("moped"))["create"])[0] == 201
    records = [record for record in caplog.records if record.name == "v4schema.openapi"]
    assert {record.levelno for record in records} == {logging.INFO}
    assert "warning price.implausible /price/0/amount" in records[0].getMessage()


class Once(io.BytesIO):
    """A file that can be read only once, as a pipe is."""

    def seekable(self) -> bool:
        """Say so."""
        return False


def test_the_body_of_a_request_may_have_any_form(clean: Ad) -> None:
    """A text, a file, a pipe and chunks are checked whole and sent whole."""
    text = json.dumps(clean)
    ear = Ear()
    with requests.Session() as session:
        session.mount("https://", v4schema.openapi.requests.Preflight(ear))
        headers = {"X-Auth-Token": "6d2f7a", "Content-Type": "application/json"}
        raw = text.encode()
        for body in (text, raw, bytearray(raw), io.BytesIO(raw), io.StringIO(text), Once(raw), iter([text[:9], text[9:]])):
            answer = session.post("https://api.blocket.se/pro-import-api/v4/ad", headers=headers, data=body)  # type: ignore[arg-type]
            sent: Any = answer.request.body
            assert json.loads(sent.read() if hasattr(sent, "read") else sent) == clean
            assert answer.request.headers["Content-Length"] == str(len(raw))
            assert "Transfer-Encoding" not in answer.request.headers
        session.post("https://api.blocket.se/v4/ad", headers={"X-Auth-Token": b"6d2f7a"}, json=clean, timeout=7, verify=False)
        assert (ear.options["timeout"], ear.options["verify"]) == (7, False)
    assert ear.closed


def test_an_encoded_slash_does_not_avoid_the_check() -> None:
    """If the server gives the path as it was sent, that is checked; if not, the decoded one."""
    seen: list[str] = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:  # noqa: ANN401
        seen.append(environ["PATH_INFO"])
        start_response("200 OK", [])
        return []

    headers = {"X-Auth-Token": "6d2f7a", "Content-Type": "application/json"}
    wrong = {"visible": 3}
    with serving(Preflight(application)) as address, httpx.Client(trust_env=False) as client:
        assert client.patch(f"{address}/v4/ad/a%2Fb", headers=headers, json=wrong).status_code == 400
        assert client.patch(f"{address}/v4/ad/a%252Fb", headers=headers, json={"source_id": "a%2Fb"}).status_code == 200
    with httpx.Client(transport=httpx.WSGITransport(app=Preflight(application))) as client:
        assert client.patch("http://test/v4/ad/a%252Fb", headers=headers, json=wrong).status_code == 400
    assert seen == ["/v4/ad/a%2Fb"]


def test_unknown_names_are_refused_before_the_first_request() -> None:
    """An unknown category, edition or engine raises when the middleware or the client is created."""
    unknown: list[dict[str, Any]] = [{"version": "v9"}, {"category": "aeroplane"}, {"engine": "steam"}]
    for wrong in unknown:
        with pytest.raises(UnknownName):
            v4schema.openapi.requests.Preflight(**wrong)
    v4schema.openapi.requests.Preflight(version="v3", category="dinghy", engine="jsonschema").close()


def test_a_client_closes_the_wrapped_transport() -> None:
    """A client closes its transport, and that closes the one that it wraps."""

    class Transport(httpx.MockTransport):
        closed = 0

        def close(self) -> None:
            Transport.closed += 1

        async def aclose(self) -> None:
            Transport.closed += 1

    transport = Transport(lambda _: httpx.Response(200))
    v4schema.openapi.httpx.Preflight(transport).close()
    asyncio.run(v4schema.openapi.httpx.AsyncPreflight(transport).aclose())
    assert Transport.closed == 2


def test_an_application_gets_the_report_and_keeps_its_own_paths(clean: Ad) -> None:
    """A request that passes carries its report; the middleware ignores paths that are not of the API."""
    seen: list[Report | None] = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:  # noqa: ANN401
        seen.append(environ.get("v4schema.report"))
        start_response("200 OK", [])
        return [environ["wsgi.input"].read()]

    text = json.dumps(clean).encode()
    with httpx.Client(transport=httpx.WSGITransport(app=Preflight(application))) as client:
        headers = {"X-Auth-Token": "6d2f7a", "Content-Type": "application/json"}
        assert client.post("http://test/v4/ad", headers=headers, content=text).content == text
        assert client.get("http://test/health").status_code == 200
        assert client.put("http://test/v4/ad").status_code == 200
        assert client.post("http://test/v4/ad", headers=headers, content=b"[]").status_code == 400
        assert client.post("http://test/v4/ad", headers=headers, content=b"[" * (1 << 24) + b"]").status_code == 413
    assert [report and report.findings for report in seen] == [(), None, None]
    with httpx.Client(transport=httpx.WSGITransport(app=Preflight(application, warn=True))) as client:
        assert client.post("http://test/v4/ad", headers=headers, content=b"[]").status_code == 200


def test_middleware_and_application_agree_on_odd_requests() -> None:
    """They agree on path, method and body on any server; `scripts/odd_requests.py` sends thousands."""
    for server, counts, fault in results(60, 13):
        assert fault is None, f"{server}: {fault}"
        assert counts["requests"] == 60
        for each in ("checked and passed", "checked and refused", "passed unread", "refused unchecked"):
            assert counts[each] > 0


WRONG = b'{"visible": 3}'


def asked_for(application: Any, **changed: object) -> tuple[int, Any]:  # noqa: ANN401  (a WSGI application)
    """Return status and body of the answer to a wrong partial update in a changed environment; None removes a name."""
    headers = [("X-Auth-Token", "6d2f7a")]
    environ: dict[str, Any] = EnvironBuilder("/v4/ad/1", method="PATCH", data=WRONG, headers=headers).get_environ()
    environ |= {"CONTENT_TYPE": "application/json", **changed}
    for name in [name for name, value in environ.items() if value is None]:
        del environ[name]
    for name in {"REQUEST_URI", "RAW_URI"} - {*changed}:
        environ.pop(name, None)
    pieces, status, _ = run_wsgi_app(application, environ)
    return int(status[:3]), json.loads(b"".join(pieces) or b"null")


def answering(environ: dict[str, Any], start_response: Any) -> list[bytes]:  # noqa: ANN401
    """Answer with the body of the request."""
    start_response("200 OK", [])
    return [json.dumps(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()).encode()]


@pytest.mark.parametrize("host", ["h?", "h#", "[", "", None, "h\x00", "h h", "@", "h/v4/ads?", "\xff"])
def test_no_host_avoids_the_check(host: str | None) -> None:
    """A host may end the path, or be no host at all."""
    status, answer = asked_for(Preflight(answering), HTTP_HOST=host)
    assert (status, answer["visible"]) == (400, ["Must be a valid boolean."])


@pytest.mark.parametrize(
    "target", ["/v4/%61d/1", "/%764/ad/1", "/v4%2Fad%2f1", "//v4/ad/1", "http://h/v4/ad/1", "/v4/%61%64/%31?x#y"]
)
def test_no_spelling_of_a_path_avoids_the_check(target: str) -> None:
    """Percent-encoding is decoded as the application does, on werkzeug's server, which gives both forms."""
    with serving(Preflight(answering)) as address:
        port = int(address.rpartition(":")[2])
        head = (
            f"PATCH {target} HTTP/1.1\r\nX-Auth-Token: 6d2f7a\r\nContent-Type: application/json\r\nContent-Length: {len(WRONG)}"
        )
        status, answer = exchange(("127.0.0.1", port), head.encode() + b"\r\n\r\n" + WRONG)
    assert (status, json.loads(answer)["visible"]) == (400, ["Must be a valid boolean."])


UNCLEAR: list[tuple[dict[str, object], int, str]] = [
    ({"PATH_INFO": "/v4/ad/\xff"}, 400, "not text"),
    ({"PATH_INFO": "/v4/\xffad/1"}, 400, "not text"),
    ({"PATH_INFO": "/v4/ad/\u0100"}, 400, "not text"),
    ({"PATH_INFO": "/v4/ad/1/"}, 400, "too many slashes"),
    ({"PATH_INFO": "/v4//ad/1"}, 400, "too many slashes"),
    ({"PATH_INFO": "//ad/1", "SCRIPT_NAME": "/v4"}, 400, "too many slashes"),
    ({"REQUEST_URI": "/v4/ad/2"}, 400, "one path of the API as it was sent"),
    ({"RAW_URI": "/v3/ad/1"}, 400, "one path of the API as it was sent"),
    ({"RAW_URI": "/v4/ad/1#x"}, 400, "one path of the API as it was sent"),
    ({"HTTP_TRANSFER_ENCODING": "chunked"}, 400, "both a length and a transfer coding"),
    ({"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": None}, 400, "does not decode the transfer coding"),
    (
        {"HTTP_TRANSFER_ENCODING": "gzip, chunked", "CONTENT_LENGTH": None, "wsgi.input_terminated": True},
        400,
        "does not decode the transfer coding",
    ),
    ({"CONTENT_LENGTH": "+14"}, 400, "not a number"),
    ({"CONTENT_LENGTH": "9" * 5000}, 400, "not a number"),
    ({"CONTENT_LENGTH": str(len(WRONG) + 1)}, 400, "could not understand"),
    ({"CONTENT_LENGTH": "3", "wsgi.input_terminated": True}, 400, "not as long"),
    ({"CONTENT_LENGTH": "99999999"}, 413, "exceeds"),
    ({"HTTP_CONTENT_ENCODING": "gzip"}, 415, "compressed"),
    ({"CONTENT_TYPE": "application/json; charset=utf-7"}, 415, "charset"),
    ({"CONTENT_TYPE": "application/json; charset=utf-8; charset=utf-16"}, 415, "charset"),
]


@pytest.mark.parametrize(("changed", "status", "word"), UNCLEAR)
@pytest.mark.parametrize("warn", [False, True])
def test_an_ambiguous_request_is_refused_with_a_reason(
    changed: dict[str, object], status: int, word: str, warn: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """It is refused with `warn` as well; the log has the reason, without the request."""
    answered = asked_for(Preflight(answering, warn=warn), **changed)
    assert answered[0] == status
    assert word in answered[1]["detail"]
    assert [record.getMessage() for record in caplog.records] == [f"a request is refused: {answered[1]['detail']}"]


@pytest.mark.parametrize(
    "changed",
    [
        {"PATH_INFO": "/health", "HTTP_HOST": "["},
        {"PATH_INFO": "/files/\xff.jpg"},
        {"PATH_INFO": "/v4/ads", "CONTENT_LENGTH": str(len(WRONG)), "HTTP_TRANSFER_ENCODING": "chunked"},
        {"PATH_INFO": "/v4/%61d/1"},
        {"PATH_INFO": "", "SCRIPT_NAME": "\u0100/v4/ad"},
        {"PATH_INFO": "/v5/ad/1", "REQUEST_URI": "http://[/v5/ad/1"},
        {"REQUEST_METHOD": "PURGE"},
    ],
)
def test_other_paths_pass_without_a_check(changed: dict[str, object]) -> None:
    """They may be odd; a path that is encoded twice is no path of the API."""
    assert asked_for(Preflight(answering), **changed) == (200, WRONG.decode())


@pytest.mark.parametrize(
    "changed",
    [
        {"SCRIPT_NAME": "/v4", "PATH_INFO": "/ad/1"},
        {"SCRIPT_NAME": "/v4/ad/1", "PATH_INFO": ""},
        {"PATH_INFO": "v4/ad/1"},
        {"PATH_INFO": "/elsewhere", "RAW_URI": "/v4/ad/1"},
        {"REQUEST_URI": "/elsewhere"},
        {"REQUEST_METHOD": "pAtCh"},
        {"CONTENT_LENGTH": None, "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "Chunked"},
        {"CONTENT_LENGTH": "014", "wsgi.input_terminated": False},
        {"CONTENT_TYPE": 'application/json; charset="UTF-8"'},
    ],
)
def test_a_path_is_checked_for_every_kind_of_routing(changed: dict[str, object]) -> None:
    """An application may route by its mount point, by the raw target, or without the first slash."""
    status, answer = asked_for(Preflight(answering), **changed)
    assert (status, answer["visible"]) == (400, ["Must be a valid boolean."])


def test_a_head_is_checked_as_a_get() -> None:
    """Routers send HEAD to the handler of GET; the refusal has no body."""
    changed: dict[str, object] = {"HTTP_X_AUTH_TOKEN": None, "PATH_INFO": "/v4/ad", "CONTENT_LENGTH": "0"}
    assert asked_for(Preflight(answering), REQUEST_METHOD="HEAD", **changed) == (401, None)
    assert asked_for(Preflight(answering), REQUEST_METHOD="GET", **changed)[0] == 401


def test_a_path_of_another_edition_is_refused() -> None:
    """With a named edition, paths of the other ones are refused."""
    status, answer = asked_for(Preflight(answering, version="v3"))
    assert (status, answer) == (400, ["V3 has no such path."])


def test_an_exception_in_the_check_is_a_refusal(caplog: pytest.LogCaptureFixture) -> None:
    """The request does not pass, there is no traceback, and the log names the error and not the request."""

    class Broken(io.BytesIO):
        def readinto(self, _: object) -> int:
            raise RuntimeError("0701234567")

        read = readall = readinto  # type: ignore[assignment]

    answer = asked_for(Preflight(answering), **{"wsgi.input": Broken()})
    assert answer == (400, {"detail": "The request could not be checked."})
    assert [record.getMessage() for record in caplog.records] == [
        "a request is refused: RuntimeError was raised while checking it"
    ]
    odd = {"wsgi.input": io.BytesIO(b'{"\\ud800": 1}'), "CONTENT_LENGTH": "13"}
    assert asked_for(Preflight(answering), **odd)[0] == 400


def test_the_application_reads_what_was_checked() -> None:
    """The body has its length then, and no transfer coding."""
    seen: list[dict[str, Any]] = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:  # noqa: ANN401
        seen.append(environ)
        return answering(environ, start_response)

    text = '{"price": [{"type": "reduced", "amount": 3200000, "currency": "SEK"}]}'
    changed = {
        "wsgi.input": io.BytesIO(text.encode()),
        "CONTENT_LENGTH": None,
        "wsgi.input_terminated": True,
        "HTTP_TRANSFER_ENCODING": "chunked",
    }
    assert asked_for(Preflight(application), **changed) == (200, text)
    assert "HTTP_TRANSFER_ENCODING" not in seen[0]


class Twice(io.BytesIO):
    """A file with other content when it is read a second time."""

    was_read = False

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, and know of it."""
        self.was_read = True
        return super().read(size)

    def seek(self, place: int, whence: int = 0, /) -> int:
        """Set back, to something else once it was read."""
        if self.was_read:
            self.truncate(0)
            super().seek(0)
            self.write(b"[]")
        return super().seek(place, whence)


class Sips(io.BytesIO):
    """A file that returns few bytes at a time."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Give seven bytes at most."""
        return super().read(7 if size is None or size < 0 else min(size, 7))


@pytest.fixture
def listening() -> Iterator[tuple[str, list[bytes]]]:
    """The address of a server, and the bodies that it receives."""
    arrived: list[bytes] = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:  # noqa: ANN401
        assert "HTTP_TRANSFER_ENCODING" not in environ
        arrived.append(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
        redirected = environ["PATH_INFO"].startswith("/once/")
        start_response("307 Again" if redirected else "200 OK", [("Location", "/v4/ad")] if redirected else [])
        return []

    with serving(application) as address:
        yield address, arrived


def at_offset(file: Any) -> Any:  # noqa: ANN401  (any file)
    """The file, with its first three bytes or characters read."""
    file.read(2)
    return file


def mapped(path: Path) -> mmap.mmap:
    """A memory-mapped file at an offset."""
    with path.open("rb") as file:
        return at_offset(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))  # type: ignore[no-any-return]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::requests.exceptions.FileModeWarning")
def test_requests_sends_what_was_checked(clean: Ad, listening: tuple[str, list[bytes]], tmp_path: Path) -> None:
    """Every form of a body is sent byte for byte, also after a redirect and with contradicting headers."""
    address, arrived = listening
    clean["title"] = "Åker 2"
    text = json.dumps(clean, ensure_ascii=False)
    raw = text.encode()
    raw += b" " * (-len(raw) % 8)
    plain, utf_16, shifted = tmp_path / "plain", tmp_path / "utf-16", tmp_path / "shifted"
    plain.write_bytes(raw)
    utf_16.write_text(text, "utf-16")
    shifted.write_bytes(b"xx" + raw)
    bodies: list[Callable[[], Any]] = [
        lambda: text,
        lambda: bytearray(raw),
        lambda: memoryview(raw),
        lambda: memoryview(raw).cast("I"),
        lambda: memoryview(raw).cast("B", (len(raw) // 8, 8)),
        lambda: memoryview(bytes(byte for pair in zip(raw, raw, strict=True) for byte in pair))[::2],
        lambda: array.array("I", raw),
        lambda: mapped(shifted),
        lambda: at_offset(shifted.open("rb")),
        lambda: at_offset(shifted.open("rb", buffering=0)),
        lambda: utf_16.open(encoding="utf-16"),
        lambda: at_offset(io.StringIO("xx" + text)),
        lambda: Twice(raw),
        lambda: Sips(raw),
        lambda: Once(raw),
        lambda: (part for part in (raw[:9], bytearray(raw[9:20]), memoryview(raw[20:]))),
        lambda: iter([text[:9], text[9:]]),
    ]
    headers = {"X-Auth-Token": "6d2f7a", "Content-Type": "application/json"}
    for path in ("/v4/ad", "/once/v4/ad"):
        for make in bodies:
            for framing in ({}, {"Transfer-Encoding": "chunked"}, {"Content-Length": "3"}):
                arrived.clear()
                body = make()
                with requests.Session() as session:
                    session.trust_env = False
                    session.mount(address, v4schema.openapi.requests.Preflight())
                    answer = session.post(address + path, headers=headers | framing, data=body)
                if hasattr(body, "close"):
                    body.close()
                assert (answer.status_code, {each.rstrip() for each in arrived}) == (200, {text.encode()})
                assert len(arrived) == 1 + path.startswith("/once/")


def test_a_request_without_a_body_stays_without_one(listening: tuple[str, list[bytes]]) -> None:
    """Its headers may claim that it has one."""
    address, arrived = listening
    with requests.Session() as session:
        session.trust_env = False
        session.mount(address, v4schema.openapi.requests.Preflight())
        for framing in ({}, {"Transfer-Encoding": "chunked"}, {"Content-Length": "3"}):
            prepared = session.prepare_request(requests.Request("GET", f"{address}/v4/ad", headers={"X-Auth-Token": "6d2f7a"}))
            prepared.headers.update(framing)
            assert session.send(prepared, timeout=5).status_code == 200
    assert arrived == [b"", b"", b""]


@pytest.mark.parametrize(
    "body", [array.array("u", "x"), iter([1]), [3], 3, iter([None]), type("File", (), {"read": lambda *_: None})()]
)
def test_requests_refuses_values_that_are_no_body(body: Any, clean: Ad) -> None:  # noqa: ANN401  (anything)
    """The reason is given and nothing is sent; an array of wide characters is bytes, and no JSON."""
    ear = Ear()
    with requests.Session() as session:
        session.mount("https://", v4schema.openapi.requests.Preflight(ear))
        prepared = session.prepare_request(requests.Request("POST", "https://api.blocket.se/v4/ad", json=clean))
        prepared.body = body
        with pytest.raises((TypeError, PreflightError), match=r"a body must be or yield bytes or text|^POST refused: "):
            session.send(prepared)
    assert ear.heard == []


def test_forms_and_invalid_text_are_refused(clean: Ad) -> None:
    """A form is no JSON, and a surrogate is no text."""
    ear = Ear()
    with requests.Session() as session:
        session.mount("https://", v4schema.openapi.requests.Preflight(ear))
        url, headers = "https://api.blocket.se/v4/ad", {"X-Auth-Token": "6d2f7a"}
        for given in ({"data": clean}, {"files": {"a": b"x"}}, {"data": iter(['{"title": "\ud800', '\udc00"}'])}):
            with pytest.raises(PreflightError):
                session.post(url, headers=headers, **given)
    assert ear.heard == []


class Changing(httpx.ByteStream):
    """A body of httpx with other content when it is read again."""

    def __iter__(self) -> Iterator[bytes]:
        yield from super().__iter__()
        self._stream = b"[]"


async def trickle(raw: bytes) -> AsyncIterator[bytes]:
    """Yield bytes in two parts."""
    yield raw[:9]
    yield raw[9:]


@pytest.mark.slow
def test_httpx_sends_what_was_checked(clean: Ad, listening: tuple[str, list[bytes]], tmp_path: Path) -> None:
    """Every body is sent byte for byte, by hooks and transports, sync and async, and after a redirect."""
    address, arrived = listening
    raw = json.dumps(clean).encode()
    shifted = tmp_path / "shifted"
    shifted.write_bytes(b"xx" + raw)
    headers = {"X-Auth-Token": "6d2f7a", "Content-Type": "application/json"}
    bodies: list[Callable[[], dict[str, Any]]] = [
        lambda: {"content": raw},
        lambda: {"content": raw.decode()},
        lambda: {"content": at_offset(shifted.open("rb"))},
        lambda: {"content": (part for part in (raw[:9], raw[9:]))},
        lambda: {"content": iter([bytearray(raw[:9]), memoryview(raw)[9:]])},
        lambda: {"content": Changing(raw)},
    ]
    clients: list[Callable[[], httpx.Client]] = [
        lambda: httpx.Client(event_hooks={"request": [v4schema.openapi.httpx.hook()]}, trust_env=False),
        lambda: httpx.Client(transport=v4schema.openapi.httpx.Preflight(httpx.HTTPTransport()), trust_env=False),
    ]
    for path in ("/v4/ad", "/once/v4/ad"):
        for client in clients:
            for make in bodies:
                arrived.clear()
                given = make()
                with client() as sender:
                    answer = sender.post(address + path, headers=headers, **given, follow_redirects=True)
                if hasattr(given.get("content"), "close"):
                    given["content"].close()
                assert (answer.status_code, arrived) == (200, [raw] * (1 + path.startswith("/once/")))
    arrived.clear()

    async def send() -> None:
        async with httpx.AsyncClient(event_hooks={"request": [v4schema.openapi.httpx.async_hook()]}, trust_env=False) as client:
            assert (await client.post(f"{address}/v4/ad", headers=headers, content=trickle(raw))).status_code == 200
            with pytest.raises(TypeError, match="an async client cannot read a body"):
                await client.post(f"{address}/v4/ad", headers=headers, content=iter([raw]))

    asyncio.run(send())
    assert arrived == [raw]


def test_httpx_refuses_what_cannot_be_checked(clean: Ad, listening: tuple[str, list[bytes]]) -> None:
    """It refuses unencoded text, numbers, bodies of the other kind of client, and a target that differs from the URL."""
    address, arrived = listening
    raw = json.dumps(clean).encode()
    given: list[dict[str, Any]] = [
        {"content": io.StringIO(raw.decode())},
        {"content": memoryview(raw)},
        {"content": array.array("B", raw)},
        {"content": raw, "extensions": {"target": b"/v4/ads"}},
    ]
    url, headers = f"{address}/v4/ad", {"X-Auth-Token": "6d2f7a", "Content-Type": "application/json"}
    with httpx.Client(transport=v4schema.openapi.httpx.Preflight(httpx.HTTPTransport()), trust_env=False) as client:
        for each in given:
            with pytest.raises(TypeError, match="nothing is sent"):
                client.post(url, headers=headers, **each)
        for stream, error in ((httpx.ByteStream(b'{"visible": 3}'), PreflightError), (Changing(raw), None)):
            late = client.build_request("POST", url, headers=headers, content=raw)
            late.stream = stream
            with pytest.raises(error) if error else nullcontext():
                client.send(late)
    assert arrived == [raw]
    arrived.clear()
    with (
        httpx.Client(event_hooks={"request": [v4schema.openapi.httpx.hook()]}, trust_env=False) as client,
        pytest.raises(TypeError, match="a sync client cannot read a body"),
    ):
        client.post(url, headers=headers, content=trickle(raw))
    assert arrived == []
