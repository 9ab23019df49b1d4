"""Finds the edition and the operation that a request is for, by its path and method; the server does not matter."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, unquote_to_bytes, urlsplit

from jsonschema_path import SchemaPath
from openapi_core.datatypes import RequestParameters
from openapi_core.protocols import Request, Response
from openapi_core.templating.paths.finders import APICallPathFinder
from openapi_core.templating.paths.iterators import SimpleServersIterator
from werkzeug.datastructures import Headers, ImmutableMultiDict

from v4schema.catalogue import Catalogue, messages
from v4schema.dialect.engines import Engine, compile_schema
from v4schema.document import pointer
from v4schema.findings.report import Finding
from v4schema.openapi.description import described_editions, document

#: Characters, beside letters and digits, that a path segment may hold unencoded (RFC 3986, section 3.3).
_UNENCODED = "!$&'()*+,;=:@"
#: The headers and the body of a message.
HeaderPairs = Mapping[str, str | bytes] | Mapping[str, str] | Iterable[tuple[str | bytes, str | bytes]]
Body = bytes | bytearray | memoryview | str | None


class AnyServer(APICallPathFinder):
    """openapi-core's path finder, for any server, such as a proxy or a test server."""

    servers_iterator = SimpleServersIterator()


@dataclass(kw_only=True, slots=True)
class RequestView:
    """A request that follows openapi-core's protocol."""

    host_url: str
    path: str
    method: str
    body: bytes | None = field(repr=False)
    content_type: str
    parameters: RequestParameters = field(repr=False)
    path_pattern: str | None = None

    @classmethod
    def of(cls, request: Request) -> "RequestView":
        """Return a copy of a request in one form: method in lower case, body as bytes, content type without parameters."""
        given = request.parameters
        return cls(
            host_url=request.host_url,
            path=request.path,
            method=request.method.lower(),
            body=_raw(request.body),
            content_type=_media_type(request.content_type),
            parameters=RequestParameters(query=given.query, header=given.header, cookie=given.cookie),
        )


@dataclass(kw_only=True, slots=True)
class ResponseView:
    """A response that follows openapi-core's protocol."""

    status_code: int
    headers: Mapping[str, Any] = field(repr=False)
    content_type: str
    data: bytes | None = field(repr=False)

    @classmethod
    def of(cls, response: Response) -> "ResponseView":
        """Return a copy of a response in one form."""
        return cls(
            status_code=int(response.status_code),
            headers=dict(response.headers),
            content_type=_media_type(response.content_type),
            data=_raw(response.data),
        )


def request(method: str, url: str, *, headers: HeaderPairs = (), body: Body = None) -> Request:
    """Return a request that follows openapi-core's protocol; `url` is percent-encoded, as it is sent.

    Headers are a mapping or pairs, of text or bytes. The body is bytes, or text that is sent as UTF-8; any other type raises
    `TypeError`.

    >>> request("POST", "https://api.blocket.se/pro-import-api/v4/ad?x=1", headers={"content-type": "application/json"}).path
    '/pro-import-api/v4/ad'
    """
    parts, fields = urlsplit(url), _header_fields(headers)
    query = ImmutableMultiDict(parse_qsl(parts.query, keep_blank_values=True))
    return RequestView(
        host_url=f"{parts.scheme}://{parts.netloc}",
        path=parts.path,
        method=method.lower(),
        body=_raw(body),
        content_type=fields.get("content-type", ""),
        parameters=RequestParameters(query=query, header=Headers(fields)),
    )


def response(status: int, *, headers: HeaderPairs = (), body: Body = None) -> Response:
    """Return a response that follows openapi-core's protocol; headers and body are those of `request`.

    >>> response(200, headers={"Content-Type": "application/json"}, body=b"{}").content_type
    'application/json'
    """
    fields = _header_fields(headers)
    return ResponseView(status_code=status, headers=fields, content_type=fields.get("content-type", ""), data=_raw(body))


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """The part of the API that a request is for: a path of an edition, the values of its variables, and its operation.

    `path` is a template of the OpenAPI description, `operation` the object that describes the method there.
    """

    version: str
    path: str
    variables: Mapping[str, str]
    operation: Mapping[str, Any]


