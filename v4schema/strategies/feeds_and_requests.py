"""Strategies for what carries ads: feed files and HTTP requests."""

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from v4schema.catalogue import Catalogue
from v4schema.dialect.fields import Schema
from v4schema.document import pointer
from v4schema.openapi.description import OPERATION

Ad = dict[str, Any]
_JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A file of ads: its `name`, whose suffix says its format, its bytes, and the ads in it, in order."""

    name: str
    data: bytes
    ads: tuple[Ad, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A request to the API, in the parts that any HTTP library takes.

    `ad` is the ad in the body, `operation` the operation that the ad is sent for; both are None without a body.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    ad: Ad | None = None
    operation: str | None = None


@st.composite
def feed_files(draw: DrawFn, ads: SearchStrategy[Ad], max_ads: int) -> Feed:
    """Files of one to `max_ads` ads, in every format that can be read."""
    several = tuple(draw(st.lists(ads, min_size=1, max_size=max_ads)))
    lines = [json.dumps(ad, ensure_ascii=draw(st.booleans())) for ad in several]
    end = draw(st.sampled_from(["\n", "\r\n"]))
    suffix = draw(st.sampled_from(["json", "ndjson", "jsonl", "ndjson.gz"]))
    if suffix == "json":
        indent = draw(st.sampled_from([None, 2]))
        document = json.dumps(several[0] if len(several) == 1 else several, indent=indent, ensure_ascii=draw(st.booleans()))
        text = document.replace("\n", end)
    else:
        blank = draw(st.sampled_from(["", end]))
        text = "".join(f"{line}{end}{blank}" for line in lines)
    data = text.encode()
    return Feed(name=f"feed.{suffix}", data=gzip.compress(data, mtime=0) if suffix.endswith("gz") else data, ads=several)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A path and a method of the API, and the operation that an ad is sent for there; None if no ad is sent."""

    path: str
    method: str
    operation: str | None


def endpoints(description: Mapping[str, Any]) -> Iterator[Endpoint]:
    """Yield the endpoints of an edition, from the source of its OpenAPI description."""
    for path, item in description["paths"].items():
        for method, node in item.items():
            if method != "parameters":
                content = node.get("requestBody", {}).get("content", {})
                operation = next((media["schema"].get(OPERATION) for media in content.values()), None)
                yield Endpoint(path=path, method=method.upper(), operation=operation)


@st.composite
def requests_to(
    draw: DrawFn,
    catalogue: Catalogue,
    description: Mapping[str, Any],
    endpoint: Endpoint,
    ads: SearchStrategy[Ad] | None,
    tokens: Mapping[str, SearchStrategy[str]],
    identifiers: Sequence[str],
) -> HttpRequest:
    """Requests to an endpoint on any server of the description, with tokens by header name.

    With `ads`, the body has one of them. The identifier in the path is that of the ad; if it has none, one of `identifiers`.
    """
    ad = None if ads is None else draw(ads)
    own = pointer.text(ad, catalogue.identity_at)
    identifier = own if own and own.strip(".") else draw(st.sampled_from(identifiers))
    path = endpoint.path
    while "{" in path:
        before, _, rest = path.partition("{")
        path = before + quote(identifier, safe="") + rest.partition("}")[2]
    server = draw(st.sampled_from([server["url"] for server in description["servers"]]))
    headers = {name: draw(token) for name, token in tokens.items()}
    if ad is not None:
        headers["Content-Type"] = draw(st.sampled_from([_JSON, f"{_JSON}; charset=utf-8"]))
    return HttpRequest(
        method=endpoint.method,
        url=server + path,
        headers=headers,
        body=None if ad is None else json.dumps(ad, ensure_ascii=draw(st.booleans())).encode(),
        ad=ad,
        operation=endpoint.operation,
    )


def token_schemas(description: Mapping[str, Any]) -> Mapping[str, Schema]:
    """Return the schemas of tokens, by the names of their headers."""
    return {
        scheme["name"]: {"type": "string", **scheme["x-token"]}
        for scheme in description["components"]["securitySchemes"].values()
    }
