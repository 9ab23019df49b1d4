"""Schemas in flat form: one function makes a category's schema closed and self-contained, one walks it.

A schema is written in layers (``$ref``, ``allOf``); its flat form is one tree in which each field stands once, under
``properties`` and ``items``. What is a rule of its own, with its own level, wording, condition or operations, stays a
member of the field's ``allOf``. The vocabulary is described by ``schemas/meta/dialect.json``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from v4schema.document.pointer import EVERY, Token

#: A JSON Schema, as parsed.
Schema = dict[str, Any]
#: From a reference and the name of the file it stands in, to the schema it means and the name of that one's file.
Resolve = Callable[[str, str], tuple[Schema, str]]
#: From a measure, which of its numbers (``lowest``, ``typical``, ``highest``) and a unit, to that number, if there is one.
Plausible = Callable[[str, str, str | None], float | None]

_STRUCTURE = {"properties", "items", "allOf", "$ref"}
_IDENTITY = {"$schema", "$id", "$defs", "$comment"}
_ANNOTATIONS = {"title", "description", "examples"}
_OWN_VOICE = {"x-level", "x-code", "x-message", "x-operations", "x-unique", "if", "not", "anyOf", "contains"}
#: What a rule says at once, or through what it leads to.
_LEADING = {"properties", "items", "if", "then"}
#: What each number in the table of what is plausible becomes.
BOUNDS = {"lowest": "minimum", "highest": "maximum"}
#: What Python type a value is parsed to, by the type that the schema asks for.
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "string": str,
    "array": list,
    "object": dict,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Flattening:
    """How to flatten: where references lead, for which operation, and what is known beyond the schemas.

    `partial` sets ``required`` aside at every depth, save in ``x-atomic`` objects; `lists` are the caller's own lists of
    allowed values, by the names that ``x-list`` uses; `year` is the year that ``x-years-ahead`` and ``x-years-back`` count from.
    `number` is the API's number of the category, for ``x-category``; `plausible` gives the numbers that ``x-plausible`` asks for.
    """

    resolve: Resolve
    operation: str
    partial: bool = False
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    year: int
    number: int | None = None
    plausible: Plausible

    def flatten(self, file: str) -> Schema:
        """Return the schema in `file` closed and self-contained."""
        schema, _ = self.resolve(file, file)
        return self._closed(self._expanded(schema, file))

    def _expanded(self, node: Schema, file: str) -> Schema:
        """Put the layers of `node` together."""
        flat: Schema = {}
        if "$ref" in node:
            _merge(flat, self._expanded(*self.resolve(node["$ref"], file)))
        rules = []
        for branch in node.get("allOf", ()):
            layer = self._expanded(branch, file)
            if self.operation not in layer.pop("x-operations", (self.operation,)):
                continue
            if apart(layer, branch):
                rules.append(layer)
            else:
                _merge(flat, layer)
        own: Schema = {key: value for key, value in node.items() if key not in _STRUCTURE | _IDENTITY}
        for keyword in ("if", "then", "else", "not"):
            if keyword in own:
                own[keyword] = self._expanded(own[keyword], file)
        if "properties" in node:
            own["properties"] = {name: self._expanded(value, file) for name, value in node["properties"].items()}
        if "items" in node:
            own["items"] = self._expanded(node["items"], file)
        own["allOf"] = rules + self._said_by_data(own)
        _merge(flat, own)
        return flat

    def _said_by_data(self, node: Schema) -> list[Schema]:
        """Fill in limits that hang on the date and on what is plausible; return the rules that are lists of the caller's."""
        rules: list[Schema] = []
        if node.get("x-list") in self.lists:
            rules.append({"x-code": "value.unlisted", "x-source": node["x-source"], "enum": list(self.lists[node["x-list"]])})
        if "x-years-ahead" in node:
            node["maximum"] = self.year + node.pop("x-years-ahead")
        if "x-years-back" in node:
            node["minimum"] = self.year - node.pop("x-years-back")
        if "x-plausible" in node:
            self._fill_in_what_is_plausible(node, node.pop("x-plausible"))
        return rules

    def _fill_in_what_is_plausible(self, node: Schema, asked: Mapping[str, str]) -> None:
        """Add the limits, and the example, that the table of what is plausible has for the category."""
        unit = asked.get("in", node.get("x-unit"))
        for which, keyword in BOUNDS.items():
            limit = self.plausible(asked[which], which, unit) if which in asked else None
            if limit is not None:
                node[keyword] = limit
        typical = self.plausible(asked["typical"], "typical", unit) if "typical" in asked else None
        if typical is not None:
            node["examples"] = [typical]

    def _closed(self, node: Schema) -> Schema:
        """Refuse fields that are not described, and set ``required`` aside where a partial ad may leave fields out."""
        if node.pop("x-category", False) and self.number is not None:
            numbers = node.setdefault("enum", [str(self.number) if name == "string" else self.number for name in types(node)])
            node.setdefault("examples", numbers[:1])
        # Read from the top, a field is described, then asserted, then taken apart.
        closed = dict(sorted(node.items(), key=lambda item: (item[0] in _STRUCTURE, item[0] not in _ANNOTATIONS)))
        partial = self.partial and not node.get("x-atomic")
        if partial:
            closed.pop("required", None)
        if "properties" in node:
            closed["properties"] = {name: self._closed(value) for name, value in node["properties"].items()}
            if "x-open" not in node:
                closed["additionalProperties"] = False
        if "items" in node:
            closed["items"] = self._closed(node["items"])
        rules = [_without_required(rule) if partial else rule for rule in _one_by_one(node)]
        closed["allOf"] = [rule for rule in rules if not _idle(rule)]
        if not closed["allOf"]:
            del closed["allOf"]
        return closed


