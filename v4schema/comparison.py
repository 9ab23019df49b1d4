"""What changes between two kinds of ads: field by field, from their schemas and the mapping between them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from v4schema import mapping as mappings
from v4schema import pointer
from v4schema.asking import Ask, Asking
from v4schema.catalogue import Catalogue
from v4schema.report import Kind
from v4schema.schema import Schema, choices, demanded, describing, facts, offered, types, walk, welcome

#: The limits of values, each with which of two is the narrower.
_LOWEST = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_HIGHEST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change between two kinds of ads.

    `what` is ``added``, ``removed``, ``moved``, ``required``, ``expected`` (without it there is a warning), ``optional``,
    ``narrowed``, ``widened``, ``rewritten`` or ``discouraged`` (with it there is a warning); `at` and `to` are the places before and after, None where there is none, with
    ``*`` for every item of an array. `keyword` is the keyword of JSON Schema that differs, ``x-unit`` for the unit of a bare
    number, and `before` and `after` are what it says on both sides. `source` has the codes of the documents.
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
    """

    given: Kind
    wanted: Kind
    automatic: bool | None
    source: tuple[str, ...]
    changes: Sequence[Change]
    supply: Sequence[Ask]


def compare(catalogue: Catalogue, given: Kind, wanted: Kind) -> Comparison:
    """Compare two kinds of ads; raises `v4schema.errors.UnknownName` for one that there is not."""
    before, after = catalogue.schema(given), catalogue.schema(wanted)
    way = catalogue.ways.get((given.version, wanted.version))
    found = [each for each in catalogue.mappings(way, str(given.category)) if each.wanted == wanted] if way else []
    mapping = found[0] if found else None
    rules = mapping.rules if mapping else ()
    supply: list[Ask] = []
    if mapping:
        asked = {rule.to for rule in rules if rule.does == "ask"}
        asking = Asking(catalogue=catalogue, mapping=mapping, schema=after, measures=catalogue.measures)
        supply = [ask for ask in asking.asks if ask.place in asked]
    return Comparison(
        given=given,
        wanted=wanted,
        automatic=mapping.automatic if mapping else None,
        source=tuple(mapping.source) if mapping else (),
        changes=[*_fields(before, after, rules), *_demands(before, after, rules), *_limits(before, after, rules)],
        supply=supply,
    )


def _targets(schema: Schema, rules: Sequence[mappings.Rule]) -> Mapping[tuple[str, ...], tuple[str, ...] | None]:
    """Return where each field of a schema comes to stand; None for those that are dropped."""
    return {at: mappings.target(at, rules) for at, _ in walk(schema) if at}


def _fields(before: Schema, after: Schema, rules: Sequence[mappings.Rule]) -> Iterator[Change]:
    """Yield the fields that come, go and move; of an object that does, not what is in it."""
    targets = _targets(before, rules)
    kept = {at: to for at, to in targets.items() if to is not None and _welcomes(before, at) and _welcomes(after, to)}
    for at, node in walk(before, into=welcome):
        if at and at not in kept and (at[:-1] in kept or len(at) == 1):
            rule = next((rule for rule in rules if rule.at == at and rule.to is None), None)
            there = describing(after, [_item(token) for token in targets[at] or ()])
            unwelcome = next((each for each in (there or {}).get("allOf", ()) if each.get("not") == {}), {})
            source = tuple(rule.source if rule else unwelcome.get("x-source", node["x-source"]))
            if targets[at] is None or there is None:
                yield Change(what="removed", at=pointer.write(at), to=None, why=rule.why if rule else "", source=source)
            else:
                why = unwelcome.get("x-says", "")
                yield Change(what="discouraged", at=pointer.write(at), to=pointer.write(targets[at] or ()), why=why, source=source)
    arrived = {*kept.values()}
    for to, node in walk(after, into=welcome):
        if to and to not in arrived and (to[:-1] in arrived or len(to) == 1):
            yield Change(what="added", at=None, to=pointer.write(to), after=types(node), source=tuple(node["x-source"]))
    for rule in rules:
        if rule.at in kept and rule.to and rule.to != rule.at:
            source = tuple(rule.source)
            yield Change(what="moved", at=pointer.write(rule.at), to=pointer.write(rule.to), why=rule.why, source=source)


def _demands(before: Schema, after: Schema, rules: Sequence[mappings.Rule]) -> Iterator[Change]:
    """Yield the fields that have to be there, and did not have to before, or the other way round."""
    had = {mappings.target(at, rules): "x-level" in rule for at, rule in demanded(before)}
    has = dict(demanded(after))
    for to, rule in has.items():
        lightly = "x-level" in rule
        levels = [level for at, level in had.items() if at is not None and at[: len(to)] == to]
        if lightly not in levels:
            at = next((at for at, target in _targets(before, rules).items() if target == to), None)
            yield Change(
                what="expected" if lightly else "required",
                at=None if at is None else pointer.write(at),
                to=pointer.write(to),
                source=tuple(rule.get("x-source", ())),
            )
    for at, rule in demanded(before):
        to = mappings.target(at, rules)
        if to is not None and to not in has and describing(after, to) is not None and not any(each[: len(to)] == to for each in has):
            yield Change(what="optional", at=pointer.write(at), to=pointer.write(to), source=tuple(rule.get("x-source", ())))


def _limits(before: Schema, after: Schema, rules: Sequence[mappings.Rule]) -> Iterator[Change]:
    """Yield what may stand in a field that did not before, and the other way round."""
    others = dict(walk(after, into=welcome))
    for at, node in walk(before, into=welcome):
        to = mappings.target(at, rules)
        if at and to in others:
            other = others[to]
            source = tuple(dict.fromkeys([*node["x-source"], *other["x-source"]]))
            for what, keyword, one, two in _differences(node, other):
                yield Change(
                    what=what, at=pointer.write(at), to=pointer.write(to), keyword=keyword, before=one, after=two, source=source
                )


def _differences(node: Schema, other: Schema) -> Iterator[tuple[str, str, object, object]]:
    """Yield how the assertions about a field differ: which way, the keyword, and both sides."""
    yield from _sets("type", types(node), types(other))
    one, two = choices(node), choices(other)
    yield from _sets("enum", one, two)
    one, best = offered(node, one), offered(other, two)
    unwelcome = [each for each in one if each in two and each not in best]
    if unwelcome and not [each for each in one if each in best]:
        yield "rewritten", "enum", one, best
    elif unwelcome:
        yield "discouraged", "enum", unwelcome, None
    for keywords, narrower in ((_LOWEST, max), (_HIGHEST, min)):
        for keyword in keywords:
            limits = [_limit(each, keyword, narrower) for each in (node, other)]
            if limits[0] != limits[1]:
                known = [limit for limit in limits if limit is not None]
                narrowed = limits[1] is not None and narrower(known) == limits[1]
                yield "narrowed" if narrowed else "widened", keyword, *limits
    forms = [[fact["pattern"] for fact in facts(each) if "pattern" in fact] for each in (node, other)]
    if not _alike(*forms):
        yield "rewritten", "pattern", *(form[0] if len(form) == 1 else form or None for form in forms)
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
    limits = [fact[keyword] for fact in facts(node) if keyword in fact]
    return narrower(limits) if limits else None


def _welcomes(schema: Schema, at: Sequence[str]) -> bool:
    """Tell whether a field may be sent, and what it is in."""
    around = [describing(schema, [_item(token) for token in at[:end]]) for end in range(1, len(at) + 1)]
    return all(node is not None and welcome(node) for node in around)


def _item(token: str) -> str:
    """Return a token that stands for an item."""
    return "0" if token == "*" else token