@dataclass(frozen=True)
class Specification:
    """An OpenAPI document, with openapi-core's view of it."""

    document: Mapping[str, Any]
    view: SchemaPath

    def paths(self, view: RequestView) -> Iterator[tuple[str, Mapping[str, str]]]:
        """Yield the path templates that a request matches, with the values of their variables.

        A character that is percent-encoded needlessly equals the plain one (RFC 3986, section 6.2.2.2). An encoded slash
        separates no segments.
        """
        path = "/".join(quote(unquote_to_bytes(segment), safe=_UNENCODED) for segment in view.path.split("/"))
        for _, found in AnyServer.paths_iterator(path, self.view):
            yield found.pattern, {name: unquote(value) for name, value in found.variables.items()}

    def operations(self, path: str) -> Mapping[str, Mapping[str, Any]]:
        """Return the operations at a path, by methods in lower case."""
        return {key: node for key, node in self.document["paths"][path].items() if isinstance(node, dict)}

    def parameters(self, route: Route, location: str) -> Iterator[str]:
        """Yield the names of the parameters of a route in a `location` such as ``query``."""
        for node in (*route.operation.get("parameters", ()), *self.document["paths"][route.path].get("parameters", ())):
            parameter: Any = pointer.get(self.document, pointer.parse(node["$ref"])) if "$ref" in node else node
            if parameter["in"] == location:
                yield parameter["name"]

    @cached_property
    def token_engines(self) -> Mapping[str, Engine]:
        """The compiled schemas of tokens, by the name of the header."""
        schemes = self.document["components"]["securitySchemes"].values()
        return {scheme["name"]: compile_schema(scheme["x-token"]) for scheme in schemes}


@lru_cache(maxsize=16)
def specification(catalogue: Catalogue, version: str) -> Specification:
    """Return the document of an edition; it is made once."""
    data = document(version, catalogue=catalogue)
    return Specification(data, SchemaPath.from_dict(data))


def route(catalogue: Catalogue, version: str | None, view: RequestView) -> Route | Finding:
    """Return the route of a request, or the finding that the API has no such path or method.

    Without `version`, the route is searched in every edition, the default one first. Raises `v4schema.errors.NoDescription` for
    an edition without a description.
    """
    editions = described_editions(catalogue) if version is None else []
    wanted = editions or [catalogue.edition(version).name]
    matches: list[tuple[str, str, Mapping[str, str]]] = []
    for name in wanted:
        for path, variables in specification(catalogue, name).paths(view):
            operation = specification(catalogue, name).operations(path).get(view.method)
            if operation is not None and all(variables.values()):
                return Route(version=name, path=path, variables=variables, operation=operation)
            matches.append((name, path, variables))
    source = {"x-source": catalogue.edition(wanted[0]).source}
    complete = [(name, path) for name, path, variables in matches if all(variables.values())]
    if complete:
        name, path = complete[0]
        methods = messages.join_plain([method.upper() for method in specification(catalogue, name).operations(path)])
        return messages.make_finding(
            catalogue, "http.method", "", rule=source, method=messages.short_json(view.method.upper()), path=path, choices=methods
        )
    others = [
        name for name in described_editions(catalogue) if name not in wanted and [*specification(catalogue, name).paths(view)]
    ]
    return messages.make_finding(
        catalogue,
        "http.path",
        "",
        rule=source,
        case="other" if others else "",
        hint_case="other" if others else "slash" if matches and view.path.endswith("/") else "",
        other=" and ".join(others),
        version=wanted[0],
        choices=messages.join_plain([*specification(catalogue, wanted[0]).document["paths"]]),
    )


def _raw(body: Body) -> bytes | None:
    """Return a body as bytes. Raises `TypeError` for any other type, because no body may pass unread."""
    if isinstance(body, str):
        return body.encode("utf-8", "surrogatepass")  # the reader reports text that is not UTF-8
    if body is None or isinstance(body, bytes | bytearray | memoryview):
        return None if body is None else bytes(body)
    raise TypeError(f"a body must be bytes or text, not {type(body).__name__}")


def _header_fields(headers: HeaderPairs) -> dict[str, str]:
    """Return headers by their names in lower case; headers of one name are joined (RFC 9110, section 5.2)."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    joined: dict[str, str] = {}
    for name, value in ((_text(name).lower(), _text(value)) for name, value in pairs):
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _media_type(content_type: str | None) -> str:
    """Return a content type without its parameters."""
    return (content_type or "").partition(";")[0].strip().lower()
