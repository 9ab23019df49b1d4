import array
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from folders import some
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_profiles import examples
from json_strategies import ANY_JSON, KINDS, Ad, ads, broken
from jsonschema_path import SchemaPath
from openapi_core import Config, OpenAPI
from openapi_core.protocols import Request, Response
from openapi_core.testing import MockRequest
from openapi_core.validation.request.exceptions import InvalidRequestBody, SecurityValidationError
from openapi_core.validation.schemas.exceptions import InvalidSchemaValue

import v4schema
from v4schema import Finding, InvalidAd, Kind, Report, openapi
from v4schema.catalogue import Catalogue
from v4schema.document import pointer
from v4schema.errors import UnknownName
from v4schema.openapi import AdRefused, AdValidatorsFactory, check_request, check_response, document, from_api

HOST = "https://api.blocket.se/pro-import-api"
REDUCED = {"price": [{"type": "reduced", "amount": 3200000, "currency": "SEK"}]}


def sent(
    method: str, path: str, body: object = None, *, token: str | None = "6d2f7a", kind: str | None = "application/json"
) -> Request:
    """A request to the API; a body that is not bytes is sent as JSON."""
    headers = {"X-Auth-Token": token, "Content-Type": kind}
    raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    return openapi.request(
        method, HOST + path, headers={name: value for name, value in headers.items() if value is not None}, body=raw
    )


def answered(status: int, body: object = None, kind: str = "application/json") -> Response:
    """An answer of the API; a body that is not bytes is JSON."""
    raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    return openapi.response(status, headers={"content-type": kind}, body=raw)


def findings_of(report: Report) -> list[tuple[str, str]]:
    """The codes and places of a report."""
    return [(finding.code, finding.at) for finding in report.findings]


@given(st.data())
@examples(15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@pytest.mark.parametrize(
    ("method", "path", "operation"), [("POST", "", "create"), ("PUT", "/1", "replace"), ("PATCH", "/1", "update")]
)
def test_findings_of_an_ad_are_those_of_validate(method: str, path: str, operation: str, data: st.DataObject) -> None:
    """All parts of the findings are the same, with warnings and notes, and so is the kind."""
    kind = data.draw(st.sampled_from(KINDS))
    ad = data.draw(broken(ads(kind, operation)))
    request = sent(method, f"/{kind.version}/ad{path}", ad)
    report = check_request(request)
    body = json.loads(json.dumps(ad))
    expected = v4schema.validate(body, version=kind.version, operation=operation)
    assert (report.kind, tuple(found for found in report.findings if found.code != "http.identity")) == (
        expected.kind,
        expected.findings,
    )


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (sent("POST", "/v4/ads"), [("http.path", "The paths of v4 are /v4/ad, ")]),
        (sent("POST", "/v4/ad/"), [("http.path", "Remove the slash at the end")]),
        (sent("PURGE", "/v4/ad"), [("http.method", "Use POST or GET.")]),
        (sent("POST", "/v4/ad/1"), [("http.method", "Use GET, PUT, PATCH or DELETE.")]),
        (
            sent("GET", "/v4/ad", token=None),
            [("http.token_missing", "Send the token that Blocket gave you in the header X-Auth-Token.")],
        ),
        (sent("GET", "/v4/ad", token=" "), [("http.token_missing", "Send the token")]),
        (sent("GET", "/v4/ad", token="Token 6d2f"), [("http.token_malformed", "Send the token exactly as Blocket gave it")]),
        (sent("GET", "/v4/ad", token="YOUR_TOKEN"), [("http.token_malformed", "Send the token exactly as Blocket gave it")]),
        (sent("GET", "/v4/ad?page=2&page=3"), [("http.query_unknown", "Leave it out")]),
        (
            sent("PATCH", "/v4/ad/1", REDUCED, kind="text/plain"),
            [("http.content_type", "Send the header Content-Type: application/json.")],
        ),
        (
            sent("PATCH", "/v4/ad/1", REDUCED, kind=None),
            [("http.content_type", "Send the header Content-Type: application/json.")],
        ),
        (sent("PATCH", "/v4/ad/1"), [("json.empty", "")]),
        (sent("PATCH", "/v4/ad/1", b'{"body": "x", "body": "y"}'), [("json.duplicate_key", "Keep one of the two")]),
        (sent("PATCH", "/v4/ad/1", b"{ /* complete ad payload */ }"), [("json.syntax", "")]),
        (sent("PATCH", "/v4/ad/1", []), [("ad.not_object", "")]),
        (sent("DELETE", "/v4/ad/"), [("http.path", "Remove the slash at the end")]),
        (sent("GET", "/v4/ad//log"), [("http.path", "The paths of v4 are")]),
        (sent("GET", "/v4/ad?a"), [("http.query_unknown", "Leave it out")]),
        (sent("GET", "/v4/ad", token="6d2f\udcff"), [("http.token_malformed", "Send the token exactly as Blocket gave it")]),
        (sent("GET", "/v4/ad", token="<token>"), [("http.token_malformed", "Send the token exactly as Blocket gave it")]),
        (openapi.request("GET", "http://v4/ad", headers={"X-Auth-Token": "6d2f7a"}), [("http.path", "The paths of v4 are")]),
        (openapi.request("GET", HOST + "/v4/ad", headers=[(b"x-auth-token", b"6d2f7a")]), []),
        (sent("POST", "/v4/ad/1/migrate"), []),
        (sent("DELETE", "/v4/ad/a%2Fb"), []),
        (sent("DELETE", "/v4/ad/1?source_id=1"), [("http.query_unknown", "Leave it out")]),
        (sent("GET", "/v4/ad/1/log", kind=None), []),
    ],
)
def test_each_error_of_a_request_has_its_finding(request_: Request, expected: list[tuple[str, str]]) -> None:
    """Path, method, token, query, content type and encoding have findings about the whole request."""
    findings = [finding for finding in check_request(request_).findings if finding.code != "category.missing"]
    assert [finding.code for finding in findings] == [code for code, _ in expected]
    for finding, (_, hint) in zip(findings, expected, strict=True):
        assert (finding.hint or "").startswith(hint)
        assert finding.source or finding.code.startswith(("json.", "ad."))


