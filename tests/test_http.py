"""Real HTTP: a stand-in for the API on loopback, and what stands before it."""

import asyncio
import io
import json
import logging
import pickle
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
from drawn import Ad
from local_api import Api, serving
from requests.adapters import BaseAdapter

import v4schema.openapi.httpx
import v4schema.openapi.requests
from v4schema import Report
from v4schema.errors import UnknownName
from v4schema.openapi import PreflightError
from v4schema.openapi.wsgi import Preflight

GUIDE = Path(__file__).parent / "guide"
#: What a client of HTTP answers with: status and parsed body.
Answer = tuple[int, Any]
#: The guide's own hosts.
HOSTS = re.compile(r"https://(api[.]blocket[.]se/pro-import-api|pro-import-api[.]blocket[.]se)")


@pytest.fixture
def api() -> Iterator[str]:
    """The address of a stand-in for the API, with the middleware before it."""
    with serving(Preflight(Api())) as address:
        yield address


@pytest.fixture
def unguarded() -> Iterator[tuple[str, Api]]:
    """The address of a stand-in without the middleware, and what it keeps."""
    api = Api()
    with serving(api) as address:
        yield address, api


def commands(address: str, whole: Ad) -> dict[str, list[str]]:
    """The guide's own commands by name, to be sent to an address; where it says "complete ad payload", it is put there."""
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


without_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
SENDERS = [pytest.param(by_curl, marks=without_curl), by_requests, by_httpx, by_async_httpx, by_hook]


@pytest.mark.parametrize("send", SENDERS)
def test_the_guides_examples_are_answered(send: Callable[[list[str]], Answer], api: str, guide: Callable[[str], Ad]) -> None:
    """Each of its commands passes what stands before client and server, and does what the guide says."""
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
def test_what_the_middleware_refuses_is_answered_as_by_the_api(api: str, guide: Callable[[str], Ad]) -> None:
    """400 nested like the ad, 401 and 415 with a detail; the guide's placeholder for an ad is no JSON."""
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
        {"detail": "The body is sent as application/x-www-form-urlencoded, not as application/json."},
    )
    literal = shlex.split(HOSTS.sub(api, (GUIDE / "replace.sh").read_text("utf-8").replace("\\\n", "")))
    assert by_curl(literal) == (400, ["This is not JSON."])
    assert by_curl(["curl", f"{api}/v4/ad/moped-001", "-H", "X-Auth-Token: 6d2f7a"]) == (404, {"detail": "Not found."})


def test_a_chunked_body_reaches_the_application_whole(api: str, guide: Callable[[str], Ad]) -> None:
    """What comes in pieces is checked, and passed on."""
    method, url, headers, body = parts(commands(api, guide("moped"))["create"])
    assert body is not None
    pieces = [body[:100], body[100:]]
    for status, send in ((201, requests_in_pieces), (409, httpx_in_pieces)):
        assert send(method, url, headers, pieces) == status


def requests_in_pieces(method: str, url: str, headers: dict[str, str], pieces: list[bytes]) -> int:
    """The status of the answer to a body that comes in pieces."""
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://127.0.0.1", v4schema.openapi.requests.Preflight())
        return session.request(method, url, headers=headers, data=iter(pieces)).status_code


def httpx_in_pieces(method: str, url: str, headers: dict[str, str], pieces: list[bytes]) -> int:
    """The same by httpx, which sends it in pieces indeed."""
    with httpx.Client(transport=v4schema.openapi.httpx.Preflight(httpx.HTTPTransport()), trust_env=False) as client:
        return client.request(method, url, headers=headers, content=iter(pieces)).status_code


class Ear(BaseAdapter):
    """What would send, and only hears."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[requests.PreparedRequest] = []
        self.options: dict[str, Any] = {}
        self.closed = False

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:  # noqa: ANN401
        """Hear a request."""
        self.heard.append(request)
        self.options = options
        answer = requests.Response()
        answer.status_code, answer.raw, answer.request = 201, io.BytesIO(b"{}"), request
        return answer

    def close(self) -> None:
        """Be closed."""
        self.closed = True


#: What nobody else may read, in the fields it belongs in and in others.
SECRETS = ["0701234567", "asa@example.com", "Åsa Öberg", "ABC12D", "6d2f7a", "moped-0701234567"]


@pytest.fixture
def telling(clean: Ad) -> Ad:
    """An ad with errors, and with what tells of somebody in all kinds of fields."""
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


def test_what_is_refused_never_leaves(telling: Ad, caplog: pytest.LogCaptureFixture) -> None:
    """Not by requests, nor by either client of httpx; the error carries the report; the log tells codes and places alone."""
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


def test_to_warn_lets_pass_and_logs(telling: Ad, unguarded: tuple[str, Api], caplog: pytest.LogCaptureFixture) -> None:
    """With `warn`, what has errors is sent all the same, and the log says so."""
    address, api = unguarded
    with requests.Session() as session:
        session.trust_env = False
        session.mount(address, v4schema.openapi.requests.Preflight(warn=True))
        assert session.post(f"{address}/v4/ad", headers={"X-Auth-Token": "6d2f7a"}, json=telling).status_code == 201
    assert telling["source_id"] in api.ads
    (record,) = [record for record in caplog.records if record.name == "v4schema.openapi"]
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith("POST passed with errors: error schema.type /dealer_code; ")


def test_what_is_only_warned_of_passes_with_a_word_in_the_log(
    api: str, guide: Callable[[str], Ad], caplog: pytest.LogCaptureFixture
) -> None:
    """A price that makes sense only as kronor, a placeholder: told at the level INFO."""
    caplog.set_level(logging.INFO, "v4schema.openapi")
    assert by_httpx(commands(api, guide("moped"))["create"])[0] == 201
    told = [record for record in caplog.records if record.name == "v4schema.openapi"]
    assert {record.levelno for record in told} == {logging.INFO}
    assert "warning price.implausible /price/0/amount" in told[0].getMessage()


class Once(io.BytesIO):
    """A file that can be read but once, as a pipe is."""

    def seekable(self) -> bool:
        """Say so."""
        return False


def test_the_body_of_a_request_may_come_in_any_form(clean: Ad) -> None:
    """Text, a file, a pipe, pieces: it is checked whole and sent whole."""
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


def test_a_slash_in_a_name_is_no_way_around() -> None:
    """Where the server tells the path as it was sent, it is checked so; where not, as it is known."""
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


def test_what_stands_before_the_api_is_made_with_names_that_there_are() -> None:
    """A category, an edition or an engine that there is not is said at once, and not at the first request."""
    unknown: list[dict[str, Any]] = [{"version": "v9"}, {"category": "aeroplane"}, {"engine": "steam"}]
    for wrong in unknown:
        with pytest.raises(UnknownName):
            v4schema.openapi.requests.Preflight(**wrong)
    v4schema.openapi.requests.Preflight(version="v3", category="dinghy", engine="jsonschema").close()


def test_what_sends_is_closed_with_what_checks() -> None:
    """A client closes its transport, and that the one it hands on to."""

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


def test_an_application_has_the_report_and_its_own_paths(clean: Ad) -> None:
    """What passes has its report beside it; another path than the API's is no matter of the middleware."""
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
