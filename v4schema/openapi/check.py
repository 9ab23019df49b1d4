"""Requests and responses of HTTP, checked: what openapi-core finds of the exchange, and what `validate` finds of its ads.

openapi-core finds the path, the parameters, the media type and the schema. Through its own extension points it is given what
reads bodies, judges ads and looks at tokens; its own texts, which print whole bodies, never come out of here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jsonschema.exceptions import best_match
from jsonschema_path import SchemaPath
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.protocols import Request, Response
from openapi_core.security.factories import SecurityProviderFactory
from openapi_core.templating.media_types.exceptions import MediaTypeNotFound
from openapi_core.templating.responses.exceptions import ResponseNotFound
from openapi_core.validation.request.exceptions import MissingRequiredRequestBody, ParameterValidationError

from v4schema import catalogue as catalogues
from v4schema.catalogue import Catalogue, messages, privacy
from v4schema.document import pointer
from v4schema.document.json_value import first_non_json
from v4schema.findings.report import Finding, Kind, Report
from v4schema.openapi.api_errors import from_api
from v4schema.openapi.routing import AnyServer, RequestView, ResponseView, Route, Specification, route, specification
from v4schema.openapi.schema_validators import AdRefused, AdValidatorsFactory
from v4schema.reading.reader import read_document

#: A status from this on says that the API has not done what it was asked.
_REFUSED = 400
_JSON = "application/json"
#: What rests on no document.
_INFERRED = {"x-source": ["inferred"]}


def check_request(
    request: Request,
    *,
    version: str | None = None,
    category: str | int | None = None,
    engine: str | None = None,
    catalogue: Catalogue | None = None,
) -> Report:
    """Check a request before it leaves: its path, method, token, content type and parameters, and the ad in its body.

    `request` is of openapi-core's protocol, as `v4schema.openapi.request` makes it of a method, a URL, headers and a body; which
    server it is sent to does not matter. `version` is the edition (default: the one that has such a path), `category` that
    of an ad that does not say it, as in a partial update; `engine` and `catalogue` are those of `v4schema.validate`.

    The findings about the ad are those of `v4schema.validate`; those of the request itself come first, at the place ``""``.
    Raises `v4schema.errors.UnknownName` when the caller's own words name nothing, `v4schema.errors.NoDescription` for an edition
    that has no description.
    """
    sent = RequestView.of(request)
    hearing = _heard_at(sent, version, category, engine, catalogue)
    if isinstance(hearing, Finding):
        return Report(findings=(hearing,))
    hearing.in_json(sent)
    for error in hearing.app().iter_request_errors(sent):
        hearing.note(error, sent.content_type)
    hearing.strangers(sent)
    hearing.named_twice()
    return hearing.report()


def check_response(
    request: Request,
    response: Response,
    *,
    version: str | None = None,
    category: str | int | None = None,
    engine: str | None = None,
    catalogue: Catalogue | None = None,
) -> Report:
    """Check an answer to a request: its status, its content type and its body.

    The arguments are those of `check_request`; `response` is of openapi-core's protocol, as `v4schema.openapi.response` makes it.
    What the API says against the request, in an answer of 400 or more, is told as `v4schema.openapi.from_api` does, and there is
    at least one error then. An ad that comes back is checked as one that the API has written (the operation ``response``); of a
    list each at its own place.
    """
    sent, answer = RequestView.of(request), ResponseView.of(response)
    hearing = _heard_at(sent, version, category, engine, catalogue)
    if isinstance(hearing, Finding):
        said = _refusal(answer, catalogue or catalogues.default()) if answer.status_code >= _REFUSED else ()
        return Report(findings=(hearing, *said))
    for error in hearing.app().iter_response_errors(sent, answer):
        hearing.note(error, answer.content_type, status=answer.status_code)
    if answer.status_code >= _REFUSED:
        hearing.heard += _refusal(answer, hearing.catalogue)
    return hearing.report()


def _heard_at(
    sent: RequestView, version: str | None, category: str | int | None, engine: str | None, catalogue: Catalogue | None
) -> "_Hearing | Finding":
    """Return what hears an exchange, or the finding that the request goes nowhere."""
    held = catalogue or catalogues.default()
    found = route(held, version, sent)
    if isinstance(found, Finding):
        return found
    # openapi-core is told what was found, so that it goes no other way.
    sent.path_pattern, sent.parameters.path = found.path, found.variables
    return _Hearing(catalogue=held, route=found, category=category, engine=engine)


@dataclass(kw_only=True, eq=False)
class _Hearing:
    """What is found in one exchange: `findings` of the exchange itself, `heard` of what is in its body."""

    catalogue: Catalogue
    route: Route
    category: str | int | None
    engine: str | None
    kind: Kind | None = None
    findings: list[Finding] = field(default_factory=list)
    heard: list[Finding] = field(default_factory=list)
    ad: object = field(default=None, repr=False)

    @property
    def _specification(self) -> Specification:
        return specification(self.catalogue, self.route.version)

    def report(self) -> Report:
        """Return all that was found."""
        return Report(kind=self.kind, findings=(*self.findings, *self.heard))

    def app(self) -> OpenAPI:
        """Return openapi-core's application, in which this reads bodies, judges ads and looks at tokens."""
        told: dict[str, Any] = {"category": self.category, "engine": self.engine, "catalogue": self.catalogue}
        config = Config(
            spec_validator_cls=None,  # type: ignore[arg-type]  # looks at no specification anew for each request
            path_finder_cls=AnyServer,
            schema_validators_factory=AdValidatorsFactory(self.route.version, **told, heard=self._hear),
            extra_media_type_deserializers={_JSON: self._read},
            security_provider_factory=_Tokens(self._look),
        )
        return OpenAPI(self._specification.view, config)

    def note(self, error: Exception, content_type: str, status: int = 0) -> None:
        """Put an error of openapi-core into our words; `status` is that of the answer, if it is one that is checked."""
        cause = error.__cause__ or error
        if isinstance(cause, AdRefused):
            return  # it is heard already
        if isinstance(cause, MissingRequiredRequestBody):
            self.heard += read_document(b"", catalogue=self.catalogue).findings
        elif isinstance(cause, MediaTypeNotFound):
            self._sent_as(content_type, cause.availableMimetypes, case="answer" if status else "")
        elif isinstance(error, ParameterValidationError):
            self._put("http.parameter", name=error.name, location=error.location)
        elif isinstance(cause, ResponseNotFound):
            self._put("http.status", rule={"x-level": "warning"} if status < _REFUSED else {}, status=status)
        elif not status:
            self._put("http.body", rule={"x-level": "error"}, case="request")
        else:
            wrong = [best_match([each]) for each in getattr(cause, "schema_errors", ())]  # within a choice, in the nearest branch
            places = [tuple(getattr(each, "absolute_path", ())) for each in wrong or [cause]]
            for at in dict.fromkeys(privacy.masked_pointer(self.catalogue, place) for place in places):
                self._put("http.body", at, status=status)

    def in_json(self, sent: RequestView) -> None:
        """Let a body that reads as JSON be judged also where it is sent as something else, which is a finding."""
        content = self.route.described.get("requestBody", {}).get("content", {})
        if (
            _JSON in content
            and sent.body
            and sent.content_type != _JSON
            and read_document(sent.body, catalogue=self.catalogue).readable
        ):
            self._sent_as(sent.content_type, [*content])
            sent.content_type = _JSON

    def strangers(self, sent: RequestView) -> None:
        """Warn of query parameters that no read_document names."""
        if sent.parameters.query:
            known = {*self._specification.parameters(self.route, "query")}
            for name in dict.fromkeys(sent.parameters.query):
                if name not in known:
                    self._put("http.query_unknown", name=messages.short_json(privacy.display_word(name)))

    def named_twice(self) -> None:
        """Warn of an ad that names itself otherwise than its path does."""
        *_, name = self.catalogue.identity_at
        own = pointer.text(self.ad, self.catalogue.identity_at)
        if name in self.route.variables and own is not None and own != self.route.variables[name]:
            self._put("http.identity", pointer.write(self.catalogue.identity_at), rule=_INFERRED, name=name)

    def _sent_as(self, content_type: str, expected: Sequence[str], case: str = "") -> None:
        """Tell that a body is not said to be what is expected."""
        told = content_type[: messages.MAX_LENGTH] or "without a content type"
        case = case or ("" if content_type else "none")
        self._put("http.content_type", case=case, hint_case=case, type=told, expected=messages.join_plain(expected))

    def _hear(self, report: Report) -> None:
        self.kind = report.kind
        self.heard += report.findings

    def _read(self, body: bytes, **_: str) -> object:
        """Read a body. Raises `AdRefused` if that cannot be."""
        reading = read_document(body, catalogue=self.catalogue)
        if not reading.readable:
            self.heard += reading.findings
            raise AdRefused(Report(findings=reading.findings))
        self.ad = reading.ad
        return reading.ad

    def _look(self, scheme: Mapping[str, Any], parameters: RequestParameters) -> None:
        """Look at a token: whether it is there, and whether it looks like one."""
        given = parameters[scheme["in"]]
        token = str(next((value for name, value in given.items() if name.lower() == scheme["name"].lower()), None) or "")
        if not token.strip():
            self._put("http.token_missing", rule=scheme, name=scheme["name"])
        elif first_non_json(token) is not None or not self._specification.looks[scheme["name"]].accepts(token):
            self._put("http.token_malformed", rule=_INFERRED, name=scheme["name"])

    def _put(self, code: str, at: str = "", *, rule: Mapping[str, Any] | None = None, **told: Any) -> None:  # noqa: ANN401
        rule = {"x-source": self.route.described["x-source"], **(rule or {})}
        self.findings.append(messages.make_finding(self.catalogue, code, at, rule=rule, path=self.route.path, **told))


def _refusal(answer: ResponseView, catalogue: Catalogue) -> tuple[Finding, ...]:
    """Return what the API says against a request; if it says nothing, that."""
    body = read_document(answer.data or b"", catalogue=catalogue)
    told = from_api(body.ad, catalogue=catalogue) if body.readable else ()
    return told or (messages.make_finding(catalogue, "api.refused", "", case="silent", status=answer.status_code),)


class _Tokens(SecurityProviderFactory):
    """openapi-core's factory of what takes the token from a request; here it is looked at, and never refused."""

    def __init__(self, look: Callable[[Mapping[str, Any], RequestParameters], None]) -> None:
        self._look = look

    def create(self, scheme: SchemaPath) -> Callable[[RequestParameters], None]:
        """Return what looks at a token by a security scheme."""
        told: Any = scheme.read_value()
        return lambda parameters: self._look(told, parameters)