def test_all_findings_are_reported_at_once(clean: Ad) -> None:
    """A missing token hides no finding of the ad; findings of the request come first."""
    report = check_request(sent("POST", "/v4/ad?x=1", clean | {"visible": 3}, token=None))
    assert findings_of(report) == [("http.token_missing", ""), ("http.query_unknown", ""), ("schema.type", "/visible")]
    assert (report.valid, report.kind) == (False, Kind(version="v4", category="moped"))


@pytest.mark.parametrize("form", [bytes, bytearray, memoryview, bytes.decode])
def test_a_body_of_any_form_is_checked(form: Callable[[bytes], Any], clean: Ad) -> None:
    """A value that cannot be a body is an error of the caller."""
    body = form(json.dumps(clean | {"visible": 3}).encode())
    headers = {"X-Auth-Token": "6d2f7a", "Content-Type": "application/json"}
    for path in ("/v4/ad", "//v4/ad"):
        assert findings_of(check_request(openapi.request("POST", HOST + path, headers=headers, body=body))) == [
            ("schema.type", "/visible")
        ]
    for path in ("/v4/ad/..", "/v4/ad/moped-001?x=1"):
        assert ("schema.type", "/visible") in findings_of(
            check_request(openapi.request("PUT", HOST + path, headers=headers, body=body))
        )
    given = MockRequest("http://localhost", "post", "/v4/ad", headers=headers, data=body)
    assert findings_of(check_request(given)) == [("schema.type", "/visible")]
    answer = openapi.response(200, headers=headers, body=body)
    assert findings_of(check_response(sent("GET", "/v4/ad/1"), answer)) == [("schema.type", "/visible")]
    with pytest.raises(TypeError, match="a body must be bytes or text, not dict"):
        openapi.request("POST", HOST + "/v4/ad", body=clean)  # type: ignore[arg-type]


