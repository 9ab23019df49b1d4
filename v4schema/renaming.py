"""Moving names to the fields they certainly stand for, and saying why not where that cannot be."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

from v4schema import pointer
from v4schema.catalogue import Catalogue
from v4schema.mending import Entry, Spot
from v4schema.moving import Trail, blank, free, renamed
from v4schema.naming import Names
from v4schema.pointer import Place
from v4schema.quantities import Amount, Measure
from v4schema.report import Finding
from v4schema.schema import Schema, describing, private


@dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    """Where a name belongs, the unit that it tells, and what a note says of it."""

    to: Place
    unit: str | None
    told: Mapping[str, object]
    spot: Spot


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """A name that is to be moved: where it stands, where it belongs, and the value that is to stand there."""

    at: Place
    move: _Move
    value: object


@dataclass(frozen=True, kw_only=True, eq=False)
class Renaming:
    """Moves names in ads of one kind."""

    catalogue: Catalogue
    schema: Schema
    measures: Mapping[str, Measure]

    def moved(self, ad: Any, strays: Sequence[Place], trail: Trail, moves: list[Entry]) -> Any:  # noqa: ANN401  (any JSON)
        """Move each name that certainly stands for a field to the place of that field, if that is empty.

        Objects are moved before what may belong into them. Of several names for one field none is, unless they agree.
        """
        meant: dict[Place, list[tuple[Place, _Move]]] = {}
        for at in strays:
            move = self._move(at)
            if move is not None:
                meant.setdefault(move.to, []).append((at, move))
        for to in sorted(meant, key=len):
            chosen = self._chosen(ad, meant[to]) if free(ad, to) else None
            if chosen is None or (pointer.leads(ad, to) and blank(pointer.get(ad, chosen.at))):
                continue
            spot, before = chosen.move.spot, pointer.get(ad, chosen.at)
            if pointer.leads(ad, to):
                told = {"name": chosen.move.told["name"]}
                stood, source = pointer.get(ad, to), trail.source(to)
                moves.append(Entry(at=to, spot=spot, code="field.filled", told=told, before=stood, after=before, source=source))
            ad = renamed(ad, chosen.at, to, chosen.value)
            said = chosen.move.told
            moves.append(Entry(at=to, spot=spot, code="field.moved", told=said, before=before, after=chosen.value))
            trail.moved(chosen.at, to)
        return ad

    def _chosen(self, ad: object, names: Sequence[tuple[Place, "_Move"]]) -> "_Chosen | None":
        """Choose among names for one field the one to move, in whatever order they stand; None if they say different things.

        What is blank says nothing, and is only chosen where there is nothing else.
        """
        told = [(at, move, pointer.get(ad, at)) for at, move in sorted(names, key=lambda each: (-len(each[0]), str(each[0])))]
        candidates = []
        for at, move, value in [each for each in told if not blank(each[2])] or told[:1]:
            readable, said = self._with_unit(value, move.unit)
            if not readable:
                return None
            candidates.append(_Chosen(at=at, move=move, value=said))
        first, *others = candidates
        return first if all(_same(first.value, other.value) for other in others) else None

    def _with_unit(self, value: Any, unit: str | None) -> tuple[bool, Any]:  # noqa: ANN401  (any JSON)
        """Give a value the unit that its name tells; say first whether that can be: not if it says another, or no number."""
        if unit is None or blank(value):
            return True, value
        measure = self.catalogue.measure(unit)
        named, member = measure.members
        amount = measure.read(value)
        if isinstance(amount, Amount) and amount.unit is not None:
            return amount.unit == unit, value
        new = {**value, named: unit} if isinstance(value, dict) else {named: unit, member: value}
        amount = measure.read(new)
        return isinstance(amount, Amount) or (amount is not None and "readings" in amount.told), new

    def left(self, ad: object, strays: Sequence[Place], trail: Trail) -> Iterator[tuple[Place, Finding]]:
        """Report each name that certainly stands for a field and was not moved all the same."""
        moves = {at: move for at in strays if (move := self._move(at)) and describing(self.schema, at) is None}
        several = Counter(move.to for move in moves.values())
        for at, move in moves.items():
            finding = self._names.stray(ad, at, move.to, rivals=several[move.to] > 1)
            source = trail.source(at)
            yield source, finding if source == at else replace(finding, at=pointer.write(source), to=finding.at)

    @cached_property
    def _names(self) -> Names:
        return Names(catalogue=self.catalogue, schema=self.schema)

    @cached_property
    def _move(self) -> Callable[[Place], "_Move | None"]:
        """Where the name at a place certainly belongs; the last answers are kept, since feeds repeat their names."""

        @lru_cache(maxsize=1024)
        def move(at: Place) -> _Move | None:
            meant = self._names.meant({}, at)
            if meant is None or not meant.certain:
                return None
            case = "rename" if meant.at[:-1] == at[:-1] else ""
            return _Move(
                to=meant.at,
                unit=meant.unit,
                told={"case": case, **self._names.told(at, meant.at)},
                spot=Spot(node=describing(self.schema, meant.at) or {}, hidden=private(self.schema, meant.at)),
            )

        return move


def _same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other
