"""What ads travel in: files of a feed, and requests of HTTP."""

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
    """A file of ads: its `name`, which tells how it is written, its bytes, and the ads in it, in their order."""

    name: str
    data: bytes
    ads: tuple[Ad, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A request to the API: what any library of HTTP takes.

    `ad` is what its body holds, and `operation` what it asks to be done with that; both are None where there is no body.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    ad: Ad | None = None
    operation: str | None = None


@st.composite
def written(draw: DrawFn, ads: SearchStrategy[Ad], most: int) -> Feed:
    """Files of up to so many ads, in every form that is read."""
    several = tuple(draw(st.lists(ads, min_size=1, max_size=most)))
    dumped = [json.dumps(ad, ensure_ascii=draw(st.booleans())) for ad in several]
    end = draw(st.sampled_from(["\n", "\r\n"]))
    forms = ["json", "ndjson", "jsonl", "ndjson.gz"]
    form = draw(st.sampled_from(forms))
    if form == "json":
        indent = draw(st.sampled_from([None, 2]))
        whole = json.dumps(several[0] if len(several) == 1 else several, indent=indent, ensure_ascii=draw(st.booleans()))
        text = whole.replace("\n", end)
    else:
        blank = draw(st.sampled_from(["", end]))
        text = "".join(f"{line}{end}{blank}" for line in dumped)
    data = text.encode()
    return Feed(name=f"feed.{form}", data=gzip.compress(data, mtime=0) if form.endswith("gz") else data, ads=several)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A path and a method of the API, with the operation that an ad is sent for, if one is."""

    path: str
    method: str
    operation: str | None


def endpoints(description: Mapping[str, Any]) -> Iterator[Endpoint]:
    """Yield what may be asked of an edition, by the source of its OpenAPI description."""
    for path, item in description["paths"].items():
        for method, told in item.items():
            if method != "parameters":
                content = told.get("requestBody", {}).get("content", {})
                asked = next((media["schema"].get(OPERATION) for media in content.values()), None)
                yield Endpoint(path=path, method=method.upper(), operation=asked)


@st.composite
def sent(
    draw: DrawFn,
    catalogue: Catalogue,
    description: Mapping[str, Any],
    errand: Endpoint,
    ads: SearchStrategy[Ad] | None,
    tokens: Mapping[str, SearchStrategy[str]],
    names: Sequence[str],
) -> HttpRequest:
    """Requests on an errand: to any server of the description, with a token, and with an ad or by one of some names."""
    ad = None if ads is None else draw(ads)
    own = pointer.text(ad, catalogue.identity_at)
    named = own if own and own.strip(".") else draw(st.sampled_from(names))
    path = errand.path
    while "{" in path:
        before, _, rest = path.partition("{")
        path = before + quote(named, safe="") + rest.partition("}")[2]
    server = draw(st.sampled_from([server["url"] for server in description["servers"]]))
    headers = {name: draw(token) for name, token in tokens.items()}
    if ad is not None:
        headers["Content-Type"] = draw(st.sampled_from([_JSON, f"{_JSON}; charset=utf-8"]))
    return HttpRequest(
        method=errand.method,
        url=server + path,
        headers=headers,
        body=None if ad is None else json.dumps(ad, ensure_ascii=draw(st.booleans())).encode(),
        ad=ad,
        operation=errand.operation,
    )


def looks(description: Mapping[str, Any]) -> Mapping[str, Schema]:
    """Return what a token looks like, by the name of its header."""
    return {
        scheme["name"]: {"type": "string", **scheme["x-looks"]}
        for scheme in description["components"]["securitySchemes"].values()
    }