def test_a_buffer_is_checked_by_its_bytes(clean: Ad) -> None:
    """Its memory layout does not matter; an array is refused, and text that cannot be encoded is no JSON."""
    raw = json.dumps(clean).encode()
    raw += b" " * (-len(raw) % 8)
    headers = {"X-Auth-Token": "6d2f7a", "Content-Type": "application/json"}
    doubled = memoryview(bytes(byte for byte in raw for _ in range(2)))
    for body in (memoryview(raw).cast("Q"), memoryview(raw).cast("B", (len(raw) // 8, 8)), doubled[::2]):
        request = openapi.request("POST", HOST + "/v4/ad", headers=headers, body=body)
        assert (request.body, findings_of(check_request(request))) == (raw, [])
    with pytest.raises(TypeError, match="a body must be bytes or text, not array"):
        openapi.request("POST", HOST + "/v4/ad", headers=headers, body=array.array("B", raw))  # type: ignore[arg-type]
    lone = openapi.request("POST", HOST + "/v4/ad", headers=headers, body='{"title": "\ud800"}')
    assert [finding.code for finding in check_request(lone).errors] == ["json.encoding"]


@pytest.mark.parametrize("path", ["/v4/%61d", "/%764/ad", "/%76%34/%61%64"])
def test_a_path_that_is_encoded_needlessly_is_the_same_path(path: str, clean: Ad) -> None:
    """RFC 3986 says so; an encoded slash does not separate segments."""
    assert findings_of(check_request(sent("POST", path, clean | {"visible": 3}))) == [("schema.type", "/visible")]
    assert findings_of(check_request(sent("POST", "/v4%2Fad", clean))) == [("http.path", "")]


def test_repeated_headers_are_all_checked(clean: Ad) -> None:
    """A second content type does not hide the first one."""
    headers = [("X-Auth-Token", "6d2f7a"), ("Content-Type", "text/plain"), ("content-type", "application/json")]
    request = openapi.request("POST", HOST + "/v4/ad", headers=headers, body=json.dumps(clean))
    assert findings_of(check_request(request)) == [("http.content_type", "")]


def test_json_with_another_content_type_is_checked(clean: Ad) -> None:
    """The content type has a finding as well."""
    wrong = clean | {"visible": 3}
    found = findings_of(check_request(sent("POST", "/v4/ad", wrong, kind="text/plain")))
    assert found == [("http.content_type", ""), ("schema.type", "/visible")]
    assert findings_of(check_request(sent("POST", "/v4/ad", b"a=1", kind="text/plain"))) == [("http.content_type", "")]


def test_messages_about_an_answer_do_not_name_a_request() -> None:
    """They describe the answer."""
    html = check_response(sent("GET", "/v4/ad/1"), answered(200, b"<html>", "text/html")).findings[0]
    assert (html.message, html.level) == ("The response is text/html instead of application/json.", v4schema.Level.ERROR)
    log = check_response(sent("GET", "/v4/ad/1/log"), answered(200, {"log": [{"state": "lost"}]})).findings[0]
    assert (log.message, log.level) == ("The response is not as the documents describe it.", v4schema.Level.WARNING)
    status = [check_response(sent("GET", "/v4/ad/1"), answered(code)).findings[0].level for code in (202, 502)]
    assert status == [v4schema.Level.WARNING, v4schema.Level.ERROR]


def test_findings_without_a_document_are_inferred(clean: Ad) -> None:
    """No document describes the form of a token or two names for one ad; one describes a missing token."""
    report = check_request(sent("PUT", "/v4/ad/2", clean, token="a b"))
    assert {finding.code: finding.source for finding in report.findings} == {
        "http.token_malformed": ("inferred",),
        "http.identity": ("inferred",),
    }
    assert check_request(sent("GET", "/v4/ad", token=None)).findings[0].source == ("S",)


def test_a_body_that_is_no_ad_is_checked_by_its_schema(schemas: Path, tmp_path: Path) -> None:
    """The caller's own description may have such bodies."""
    some(schemas, tmp_path / "custom")
    source = json.loads((tmp_path / "custom" / "v4" / "openapi.json").read_text("utf-8"))
    source["paths"]["/v4/ad"]["post"]["requestBody"]["content"]["application/json"] = {"schema": {"type": "string"}}
    (tmp_path / "custom" / "v4" / "openapi.json").write_text(json.dumps(source), "utf-8")
    catalogue = Catalogue(tmp_path / "custom")
    assert findings_of(check_request(sent("POST", "/v4/ad", "x"), catalogue=catalogue)) == []
    report = check_request(sent("POST", "/v4/ad", 3), catalogue=catalogue)
    assert [(finding.code, finding.message, finding.level) for finding in report.findings] == [
        ("http.body", "The body is not as the documents describe it.", v4schema.Level.ERROR)
    ]


def test_any_request_of_the_protocol_is_accepted(clean: Ad) -> None:
    """Requests of openapi-core's own adapters are checked and not changed."""
    headers = {"x-auth-token": "6d2f7a"}
    request = MockRequest(
        "http://localhost:8000",
        "post",
        "/v4/ad",
        headers=headers,
        data=json.dumps(clean).encode(),
        content_type="Application/JSON; charset",
    )
    assert findings_of(check_request(request)) == []
    assert request.parameters.path == {}


def test_the_path_gives_the_edition_unless_the_caller_does(clean: Ad) -> None:
    """A path of another edition than the caller's has a finding."""
    assert str(check_request(sent("POST", "/v3/ad", clean)).kind) == "v3/moped"
    report = check_request(sent("POST", "/v3/ad", clean), version="v4")
    assert [(finding.code, finding.hint) for finding in report.findings] == [("http.path", "This is a path of v3.")]
    with pytest.raises(UnknownName):
        check_request(sent("POST", "/v3/ad", clean), version="v9")


def test_a_partial_update_is_checked_with_the_callers_category() -> None:
    """Without a category, only the fields that all categories share are checked."""
    request = sent("PATCH", "/v4/ad/1", {"category_fields": {"body_type": "sedan"}})
    assert findings_of(check_request(request)) == [("category.missing", "/category_id")]
    assert ("schema.enum", "/category_fields/body_type") in findings_of(check_request(request, category="moped"))
    with pytest.raises(UnknownName):
        check_request(request, category="aeroplane")


def test_an_identifier_that_differs_from_the_path_is_a_warning(clean: Ad) -> None:
    """Percent-encoding is decoded first."""
    assert findings_of(check_request(sent("PUT", "/v4/ad/moped%2D001", clean))) == []
    assert findings_of(check_request(sent("PUT", "/v4/ad/moped-002", clean))) == [("http.identity", "/source_id")]


def test_described_parameters_are_checked(schemas: Path, tmp_path: Path) -> None:
    """The caller's own description may have query parameters."""
    some(schemas, tmp_path)
    source = json.loads((tmp_path / "v4" / "openapi.json").read_text("utf-8"))
    page = {"name": "page", "in": "query", "required": True, "schema": {"type": "integer"}}
    source["paths"]["/v4/ad"]["get"]["parameters"] = [page]
    (tmp_path / "v4" / "openapi.json").write_text(json.dumps(source), "utf-8")
    catalogue = Catalogue(tmp_path)
    assert findings_of(check_request(sent("GET", "/v4/ad?page=2"), catalogue=catalogue)) == []
    assert findings_of(check_request(sent("GET", "/v4/ad?page=two"), catalogue=catalogue)) == [("http.parameter", "")]
    assert findings_of(check_request(sent("GET", "/v4/ad"), catalogue=catalogue)) == [("http.parameter", "")]


@pytest.mark.parametrize(
    ("request_", "response", "expected"),
    [
        (
            sent("POST", "/v4/ad"),
            answered(400, {"category_fields": {"brand": ["This field is required."]}}),
            [("api.refused", "/category_fields/brand")],
        ),
        (sent("POST", "/v4/ad"), answered(400, ["No.", "Never."]), [("api.refused", ""), ("api.refused", "")]),
        (
            sent("GET", "/v4/ad"),
            answered(401, {"detail": "Authentication credentials were not provided."}),
            [("api.refused", "")],
        ),
        (
            sent("POST", "/v4/ad"),
            answered(409, {"source_id": ["Ad with this source_id already exists."]}),
            [("api.refused", "/source_id")],
        ),
        (sent("GET", "/v4/ad/1"), answered(404, b""), [("http.body", ""), ("api.refused", "")]),
        (sent("GET", "/v4/ad/1"), answered(502, b"<html>", "text/html"), [("http.status", ""), ("api.refused", "")]),
        (sent("GET", "/v4/ad/1"), answered(200, b"<html>", "text/html"), [("http.content_type", "")]),
        (sent("GET", "/v4/ad/1"), answered(200, b"<html>", ""), [("http.content_type", "")]),
        (sent("GET", "/v4/ad/1"), answered(200, b"<html>"), [("json.syntax", "")]),
        (sent("GET", "/v4/ad/1"), answered(202, {}), [("http.status", "")]),
        (sent("GET", "/v4/ad/1/log"), answered(200, [{"state": "done", "action": "publish"}]), []),
        (sent("GET", "/v4/ad/1/log"), answered(200, {"log": [{"state": "lost"}]}), [("http.body", "/log/0/state")]),
        (sent("DELETE", "/v4/ad/1"), answered(204), []),
        (sent("GET", "/v4/ads"), answered(404), [("http.path", ""), ("api.refused", "")]),
        (sent("GET", "/v4/ads"), answered(200), [("http.path", "")]),
        (sent("POST", "/v4/moped"), answered(400, {"brand": ["No."]}), [("http.path", ""), ("api.refused", "/brand")]),
        (sent("GET", "/v4/ad"), answered(200, {"results": []}), []),
    ],
)
def test_each_error_of_an_answer_has_its_finding(request_: Request, response: Response, expected: list[tuple[str, str]]) -> None:
    """Refusals of the API are findings, and so is what no document describes."""
    report = check_response(request_, response)
    assert findings_of(report) == expected
    assert report.valid == (response.status_code < 400 and {code for code, _ in expected} <= {"http.status", "http.body"})


def test_an_ad_in_an_answer_may_have_fields_of_answers(clean: Ad) -> None:
    """In a list, each ad has its own place."""
    returned = clean | {"id": "9b2d6ee4-6f4b-4bfa-8b0a-6a1ad2d3a111", "state": "created", "title": None}
    report = check_response(sent("POST", "/v4/ad"), answered(201, returned))
    assert (str(report.kind), report.findings) == ("v4/moped", ())
    report = check_response(sent("GET", "/v4/ad"), answered(200, [returned, returned | {"state": "sold"}]))
    assert (str(report.kind), findings_of(report)) == ("v4/moped", [("schema.enum", "/1/state")])
    report = check_response(sent("GET", "/v4/ad"), answered(200, [returned, {"category_id": "1102", "source_id": "2"}]))
    assert (report.kind, findings_of(report)) == (None, [])


@pytest.mark.slow
@given(st.data())
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_from_api_reverses_api(data: st.DataObject) -> None:
    """`from_api(report.api())` has the places and messages of the report's errors, in their order."""
    kind = data.draw(st.sampled_from(KINDS))
    ad = data.draw(st.one_of(broken(ads(kind), most=6), ANY_JSON))
    errors = v4schema.validate(ad, version=kind.version).errors
    found = from_api(json.loads(json.dumps(Report(findings=errors).api())))
    assert [(finding.at, finding.message) for finding in found] == [(finding.at, finding.message) for finding in errors]
    assert {(finding.code, finding.level) for finding in found} <= {("api.refused", v4schema.Level.ERROR)}


NAMES = st.lists(st.sampled_from(["price", "0", "1", "01", "٣", "a/b~", "", "99999999999"]), max_size=4)


@given(st.lists(st.tuples(NAMES, st.text(min_size=1)), max_size=6))
def test_from_api_restores_any_place(sayings: list[tuple[list[str], str]]) -> None:
    """Names may look like numbers, and a large number does not create a large array."""
    findings = tuple(Finding(code="x.y", at=pointer.write(at), message=message) for at, message in sayings)
    body = Report(findings=findings).api()
    assert len(json.dumps(body)) < 20_000
    found = from_api(json.loads(json.dumps(body)))
    assert sorted((finding.at, finding.message) for finding in found) == sorted(
        (finding.at, finding.message) for finding in findings
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"price": [{}, {"type": ["a", "b"]}]}, [("/price/1/type", "a"), ("/price/1/type", "b")]),
        ({"image_urls": {"3": ["a"]}}, [("/image_urls/3", "a")]),
        ({"fuels": [[], ["a"]]}, [("/fuels/1", "a")]),
        (["a", {"b": ["c"]}], [("", "a"), ("/1/b", "c")]),
        (
            {"non_field_errors": ["a"], "price": {"non_field_errors": ["b"], "0": ["c"]}},
            [("", "a"), ("/price", "b"), ("/price/0", "c")],
        ),
        ({"detail": "a", "code": "b"}, [("", "a"), ("/code", "b")]),
        ({"detail": ["a", {"b": "c"}]}, [("", "a"), ("/1/b", "c")]),
        ({"a/b": "c"}, [("/a~1b", "c")]),
        ({"a": [1, None, {"b": True}]}, [("/a", "1"), ("/a", "null"), ("/a/2/b", "true")]),
        ("a", [("", "a")]),
        ({"price": {"detail": "a"}, "body": ""}, [("/price/detail", "a")]),
        ({}, []),
    ],
)
def test_every_shape_of_a_refusal_is_read(body: object, expected: list[tuple[str, str]]) -> None:
    """Bare arrays, nested lists, `detail`, and values that are no message: nothing is lost."""
    assert [(finding.at, finding.message) for finding in from_api(body)] == expected


