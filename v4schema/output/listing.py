"""Editions, categories, fields, mappings, comparisons and codes, laid out for people."""

import json
import os
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from v4schema.catalogue import Catalogue, messages
from v4schema.catalogue.editions import Edition
from v4schema.catalogue.provenance import Statement, line
from v4schema.conversion.comparison import Change, Comparison
from v4schema.conversion.mappings import CategoryMapping
from v4schema.dialect.fields import Schema, error_rules, errors_only, example, is_sendable, walk
from v4schema.dialect.keywords import KEYWORDS
from v4schema.document import pointer
from v4schema.output.formats import document_title, documents

__all__ = [
    "bundle",
    "categories",
    "codes",
    "difference",
    "difference_in_json",
    "difference_in_markdown",
    "document",
    "editions",
    "example",
    "field_rows",
    "fields",
    "finding",
    "mapping",
    "pretty",
    "where",
]

#: How the limits of a field are shown, by keyword.
_LIMITS = {name: keyword.listing for name, keyword in KEYWORDS.items() if keyword.listing}

#: The longest value that is shown whole: its line has the rest.
_BRIEF = 120

#: The chapters of a comparison, by what changes.
_CHAPTERS = {
    "added": "Added",
    "removed": "Removed",
    "moved": "Moved",
    "required": "Required from now on",
    "expected": "Expected from now on (a warning without it)",
    "optional": "No longer required",
    "narrowed": "Narrowed",
    "widened": "Widened",
    "rewritten": "Changed",
    "discouraged": "A warning from now on",
}


def editions(catalogue: Catalogue) -> Iterator[str]:
    """List the editions."""
    for edition in catalogue.editions.values():
        default = ", the default" if edition is catalogue.edition() else ""
        yield f"{edition.name:<12} {edition.title}{default}: {len(edition.categories)} categories"
        yield f"{'':<12} operations: {', '.join(edition.operations)}"


def categories(edition: Edition) -> Iterator[str]:
    """List the categories of an edition, and how much the documents say about each."""
    for category in edition.categories.values():
        names = ", ".join(dict.fromkeys(category.names.values()))
        yield f"{edition.name}/{category.slug:<24} {category.id:>5}  {category.documented:<8} {names}"
    yield ""
    yield "How much public documents describe: full, all fields of the category; partial,"
    yield "some of them; common, only the common fields; named, only the name."


def field_rows(schema: Schema) -> Iterator[tuple[str, Sequence[str], str, Schema]]:
    """Yield every field that may be sent: its place, its type and limits, whether it is required or expected, and its schema."""
    needed = {
        (*at, name): "expected" if "x-level" in fact else "required"
        for at, node in walk(schema)
        for fact in [*node.get("allOf", ()), node]
        if "if" not in fact
        for name in fact.get("required", ())
    }
    for at, node in walk(schema, into=is_sendable):
        if not at:
            continue
        yield pointer.write(at), [*_types(node)], needed.get(at, ""), node


def fields(schema: Schema, width: int) -> Iterator[str]:
    """List the fields that may be sent: place, type, limits, whether required, documents and description."""
    for place, types, need, node in field_rows(schema):
        head = f"{place}  {', '.join(filter(None, [*types, need]))}  [{', '.join(node['x-source'])}]"
        yield textwrap.fill(head, width, subsequent_indent="    ", break_on_hyphens=False)
        yield textwrap.fill(node["description"], width, initial_indent="    ", subsequent_indent="    ")


def where(catalogue: Catalogue, head: str, found: Iterable[Statement], width: int) -> Iterator[str]:
    """List the file and line of each statement about a field, with its level, what it says, and its documents."""
    yield head
    folder = _folder(catalogue)
    if os.path.isabs(folder):
        yield f"The files are in {folder}."
        folder = ""
    before = ""
    for each in found:
        place = f"{os.path.join(folder, each.file)}:{line(catalogue, each)}"
        condition = _condition(each.condition)
        about = [
            each.level,
            each.code,
            f"{each.keyword} {_brief(each.value)}",
            f"if {condition}" * bool(condition),
            f"({each.about})" * bool(each.about),
            f"[{', '.join(each.source)}]" * bool(each.source),
        ]
        if place != before:
            yield place
            before = place
        yield textwrap.fill(
            "  ".join(filter(None, about)),
            width,
            initial_indent="    ",
            subsequent_indent="      ",
            break_on_hyphens=False,
        )


