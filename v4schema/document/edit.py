"""Moving members of an ad, and the way back: from places in the new ad to those in the one that was given."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any

from v4schema.document.pointer import Place, Token


class SourceMap:
    """The way between the places of the ad that was given and those of the new one.

    In between, names have been moved and the steps of array items done; items are dropped last of all.
    """

    def __init__(self) -> None:
        self._sources: list[Place] = []
        self._targets: list[Place] = []
        self._moves: dict[Place, list[int]] = {}  # by their targets, as numbers among the sources
        self._leaving: dict[Place, list[int]] = {}  # the same by their sources
        self._gaps: dict[Place, list[int]] = {}

    def moved(self, source: Place, target: Place) -> None:
        """Remember that what stood at `source` stands at `target`."""
        self._moves.setdefault(target, []).append(len(self._sources))
        self._leaving.setdefault(source, []).append(len(self._sources))
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
        following = 0
        while following < len(self._sources):
            move, depth = len(self._sources), 0
            for end in range(len(place) + 1):
                numbers = self._leaving.get(place[:end], ())
                later = bisect_left(numbers, following)
                if later < len(numbers) and numbers[later] < move:
                    move, depth = numbers[later], end
            if move < len(self._sources):
                place = (*self._targets[move], *place[depth:])
            following = move + 1
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


def vacancy(ad: object, at: Place) -> Place | None:
    """Return where something has to be put for a field to stand at a place: what is missing or blank there or around it.

    None where something else stands in the way: a value at the place itself, or what is no object around it.
    """
    here: Any = ad
    for end, token in enumerate(at):
        if isinstance(here, dict):
            if token not in here:
                return at[: end + 1]
        elif not (isinstance(here, list) and isinstance(token, int) and token < len(here)):
            return at[:end] if is_blank(here) else None
        here = here[token]
    return at if is_blank(here) else None


def is_blank(value: object) -> bool:
    """Tell whether a value says nothing: null, or text without anything but white space."""
    return value is None or (isinstance(value, str) and not value.strip())


def with_value(ad: Any, at: Sequence[Token], value: object) -> Any:  # noqa: ANN401  (any JSON)
    """Return an ad in which a value stands at a place; objects on the way are made where nothing or a blank is."""
    draft = Draft(ad)
    draft.put(at, value)
    return draft.document


class Draft:
    """A document that is changed in many places: what it shares with the given one is copied when it is first changed, once.

    `document` is the document as it is so far: the given one itself until something is changed.
    """

    def __init__(self, given: Any) -> None:  # noqa: ANN401  (any JSON)
        self.document = given
        self._own: dict[int, Any] = {}  # by identity; kept, so that no other object takes the identity of one that is gone

    def put(self, at: Sequence[Token], value: object) -> None:
        """Put a value at a place; objects on the way are made where nothing or a blank is."""
        if at:
            self.opened(at[:-1])[at[-1]] = value
        else:
            self.document = value

    def remove(self, at: Sequence[Token]) -> None:
        """Take a member of an object, or an item of an array, away."""
        del self.opened(at[:-1])[at[-1]]

    def rename(self, at: Place, right: Place, value: object) -> None:
        """Let a member stand elsewhere, as `value`: where it was, if that is in the same object, else last.

        What stood under its new name goes.
        """
        if right[:-1] != at[:-1]:
            self.remove(at)
            self.put(right, value)
            return
        here = self.opened(at[:-1])
        here.pop(right[-1], None)
        members = [(right[-1], value) if name == at[-1] else (name, member) for name, member in here.items()]
        here.clear()
        here.update(members)

    def opened(self, at: Sequence[Token]) -> Any:  # noqa: ANN401  (an object or an array)
        """Return the object or the array at a place, to be changed; where nothing or a blank is, an object is made."""
        here = self.document = self._owned(self.document)
        for token in at:
            below = here.get(token) if isinstance(here, dict) else here[token]
            inner = self._owned(below)
            here[token] = inner
            here = inner
        return here

    def _owned(self, value: Any) -> Any:  # noqa: ANN401  (any JSON)
        if id(value) in self._own:
            return value
        new: Any = {} if is_blank(value) else value.copy()
        self._own[id(new)] = new
        return new