@given(ANY_JSON)
def test_no_text_of_a_refusal_is_lost(body: object) -> None:
    """Each text and each number of any answer is in a finding."""

    def leaves(node: object) -> int:
        below = node.values() if isinstance(node, dict) else node if isinstance(node, list) else None
        return int(node != "") if below is None else sum(map(leaves, below))

    assert len(from_api(body)) == leaves(body)


@pytest.mark.slow
def test_openapi_core_calls_our_validator(clean: Ad) -> None:
    """`Config(schema_validators_factory=…)` of the installed version calls it for bodies only."""
    reports: list[Report] = []
    app = OpenAPI.from_dict(document("v4"), Config(schema_validators_factory=AdValidatorsFactory("v4", on_report=reports.append)))
    app.validate_request(sent("POST", "/v4/ad", clean))
    assert [report.findings for report in reports] == [()]
    contact = {"name": "Åsa Öberg", "email": "asa@example.com", "phone": "not a number"}
    with pytest.raises(InvalidRequestBody) as refused:
        app.validate_request(sent("POST", "/v4/ad", clean | {"contact": contact}))
    assert isinstance(refused.value.__cause__, AdRefused)
    assert str(refused.value.__cause__) == "schema.pattern at /contact/phone"
    assert refused.value.__cause__.report is reports[1]
    for secret in (*contact.values(), clean["category_fields"]["registration_number"]):
        assert secret not in str(refused.value)
        assert secret not in repr(refused.value.__cause__)
    assert repr(refused.value.__cause__) == "AdRefused(schema.pattern at /contact/phone)"
    with pytest.raises(SecurityValidationError):
        app.validate_request(sent("POST", "/v4/ad", clean, token=None))


