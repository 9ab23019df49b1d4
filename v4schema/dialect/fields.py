"""Schemas in flat form: one function makes a category's schema closed and self-contained, one walks it.

A schema is written in layers (``$ref``, ``allOf``); its flat form is one tree in which each field is once, under
``properties`` and ``items``. What is a rule of its own, with its own level, wording, condition or operations, stays a
member of the field's ``allOf``. The vocabulary is described by ``schemas/meta/dialect.json``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from v4schema.document.pointer import EVERY, Token

#: A JSON Schema, as parsed.
Schema = dict[str, Any]

#: What Python type a value is parsed to, by the type that the schema asks for.
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "string": str,
    "array": list,
    "object": dict,
}


def walk(
    schema: Schema, at: tuple[str, ...] = (), *, into: Callable[[Schema], bool] = lambda _: True
) -> Iterator[tuple[tuple[str, ...], Schema]]:
    """Yield the place and the subschema of every field of a flat schema; ``*`` stands for any item of an array.

    Only fields for which `into` holds are entered: `is_sendable` chooses those that may be sent.
    """
    if not into(schema):
        return
    yield at, schema
    for name, below in schema.get("properties", {}).items():
        yield from walk(below, (*at, name), into=into)
    if "items" in schema:
        yield from walk(schema["items"], (*at, "*"), into=into)


def subschema_at(schema: Schema, at: Sequence[Token]) -> Schema | None:
    """Return the part of a flat schema that describes the place `at` of an ad, or None if none does; ``*`` is any item."""
    here: Schema | None = schema
    for token in at:
        if here is None:
            return None
        item = token == EVERY or str(token).isdecimal()
        here = here.get("properties", {}).get(token) or (here.get("items") if item else None)
    return here


def error_rules(node: Schema) -> Iterator[Schema]:
    """Yield the unconditional errors about one field: the field's own assertions, and each rule without a condition."""
    yield node
    for rule in node.get("allOf", ()):
        if "x-level" not in rule and "if" not in rule:
            yield rule


def requires(node: Schema, name: str) -> bool:
    """Return whether an object of this schema has to have a member of a name."""
    return any(name in fact.get("required", ()) for fact in error_rules(node))


def required_places(node: Schema, at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Schema]]:
    """Yield the places that have to be filled in an object of this schema, however deep, each with the rule that says so.

    Where an object is required, they are those that are required within it, if there are any; an atomic one is given whole.
    A rule with an ``x-level`` only expects its fields.
    """
    for rule in [node, *node.get("allOf", ())]:
        for name in rule.get("required", ()) if "if" not in rule else ():
            below = node.get("properties", {}).get(name, {})
            within = [] if "x-atomic" in below or "x-level" in rule else [*required_places(below, (*at, name))]
            if all("x-level" in deeper for _, deeper in within):
                yield (*at, name), rule
            yield from within


def is_sendable(node: Schema) -> bool:
    """Return whether a field may be sent: not one that is only described in order to be warned of."""
    return all(rule.get("not") != {} for rule in node.get("allOf", ()))


def types(node: Schema) -> list[str]:
    """Return the types that a subschema takes; if it does not say, one that stands for any."""
    types = node.get("type", "")
    return list(types) if isinstance(types, list) else [types]


def matches_type(value: object, node: Schema) -> bool:
    """Return whether a value is of a type that a subschema takes."""
    return any(
        isinstance(value, _TYPES.get(name, object)) and not (isinstance(value, bool) and name in {"integer", "number"})
        for name in types(node)
    )


def choices(node: Schema) -> list[Any]:
    """Return the values that a field takes, if it lists them: those of every list that is an error to leave."""
    lists = [fact["enum"] for fact in error_rules(node) if "enum" in fact]
    return [choice for choice in lists[0] if all(choice in others for others in lists[1:])] if lists else []


def recommended(node: Schema, among: Sequence[Any]) -> list[Any]:
    """Return those of a field's choices that may be recommended: no rule warns of them."""
    rules = [rule for rule in node.get("allOf", ()) if "x-level" in rule]
    return [
        choice for choice in among if all(choice in rule.get("enum", [choice]) and matches_type(choice, rule) for rule in rules)
    ]


def errors_only(node: Schema) -> Schema:
    """Return a flat schema without the rules that only warn or note."""
    kept = dict(node)
    if "properties" in node:
        kept["properties"] = {name: errors_only(below) for name, below in node["properties"].items()}
    if "items" in node:
        kept["items"] = errors_only(node["items"])
    if "allOf" in node:
        kept["allOf"] = [rule for rule in node["allOf"] if "x-level" not in rule]
    return kept if kept.get("allOf", True) else {key: value for key, value in kept.items() if key != "allOf"}


def is_private(schema: Schema, at: Sequence[Token]) -> bool:
    """Return whether the value at a place must not be shown: it, or what it belongs to, is ``x-private``."""
    return any("x-private" in (subschema_at(schema, at[:end]) or {}) for end in range(len(at) + 1))


def example(schema: Schema) -> Any:  # noqa: ANN401  (an ad, or any part of one)
    """Build an example from the first of the ``examples`` of each field, or None where there are none.

    A field that may not be sent is left out, and so is an object of which a required member has no example.
    """
    if "examples" in schema:
        return schema["examples"][0]
    if "items" in schema:
        item = example(schema["items"])
        return None if item is None else [item]
    members = {name: example(below) for name, below in schema.get("properties", {}).items() if is_sendable(below)}
    known = {name: value for name, value in members.items() if value is not None}
    whole = all(name in known for fact in error_rules(schema) for name in fact.get("required", ()))
    return known if known and whole else None
