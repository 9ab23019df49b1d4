"""How an ad of one category becomes one of another edition: rules without order, as data, and whether they leave nothing out."""

from collections import Counter, abc
from dataclasses import dataclass, replace
from typing import Any

from v4schema.catalogue.editions import EditionPath
from v4schema.dialect.engines import compile_schema
from v4schema.dialect.fields import Schema, errors_only, required_places, subschema_at, walk
from v4schema.document import pointer
from v4schema.document.pointer import EVERY
from v4schema.findings.report import Kind
from v4schema.normalisation.steps import REVERSIBLE

#: The way of a category whose ads do not go over as they are.
_MIGRATE = "migrate"
#: The places that a rule is about, ``*`` for every item of an array.
Places = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Where a suggestion for a field may be read from: a place in the given ad, and a regular expression with one group."""

    at: Places
    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of a mapping, as `schemas/meta/mapping.json` describes them; `does` is its name there.

    `at` is the place in the given ad and `to` the one in the new ad, None where there is none. `by` are steps, `source` the
    codes of the documents that `why` rests on.
    """

    does: str
    at: Places | None = None
    to: Places | None = None
    by: abc.Sequence[abc.Mapping[str, Any]] = ()
    value: object = None
    why: str = ""
    source: abc.Sequence[str] = ()
    suggest: abc.Sequence[Suggestion] = ()

    def __str__(self) -> str:
        places = [pointer.write(place) for place in (self.at, self.to) if place is not None]
        return f"{self.does} {' to '.join(dict.fromkeys(places))}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryMapping:
    """How ads of one kind become ads of another.

    `automatic` is whether documents say that they go over as they are. With `back`, it is the opposite of one that is written
    down.
    """

    given: Kind
    wanted: Kind
    automatic: bool
    source: abc.Sequence[str]
    rules: abc.Sequence[Rule]
    back: bool = False

    @property
    def reversed_path(self) -> "CategoryMapping | None":
        """The mapping back, or None where a step leads no way back.

        What is dropped, filled in or asked for on the one way has no counterpart on the other: there it stays as it is.
        """
        if not all(REVERSIBLE.issuperset(step) for rule in self.rules for step in rule.by):
            return None
        rules = [replace(rule, at=rule.to, to=rule.at) for rule in self.rules if rule.at and rule.to]
        return replace(self, given=self.wanted, wanted=self.given, rules=rules, back=True)


def mappings_for(way: EditionPath, category: str, read: abc.Callable[[str], Any]) -> abc.Iterator[CategoryMapping]:
    """Yield the mappings by which a category goes a way; `read` gives the content of a file by its path."""
    for given, to, file in way.categories:
        if given == category:
            data = read(file)
            kinds = Kind(version=way.version, category=given), Kind(version=way.to, category=to)
            rules = [*_rules(data, file, read)]
            mapping = CategoryMapping(
                given=kinds[way.back],
                wanted=kinds[not way.back],
                automatic=data["way"] != _MIGRATE,
                source=data["source"],
                rules=rules,
            )
            found = mapping.reversed_path if way.back else mapping
            if found:
                yield found


def _rules(data: abc.Mapping[str, Any], file: str, read: abc.Callable[[str], Any]) -> abc.Iterator[Rule]:
    """Yield the rules of a file, and those of the files that it names."""
    for name in data.get("with", ()):
        shared = f"{file.rpartition('/')[0]}/{name}"
        yield from _rules(read(shared), shared, read)
    for place in map(pointer.parse, data.get("keep", ())):
        yield Rule(does="keep", at=place, to=place)
    for does in ("move", "fill", "drop", "ask"):
        for told in data.get(does, ()):
            yield Rule(
                does=does,
                at=pointer.parse(told["from"]) if "from" in told else None,
                to=pointer.parse(told["to"]) if "to" in told else None,
                by=told.get("by", ()),
                value=told.get("value"),
                why=told["why"],
                source=told["source"],
                suggest=[Suggestion(at=pointer.parse(each["from"]), pattern=each["pattern"]) for each in told.get("suggest", ())],
            )


def problems(mapping: CategoryMapping, given: Schema, wanted: Schema) -> abc.Iterator[str]:
    """Yield what is wrong with a mapping between two flat schemas, in words: what it leaves out, and rules about no field.

    Every field that is described is kept, moved or dropped, by one rule; every field that the other edition wants is always
    there, or is filled in, or asked for.
    """
    fields, others = dict(walk(given)), dict(walk(wanted))
    for rule in mapping.rules:
        if rule.at is not None and rule.at not in fields:
            yield f"{rule}: {pointer.write(rule.at)} is no field of {mapping.given}"
        if rule.to is not None and rule.to not in others:
            yield f"{rule}: {pointer.write(rule.to)} is no field of {mapping.wanted}"
        if rule.to is not None and _array(rule.to) != _array(rule.at or ()):
            yield f"{rule}: what is in an array stays in it, and nothing comes into one"
    leaves = [at for at, node in fields.items() if "properties" not in node and "items" not in node]
    for leaf in leaves:
        rules = [rule for rule in mapping.rules if rule.at is not None and leaf[: len(rule.at)] == rule.at]
        if not rules:
            yield f"{pointer.write(leaf)} is neither kept, moved nor dropped"
        if len(rules) > 1:
            yield f"{pointer.write(leaf)} is spoken of by {' and by '.join(map(str, rules))}"
        for led in (_led(leaf, rule) for rule in rules if rule.to):
            if led not in others:
                yield f"{pointer.write(leaf)} comes to {pointer.write(led)}, which is no field of {mapping.wanted}"
    filled = Counter((rule.to, rule.at is None) for rule in mapping.rules if rule.to)
    yield from (f"{pointer.write(place)} comes from more than one rule" for (place, _), count in filled.items() if count > 1)
    yield from _wanting(mapping, given, wanted)


def _wanting(mapping: CategoryMapping, given: Schema, wanted: Schema) -> abc.Iterator[str]:
    """Yield the fields that are wanted and may be missing, and what is filled in or asked for in vain."""
    certain = {target(at, mapping.rules) for at, rule in required_places(given) if "x-level" not in rule}
    missing = {at for at, _ in required_places(wanted)} - certain
    supplied = {rule.to: rule for rule in mapping.rules if rule.to and not rule.at}
    for place in sorted(missing - supplied.keys()):
        yield f"{pointer.write(place)} is wanted, and neither always there, filled in nor asked for"
    for place, rule in supplied.items():
        if place not in missing:
            yield f"{rule}: the field is not wanted, or always there"
        elif rule.does == "fill" and not compile_schema(errors_only(subschema_at(wanted, place) or {})).accepts(rule.value):
            yield f"{rule}: the field does not take the value"


def target(place: Places, rules: abc.Iterable[Rule]) -> Places | None:
    """Return where a field of the given ad comes to stand: where a rule leads it, or, around such fields, where it was."""
    for rule in rules:
        if rule.at and place[: len(rule.at)] == rule.at:
            return _led(place, rule) if rule.to else None
    return place


def _array(place: Places) -> Places:
    """Return the part of a place that leads to the items of the innermost array that it is in."""
    return place[: len(place) - place[::-1].index(EVERY)] if EVERY in place else ()


def _led(place: Places, rule: Rule) -> Places:
    """Return where a rule leads a place that it speaks of."""
    return (*(rule.to or ()), *place[len(rule.at or ()) :])
