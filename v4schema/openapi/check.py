"""Checks HTTP requests and responses: openapi-core checks the exchange, `validate` checks the ads in it.

openapi-core checks path, parameters, media type and schema. Its extension points are given functions that read bodies, validate
ads and check tokens. Its own messages, which print whole bodies, are never passed on.
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

#: The lowest status of an error.
_FIRST_ERROR_STATUS = 400
_JSON = "application/json"
#: The source of a rule that rests on no document.
_INFERRED = {"x-source": ["inferred"]}


def check_request(
    request: Request,
    *,
    version: str | None = None,
    category: str | int | None = None,
    engine: str | None = None,
    catalogue: Catalogue | None = None,
) -> Report:
    """Check a request before it is sent: its path, method, token, content type and parameters, and the ad in its body.

    `request` follows openapi-core's protocol; `v4schema.openapi.request` makes one from a method, a URL, headers and a body. The
    server in the URL does not matter. `version` is the edition (default: the one that has the path), `category` the category of
    an ad that does not name it, as in a partial update; `engine` and `catalogue` are those of `v4schema.validate`.

    The findings about the ad are those of `v4schema.validate`. The findings about the request itself come first, mostly at the
    place ``""``. Raises `v4schema.errors.UnknownName` for an unknown edition, category or engine, and
    `v4schema.errors.NoDescription` for an edition without a description.
    """
    view = RequestView.of(request)
    exchange = _exchange(view, version, category, engine, catalogue)
    if isinstance(exchange, Finding):
        return Report(findings=(exchange,))
    exchange.accept_undeclared_json(view)
    for error in exchange.app().iter_request_errors(view):
        exchange.add_error(error, view.content_type)
    exchange.check_query_names(view)
    exchange.check_identity()
    return exchange.report()


def check_response(
    request: Request,
    response: Response,
    *,
    version: str | None = None,
    category: str | int | None = None,
    engine: str | None = None,
    catalogue: Catalogue | None = None,
) -> Report:
    """Check the response to a request: its status, its content type and its body.

    The arguments are those of `check_request`; `response` follows openapi-core's protocol, and `v4schema.openapi.response` makes
    one. The errors in a response with a status of 400 or more become findings as in `v4schema.openapi.from_api`; the report then
    has at least one error. An ad in a response is validated as one that the API has written (the operation ``response``); in a
    list of ads, each finding has the index of its ad in its place.
    """
    request_view, response_view = RequestView.of(request), ResponseView.of(response)
    status = response_view.status_code
    exchange = _exchange(request_view, version, category, engine, catalogue)
    if isinstance(exchange, Finding):
        errors = _api_findings(response_view, catalogue or catalogues.default()) if status >= _FIRST_ERROR_STATUS else ()
        return Report(findings=(exchange, *errors))
    for error in exchange.app().iter_response_errors(request_view, response_view):
        exchange.add_error(error, response_view.content_type, status=status)
    if status >= _FIRST_ERROR_STATUS:
        exchange.body_findings += _api_findings(response_view, exchange.catalogue)
    return exchange.report()


def _exchange(
    view: RequestView, version: str | None, category: str | int | None, engine: str | None, catalogue: Catalogue | None
) -> "_Exchange | Finding":
    """Return the exchange that a request starts, or the finding that the API has no such path or method."""
    catalogue = catalogue or catalogues.default()
    found = route(catalogue, version, view)
    if isinstance(found, Finding):
        return found
    # openapi-core gets the route that was found, so that it chooses no other.
    view.path_pattern, view.parameters.path = found.path, found.variables
    return _Exchange(catalogue=catalogue, route=found, category=category, engine=engine)


@dataclass(kw_only=True, eq=False)
class _Exchange:
    """A request, or a request and its response, while they are checked.

    `findings` are about the exchange itself, `body_findings` about the body; `kind` is that of the ad in the body, `ad` the body.
    """

    catalogue: Catalogue
    route: Route
    category: str | int | None
    engine: str | None
    kind: Kind | None = None
    findings: list[Finding] = field(default_factory=list)
    body_findings: list[Finding] = field(default_factory=list)
    ad: object = field(default=None, repr=False)

    @property
    def _specification(self) -> Specification:
        return specification(self.catalogue, self.route.version)

    def report(self) -> Report:
        """Return all findings."""
        return Report(kind=self.kind, findings=(*self.findings, *self.body_findings))

    def app(self) -> OpenAPI:
        """Return openapi-core's application, which reads bodies, validates ads and checks tokens by methods of this class."""
        validators = AdValidatorsFactory(
            self.route.version,
            category=self.category,
            engine=self.engine,
            catalogue=self.catalogue,
            on_report=self._add_report,
        )
        config = Config(
            spec_validator_cls=None,  # type: ignore[arg-type]  # the specification is not validated again for each request
            path_finder_cls=AnyServer,
            schema_validators_factory=validators,
            extra_media_type_deserializers={_JSON: self._read_body},
            security_provider_factory=_TokenCheckFactory(self._check_token),
        )
        return OpenAPI(self._specification.view, config)

    def add_error(self, error: Exception, content_type: str, status: int = 0) -> None:
        """Add the finding for an error of openapi-core; `status` is that of the response, or 0 if a request is checked."""
        cause = error.__cause__ or error
        if isinstance(cause, AdRefused):
            return  # its findings are added already
        if isinstance(cause, MissingRequiredRequestBody):
            self.body_findings += read_document(b"", catalogue=self.catalogue).findings
        elif isinstance(cause, MediaTypeNotFound):
            self._add_content_type(content_type, cause.availableMimetypes, case="response" if status else "")
        elif isinstance(error, ParameterValidationError):
            self._add("http.parameter", name=error.name, location=error.location)
        elif isinstance(cause, ResponseNotFound):
            self._add("http.status", rule={"x-level": "warning"} if status < _FIRST_ERROR_STATUS else {}, status=status)
        elif not status:
            self._add("http.body", rule={"x-level": "error"}, case="request")
        else:
            failures = [best_match([each]) for each in getattr(cause, "schema_errors", ())]  # of a choice, the nearest branch
            places = [tuple(getattr(each, "absolute_path", ())) for each in failures or [cause]]
            for at in dict.fromkeys(privacy.masked_pointer(self.catalogue, place) for place in places):
                self._add("http.body", at, status=status)

    def accept_undeclared_json(self, view: RequestView) -> None:
        """Report a JSON body that is sent with another content type, and set its content type so that it is still checked."""
        content = self.route.operation.get("requestBody", {}).get("content", {})
        if (
            _JSON in content
            and view.body
            and view.content_type != _JSON
            and read_document(view.body, catalogue=self.catalogue).readable
        ):
            self._add_content_type(view.content_type, [*content])
            view.content_type = _JSON

    def check_query_names(self, view: RequestView) -> None:
        """Warn of query parameters that no document names."""
        if view.parameters.query:
            known = {*self._specification.parameters(self.route, "query")}
            for name in dict.fromkeys(view.parameters.query):
                if name not in known:
                    self._add("http.query_unknown", name=messages.short_json(privacy.display_word(name)))

    def check_identity(self) -> None:
        """Warn of an ad whose identifier differs from the one in the path."""
        *_, name = self.catalogue.identity_at
        identity = pointer.text(self.ad, self.catalogue.identity_at)
        if name in self.route.variables and identity is not None and identity != self.route.variables[name]:
            self._add("http.identity", pointer.write(self.catalogue.identity_at), rule=_INFERRED, name=name)

    def _add_content_type(self, content_type: str, expected: Sequence[str], case: str = "") -> None:
        """Report a body whose content type is not an expected one."""
        shown = content_type[: messages.MAX_LENGTH] or "without a content type"
        case = case or ("" if content_type else "none")
        self._add("http.content_type", case=case, hint_case=case, type=shown, expected=messages.join_plain(expected))

    def _add_report(self, report: Report) -> None:
        self.kind = report.kind
        self.body_findings += report.findings

    def _read_body(self, body: bytes, **_: str) -> object:
        """Read a body. Raises `AdRefused` if it cannot be read."""
        reading = read_document(body, catalogue=self.catalogue)
        if not reading.readable:
            self.body_findings += reading.findings
            raise AdRefused(Report(findings=reading.findings))
        self.ad = reading.ad
        return reading.ad

    def _check_token(self, scheme: Mapping[str, Any], parameters: RequestParameters) -> None:
        """Report a missing token, and one that does not look like a token."""
        given = parameters[scheme["in"]]
        token = str(next((value for name, value in given.items() if name.lower() == scheme["name"].lower()), None) or "")
        if not token.strip():
            self._add("http.token_missing", rule=scheme, name=scheme["name"])
        elif first_non_json(token) is not None or not self._specification.token_engines[scheme["name"]].accepts(token):
            self._add("http.token_malformed", rule=_INFERRED, name=scheme["name"])

    def _add(self, code: str, at: str = "", *, rule: Mapping[str, Any] | None = None, **details: Any) -> None:  # noqa: ANN401
        rule = {"x-source": self.route.operation["x-source"], **(rule or {})}
        self.findings.append(messages.make_finding(self.catalogue, code, at, rule=rule, path=self.route.path, **details))


def _api_findings(response: ResponseView, catalogue: Catalogue) -> tuple[Finding, ...]:
    """Return the errors in a response of the API; if its body has none, a finding that says so."""
    body = read_document(response.data or b"", catalogue=catalogue)
    findings = from_api(body.ad, catalogue=catalogue) if body.readable else ()
    return findings or (messages.make_finding(catalogue, "api.refused", "", case="silent", status=response.status_code),)


class _TokenCheckFactory(SecurityProviderFactory):
    """openapi-core's factory of functions that take the token from a request; these check it, and never refuse a request."""

    def __init__(self, check: Callable[[Mapping[str, Any], RequestParameters], None]) -> None:
        self._check = check

    def create(self, scheme: SchemaPath) -> Callable[[RequestParameters], None]:
        """Return a function that checks a token by a security scheme."""
        data: Any = scheme.read_value()
        return lambda parameters: self._check(data, parameters)
