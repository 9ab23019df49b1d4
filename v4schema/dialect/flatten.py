"""Flat schemas: the layers of a category put together into one closed, self-contained schema.

A schema is written in layers (``$ref``, ``allOf``). Its flat form is one tree that has each field once, under ``properties``
and ``items``. A rule with its own level, message, condition or operations stays a member of the field's ``allOf``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from v4schema.dialect.fields import Schema, choices, types
from v4schema.dialect.keywords import SEPARATE, STRUCTURE, Role, is_assertion, names

#: From a reference and the file that it is in, to the schema that it refers to and the file of that schema.
Resolve = Callable[[str, str], tuple[Schema, str]]
#: From a measure, one of its numbers (``lowest``, ``typical``, ``highest``) and a unit, to that number, or None.
Plausible = Callable[[str, str, str | None], float | None]

#: The keyword that each number of the table of plausible numbers becomes.
PLAUSIBLE_BOUNDS = {"lowest": "minimum", "highest": "maximum"}
_IDENTITY = names(Role.IDENTITY)
#: The annotations of JSON Schema itself: they come first in a flat schema.
_DESCRIPTIONS = frozenset(name for name in names(Role.ANNOTATION) if not name.startswith("x-"))
#: The keywords by which a rule leads to its assertions.
_LEADING = {"properties", "items", "if", "then"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Flattening:
    """How to flatten schemas: how references resolve, the operation, and facts from outside the schemas.

    `partial` sets ``required`` aside at every depth, except in ``x-atomic`` objects. `lists` are the caller's lists of allowed
    values, by the names of ``x-list``; `year` is the year that ``x-years-ahead`` and ``x-years-back`` count from. `number` is the
    API's number of the category, for ``x-category``; `plausible` returns the numbers for ``x-plausible``.
    """

    resolve: Resolve
    operation: str
    partial: bool = False
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    year: int
    number: int | None = None
    plausible: Plausible

    def flatten(self, file: str) -> Schema:
        """Return the schema of a file, closed and self-contained."""
        schema, _ = self.resolve(file, file)
        return self._closed(self._expanded(schema, file))

    def _expanded(self, node: Schema, file: str) -> Schema:
        """Merge the layers of a node."""
        flat: Schema = {}
        if "$ref" in node:
            _merge(flat, self._expanded(*self.resolve(node["$ref"], file)))
        rules = []
        for branch in node.get("allOf", ()):
            layer = self._expanded(branch, file)
            if self.operation not in layer.pop("x-operations", (self.operation,)):
                continue
            if is_separate(layer, branch):
                rules.append(layer)
            else:
                _merge(flat, layer)
        own: Schema = {key: value for key, value in node.items() if key not in STRUCTURE | _IDENTITY}
        for keyword in ("if", "then", "not"):
            if keyword in own:
                own[keyword] = self._expanded(own[keyword], file)
        if "properties" in node:
            own["properties"] = {name: self._expanded(value, file) for name, value in node["properties"].items()}
        if "items" in node:
            own["items"] = self._expanded(node["items"], file)
        rules += self._list_rules(own)
        if rules:
            own["allOf"] = rules
        self._fill_bounds(own)
        _merge(flat, own)
        return flat

    def _list_rules(self, node: Schema) -> list[Schema]:
        """Return the rule about a list of the caller's, if the caller has given it."""
        if node.get("x-list") not in self.lists:
            return []
        return [{"x-code": "value.unlisted", "x-source": node["x-source"], "enum": list(self.lists[node["x-list"]])}]

    def _fill_bounds(self, node: Schema) -> None:
        """Replace annotations by bounds that depend on the date and on the table of plausible numbers."""
        if "x-years-ahead" in node:
            node["maximum"] = self.year + node.pop("x-years-ahead")
        if "x-years-back" in node:
            node["minimum"] = self.year - node.pop("x-years-back")
        measures = node.pop("x-plausible", {})
        unit = measures.get("in", node.get("x-unit"))
        for which, keyword in PLAUSIBLE_BOUNDS.items():
            bound = self.plausible(measures[which], which, unit) if which in measures else None
            if bound is not None:
                node[keyword] = bound
        typical = self.plausible(measures["typical"], "typical", unit) if "typical" in measures else None
        if typical is not None:
            node["examples"] = [typical]

    def _closed(self, node: Schema) -> Schema:
        """Refuse undescribed fields, and set ``required`` aside where a partial ad may leave fields out."""
        if node.pop("x-category", False) and self.number is not None:
            numbers = node.setdefault("enum", [str(self.number) if name == "string" else self.number for name in types(node)])
            node.setdefault("examples", numbers[:1])
        # The order of reading: descriptions, then assertions, then the parts of the field.
        closed = dict(sorted(node.items(), key=lambda item: (item[0] in STRUCTURE, item[0] not in _DESCRIPTIONS)))
        partial = self.partial and not node.get("x-atomic")
        if partial:
            closed.pop("required", None)
        if "properties" in node:
            closed["properties"] = {name: self._closed(value) for name, value in node["properties"].items()}
            if "x-open" not in node:
                closed["additionalProperties"] = False
        if "items" in node:
            closed["items"] = self._closed(node["items"])
        rules = [_without_required(rule) if partial else rule for rule in _expanded_unique(node)]
        closed["allOf"] = [rule for rule in rules if not _is_idle(rule)]
        if not closed["allOf"]:
            del closed["allOf"]
        return closed


