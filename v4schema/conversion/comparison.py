"""What changes between two kinds of ads: field by field, from their schemas and the mapping between them."""

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
from v4schema.dialect.keywords import BOUNDS
from v4schema.document import pointer
from v4schema.findings.report import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change between two kinds of ads.

    `what` is ``added``, ``removed``, ``moved``, ``required``, ``expected`` (without it there is a warning), ``optional``,
    ``narrowed``, ``widened``, ``rewritten`` or ``discouraged`` (with it there is a warning). `at` and `to` are the places
    before and after, None where there is none, with ``*`` for every item of an array. `keyword` is the keyword of JSON Schema
    that differs, ``x-unit`` for the unit of a bare number, and `before` and `after` are what it says on both sides. `source` has
    the codes of the documents.
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
    """What changes between two kinds of ads, and what a caller must supply to make the one from the other.

    `automatic` is whether documents say that ads go over as they are; None where no mapping leads from the one to the other.
    With `back`, the mapping is written for the opposite way.
    """

    given: Kind
    target: Kind
    automatic: bool | None
    back: bool
    source: tuple[str, ...]
    changes: Sequence[Change]
    supply: Sequence[Question]


def compare(catalogue: Catalogue, given: Kind, target: Kind) -> Comparison:
    """Compare two kinds of ads; raises `v4schema.errors.UnknownName` for one that there is not."""
    path = catalogue.edition_paths.get((given.version, target.version))
    candidates = mappings.mappings_for(catalogue, path, str(given.category)) if path else ()
    found = [each for each in candidates if each.target == target]
    mapping = found[0] if found else None
    sides = _Sides(before=catalogue.schema(given), after=catalogue.schema(target), rules=mapping.rules if mapping else ())
    supply: list[Question] = []
    if mapping:
        asked = {rule.to for rule in mapping.rules if rule.action == "ask"}
        asking = Questionnaire(catalogue=catalogue, mapping=mapping, schema=sides.after, quantity_kinds=catalogue.quantity_kinds)
        supply = [ask for ask in asking.questions if ask.place in asked]
    return Comparison(
        given=given,
        target=target,
        automatic=mapping.automatic if mapping else None,
        back=mapping is not None and mapping.back,
        source=tuple(mapping.source) if mapping else (),
        changes=[*sides.fields(), *sides.demands(), *sides.limits()],
        supply=supply,
    )


@dataclass(frozen=True, kw_only=True)
class _Sides:
    """Two flat schemas, and the rules that lead from the one to the other."""

    before: Schema
    after: Schema
    rules: Sequence[mappings.Rule]

    def fields(self) -> Iterator[Change]:
        """Yield the fields that come, go and move; of an object that does, not what is in it."""
        kept = {at: to for at, to in self._targets.items() if _welcomes(self.before, at) and _welcomes(self.after, to)}
        for at, node in walk(self.before, into=is_sendable):
            if at and at not in kept and (at[:-1] in kept or len(at) == 1):
                yield self._gone(at, node)
        arrived = {*kept.values()}
        for to, node in walk(self.after, into=is_sendable):
            if to and to not in arrived and (to[:-1] in arrived or len(to) == 1):
                yield _change("added", None, to, after=types(node), source=node["x-source"])
        for rule in self.rules:
            if rule.at in kept and rule.to != rule.at:
                yield _change("moved", rule.at, rule.to, why=rule.why, source=rule.source)

    def demands(self) -> Iterator[Change]:
        """Yield the fields that have to be there, and did not have to before, or the other way round."""
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
        """Yield what may stand in a field that did not before, and the other way round."""
        for at, to in self._targets.items():
            if _welcomes(self.before, at) and _welcomes(self.after, to):
                node, other = subschema_at(self.before, at) or {}, subschema_at(self.after, to) or {}
                source = [*node["x-source"], *other["x-source"]]
                for what, keyword, one, two in _differences(node, other):
                    yield _change(what, at, to, keyword=keyword, before=one, after=two, source=source)

    @cached_property
    def _targets(self) -> Mapping[tuple[str, ...], tuple[str, ...]]:
        """Where each field comes to stand that is not dropped."""
        targets = ((at, mappings.target_place(at, self.rules)) for at, _ in walk(self.before) if at)
        return {at: to for at, to in targets if to is not None}

    def _gone(self, at: tuple[str, ...], node: Schema) -> Change:
        """Tell of a field that is no longer there, or only in order to be warned of."""
        to = self._targets.get(at)
        there = subschema_at(self.after, to) if to is not None else None
        if there is None:
            rule = next((rule for rule in self.rules if rule.at == at), None)
            return _change("removed", at, None, why=rule.why if rule else "", source=rule.source if rule else node["x-source"])
        unwelcome: Schema = next((each for each in there.get("allOf", ()) if each.get("not") == {}), {})
        return _change("discouraged", at, to, why=unwelcome.get("x-message", ""), source=unwelcome["x-source"])


