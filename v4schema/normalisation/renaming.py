"""Moving wrong names to the fields that they certainly mean, and reporting those that cannot be moved."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

from v4schema.catalogue.field_names import FieldNames
from v4schema.catalogue.quantities import Amount
from v4schema.dialect.fields import Schema, is_private, subschema_at
from v4schema.document import pointer
from v4schema.document.edit import Draft, is_blank, vacancy, with_value
from v4schema.document.pointer import Place
from v4schema.document.source_map import SourceMap
from v4schema.findings.report import Finding
from v4schema.normalisation.transform import ChangeRecord, FieldContext

#: The meaning of a longer name is not cached: the cache would hold the name, which may have any length.
_LONGEST_CACHED = 100
#: Takes a value and its place, and adds the places of names that are no fields to the list.
Search = Callable[[object, Place, list[Place]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    """The field that a name means, the unit that the name implies, and what fills the message about the move."""

    to: Place
    unit: str | None
    details: Mapping[str, object]
    context: FieldContext


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """The name to move: its place, its move, and the value to put there."""

    at: Place
    move: _Move
    value: object = field(repr=False)


@dataclass(frozen=True, kw_only=True, eq=False)
class Renamer:
    """Moves names in ads of one kind."""

    names: FieldNames

    def rename(self, ad: Any, source_map: SourceMap, moves: list[ChangeRecord]) -> tuple[Any, Sequence[Place]]:  # noqa: ANN401  (any JSON)
        """Move names until no more can move; return the ad, and the places of names in it that are no fields."""
        unknown = self._unknown(ad)
        while unknown:
            renamed = self._renamed(ad, unknown, source_map, moves)
            if renamed is ad:
                break
            ad, unknown = renamed, self._unknown(renamed)
        return ad, unknown

    def unmoved(self, ad: object, unknown: Sequence[Place], source_map: SourceMap) -> Iterator[tuple[Place, Finding]]:
        """Yield a finding for each name that certainly means a field and was not moved, with its place in the given ad."""
        moves = {at: move for at in unknown if (move := self._move(at)) and subschema_at(self.names.schema, at) is None}
        rivals = Counter(move.to for move in moves.values())
        for at, move in moves.items():
            finding = self.names.finding(ad, at, move.to, has_rivals=rivals[move.to] > 1)
            source = source_map.source(at)
            yield source, finding if source == at else replace(finding, at=pointer.write(source), to=finding.at)

    def _unknown(self, ad: object) -> Sequence[Place]:
        """Return the places of names that are no fields."""
        unknown: list[Place] = []
        self._search(ad, (), unknown)
        return unknown

    @cached_property
    def _search(self) -> Search:
        return self._of_object(self.names.schema)

    def _searching(self, schema: Schema) -> Search | None:
        """Compile the search within a field; None where it holds no names."""
        if "properties" in schema:
            return self._of_object(schema)
        item = self._searching(schema["items"]) if "items" in schema else None
        return item and _in_array(item)

    def _of_object(self, schema: Schema) -> Search:
        """Compile the search within an object."""
        fields = self.names.fields(schema)
        below = [(name, search) for name, field in fields.items() if (search := self._searching(field))]
        return _in_object(fields, below)

    def _renamed(self, ad: Any, unknown: Sequence[Place], source_map: SourceMap, moves: list[ChangeRecord]) -> Any:  # noqa: ANN401  (any JSON)
        """Move each name that certainly means a field to the place of that field, if that is empty.

        Objects are moved before names that belong into them. Of several names for one field none is moved, unless they agree.
        """
        meant: dict[Place, list[tuple[Place, _Move]]] = {}
        for at in unknown:
            move = self._move(at)
            if move is not None:
                meant.setdefault(move.to, []).append((at, move))
        draft = Draft(ad)
        for to in sorted(meant, key=len):
            room = vacancy(draft.document, to)
            choice = self._choice(draft.document, meant[to]) if room is not None else None
            if room is None or choice is None:
                continue
            before = pointer.get(draft.document, choice.at)
            filled = pointer.exists(draft.document, room)
            if filled and is_blank(before):
                continue
            if filled:
                moves.append(self._filled(draft.document, room, choice, source_map))
            draft.rename(choice.at, to, choice.value)
            moves.append(
                ChangeRecord(
                    at=to,
                    code="field.moved",
                    source=choice.move.context.source,
                    hidden=choice.move.context.hidden,
                    details=choice.move.details,
                    before=before,
                    after=choice.value,
                )
            )
            source_map.moved(choice.at, to)
        return draft.document

    def _filled(self, ad: object, room: Place, choice: _Choice, source_map: SourceMap) -> ChangeRecord:
        """Return the record of a blank value that a moved one replaces."""
        context = self._context(room)
        return ChangeRecord(
            at=room,
            code="field.filled",
            source=context.source,
            hidden=context.hidden,
            details={"name": choice.move.details["name"]},
            before=pointer.get(ad, room),
            after=with_value(None, choice.move.to[len(room) :], choice.value),
            origin=source_map.source(room),
        )

    def _choice(self, ad: object, names: Sequence[tuple[Place, _Move]]) -> _Choice | None:
        """Choose among names for one field the one to move, whatever their order; None if their values differ.

        A blank value is chosen only where there is no other.
        """
        ordered = sorted(names, key=lambda each: (-len(each[0]), str(each[0])))
        values = [(at, move, pointer.get(ad, at)) for at, move in ordered]
        choices = []
        for at, move, value in [each for each in values if not is_blank(each[2])] or values[:1]:
            readable, with_unit = self._with_unit(value, move.unit)
            if not readable:
                return None
            choices.append(_Choice(at=at, move=move, value=with_unit))
        first, *others = choices
        return first if all(_same(first.value, other.value) for other in others) else None

    def _with_unit(self, value: Any, unit: str | None) -> tuple[bool, Any]:  # noqa: ANN401  (any JSON)
        """Add the unit that a name implies to a value; first tell whether that is possible.

        It is not where the value says another unit, or is no number.
        """
        if unit is None or is_blank(value):
            return True, value
        kind = self.names.catalogue.quantity_kind(unit)
        unit_name, value_name = kind.members
        amount = kind.read(value)
        if isinstance(amount, Amount) and amount.unit is not None:
            return amount.unit == unit, value
        new = {**value, unit_name: unit} if isinstance(value, dict) else {unit_name: unit, value_name: value}
        amount = kind.read(new)
        return isinstance(amount, Amount) or (amount is not None and "readings" in amount.details), new

    @cached_property
    def _move(self) -> Callable[[Place], _Move | None]:
        """Where the name at a place certainly belongs; recent answers are cached, because feeds repeat their names."""

        def move(at: Place) -> _Move | None:
            match = self.names.match({}, at)
            if match is None or not match.certain:
                return None
            case = "rename" if match.at[:-1] == at[:-1] else ""
            details = {"case": case, **self.names.details(at, match.at)}
            return _Move(to=match.at, unit=match.unit, details=details, context=self._context(match.at))

        cached = lru_cache(maxsize=1024)(move)
        return lambda at: (cached if len(str(at[-1])) <= _LONGEST_CACHED else move)(at)

    def _context(self, at: Place) -> FieldContext:
        return FieldContext(schema=subschema_at(self.names.schema, at) or {}, hidden=is_private(self.names.schema, at))


def _in_object(fields: Mapping[str, Schema], below: Sequence[tuple[str, Search]]) -> Search:
    """Compile the search within an object."""
    known = frozenset(fields)

    def search(value: object, place: Place, unknown: list[Place]) -> None:
        if not isinstance(value, dict):
            return
        if not known.issuperset(value):
            unknown.extend((*place, name) for name in value if name not in known)
        for name, within in below:
            if name in value:
                within(value[name], (*place, name), unknown)

    return search


def _in_array(within: Search) -> Search:
    """Compile the search within an array."""

    def search(value: object, place: Place, unknown: list[Place]) -> None:
        if isinstance(value, list):
            for index, item in enumerate(value):
                within(item, (*place, index), unknown)

    return search


def _same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other