@pytest.mark.slow
def test_openapi_core_unmarshals_what_our_validator_accepts(clean: Ad) -> None:
    """Everything else is done by its own validator."""
    app = OpenAPI.from_dict(document("v4"), Config(schema_validators_factory=AdValidatorsFactory("v4")))
    unmarshalled = app.unmarshal_request(sent("POST", "/v4/ad", clean))
    assert unmarshalled.body == clean
    assert unmarshalled.parameters.header == {}


def test_our_validator_has_the_interface_of_openapi_core() -> None:
    """Everything but the verdict is answered as by its own validator."""
    spec = SchemaPath.from_dict(document("v4"))
    for name in ("Ad", "Ads"):
        judge = AdValidatorsFactory("v4").create(spec, spec / "components" / "schemas" / name)
        assert "date" in judge
        assert judge.get_type_validator_callable(type_override="object")({})
        price = judge.evolve(spec / "components" / "schemas" / "Price")
        price.validate({"type": "list", "amount": 1, "currency": "SEK"})
        with pytest.raises(InvalidSchemaValue):
            price.validate({"type": "list", "amount": -1, "currency": "SEK"})
        with pytest.raises(AttributeError):
            getattr(judge, "nothing")  # noqa: B009


@pytest.mark.slow
def test_openapi_core_alone_gives_the_same_verdict(clean: Ad) -> None:
    """The description can be used without our validator."""
    app = OpenAPI.from_dict(document("v4"))
    app.validate_request(sent("POST", "/v4/ad", clean))
    with pytest.raises(InvalidRequestBody):
        app.validate_request(sent("POST", "/v4/ad", clean | {"visible": 3}))


