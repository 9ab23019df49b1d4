"""Flat schemas: a category's layers put together into one closed, self-contained schema."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from v4schema.dialect.fields import Schema
from v4schema.dialect.keywords import SEPARATE, STRUCTURE, Role, is_assertion, names

_IDENTITY = names(Role.IDENTITY)
#: The annotations of JSON Schema itself: they come first in a flat schema.
_DESCRIPTIONS = frozenset(name for name in names(Role.ANNOTATION) if not name.startswith("x-"))

#: From a reference and the name of the file it stands in, to the schema it means and the name of that one's file.
Resolve = Callable[[str, str], tuple[Schema, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flattening:
    """How to flatten: where references lead, for which operation, and what is known beyond the schemas.

    `partial` sets ``required`` aside at every depth, save in ``x-atomic`` objects; `lists` are the caller's own lists of
    allowed values, by the names that ``x-list`` uses; `year` is the year that ``x-years-ahead`` and ``x-years-back`` count from.
    """

    resolve: Resolve
    operation: str
    partial: bool = False
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    year: int

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
            if SEPARATE.isdisjoint(layer) and "x-operations" not in branch:
                _merge(flat, layer)
            else:
                rules.append(layer)
        own: Schema = {key: value for key, value in node.items() if key not in STRUCTURE | _IDENTITY}
        for keyword in ("if", "then", "not"):
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
        """Return the rules that hang on the caller's lists and on today's date."""
        rules: list[Schema] = []
        if node.get("x-list") in self.lists:
            rules.append({"x-code": "value.unlisted", "x-source": node["x-source"], "enum": list(self.lists[node["x-list"]])})
        if "x-years-ahead" in node:
            node["maximum"] = self.year + node.pop("x-years-ahead")
        if "x-years-back" in node:
            node["minimum"] = self.year - node.pop("x-years-back")
        return rules

    def _closed(self, node: Schema) -> Schema:
        """Refuse fields that are not described, and set ``required`` aside where a partial ad may leave fields out."""
        # Read from the top, a field is described, then asserted, then taken apart.
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
        rules = [_without_required(rule) if partial else rule for rule in node.get("allOf", ())]
        closed["allOf"] = [rule for rule in rules if any(is_assertion(keyword) for keyword in rule)]
        if not closed["allOf"]:
            del closed["allOf"]
        return closed


def _without_required(rule: Schema) -> Schema:
    """Take ``required`` out of a rule and out of what follows from its condition; the condition itself stays."""
    kept = {keyword: value for keyword, value in rule.items() if keyword not in {"required", "anyOf"}}
    if "then" in kept:
        kept["then"] = _without_required(kept["then"])
    return kept


def _merge(into: Schema, layer: Schema) -> None:
    """Lay `layer` over `into`.

    Fields join, annotations of the upper layer win, and assertions that rest on other documents stay apart, as a rule.
    """
    for name, value in layer.get("properties", {}).items():
        _merge(into.setdefault("properties", {}).setdefault(name, {}), value)
    if "items" in layer:
        _merge(into.setdefault("items", {}), layer["items"])
    if layer.get("allOf"):
        into["allOf"] = [*into.get("allOf", ()), *layer["allOf"]]
    asserted = {key: value for key, value in layer.items() if is_assertion(key) and key not in STRUCTURE}
    standing = {key for key in into if is_assertion(key) and key not in STRUCTURE}
    apart = bool(asserted) and bool(standing) and layer.get("x-source", into.get("x-source")) != into.get("x-source")
    if apart or any(key in standing and into[key] != value for key, value in asserted.items()):
        into["allOf"] = [*into.get("allOf", ()), {"x-source": layer.get("x-source", into.get("x-source")), **asserted}]
    else:
        into.update(asserted)
    kept = {"x-source"} if standing else set()
    into.update({key: value for key, value in layer.items() if not is_assertion(key) and key not in kept})
