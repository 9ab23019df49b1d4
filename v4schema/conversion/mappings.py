"""How ads of one category become ads of another edition: rules as data, in no order, and checks that nothing is left out."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from v4schema.catalogue import Catalogue
from v4schema.catalogue.editions import EditionPath
from v4schema.dialect.engines import compile_schema
from v4schema.dialect.fields import Schema, errors_only, required_places, subschema_at, walk
from v4schema.document import pointer
from v4schema.document.pointer import EVERY
from v4schema.findings.report import Kind
from v4schema.normalisation.steps import REVERSIBLE

#: A place that a rule is about, with ``*`` for every item of an array.
RulePlace = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Where a suggestion for a field is read from: a place in the given ad, and a regular expression with one group."""

    at: RulePlace
    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of a mapping, as `schemas/meta/mapping.json` describes them; `action` is its name there.

    `at` is the place in the given ad and `to` the place in the new ad, None where there is none. `steps` are applied to the
    value, `source` has the codes of the documents that `why` rests on.
    """

    action: str
    at: RulePlace | None = None
    to: RulePlace | None = None
    steps: Sequence[Mapping[str, Any]] = ()
    value: object = None
    why: str = ""
    source: Sequence[str] = ()
    suggest: Sequence[Suggestion] = ()

    def __str__(self) -> str:
        places = [pointer.write(place) for place in (self.at, self.to) if place is not None]
        return f"{self.action} {' to '.join(dict.fromkeys(places))}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryMapping:
    """How ads of the `given` kind become ads of the `target` kind.

    `automatic` is whether documents say that ads go over as they are. With `back`, it is the reverse of a written mapping.
    """

    given: Kind
    target: Kind
    automatic: bool
    source: Sequence[str]
    rules: Sequence[Rule]
    back: bool = False

    @property
    def reversed(self) -> "CategoryMapping | None":
        """The mapping in the opposite direction, or None where a step cannot be reversed.

        What is dropped, filled in or asked for has no counterpart: there it stays as it is.
        """
        if not all(REVERSIBLE.issuperset(step) for rule in self.rules for step in rule.steps):
            return None
        rules = [replace(rule, at=rule.to, to=rule.at) for rule in self.rules if rule.at and rule.to]
        return replace(self, given=self.target, target=self.given, rules=rules, back=True)


@lru_cache(maxsize=512)
def mappings_for(catalogue: Catalogue, path: EditionPath, category: str) -> Sequence[CategoryMapping]:
    """Return the mappings of a category along a path: none, one, or several where the category splits."""
    found = []
    for given, to, file in path.categories:
        if given == category:
            data = catalogue.read(file)
            kinds = Kind(version=path.version, category=given), Kind(version=path.to, category=to)
            mapping = CategoryMapping(
                given=kinds[path.back],
                target=kinds[not path.back],
                automatic=not data["migrate"],
                source=data["source"],
                rules=[*_rules(data, file, catalogue.read)],
            )
            directed = mapping.reversed if path.back else mapping
            found += [directed] if directed else []
    return found


def _rules(data: Mapping[str, Any], file: str, read: Callable[[str], Any]) -> Iterator[Rule]:
    """Yield the rules of a file, and those of the files that it includes."""
    for name in data.get("include", ()):
        included = f"{file.rpartition('/')[0]}/{name}"
        yield from _rules(read(included), included, read)
    for place in map(pointer.parse, data.get("keep", ())):
        yield Rule(action="keep", at=place, to=place)
    for action in ("move", "fill", "drop", "ask"):
        for rule in data.get(action, ()):
            yield Rule(
                action=action,
                at=pointer.parse(rule["from"]) if "from" in rule else None,
                to=pointer.parse(rule["to"]) if "to" in rule else None,
                steps=rule.get("steps", ()),
                value=rule.get("value"),
                why=rule["why"],
                source=rule["source"],
                suggest=[Suggestion(at=pointer.parse(each["from"]), pattern=each["pattern"]) for each in rule.get("suggest", ())],
            )


def problems(mapping: CategoryMapping, given: Schema, target: Schema) -> Iterator[str]:
    """Yield what is wrong with a mapping between two flat schemas, as sentences: what it leaves out, and rules about no field.

    Every described field is kept, moved or dropped by exactly one rule. Every field that the other edition requires is always
    there, filled in, or asked for.
    """
    fields, others = dict(walk(given)), dict(walk(target))
    for rule in mapping.rules:
        if rule.at is not None and rule.at not in fields:
            yield f"{rule}: {pointer.write(rule.at)} is no field of {mapping.given}"
        if rule.to is not None and rule.to not in others:
            yield f"{rule}: {pointer.write(rule.to)} is no field of {mapping.target}"
        if rule.to is not None and _array(rule.to) != _array(rule.at or ()):
            yield f"{rule}: a value stays in its array, and no other value moves into one"
    leaves = [at for at, node in fields.items() if "properties" not in node and "items" not in node]
    for leaf in leaves:
        rules = [rule for rule in mapping.rules if rule.at is not None and leaf[: len(rule.at)] == rule.at]
        if not rules:
            yield f"{pointer.write(leaf)} is neither kept, moved nor dropped"
        if len(rules) > 1:
            yield f"{pointer.write(leaf)} is in several rules: {' and '.join(map(str, rules))}"
        for moved in (_moved(leaf, rule) for rule in rules if rule.to):
            if moved not in others:
                yield f"{pointer.write(leaf)} moves to {pointer.write(moved)}, which is no field of {mapping.target}"
    filled = Counter((rule.to, rule.at is None) for rule in mapping.rules if rule.to)
    yield from (f"{pointer.write(place)} comes from more than one rule" for (place, _), count in filled.items() if count > 1)
    yield from _missing(mapping, given, target)


def _missing(mapping: CategoryMapping, given: Schema, target: Schema) -> Iterator[str]:
    """Yield the required fields that may be missing, and the fields that are filled in or asked for in vain."""
    certain = {target_place(at, mapping.rules) for at, rule in required_places(given) if "x-level" not in rule}
    missing = {at for at, _ in required_places(target)} - certain
    supplied = {rule.to: rule for rule in mapping.rules if rule.to and not rule.at}
    for place in sorted(missing - supplied.keys()):
        yield f"{pointer.write(place)} is required, but neither always there, filled in nor asked for"
    for place, rule in supplied.items():
        if place not in missing:
            yield f"{rule}: the field is not required, or always there"
        elif rule.action == "fill" and not compile_schema(errors_only(subschema_at(target, place) or {})).accepts(rule.value):
            yield f"{rule}: the field does not take the value"


def target_place(place: RulePlace, rules: Iterable[Rule]) -> RulePlace | None:
    """Return where a field of the given ad ends up: where a rule moves it, or where it was; None if it is dropped."""
    for rule in rules:
        if rule.at and place[: len(rule.at)] == rule.at:
            return _moved(place, rule) if rule.to else None
    return place


def _array(place: RulePlace) -> RulePlace:
    """Return the part of a place that leads to the items of the innermost array around it."""
    return place[: len(place) - place[::-1].index(EVERY)] if EVERY in place else ()


def _moved(place: RulePlace, rule: Rule) -> RulePlace:
    """Return where a rule moves a place that it covers."""
    return (*(rule.to or ()), *place[len(rule.at or ()) :])