def _folder(catalogue: Catalogue) -> str:
    """Return the folder of the schemas, relative to the current folder if it is below it."""
    path, here = os.path.dirname(catalogue.path("catalogue.json")), os.getcwd()
    return os.path.relpath(path, here) if path.startswith(os.path.join(here, "")) else path


def _brief(value: object) -> str:
    """Write a value as JSON, cut if it is long."""
    text = messages.to_json(value)
    return text if len(text) <= _BRIEF else f"{text[:_BRIEF]}…"


def _condition(schema: Schema | None, at: str = "") -> str:
    """Write the schema of a condition in words: the values that fields must have."""
    schema = schema or {}
    parts = [_condition(below, f"{at}/{name}") or f"{at}/{name} is given" for name, below in schema.get("properties", {}).items()]
    members = schema.get("properties", ())
    parts += [f"{at}/{name} is given" for name in schema.get("required", ()) if name not in members]
    for keyword, value in schema.items():
        if keyword in {"const", "enum"}:
            parts.append(f"{at or 'it'} is {' or '.join(map(messages.to_json, value if keyword == 'enum' else [value]))}")
        elif keyword == "not":
            parts.append(f"not {_condition(value, at)}")
        elif keyword not in {"properties", "required", "type"}:
            shown = (KEYWORDS[keyword].listing or f"has {keyword} {{}}").format(_brief(value))
            parts.append(f"{at or 'it'} {shown}")
    return " and ".join(parts)


def mapping(found: CategoryMapping, width: int) -> Iterator[str]:
    """List the rules of a mapping: what each does, with which field, how and why."""
    yield f"{found.given} to {found.target}{_direction(found)}"
    yield ""
    for rule in sorted(found.rules, key=lambda rule: rule.action == "keep"):
        places = " to ".join(dict.fromkeys(pointer.write(place) for place in (rule.at, rule.to) if place is not None))
        steps = [f"{name} {argument}" if argument is not True else name for step in rule.steps for name, argument in step.items()]
        about = [f"by {', '.join(steps)}"] if steps else [messages.short_json(rule.value)] if rule.action == "fill" else []
        sources = [f"[{', '.join(rule.source)}]"] if rule.source else []
        head = "  ".join([f"{rule.action:<4}", places, *about, *sources])
        yield textwrap.fill(head, width, subsequent_indent=" " * 10, break_on_hyphens=False)
        if rule.why and not found.back:
            yield textwrap.fill(rule.why, width, initial_indent=" " * 6, subsequent_indent=" " * 6)


def difference(found: Comparison, width: int) -> Iterator[str]:
    """List the changes between two kinds of ads, and what a caller must supply."""
    yield f"{found.given} to {found.target}{_direction(found)}"
    for title, rows in _difference(found):
        yield ""
        yield title
        for place, change, source in rows:
            head = "  ".join(part for part in (place, change, f"[{', '.join(source)}]") if part)
            yield textwrap.fill(head, width, initial_indent="  ", subsequent_indent=" " * 6, break_on_hyphens=False)


def difference_in_markdown(found: Comparison) -> Iterator[str]:
    """Return the same as tables in Markdown."""
    yield f"# {found.given} to {found.target}{_direction(found)}"
    for title, rows in _difference(found):
        yield f"\n## {title}\n\n| Field | Change | Documents |\n|---|---|---|"
        for place, change, source in rows:
            yield f"| `{place}` | {change.replace('|', chr(92) + '|')} | {', '.join(source)} |"


def difference_in_json(found: Comparison) -> dict[str, Any]:
    """Return the same in the shape of `schemas/meta/difference.json`."""
    return {
        "from": str(found.given),
        "to": str(found.target),
        "migrates": None if found.automatic is None else not found.automatic,
        "source": found.source,
        "changes": [asdict(change) for change in found.changes],
        "supply": [
            {name: value for name, value in asdict(question).items() if name not in {"suggestion", "several", "fits_cell"}}
            for question in found.supply
        ],
    }


def _direction(found: Comparison | CategoryMapping) -> str:
    """Say how ads are converted from the one to the other."""
    if found.automatic is None:
        return " (no mapping between them)"
    if found.back:
        return ": the way back, by the reversed mapping"
    way = "ads carry over unchanged" if found.automatic else "ads must be migrated"
    return f": {way}  [{', '.join(found.source)}]"