def _change(
    what: str,
    at: Sequence[str] | None,
    to: Sequence[str] | None,
    *,
    source: Sequence[str],
    **told: Any,  # noqa: ANN401
) -> Change:
    at, to = (None if place is None else pointer.write(place) for place in (at, to))
    return Change(what=what, at=at, to=to, source=tuple(dict.fromkeys(source)), **told)


def _differences(node: Schema, other: Schema) -> Iterator[tuple[str, str, object, object]]:
    """Yield how the assertions about a field differ: which way, the keyword, and both sides."""
    yield from _sets("type", types(node), types(other))
    yield from _sets("enum", choices(node), choices(other))
    before, after = recommended(node, choices(node)), recommended(other, choices(other))
    unwelcome = [each for each in before if each in choices(other) and each not in after]
    if unwelcome and not [each for each in before if each in after]:
        yield "rewritten", "enum", before, after
    elif unwelcome:
        yield "discouraged", "enum", unwelcome, None
    one: Any
    two: Any
    for keyword, bound in BOUNDS.items():
        narrower = max if bound.lower else min
        one, two = _limit(node, keyword, narrower), _limit(other, keyword, narrower)
        if one != two:
            narrowed = two is not None and narrower([limit for limit in (one, two) if limit is not None]) == two
            yield "narrowed" if narrowed else "widened", keyword, one, two
    forms = [[fact["pattern"] for fact in error_rules(each) if "pattern" in fact] for each in (node, other)]
    if not _alike(*forms):
        one, two = (form[0] if len(form) == 1 else form or None for form in forms)
        yield "rewritten", "pattern", one, two
    if node.get("x-unit") != other.get("x-unit"):
        yield "rewritten", "x-unit", node.get("x-unit"), other.get("x-unit")


def _sets(keyword: str, one: Sequence[Any], two: Sequence[Any]) -> Iterator[tuple[str, str, object, object]]:
    """Yield which way a list of what is allowed has changed; an empty one allows everything."""
    if _alike(one, two):
        return
    fewer = not one or (two and all(each in one for each in two))
    more = not two or (one and all(each in two for each in one))
    yield "narrowed" if fewer else "widened" if more else "rewritten", keyword, [*one], [*two]


def _alike(one: Sequence[Any], two: Sequence[Any]) -> bool:
    """Tell whether two lists hold the same, in whatever order."""
    return len(one) == len(two) and all(any(each == other and type(each) is type(other) for other in two) for each in one)


def _limit(node: Schema, keyword: str, narrower: Any) -> Any:  # noqa: ANN401  (min or max)
    limits = [fact[keyword] for fact in error_rules(node) if keyword in fact]
    return narrower(limits) if limits else None


def _welcomes(schema: Schema, at: Sequence[str]) -> bool:
    """Tell whether a field may be sent, and what it is in."""
    around = [subschema_at(schema, at[:end]) for end in range(1, len(at) + 1)]
    return all(node is not None and is_sendable(node) for node in around)