def is_separate(layer: Mapping[str, Any], branch: Mapping[str, Any]) -> bool:
    """Return whether a branch of an ``allOf``, merged with its own layers, stays a rule of its own."""
    return not SEPARATE.isdisjoint(layer) or "x-operations" in branch


def _expanded_unique(node: Schema) -> Iterator[Schema]:
    """Yield the rules of a field. A rule that a member of its items is unique (``x-unique``) becomes one rule per choice."""
    for rule in node.get("allOf", ()):
        if "x-unique" not in rule:
            yield rule
            continue
        rest = {keyword: value for keyword, value in rule.items() if keyword != "x-unique"}
        name = rule["x-unique"]
        for choice in choices(node["items"]["properties"][name]):
            same = {"properties": {name: {"const": choice}}, "required": [name]}
            yield {**rest, "contains": same, "minContains": 0, "maxContains": 1}


def _is_idle(rule: Schema) -> bool:
    """Return whether a rule asserts nothing, such as one about plausible numbers of a category that has none."""
    inner = [*rule.get("properties", {}).values(), *(rule[keyword] for keyword in ("items", "then") if keyword in rule)]
    return not any(is_assertion(keyword) and keyword not in _LEADING for keyword in rule) and all(map(_is_idle, inner))


def _without_required(rule: Schema) -> Schema:
    """Remove ``required`` from a rule and from the consequence of its condition; the condition itself stays."""
    kept = {keyword: value for keyword, value in rule.items() if keyword not in {"required", "anyOf"}}
    if "then" in kept:
        kept["then"] = _without_required(kept["then"])
    return kept


def _merge(into: Schema, layer: Schema) -> None:
    """Merge an upper `layer` into a lower one.

    Fields join, and annotations of the upper layer win. The documents that a layer names are those of its own assertions: where
    these rest on other documents than the lower assertions, they become a rule of their own. A layer without assertions names the
    documents of the whole field. Lower assertions without documents rest on those of the upper layer.
    """
    if not into:  # the usual case; nothing else holds this layer, because each field gets its own
        into.update(layer)
        return
    for name, value in layer.get("properties", {}).items():
        _merge(into.setdefault("properties", {}).setdefault(name, {}), value)
    if "items" in layer:
        _merge(into.setdefault("items", {}), layer["items"])
    if layer.get("allOf"):
        into["allOf"] = [*into.get("allOf", ()), *layer["allOf"]]
    asserted = {key: value for key, value in layer.items() if is_assertion(key) and key not in STRUCTURE}
    standing = {key for key in into if is_assertion(key) and key not in STRUCTURE}
    source = into.get("x-source")
    apart = bool(asserted and standing and source) and layer.get("x-source", source) != source
    if apart or any(key in standing and into[key] != value for key, value in asserted.items()):
        into["allOf"] = [*into.get("allOf", ()), {"x-source": layer.get("x-source", source), **asserted}]
    else:
        into.update(asserted)
    kept = {"x-source"} if apart else set()
    into.update({key: value for key, value in layer.items() if not is_assertion(key) and key not in kept})
