"""Where a request goes: the edition and the operation that its path and method mean, whatever server it is sent to."""

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

#: What a segment of a path may hold beside letters and digits without being percent-encoded (RFC 3986, section 3.3).
_PLAIN = "!$&'()*+,;=:@"
#: What stands in the head of a message, and what may be its body.
HeaderPairs = Mapping[str, str | bytes] | Mapping[str, str] | Iterable[tuple[str | bytes, str | bytes]]
Body = bytes | bytearray | memoryview | str | None


class AnyServer(APICallPathFinder):
    """openapi-core's finder of paths, for any server: that of a proxy or of a test does as well."""

    servers_iterator = SimpleServersIterator()


@dataclass(kw_only=True, slots=True)
class RequestView:
    """A request, in openapi-core's protocol."""

    host_url: str
    path: str
    method: str
    body: bytes | None = field(repr=False)
    content_type: str
    parameters: RequestParameters = field(repr=False)
    path_pattern: str | None = None

    @classmethod
    def of(cls, request: Request) -> "RequestView":
        """Write a request in one way; the caller's own stays as it is."""
        given = request.parameters
        return cls(
            host_url=request.host_url,
            path=request.path,
            method=request.method.lower(),
            body=_raw(request.body),
            content_type=_bare(request.content_type),
            parameters=RequestParameters(query=given.query, header=given.header, cookie=given.cookie),
        )


@dataclass(kw_only=True, slots=True)
class ResponseView:
    """A response, in openapi-core's protocol."""

    status_code: int
    headers: Mapping[str, Any] = field(repr=False)
    content_type: str
    data: bytes | None = field(repr=False)

    @classmethod
    def of(cls, response: Response) -> "ResponseView":
        """Write a response in one way."""
        return cls(
            status_code=int(response.status_code),
            headers=dict(response.headers),
            content_type=_bare(response.content_type),
            data=_raw(response.data),
        )


def request(method: str, url: str, *, headers: HeaderPairs = (), body: Body = None) -> Request:
    """Return a request in openapi-core's protocol, from what every library of HTTP has: `url` as it is sent, percent-encoded.

    Headers are a mapping or pairs, text or bytes; a body is bytes, or text that is sent as UTF-8. Raises `TypeError` for another.

    >>> request("POST", "https://api.blocket.se/pro-import-api/v4/ad?x=1", headers={"content-type": "application/json"}).path
    '/pro-import-api/v4/ad'
    """
    parts, sent = urlsplit(url), _texts(headers)
    query = ImmutableMultiDict(parse_qsl(parts.query, keep_blank_values=True))
    return RequestView(
        host_url=f"{parts.scheme}://{parts.netloc}",
        path=parts.path,
        method=method.lower(),
        body=_raw(body),
        content_type=sent.get("content-type", ""),
        parameters=RequestParameters(query=query, header=Headers(sent)),
    )


def response(status: int, *, headers: HeaderPairs = (), body: Body = None) -> Response:
    """Return a response in openapi-core's protocol, likewise.

    >>> response(200, headers={"Content-Type": "application/json"}, body=b"{}").content_type
    'application/json'
    """
    sent = _texts(headers)
    return ResponseView(status_code=status, headers=sent, content_type=sent.get("content-type", ""), data=_raw(body))


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """Where a request goes: a path of an edition, with what stands for its variables, and what is described there."""

    version: str
    path: str
    variables: Mapping[str, str]
    described: Mapping[str, Any]


