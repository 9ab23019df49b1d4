"""Moving names to the fields they certainly stand for, and saying why not where that cannot be."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

from v4schema.catalogue.field_names import FieldNames
from v4schema.catalogue.quantities import Amount
from v4schema.dialect.fields import Schema, is_private, subschema_at
from v4schema.document import pointer
from v4schema.document.edit import Draft, SourceMap, is_blank, vacancy, with_value
from v4schema.document.pointer import Place
from v4schema.findings.report import Finding
from v4schema.normalisation.transform import ChangeRecord, FieldContext

#: What is meant by a longer name is not kept: it would keep the name, which may be of any length.
_LONGEST_KEPT = 100
#: Takes a value and its place, and adds the places of names that are no fields to the list.
Search = Callable[[object, Place, list[Place]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    """Where a name belongs, the unit that it tells, and what a note says of it."""

    to: Place
    unit: str | None
    told: Mapping[str, object]
    spot: FieldContext


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """A name that is to be moved: where it stands, where it belongs, and the value that is to stand there."""

    at: Place
    move: _Move
    value: object = field(repr=False)


@dataclass(frozen=True, kw_only=True, eq=False)
class Renamer:
    """Moves names in ads of one kind."""

    names: FieldNames

    def done(self, ad: Any, trail: SourceMap, moves: list[ChangeRecord]) -> tuple[Any, Sequence[Place]]:  # noqa: ANN401  (any JSON)
        """Move names until no more can be; return the ad, and the places of names in it that are none of its fields."""
        strays = self._strays(ad)
        while strays:
            moved = self._moved(ad, strays, trail, moves)
            if moved is ad:
                break
            ad, strays = moved, self._strays(moved)
        return ad, strays

    def _strays(self, ad: object) -> Sequence[Place]:
        """Return the places of names that are none of an ad's fields."""
        strays: list[Place] = []
        self._look(ad, (), strays)
        return strays

    @cached_property
    def _look(self) -> Search:
        return self._of_object(self.names.schema)

    def _looking(self, node: Schema) -> Search | None:
        """Compile the search for names within a field; None where there is nothing to be found."""
        if "properties" in node:
            return self._of_object(node)
        item = self._looking(node["items"]) if "items" in node else None
        return item and _in_array(item)

    def _of_object(self, node: Schema) -> Search:
        """Compile the search for names in an object."""
        fields = self.names.fields(node)
        below = [(name, look) for name, field in fields.items() if (look := self._looking(field))]
        return _in_object(fields, below)

    def _moved(self, ad: Any, strays: Sequence[Place], trail: SourceMap, moves: list[ChangeRecord]) -> Any:  # noqa: ANN401  (any JSON)
        """Move each name that certainly stands for a field to the place of that field, if that is empty.

        Objects are moved before what may belong into them. Of several names for one field none is, unless they agree.
        """
        meant: dict[Place, list[tuple[Place, _Move]]] = {}
        for at in strays:
            move = self._move(at)
            if move is not None:
                meant.setdefault(move.to, []).append((at, move))
        draft = Draft(ad)
        for to in sorted(meant, key=len):
            room = vacancy(draft.document, to)
            chosen = self._chosen(draft.document, meant[to]) if room is not None else None
            if room is None or chosen is None:
                continue
            said, before = chosen.move.told, pointer.get(draft.document, chosen.at)
            filled = pointer.exists(draft.document, room)
            if filled and is_blank(before):
                continue
            if filled:
                stood, told = pointer.get(draft.document, room), {"name": said["name"]}
                stands = with_value(None, to[len(room) :], chosen.value)
                entry = ChangeRecord(at=room, spot=self._spot(room), code="field.filled", told=told, before=stood, after=stands)
                moves.append(replace(entry, source=trail.source(room)))
            draft.rename(chosen.at, to, chosen.value)
            moves.append(
                ChangeRecord(at=to, spot=chosen.move.spot, code="field.moved", told=said, before=before, after=chosen.value)
            )
            trail.moved(chosen.at, to)
        return draft.document

    def _chosen(self, ad: object, names: Sequence[tuple[Place, _Move]]) -> _Chosen | None:
        """Choose among names for one field the one to move, in whatever order they stand; None if they say different things.

        What is blank says nothing, and is only chosen where there is nothing else.
        """
        told = [(at, move, pointer.get(ad, at)) for at, move in sorted(names, key=lambda each: (-len(each[0]), str(each[0])))]
        candidates = []
        for at, move, value in [each for each in told if not is_blank(each[2])] or told[:1]:
            readable, said = self._with_unit(value, move.unit)
            if not readable:
                return None
            candidates.append(_Chosen(at=at, move=move, value=said))
        first, *others = candidates
        return first if all(_same(first.value, other.value) for other in others) else None

    def _with_unit(self, value: Any, unit: str | None) -> tuple[bool, Any]:  # noqa: ANN401  (any JSON)
        """Give a value the unit that its name tells; say first whether that can be: not if it says another, or no number."""
        if unit is None or is_blank(value):
            return True, value
        quantity_kind = self.names.catalogue.quantity_kind(unit)
        named, member = quantity_kind.members
        amount = quantity_kind.read(value)
        if isinstance(amount, Amount) and amount.unit is not None:
            return amount.unit == unit, value
        new = {**value, named: unit} if isinstance(value, dict) else {named: unit, member: value}
        amount = quantity_kind.read(new)
        return isinstance(amount, Amount) or (amount is not None and "readings" in amount.told), new

    def left(self, ad: object, strays: Sequence[Place], trail: SourceMap) -> Iterator[tuple[Place, Finding]]:
        """Report each name that certainly stands for a field and was not moved all the same."""
        moves = {at: move for at in strays if (move := self._move(at)) and subschema_at(self.names.schema, at) is None}
        several = Counter(move.to for move in moves.values())
        for at, move in moves.items():
            finding = self.names.stray(ad, at, move.to, rivals=several[move.to] > 1)
            source = trail.source(at)
            yield source, finding if source == at else replace(finding, at=pointer.write(source), to=finding.at)

    @cached_property
    def _move(self) -> Callable[[Place], _Move | None]:
        """Where the name at a place certainly belongs; the last answers are kept, since feeds repeat their names."""

        def move(at: Place) -> _Move | None:
            meant = self.names.meant({}, at)
            if meant is None or not meant.certain:
                return None
            case = "rename" if meant.at[:-1] == at[:-1] else ""
            return _Move(
                to=meant.at,
                unit=meant.unit,
                told={"case": case, **self.names.told(at, meant.at)},
                spot=self._spot(meant.at),
            )

        kept = lru_cache(maxsize=1024)(move)
        return lambda at: (kept if len(str(at[-1])) <= _LONGEST_KEPT else move)(at)

    def _spot(self, at: Place) -> FieldContext:
        return FieldContext(node=subschema_at(self.names.schema, at) or {}, hidden=is_private(self.names.schema, at))


def _in_object(fields: Mapping[str, Schema], below: Sequence[tuple[str, Search]]) -> Search:
    """Compile the search within an object."""
    known = frozenset(fields)

    def look(value: object, place: Place, strays: list[Place]) -> None:
        if not isinstance(value, dict):
            return
        if not known.issuperset(value):
            strays.extend((*place, name) for name in value if name not in known)
        for name, within in below:
            if name in value:
                within(value[name], (*place, name), strays)

    return look


def _in_array(within: Search) -> Search:
    """Compile the search within an array."""

    def look(value: object, place: Place, strays: list[Place]) -> None:
        if isinstance(value, list):
            for index, item in enumerate(value):
                within(item, (*place, index), strays)

    return look


def _same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other
