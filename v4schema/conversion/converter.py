"""Carrying an ad along a mapping: what is kept, moved, filled in and dropped, by rules that know no order."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from v4schema.catalogue import Catalogue
from v4schema.catalogue.quantities import QuantityKind, to_fraction
from v4schema.conversion import mappings
from v4schema.conversion.mappings import Rule
from v4schema.dialect.fields import Schema, is_private, subschema_at
from v4schema.document import pointer
from v4schema.document.edit import Draft, SourceMap, vacancy
from v4schema.document.pointer import EVERY, Place
from v4schema.normalisation.transform import ChangeRecord, FieldContext, Transformer, Within

#: The step that writes an amount as a number, in the unit of its field.
_MEASURING = "in_unit"


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedAd:
    """An ad that a mapping has carried over: the new ad, what was done and what was not, and the trail of what has moved."""

    ad: Any = field(repr=False)
    entries: Sequence[ChangeRecord]
    trail: SourceMap


@dataclass(frozen=True, slots=True, kw_only=True)
class _Amount:
    """Bare amounts that the two editions give in different units: the rule, the kind of quantity, and the unit before."""

    rule: Rule
    kind: str
    unit: str
    other: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Converter:
    """Carries ads of one kind to another.

    `given` and `wanted` are the flat schemas of the two, `measures` what the caller says of quantities.
    """

    catalogue: Catalogue
    mapping: mappings.CategoryMapping
    given: Schema
    wanted: Schema
    quantity_kinds: Mapping[str, QuantityKind]

    def carried(self, ad: Any, certain: Collection[Place] | None = ()) -> MappedAd:  # noqa: ANN401  (any JSON)
        """Carry an ad over, as far as the rules apply to it; the ad itself stays as it is.

        `certain` are the places of bare amounts that are known to be in the unit that their field is in; None stands for all
        places. Every rule reads from the given ad, so that none depends on another.
        """
        told = [] if certain == () else [*self._certain_in(ad, certain)]
        trail = SourceMap()
        entries: list[ChangeRecord] = []
        spelling = Draft(ad)
        for amount, place in told:
            spelling.put(place, self._spelt_out(amount, pointer.get(ad, place)))
        spelt = spelling.document
        moving = Draft(spelt)
        self._move(moving, ad, trail, entries)
        self._fill(moving, entries)
        steps: list[ChangeRecord] = []
        done = Draft(self._visit(moving.document, (), steps))
        for amount, place in told:
            to = _bound(amount.rule.to or (), place)
            if pointer.get(done.document, to) == pointer.get(spelt, place):
                done.put(to, pointer.get(ad, place))
        for entry in steps:
            if entry.gone:
                trail.dropped(entry.at)
        return MappedAd(ad=done.document, entries=[*entries, *steps, *self._unsaid(ad, certain)], trail=trail)

    @cached_property
    def _leaving(self) -> Sequence[Rule]:
        """The rules about what does not stay where it is; one comes after those that make room for what it moves."""
        rules = sorted((rule for rule in self.mapping.rules if rule.at and rule.to != rule.at), key=lambda rule: rule.at or ())
        ordered: list[Rule] = []
        while rules:
            blocked = {rule.at for rule in rules}
            free = [rule for rule in rules if {*pointer.ancestors(rule.to or ())}.isdisjoint(blocked - {rule.at})]
            ordered += free or rules[:1]
            rules = [rule for rule in rules if all(rule is not each for each in ordered)]
        return ordered

    @cached_property
    def _filling(self) -> Sequence[Rule]:
        return sorted((rule for rule in self.mapping.rules if rule.does == "fill"), key=lambda rule: rule.to or ())

    @cached_property
    def _visit(self) -> Within:
        """What the steps of the rules do, each made for the field that its rule leads to."""
        steps = {rule.to: rule.by for rule in self.mapping.rules if rule.to and rule.by}
        return Transformer(
            schema=_with_steps(self.wanted, steps, ()),
            words=self.catalogue.words,
            quantity_kinds=self.quantity_kinds,
            fields=lambda node: node["properties"],
        ).compiled()

    @cached_property
    def _amounts(self) -> Sequence[_Amount]:
        amounts = []
        for rule in self.mapping.rules:
            for step in rule.by:
                units = [(subschema_at(schema, at) or {}).get("x-unit") for schema, at in self._sides(rule)]
                if _MEASURING in step and units[0] != units[1]:
                    amounts.append(_Amount(rule=rule, kind=step[_MEASURING], unit=str(units[0]), other=str(units[1])))
        return amounts

    def _sides(self, rule: Rule) -> Sequence[tuple[Schema, Sequence[str]]]:
        """Return the schema and the place of a rule's field on both sides."""
        return [(self.given, rule.at or ()), (self.wanted, rule.to or ())]

    def _certain_in(self, ad: object, certain: Collection[Place] | None) -> Iterator[tuple[_Amount, Place]]:
        """Yield the bare amounts of an ad of which it is certain that they are in the unit of their field."""
        for amount in self._amounts:
            for place in pointer.expand(ad, amount.rule.at or ()):
                if (certain is None or place in certain) and to_fraction(pointer.get(ad, place)) is not None:
                    yield amount, place

    def _spelt_out(self, amount: _Amount, value: object) -> Mapping[str, object]:
        """Return an amount with its unit."""
        named, member = self.quantity_kinds[amount.kind].members
        return {named: amount.unit, member: value}

    def _unsaid(self, ad: object, certain: Collection[Place] | None) -> Iterator[ChangeRecord]:
        """Tell of bare amounts that nobody has said the unit of, although the editions differ in it: they stay as they are."""
        for amount in self._amounts:
            if self.quantity_kinds[amount.kind].bare is None and certain is not None:
                for place in pointer.expand(ad, amount.rule.at or ()):
                    value = pointer.get(ad, place)
                    if value and place not in certain and to_fraction(value) is not None:
                        spot = self._spots[id(amount.rule)][0]
                        told = {"unit": amount.unit, "other": amount.other, "kind": amount.kind, "why": amount.rule.why}
                        yield ChangeRecord(at=place, spot=spot, code="unit.unsaid", told=told, before=value, done=False)

    def _move(self, draft: Draft, ad: object, trail: SourceMap, entries: list[ChangeRecord]) -> None:
        """Take away what does not stay where it is in an ad, and put what is not dropped where its rule leads it."""
        gone = [(place, rule) for rule in self._leaving for place in pointer.expand(ad, rule.at or ())]
        values = {place: pointer.get(draft.document, place) for place, _ in gone}
        filled = {rule.to for rule in self._filling}
        for place, rule in gone:
            if place in filled:
                draft.put(place, None)
            else:
                draft.remove(place)
            if rule.to is None:
                self._note(entries, rule, place, "field.dropped", values[place])
        for place, rule in gone:
            if rule.to is not None:
                to = _bound(rule.to, place)
                self._put(draft, to, rule, values[place], entries)
                trail.moved(place, to)

    def _put(self, draft: Draft, to: Place, rule: Rule, value: object, entries: list[ChangeRecord]) -> None:
        """Put a value where a rule leads it; what no document describes makes room for it."""
        new = draft.document
        around = next(place for place in pointer.ancestors(to[:-1]) if pointer.exists(new, place))
        blocked = to if pointer.exists(new, to) else None if isinstance(pointer.get(new, around), dict) else around
        if blocked is not None:
            self._note(entries, rule, blocked, "field.dropped", pointer.get(new, blocked))
            draft.put(blocked, None)
        spot = self._spots[id(rule)][1]
        entries.append(ChangeRecord(at=to, spot=spot, code="field.moved", told=_named(to), before=value, after=value))
        draft.put(to, value)

    def _fill(self, draft: Draft, entries: list[ChangeRecord]) -> None:
        """Fill in what is the same in every ad, where an ad says nothing else."""
        for rule in self._filling:
            to = rule.to or ()
            if vacancy(draft.document, to) is not None:
                draft.put(to, rule.value)
                told = {"case": "rule", "why": rule.why}
                spot = self._spots[id(rule)][1]
                entries.append(ChangeRecord(at=to, spot=spot, code="value.filled", told=told, before=None, after=rule.value))

    def _note(self, entries: list[ChangeRecord], rule: Rule, place: Place, code: str, before: object) -> None:
        spot = self._spots[id(rule)][0]
        entries.append(
            ChangeRecord(at=place, spot=spot, code=code, told={"why": rule.why}, before=before, source=place, gone=True)
        )

    @cached_property
    def _spots(self) -> Mapping[int, Sequence[FieldContext]]:
        """The fields of each rule, in the given ad and in the new one, with the documents that the rule rests on."""
        return {
            id(rule): [
                FieldContext(node={"x-source": rule.source}, hidden=is_private(schema, at)) for schema, at in self._sides(rule)
            ]
            for rule in self.mapping.rules
        }


def _named(to: Place) -> Mapping[str, object]:
    return {"place": pointer.write(to), "right": to[-1]}


def _bound(to: Sequence[str], place: Place) -> Place:
    """Return a place with the items that another one is in for its ``*``."""
    items = (token for token in place if isinstance(token, int))
    return tuple(next(items) if token == EVERY else token for token in to)


def _with_steps(node: Schema, steps: Mapping[tuple[str, ...], Sequence[Any]], at: tuple[str, ...]) -> Schema:
    """Return a schema with other steps, those that are given by place, and none besides."""
    new = {key: value for key, value in node.items() if key != "x-normalise"}
    if at in steps:
        new["x-normalise"] = steps[at]
    if "properties" in node:
        new["properties"] = {name: _with_steps(below, steps, (*at, name)) for name, below in node["properties"].items()}
    if "items" in node:
        new["items"] = _with_steps(node["items"], steps, (*at, "*"))
    return new