@pytest.mark.parametrize("engine", ["jsonschema-rs", "jsonschema"])
def test_the_caller_chooses_the_engine(engine: str, clean: Ad) -> None:
    """Both engines give the same findings."""
    assert findings_of(check_request(sent("POST", "/v4/ad", clean | {"visible": 3}), engine=engine)) == [
        ("schema.type", "/visible")
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "needed"),
    [
        ("openapi.document('v4'), openapi.from_api({})", False),
        ("openapi.check_request", True),
        ("openapi.request", True),
        ("openapi.AdValidatorsFactory", True),
        ("openapi.Guard()", True),
        ("from v4schema.openapi import check_response", True),
    ],
)
def test_without_the_extra_the_message_names_it(line: str, needed: bool) -> None:
    """Describing and reading refusals need no extra; everything else says what to install."""
    script = f"import sys; sys.modules['openapi_core'] = None\nfrom v4schema import openapi\n{line}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    message = (
        "MissingExtra: This needs the extra 'openapi': pip install '.[openapi]' in a clone, or pip install 'v4schema[openapi] @ "
    )
    assert (message in done.stderr) == needed
    assert (done.returncode == 0) != needed


def test_unknown_names_are_attribute_errors() -> None:
    """If another library is missing, the error names that."""
    with pytest.raises(AttributeError, match="has no attribute 'check_requests'"):
        openapi.check_requests  # noqa: B018
    script = "import sys; sys.modules['jsonschema'] = None\nfrom v4schema import openapi\nopenapi.check_request"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "MissingExtra" not in done.stderr
    assert "jsonschema" in done.stderr.splitlines()[-1]
    assert {"check_request", "document", "from_api"} <= {*dir(openapi)}


@pytest.mark.slow
def test_openapi_core_is_imported_only_to_check() -> None:
    """Describing the API, and everything else, does not import it."""
    script = """
import sys
import v4schema
v4schema.validate({}), v4schema.openapi.document("v4"), v4schema.openapi.from_api({})
print(sorted({"openapi_core", "werkzeug", "requests", "httpx"} & {*sys.modules}))
"""
    assert subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout == "[]\n"


def test_a_report_can_be_raised(clean: Ad) -> None:
    """The error is an `InvalidAd`."""
    report = check_request(sent("POST", "/v4/ad", clean | {"visible": 3}))
    with pytest.raises(InvalidAd, match=r"^/visible: Must be a valid boolean\.$"):
        raise openapi.PreflightError(report)
