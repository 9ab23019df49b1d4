"""Applying a mapping to an ad: what is kept, moved, filled in and dropped, by rules in no order."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from v4schema.catalogue import Catalogue
from v4schema.catalogue.quantities import QuantityKind, to_fraction
from v4schema.conversion.mappings import CategoryMapping, Rule
from v4schema.dialect.fields import Schema, is_private, subschema_at
from v4schema.document import pointer
from v4schema.document.edit import Draft, vacancy
from v4schema.document.pointer import EVERY, Place
from v4schema.document.source_map import SourceMap
from v4schema.normalisation.transform import ChangeRecord, Transformer, Within

#: The step that writes an amount as a number, in the unit of its field.
_IN_UNIT = "in_unit"


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedAd:
    """An ad after a mapping: the new ad, the changes, and where values have moved."""

    ad: Any = field(repr=False)
    records: Sequence[ChangeRecord]
    source_map: SourceMap


@dataclass(frozen=True, slots=True, kw_only=True)
class _BareAmount:
    """A rule about bare amounts that the two editions give in different units: the kind of quantity, and both units."""

    rule: Rule
    kind: str
    unit: str
    other: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Converter:
    """Applies a mapping to ads.

    `given` and `target` are the flat schemas of the two kinds, `quantity_kinds` include the caller's unit settings.
    """

    catalogue: Catalogue
    mapping: CategoryMapping
    given: Schema
    target: Schema
    quantity_kinds: Mapping[str, QuantityKind]

    def convert(self, ad: Any, certain: Collection[Place] | None = ()) -> MappedAd:  # noqa: ANN401  (any JSON)
        """Apply every rule that matches an ad; the given ad stays as it is.

        `certain` are the places of bare amounts that are known to be in the unit of their field; None stands for all places.
        Every rule reads the given ad, so that no rule depends on another.
        """
        known = [] if certain == () else [*self._certain_amounts(ad, certain)]
        source_map = SourceMap()
        records: list[ChangeRecord] = []
        with_units = Draft(ad)
        for amount, place in known:
            with_units.put(place, self._with_unit(amount, pointer.get(ad, place)))
        spelt_out = with_units.document
        moved = Draft(spelt_out)
        self._move(moved, ad, source_map, records)
        self._fill(moved, records)
        steps: list[ChangeRecord] = []
        done = Draft(self._visit(moved.document, (), steps))
        for amount, place in known:
            to = _with_indexes(amount.rule.to or (), place)
            if pointer.get(done.document, to) == pointer.get(spelt_out, place):
                done.put(to, pointer.get(ad, place))
        for record in steps:
            if record.removed:
                source_map.removed(record.at)
        return MappedAd(ad=done.document, records=[*records, *steps, *self._unstated(ad, certain)], source_map=source_map)

    @cached_property
    def _leaving(self) -> Sequence[Rule]:
        """The rules that move or drop a value, each after the rules that make room for it."""
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
        return sorted((rule for rule in self.mapping.rules if rule.action == "fill"), key=lambda rule: rule.to or ())

    @cached_property
    def _visit(self) -> Within:
        """The walk that applies the steps of the rules, each compiled for the field that its rule leads to."""
        steps = {rule.to: rule.steps for rule in self.mapping.rules if rule.to and rule.steps}
        return Transformer(
            schema=_with_steps(self.target, steps, ()),
            words=self.catalogue.words,
            quantity_kinds=self.quantity_kinds,
            fields=lambda schema: schema["properties"],
        ).compiled()

    @cached_property
    def _bare_amounts(self) -> Sequence[_BareAmount]:
        amounts = []
        for rule in self.mapping.rules:
            for step in rule.steps:
                units = [(subschema_at(schema, at) or {}).get("x-unit") for schema, at in self._sides(rule)]
                if _IN_UNIT in step and units[0] != units[1]:
                    amounts.append(_BareAmount(rule=rule, kind=step[_IN_UNIT], unit=str(units[0]), other=str(units[1])))
        return amounts

    def _sides(self, rule: Rule) -> Sequence[tuple[Schema, Sequence[str]]]:
        """Return the schema and the place of a rule's field on both sides."""
        return [(self.given, rule.at or ()), (self.target, rule.to or ())]

    def _certain_amounts(self, ad: object, certain: Collection[Place] | None) -> Iterator[tuple[_BareAmount, Place]]:
        """Yield the bare amounts of an ad that are known to be in the unit of their field."""
        for amount in self._bare_amounts:
            for place in pointer.expand(ad, amount.rule.at or ()):
                if (certain is None or place in certain) and to_fraction(pointer.get(ad, place)) is not None:
                    yield amount, place

    def _with_unit(self, amount: _BareAmount, value: object) -> Mapping[str, object]:
        """Return a bare amount as an object of value and unit."""
        unit_name, value_name = self.quantity_kinds[amount.kind].members
        return {unit_name: amount.unit, value_name: value}

    def _unstated(self, ad: object, certain: Collection[Place] | None) -> Iterator[ChangeRecord]:
        """Report bare amounts whose unit nobody has stated although the editions differ in it: they stay as they are."""
        for amount in self._bare_amounts:
            if self.quantity_kinds[amount.kind].bare is None and certain is not None:
                for place in pointer.expand(ad, amount.rule.at or ()):
                    value = pointer.get(ad, place)
                    if value and place not in certain and to_fraction(value) is not None:
                        details = {"unit": amount.unit, "other": amount.other, "kind": amount.kind, "why": amount.rule.why}
                        yield ChangeRecord(
                            at=place,
                            code="unit.unstated",
                            source=tuple(amount.rule.source),
                            hidden=self._hidden[id(amount.rule)][0],
                            details=details,
                            before=value,
                            done=False,
                        )

    def _move(self, draft: Draft, ad: object, source_map: SourceMap, records: list[ChangeRecord]) -> None:
        """Take away every value that moves or is dropped, then put those that move at their new places."""
        leaving = [(place, rule) for rule in self._leaving for place in pointer.expand(ad, rule.at or ())]
        values = {place: pointer.get(draft.document, place) for place, _ in leaving}
        filled = {rule.to for rule in self._filling}
        for place, rule in leaving:
            if place in filled:
                draft.put(place, None)
            else:
                draft.remove(place)
            if rule.to is None:
                records.append(self._dropped(rule, place, values[place]))
        for place, rule in leaving:
            if rule.to is not None:
                to = _with_indexes(rule.to, place)
                self._put(draft, to, rule, values[place], records)
                source_map.moved(place, to)

    def _put(self, draft: Draft, to: Place, rule: Rule, value: object, records: list[ChangeRecord]) -> None:
        """Put a value at its new place; an undescribed value in the way is dropped."""
        new = draft.document
        around = next(place for place in pointer.ancestors(to[:-1]) if pointer.exists(new, place))
        blocked = to if pointer.exists(new, to) else None if isinstance(pointer.get(new, around), dict) else around
        if blocked is not None:
            records.append(self._dropped(rule, blocked, pointer.get(new, blocked)))
            draft.put(blocked, None)
        details = {"place": pointer.write(to), "right": to[-1]}
        records.append(
            ChangeRecord(
                at=to,
                code="field.moved",
                source=tuple(rule.source),
                hidden=self._hidden[id(rule)][1],
                details=details,
                before=value,
                after=value,
            )
        )
        draft.put(to, value)

    def _fill(self, draft: Draft, records: list[ChangeRecord]) -> None:
        """Fill in the values that are the same in every ad, where an ad has none."""
        for rule in self._filling:
            to = rule.to or ()
            if vacancy(draft.document, to) is not None:
                draft.put(to, rule.value)
                records.append(
                    ChangeRecord(
                        at=to,
                        code="value.filled",
                        source=tuple(rule.source),
                        hidden=self._hidden[id(rule)][1],
                        details={"case": "rule", "why": rule.why},
                        before=None,
                        after=rule.value,
                    )
                )

    def _dropped(self, rule: Rule, place: Place, before: object) -> ChangeRecord:
        return ChangeRecord(
            at=place,
            code="field.dropped",
            source=tuple(rule.source),
            hidden=self._hidden[id(rule)][0],
            details={"why": rule.why},
            before=before,
            origin=place,
            removed=True,
        )

    @cached_property
    def _hidden(self) -> Mapping[int, Sequence[bool]]:
        """Whether the field of each rule is private, in the given ad and in the new one."""
        return {id(rule): [is_private(schema, at) for schema, at in self._sides(rule)] for rule in self.mapping.rules}


def _with_indexes(to: Sequence[str], place: Place) -> Place:
    """Replace each ``*`` of a place by the index at another place."""
    indexes = (token for token in place if isinstance(token, int))
    return tuple(next(indexes) if token == EVERY else token for token in to)


def _with_steps(schema: Schema, steps: Mapping[tuple[str, ...], Sequence[Any]], at: tuple[str, ...]) -> Schema:
    """Return a schema with the given steps, by place, in place of its own."""
    new = {key: value for key, value in schema.items() if key != "x-normalise"}
    if at in steps:
        new["x-normalise"] = steps[at]
    if "properties" in schema:
        new["properties"] = {name: _with_steps(below, steps, (*at, name)) for name, below in schema["properties"].items()}
    if "items" in schema:
        new["items"] = _with_steps(schema["items"], steps, (*at, "*"))
    return new