@dataclass(frozen=True)
class Specification:
    """A document with openapi-core's view of it."""

    document: Mapping[str, Any]
    view: SchemaPath

    def paths(self, sent: RequestView) -> Iterator[tuple[str, Mapping[str, str]]]:
        """Yield the paths that a request may mean, with what stands for their variables.

        What is percent-encoded needlessly means the same as what is not (RFC 3986, section 6.2.2.2); an encoded slash separates
        nothing.
        """
        path = "/".join(quote(unquote_to_bytes(segment), safe=_PLAIN) for segment in sent.path.split("/"))
        for _, found in AnyServer.paths_iterator(path, self.view):
            yield found.pattern, {name: unquote(value) for name, value in found.variables.items()}

    def operations(self, path: str) -> Mapping[str, Mapping[str, Any]]:
        """Return what is described at a path, by methods."""
        return {key: node for key, node in self.document["paths"][path].items() if isinstance(node, dict)}

    def parameters(self, route: Route, location: str) -> Iterator[str]:
        """Yield the names of the parameters that are described for a route, of those in a `location` such as ``query``."""
        for node in (*route.described.get("parameters", ()), *self.document["paths"][route.path].get("parameters", ())):
            told: Any = pointer.get(self.document, pointer.parse(node["$ref"])) if "$ref" in node else node
            if told["in"] == location:
                yield told["name"]

    @cached_property
    def looks(self) -> Mapping[str, Engine]:
        """What a token looks like, by the name that it is sent under."""
        schemes = self.document["components"]["securitySchemes"].values()
        return {scheme["name"]: compile_schema(scheme["x-looks"]) for scheme in schemes}


@lru_cache(maxsize=16)
def specification(catalogue: Catalogue, version: str) -> Specification:
    """Return the document of an edition, made once."""
    told = document(version, catalogue=catalogue)
    return Specification(told, SchemaPath.from_dict(told))


def route(catalogue: Catalogue, version: str | None, sent: RequestView) -> Route | Finding:
    """Return where a request goes, by default in the edition that has such a path, or the finding that it goes nowhere.

    Raises `v4schema.errors.NoDescription` for an edition without a description.
    """
    editions = described_editions(catalogue) if version is None else []
    wanted = editions or [catalogue.edition(version).name]
    near: list[tuple[str, str, Mapping[str, str]]] = []
    for name in wanted:
        for path, variables in specification(catalogue, name).paths(sent):
            operation = specification(catalogue, name).operations(path).get(sent.method)
            if operation is not None and all(variables.values()):
                return Route(version=name, path=path, variables=variables, described=operation)
            near.append((name, path, variables))
    source = {"x-source": catalogue.edition(wanted[0]).source}
    whole = [(name, path) for name, path, variables in near if all(variables.values())]
    if whole:
        name, path = whole[0]
        methods = messages.join_plain([method.upper() for method in specification(catalogue, name).operations(path)])
        return messages.make_finding(
            catalogue, "http.method", "", rule=source, method=messages.short_json(sent.method.upper()), path=path, choices=methods
        )
    others = [
        name for name in described_editions(catalogue) if name not in wanted and [*specification(catalogue, name).paths(sent)]
    ]
    return messages.make_finding(
        catalogue,
        "http.path",
        "",
        rule=source,
        case="other" if others else "",
        hint_case="other" if others else "slash" if near and sent.path.endswith("/") else "",
        other=" and ".join(others),
        version=wanted[0],
        choices=messages.join_plain([*specification(catalogue, wanted[0]).document["paths"]]),
    )


def _raw(body: Body) -> bytes | None:
    """Return a body as bytes. Raises `TypeError` for what is none: nothing is passed unread."""
    if isinstance(body, str):
        return body.encode("utf-8", "surrogatepass")  # what is no text is found when it is read
    if body is None or isinstance(body, bytes | bytearray | memoryview):
        return None if body is None else bytes(body)
    raise TypeError(f"a body is bytes or text, not {type(body).__name__}")


def _texts(headers: HeaderPairs) -> dict[str, str]:
    """Return headers by their names in small letters; those of one name are joined (RFC 9110, section 5.2)."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    joined: dict[str, str] = {}
    for name, value in ((_text(name).lower(), _text(value)) for name, value in pairs):
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _text(told: str | bytes) -> str:
    return told.decode("latin-1") if isinstance(told, bytes) else str(told)


def _bare(content_type: str | None) -> str:
    """Return a content type without its parameters."""
    return (content_type or "").partition(";")[0].strip().lower()
