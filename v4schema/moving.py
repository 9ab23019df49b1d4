"""Moving members of an ad, and the way back: from places in the new ad to those in the one that was given."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from v4schema.pointer import Place, Token


class Trail:
    """The way between the places of the ad that was given and those of the new one.

    In between, names have been moved and the steps of array items done; items are dropped last of all.
    """

    def __init__(self) -> None:
        self._sources: list[Place] = []
        self._targets: list[Place] = []
        self._moves: dict[Place, list[int]] = {}  # by their targets, as numbers among the sources
        self._gaps: dict[Place, list[int]] = {}

    def moved(self, source: Place, target: Place) -> None:
        """Remember that what stood at `source` stands at `target`."""
        self._moves.setdefault(target, []).append(len(self._sources))
        self._sources.append(source)
        self._targets.append(target)

    def dropped(self, at: Place) -> None:
        """Remember that an item of an array goes; those before it first."""
        self._gaps.setdefault(at[:-1], []).append(int(at[-1]))

    @property
    def straight(self) -> bool:
        """Whether everything stands where it stood."""
        return not self._moves and not self._gaps

    def source(self, place: Place) -> Place:
        """Return where in the given ad stood what stands at a place before items are dropped."""
        last = len(self._sources)
        while last:
            move, depth = -1, 0
            for end in range(len(place) + 1):
                for number in self._moves.get(place[:end], ()):
                    if move < number < last:
                        move, depth = number, end
            if move < 0:
                break
            place, last = (*self._sources[move], *place[depth:]), move
        return place

    def target(self, place: Place) -> Place:
        """Return where in the new ad stands what stood at a place before items were dropped."""
        for within, gaps in self._within(place):
            index = int(place[len(within)])
            place = (*within, index - bisect_left(gaps, index), *place[len(within) + 1 :])
        return place

    def forth(self, place: Place) -> Place:
        """Return the place in the new ad of what stands at a place in the given one; of what is gone, where it would stand."""
        for source, target in zip(self._sources, self._targets, strict=True):
            if place[: len(source)] == source:
                place = (*target, *place[len(source) :])
        return self.target(place)

    def back(self, place: Place) -> Place:
        """Return the place in the given ad of what stands at a place in the new one."""
        for within, gaps in self._within(place):
            index = int(place[len(within)])
            place = (*within, index + _gone(gaps, index), *place[len(within) + 1 :])
        return self.source(place)

    def _within(self, place: Place) -> Sequence[tuple[Place, Sequence[int]]]:
        """Return the arrays that a place is in and that items are dropped from."""
        if not self._gaps:
            return ()
        return [(place[:end], self._gaps[place[:end]]) for end in range(len(place)) if place[:end] in self._gaps]


def _gone(gaps: Sequence[int], index: int) -> int:
    """Return how many items are dropped before the one that comes to stand at an index."""
    return bisect_right(range(len(gaps)), index, key=lambda rank: gaps[rank] - rank)


def gap(ad: object, at: Place) -> Place | None:
    """Return where something has to be put for a field to stand at a place: what is missing or blank there or around it.

    None where something else stands in the way: a value at the place itself, or what is no object around it.
    """
    here: Any = ad
    for end, token in enumerate(at):
        if isinstance(here, dict):
            if token not in here:
                return at[: end + 1]
        elif not (isinstance(here, list) and isinstance(token, int) and token < len(here)):
            return at[:end] if blank(here) else None
        here = here[token]
    return at if blank(here) else None


def blank(value: object) -> bool:
    """Tell whether a value says nothing: null, or text without anything but white space."""
    return value is None or (isinstance(value, str) and not value.strip())


def renamed(ad: Any, at: Place, right: Place, value: object) -> Any:  # noqa: ANN401  (any JSON)
    """Return an ad in which a member stands elsewhere, as `value`: where it was, if that is in the same object, else last."""
    *within, name = at
    if right[:-1] == at[:-1]:
        return edited(ad, within, lambda here: _respelt(here, name, right[-1], value))
    ad = without(ad, at)
    return edited(ad, right[:-1], lambda here: {**({} if blank(here) else here), right[-1]: value})


def _respelt(here: Mapping[Token, Any], name: Token, right: Token, value: object) -> dict[Token, Any]:
    """Return an object with another name for a member; what stood under that name goes."""
    kept = {key: member for key, member in here.items() if key != right}
    return {right if key == name else key: value if key == name else member for key, member in kept.items()}


def placed(ad: Any, at: Sequence[Token], value: object) -> Any:  # noqa: ANN401  (any JSON)
    """Return an ad in which a value stands at a place; objects on the way are made where nothing or a blank is."""
    return edited(ad, at, lambda _: value)


def without(ad: Any, at: Sequence[Token]) -> Any:  # noqa: ANN401  (any JSON)
    """Return an ad from which a member of an object is gone."""
    *within, name = at
    return edited(ad, within, lambda here: {key: here[key] for key in here if key != name})


def edited(here: Any, at: Sequence[Token], edit: Callable[[Any], Any]) -> Any:  # noqa: ANN401  (any JSON)
    """Return a document with an edited part; objects on the way are made where nothing or a blank is, and all others stay."""
    if not at:
        return edit(here)
    token, *rest = at
    new: Any = {} if blank(here) else here.copy()
    new[token] = edited(new.get(token) if isinstance(new, dict) else new[token], rest, edit)
    return new
