"""Comparing two kinds of ads, field by field, by their schemas and the mapping between them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from v4schema.catalogue import Catalogue
from v4schema.conversion import mappings
from v4schema.conversion.questions import Question, Questionnaire
from v4schema.dialect.fields import (
    Schema,
    choices,
    error_rules,
    is_sendable,
    recommended,
    required_places,
    subschema_at,
    types,
    walk,
)
from v4schema.dialect.keywords import BOUNDS, INCOMPARABLE
from v4schema.document import pointer
from v4schema.findings.report import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change between two kinds of ads.

    `what` is ``added``, ``removed``, ``moved``, ``required``, ``expected`` (a missing field is a warning), ``optional``,
    ``narrowed``, ``widened``, ``rewritten`` or ``discouraged`` (a sent field is a warning). `at` and `to` are the places before
    and after, None where there is none, with ``*`` for every item of an array. `keyword` is the JSON Schema keyword that differs,
    or ``x-unit`` for the unit of a bare number; `before` and `after` are its values. `source` has the codes of the documents.
    """

    what: str
    at: str | None
    to: str | None
    keyword: str | None = None
    before: object = None
    after: object = None
    why: str = ""
    source: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The changes between two kinds of ads, and the questions whose answers a caller must supply to convert ads.

    `automatic` is whether documents say that ads go over as they are; None where there is no mapping. With `back`, the mapping is
    written for the opposite direction.
    """

    given: Kind
    target: Kind
    automatic: bool | None
    back: bool
    source: tuple[str, ...]
    changes: Sequence[Change]
    supply: Sequence[Question]


def compare(catalogue: Catalogue, given: Kind, target: Kind) -> Comparison:
    """Compare two kinds of ads. Raises `v4schema.errors.UnknownName` for an unknown kind."""
    path = catalogue.edition_paths.get((given.version, target.version))
    candidates = mappings.mappings_for(catalogue, path, str(given.category)) if path else ()
    found = [each for each in candidates if each.target == target]
    mapping = found[0] if found else None
    sides = _Sides(before=catalogue.schema(given), after=catalogue.schema(target), rules=mapping.rules if mapping else ())
    supply: list[Question] = []
    if mapping:
        asked = {rule.to for rule in mapping.rules if rule.action == "ask"}
        questionnaire = Questionnaire(
            catalogue=catalogue, mapping=mapping, schema=sides.after, quantity_kinds=catalogue.quantity_kinds
        )
        supply = [question for question in questionnaire.questions if question.place in asked]
    return Comparison(
        given=given,
        target=target,
        automatic=mapping.automatic if mapping else None,
        back=mapping is not None and mapping.back,
        source=tuple(mapping.source) if mapping else (),
        changes=[*sides.fields(), *sides.requirements(), *sides.limits()],
        supply=supply,
    )


@dataclass(frozen=True, kw_only=True)
class _Sides:
    """Two flat schemas, and the rules of the mapping between them."""

    before: Schema
    after: Schema
    rules: Sequence[mappings.Rule]

    def fields(self) -> Iterator[Change]:
        """Yield the fields that are added, removed and moved; an object stands for everything in it."""
        kept = {at: to for at, to in self._targets.items() if _is_sendable(self.before, at) and _is_sendable(self.after, to)}
        for at, node in walk(self.before, into=is_sendable):
            if at and at not in kept and (at[:-1] in kept or len(at) == 1):
                yield self._removed(at, node)
        arrived = {*kept.values()}
        for to, node in walk(self.after, into=is_sendable):
            if to and to not in arrived and (to[:-1] in arrived or len(to) == 1):
                yield _change("added", None, to, after=types(node), source=node["x-source"])
        for rule in self.rules:
            if rule.at in kept and rule.to != rule.at:
                yield _change("moved", rule.at, rule.to, why=rule.why, source=rule.source)

    def requirements(self) -> Iterator[Change]:
        """Yield the fields that become required, expected or optional."""
        had = {self._targets[at]: rule for at, rule in required_places(self.before) if at in self._targets}
        has = dict(required_places(self.after))
        origins = {to: at for at, to in self._targets.items()}
        for to, rule in has.items():
            levels = ["x-level" in each for at, each in had.items() if at[: len(to)] == to]
            if ("x-level" in rule) not in levels:
                what = "expected" if "x-level" in rule else "required"
                filled = next((f"Filled in. {each.why}" for each in self.rules if each.action == "fill" and each.to == to), "")
                yield _change(what, origins.get(to), to, why=filled, source=rule["x-source"])
        for to, rule in had.items():
            if subschema_at(self.after, to) is not None and not any(each[: len(to)] == to for each in has):
                yield _change("optional", origins[to], to, source=rule["x-source"])

    def limits(self) -> Iterator[Change]:
        """Yield the fields that take more or fewer values than before."""
        for at, to in self._targets.items():
            if _is_sendable(self.before, at) and _is_sendable(self.after, to):
                node, other = subschema_at(self.before, at) or {}, subschema_at(self.after, to) or {}
                source = [*node["x-source"], *other["x-source"]]
                for what, keyword, one, two in _differences(node, other):
                    yield _change(what, at, to, keyword=keyword, before=one, after=two, source=source)

    @cached_property
    def _targets(self) -> Mapping[tuple[str, ...], tuple[str, ...]]:
        """The target of each field that is not dropped."""
        targets = ((at, mappings.target_place(at, self.rules)) for at, _ in walk(self.before) if at)
        return {at: to for at, to in targets if to is not None}

    def _removed(self, at: tuple[str, ...], node: Schema) -> Change:
        """Return the change of a field that is gone, or that is described only to warn about it."""
        to = self._targets.get(at)
        there = subschema_at(self.after, to) if to is not None else None
        if there is None:
            rule = next((rule for rule in self.rules if rule.at == at), None)
            return _change("removed", at, None, why=rule.why if rule else "", source=rule.source if rule else node["x-source"])
        discouraged: Schema = next((each for each in there.get("allOf", ()) if each.get("not") == {}), {})
        return _change("discouraged", at, to, why=discouraged.get("x-message", ""), source=discouraged["x-source"])


def _change(
    what: str,
    at: Sequence[str] | None,
    to: Sequence[str] | None,
    *,
    source: Sequence[str],
    **details: Any,  # noqa: ANN401
) -> Change:
    at, to = (None if place is None else pointer.write(place) for place in (at, to))
    return Change(what=what, at=at, to=to, source=tuple(dict.fromkeys(source)), **details)


def _differences(node: Schema, other: Schema) -> Iterator[tuple[str, str, object, object]]:
    """Yield how the assertions about a field differ: the direction, the keyword, and both values."""
    yield from _lists("type", types(node), types(other))
    yield from _lists("enum", choices(node), choices(other))
    before, after = recommended(node, choices(node)), recommended(other, choices(other))
    discouraged = [each for each in before if each in choices(other) and each not in after]
    if discouraged and not [each for each in before if each in after]:
        yield "rewritten", "enum", before, after
    elif discouraged:
        yield "discouraged", "enum", discouraged, None
    one: Any
    two: Any
    for keyword, bound in BOUNDS.items():
        narrower = max if bound.lower else min
        one, two = _limit(node, keyword, narrower), _limit(other, keyword, narrower)
        if one != two:
            narrowed = two is not None and narrower([limit for limit in (one, two) if limit is not None]) == two
            yield "narrowed" if narrowed else "widened", keyword, one, two
    for keyword in INCOMPARABLE:
        forms = [[rule[keyword] for rule in error_rules(each) if keyword in rule] for each in (node, other)]
        if not _same_items(*forms):
            one, two = (form[0] if len(form) == 1 else form or None for form in forms)
            yield "rewritten", keyword, one, two
    if node.get("x-unit") != other.get("x-unit"):
        yield "rewritten", "x-unit", node.get("x-unit"), other.get("x-unit")


def _lists(keyword: str, one: Sequence[Any], two: Sequence[Any]) -> Iterator[tuple[str, str, object, object]]:
    """Yield in which direction a list of allowed values has changed; an empty list allows every value."""
    if _same_items(one, two):
        return
    fewer = not one or (two and all(each in one for each in two))
    more = not two or (one and all(each in two for each in one))
    yield "narrowed" if fewer else "widened" if more else "rewritten", keyword, [*one], [*two]


def _same_items(one: Sequence[Any], two: Sequence[Any]) -> bool:
    """Return whether two lists have the same items, in any order."""
    return len(one) == len(two) and all(any(each == other and type(each) is type(other) for other in two) for each in one)


def _limit(node: Schema, keyword: str, narrower: Any) -> Any:  # noqa: ANN401  (min or max)
    limits = [fact[keyword] for fact in error_rules(node) if keyword in fact]
    return narrower(limits) if limits else None


def _is_sendable(schema: Schema, at: Sequence[str]) -> bool:
    """Return whether a field and every object around it may be sent."""
    around = [subschema_at(schema, at[:end]) for end in range(1, len(at) + 1)]
    return all(node is not None and is_sendable(node) for node in around)