def _difference(found: Comparison) -> Iterator[tuple[str, Sequence[tuple[str, str, Sequence[str]]]]]:
    """Yield the chapters of a comparison, each with its lines: the field, the change, and the documents."""
    for what, title in _CHAPTERS.items():
        changes = [change for change in found.changes if change.what == what]
        if changes:
            yield title, [(change.to or change.at or "", _described(change), change.source) for change in changes]
    if found.supply:
        yield (
            "What you must supply where an ad lacks it",
            [
                (question.at, f"{'' if question.required else 'optional; '}{question.allowed}", question.source)
                for question in found.supply
            ],
        )


def _described(change: Change) -> str:
    """Describe a change."""
    if change.what == "moved":
        return f"was {change.at}. {change.why}"
    if change.what == "added":
        return " or ".join(change.after) if isinstance(change.after, Sequence) else ""
    if change.keyword is None:
        return change.why
    sides = [_side(change.keyword, side) for side in (change.before, change.after)]
    return sides[0] if change.what == "discouraged" else f"{sides[0]} → {sides[1]}"


def _side(keyword: str, value: object) -> str:
    """Describe the value of a keyword on one side."""
    if value is None or value == []:
        return "any"
    if keyword in _LIMITS:
        return _LIMITS[keyword].format(value)
    if keyword == "x-unit":
        return f"in {value}"
    if keyword == "enum" and isinstance(value, Sequence):
        return messages.join_quoted(value)
    return " or ".join(map(str, value)) if isinstance(value, list) else messages.to_json(value)


def finding(catalogue: Catalogue, code: str, width: int) -> Iterator[str]:
    """Explain a finding code: its level, meaning, explanation and example."""
    entry = catalogue.finding_codes[code]
    yield f"{code} ({entry['level']})"
    yield ""
    yield from textwrap.wrap(entry["meaning"], width, break_on_hyphens=False)
    yield ""
    yield from textwrap.wrap(entry["explanation"], width, break_on_hyphens=False)
    if "example" in entry:
        yield ""
        for verdict in ("wrong", "right"):
            text = f"  {verdict}: {entry['example'][verdict]}"
            yield textwrap.fill(text, width, subsequent_indent=" " * 9, break_on_hyphens=False)


def codes(catalogue: Catalogue, chosen: Iterable[str], width: int) -> Iterator[str]:
    """List finding codes with their levels and meanings; where all are listed, the codes of documents too."""
    chosen = [*chosen]
    for code in chosen:
        entry = catalogue.finding_codes[code]
        yield textwrap.fill(f"{code:<24} {entry['level']:<7} {entry['meaning']}", width, subsequent_indent=" " * 33)
    if len(chosen) == len(catalogue.finding_codes):
        yield ""
        yield from documents(catalogue, catalogue.documents, width)


def document(catalogue: Catalogue, code: str, width: int) -> Iterator[str]:
    """Explain the code of a document: its title and edition, how much of it is known, and the editions that rest on it."""
    entry = catalogue.documents[code]
    yield f"{code}: {document_title(entry)}"
    yield ""
    yield from textwrap.wrap(entry["scope"], width, break_on_hyphens=False)
    editions = [edition.name for edition in catalogue.editions.values() if code in edition.source]
    if editions:
        yield ""
        yield f"Editions that rest on it: {', '.join(editions)}."


def bundle(schema: Schema, *, with_warnings: bool) -> Schema:
    """Return a flat schema for use elsewhere, with or without the rules that only warn or note."""
    bundled = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return bundled if with_warnings else errors_only(bundled)


def pretty(value: Any) -> str:  # noqa: ANN401  (any JSON)
    """Write JSON with an indent."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def _types(node: Schema) -> Iterator[str]:
    merged: dict[str, Any] = {}
    for fact in error_rules(node):
        merged = {**merged, **fact}
    kind = merged.get("type", "any")
    yield " or ".join(kind) if isinstance(kind, list) else kind
    if "x-unit" in node:
        yield f"in {node['x-unit']}"
    if "enum" in merged:
        yield messages.join_quoted(merged["enum"])
    if "x-list" in node:
        yield f"list {node['x-list']}"
    yield from (text.format(merged[keyword]) for keyword, text in _LIMITS.items() if keyword in merged)