def apart(layer: Mapping[str, Any], branch: Mapping[str, Any]) -> bool:
    """Tell whether a branch of an ``allOf``, with the layers below it, is a rule of its own, and no layer of the field."""
    return not _OWN_VOICE.isdisjoint(layer) or "x-operations" in branch


def walk(
    schema: Schema, at: tuple[str, ...] = (), *, into: Callable[[Schema], bool] = lambda _: True
) -> Iterator[tuple[tuple[str, ...], Schema]]:
    """Yield the place and the subschema of every field of a flat schema; ``*`` stands for any item of an array.

    Only fields for which `into` holds are entered: `welcome` gives those that may be sent.
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
    """Tell whether an object of this schema has to have a member of a name."""
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
    """Tell whether a field may be sent: not one that is only described in order to be warned of."""
    return all(rule.get("not") != {} for rule in node.get("allOf", ()))


def types(node: Schema) -> list[str]:
    """Return the types that a subschema takes; if it does not say, one that stands for any."""
    types = node.get("type", "")
    return list(types) if isinstance(types, list) else [types]


def matches_type(value: object, node: Schema) -> bool:
    """Tell whether a value is of a type that a subschema takes."""
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
    """Tell whether the value at a place must not be shown: it, or what it belongs to, is ``x-private``."""
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
    told = {name: value for name, value in members.items() if value is not None}
    whole = all(name in told for fact in error_rules(schema) for name in fact.get("required", ()))
    return told if told and whole else None


def is_assertion(keyword: str) -> bool:
    """Tell whether a keyword of a flat schema says what values are taken, not just something about them."""
    return not keyword.startswith("x-") and keyword not in _ANNOTATIONS


def _one_by_one(node: Schema) -> Iterator[Schema]:
    """Yield the rules of a field; one that no two items have the same choice as a member is a rule for each choice."""
    for rule in node.get("allOf", ()):
        if "x-unique" not in rule:
            yield rule
            continue
        rest = {keyword: value for keyword, value in rule.items() if keyword != "x-unique"}
        name = rule["x-unique"]
        for choice in choices(node["items"]["properties"][name]):
            same = {"properties": {name: {"const": choice}}, "required": [name]}
            yield {**rest, "contains": same, "minContains": 0, "maxContains": 1}


def _idle(rule: Schema) -> bool:
    """Tell whether a rule refuses nothing, such as one about the plausible where the table has no row for the category."""
    inner = [*rule.get("properties", {}).values(), *(rule[keyword] for keyword in ("items", "then") if keyword in rule)]
    return not any(is_assertion(keyword) and keyword not in _LEADING for keyword in rule) and all(map(_idle, inner))


def _without_required(rule: Schema) -> Schema:
    """Take ``required`` out of a rule and out of what follows from its condition; the condition itself stays."""
    kept = {keyword: value for keyword, value in rule.items() if keyword not in {"required", "anyOf"}}
    if "then" in kept:
        kept["then"] = _without_required(kept["then"])
    return kept


def _merge(into: Schema, layer: Schema) -> None:
    """Lay `layer` over `into`.

    Fields join, and annotations of the upper layer win. The documents that a layer names are those of the assertions beside them:
    where these rest on other documents than the ones that stand, they stay apart, as a rule. Without an assertion beside them,
    they are the upper layer's word for the whole field; what stands without documents is taken to rest on the upper layer's.
    """
    for name, value in layer.get("properties", {}).items():
        _merge(into.setdefault("properties", {}).setdefault(name, {}), value)
    if "items" in layer:
        _merge(into.setdefault("items", {}), layer["items"])
    if layer.get("allOf"):
        into["allOf"] = [*into.get("allOf", ()), *layer["allOf"]]
    asserted = {key: value for key, value in layer.items() if is_assertion(key) and key not in _STRUCTURE}
    standing = {key for key in into if is_assertion(key) and key not in _STRUCTURE}
    source = into.get("x-source")
    apart = bool(asserted and standing and source) and layer.get("x-source", source) != source
    if apart or any(key in standing and into[key] != value for key, value in asserted.items()):
        into["allOf"] = [*into.get("allOf", ()), {"x-source": layer.get("x-source", source), **asserted}]
    else:
        into.update(asserted)
    kept = {"x-source"} if apart else set()
    into.update({key: value for key, value in layer.items() if not is_assertion(key) and key not in kept})
