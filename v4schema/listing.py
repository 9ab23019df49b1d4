"""Editions, categories, fields and findings, laid out for people."""

import json
import textwrap
from collections.abc import Iterator
from typing import Any

from v4schema import pointer, wording
from v4schema.catalogue import Catalogue
from v4schema.editions import Edition
from v4schema.schema import Schema, example, facts, graver, walk, welcome

__all__ = ["bundle", "categories", "codes", "editions", "example", "fields", "finding", "pretty"]

#: What is told of a field's limits, by keyword.
_LIMITS = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "< {}",
    "minLength": "length ≥ {}",
    "maxLength": "length ≤ {}",
    "minItems": "items ≥ {}",
    "maxItems": "items ≤ {}",
}


def editions(catalogue: Catalogue) -> Iterator[str]:
    """Tell which editions there are."""
    for edition in catalogue.editions.values():
        default = ", the default" if edition is catalogue.edition() else ""
        yield f"{edition.name:<12} {edition.title}{default}: {len(edition.categories)} categories"
        yield f"{'':<12} operations: {', '.join(edition.operations)}"


def categories(edition: Edition) -> Iterator[str]:
    """Tell which categories an edition has, and how much documents say about each."""
    for category in edition.categories.values():
        names = ", ".join(dict.fromkeys(category.names.values()))
        yield f"{edition.name}/{category.slug:<24} {category.id:>5}  {category.documented:<8} {names}"
    yield ""
    yield "What public documents tell of a category: full, all its fields; partial, some of"
    yield "them; common, only what all categories share; named, nothing but its name."


def fields(schema: Schema, width: int) -> Iterator[str]:
    """Tell of every field that may be sent: its place, type, limits, whether it is required, its sources and its description."""
    needed = {
        (*at, name): "expected" if "x-level" in fact else "required"
        for at, node in walk(schema)
        for fact in [*node.get("allOf", ()), node]
        if "if" not in fact
        for name in fact.get("required", ())
    }
    for at, node in walk(schema, into=welcome):
        if not at:
            continue
        about = [
            *_types(node),
            *([needed[at]] if at in needed else []),
        ]
        head = f"{pointer.write(at)}  {', '.join(about)}  [{', '.join(node['x-source'])}]"
        yield textwrap.fill(head, width, subsequent_indent="    ", break_on_hyphens=False)
        yield textwrap.fill(node["description"], width, initial_indent="    ", subsequent_indent="    ")


def finding(catalogue: Catalogue, code: str, width: int) -> Iterator[str]:
    """Tell all about a finding code."""
    told = catalogue.findings[code]
    yield f"{code} ({told['level']})"
    yield ""
    yield from textwrap.wrap(told["means"], width, break_on_hyphens=False)
    yield ""
    yield from textwrap.wrap(told["explains"], width, break_on_hyphens=False)
    if "example" in told:
        yield ""
        for verdict in ("wrong", "right"):
            text = f"  {verdict}: {told['example'][verdict]}"
            yield textwrap.fill(text, width, subsequent_indent=" " * 9, break_on_hyphens=False)


def codes(catalogue: Catalogue, width: int) -> Iterator[str]:
    """List the finding codes."""
    for code, told in catalogue.findings.items():
        yield textwrap.fill(f"{code:<24} {told['level']:<7} {told['means']}", width, subsequent_indent=" " * 33)


def bundle(schema: Schema, *, errors_only: bool) -> Schema:
    """Return a flat schema for use elsewhere, on request without the rules that only warn or note."""
    bundled = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return graver(bundled) if errors_only else bundled


def pretty(value: Any) -> str:  # noqa: ANN401  (any JSON)
    """Write JSON for people and for files."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def _types(node: Schema) -> Iterator[str]:
    told: dict[str, Any] = {}
    for fact in facts(node):
        told = {**told, **fact}
    kind = told.get("type", "any")
    yield " or ".join(kind) if isinstance(kind, list) else kind
    if "x-unit" in node:
        yield f"in {node['x-unit']}"
    if "enum" in told:
        yield wording.listed(told["enum"])
    if "x-list" in node:
        yield f"list {node['x-list']}"
    yield from (text.format(told[keyword]) for keyword, text in _LIMITS.items() if keyword in told)
