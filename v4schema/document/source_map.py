"""Where values have moved: from places in the new document to places in the given one, and the other way."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from v4schema.document.pointer import Place


@dataclass(slots=True)
class SourceMap:
    """Maps places in the new document to places in the given one. Moves apply first, removed array items last."""

    _sources: list[Place] = field(default_factory=list)
    _targets: list[Place] = field(default_factory=list)
    _removed: dict[Place, list[int]] = field(default_factory=dict)
    _by_target: dict[Place, list[int]] = field(default_factory=dict, compare=False)  # indexes of moves
    _by_source: dict[Place, list[int]] = field(default_factory=dict, compare=False)

    def moved(self, source: Place, target: Place) -> None:
        """Record that the value at `source` moves to `target`."""
        self._by_target.setdefault(target, []).append(len(self._sources))
        self._by_source.setdefault(source, []).append(len(self._sources))
        self._sources.append(source)
        self._targets.append(target)

    def removed(self, at: Place) -> None:
        """Record that an array item is removed. Items of one array come in their order."""
        self._removed.setdefault(at[:-1], []).append(int(at[-1]))

    @property
    def is_identity(self) -> bool:
        """Whether every value is still where it was."""
        return not self._by_target and not self._removed

    def source(self, place: Place) -> Place:
        """Map a place before items are removed to the place in the given document."""
        last = len(self._sources)
        while last:
            move, depth = -1, 0
            for end in range(len(place) + 1):
                for index in self._by_target.get(place[:end], ()):
                    if move < index < last:
                        move, depth = index, end
            if move < 0:
                break
            place, last = (*self._sources[move], *place[depth:]), move
        return place

    def target(self, place: Place) -> Place:
        """Map a place before items are removed to the place in the new document."""
        for array, removed in self._arrays(place):
            index = int(place[len(array)])
            place = (*array, index - bisect_left(removed, index), *place[len(array) + 1 :])
        return place

    def to_new(self, place: Place) -> Place:
        """Map a place in the given document to the new one; for what is gone, to where it would be."""
        following = 0
        while following < len(self._sources):
            move, depth = len(self._sources), 0
            for end in range(len(place) + 1):
                indexes = self._by_source.get(place[:end], ())
                later = bisect_left(indexes, following)
                if later < len(indexes) and indexes[later] < move:
                    move, depth = indexes[later], end
            if move < len(self._sources):
                place = (*self._targets[move], *place[depth:])
            following = move + 1
        return self.target(place)

    def to_given(self, place: Place) -> Place:
        """Map a place in the new document to the given one."""
        for array, removed in self._arrays(place):
            index = int(place[len(array)])
            place = (*array, index + _removed_before(removed, index), *place[len(array) + 1 :])
        return self.source(place)

    def _arrays(self, place: Place) -> Sequence[tuple[Place, Sequence[int]]]:
        """Return the arrays around a place from which items are removed, each with the indexes of those items."""
        if not self._removed:
            return ()
        return [(place[:end], self._removed[place[:end]]) for end in range(len(place)) if place[:end] in self._removed]


def _removed_before(removed: Sequence[int], index: int) -> int:
    """Return how many items are removed before the one that ends up at an index."""
    return bisect_right(range(len(removed)), index, key=lambda rank: removed[rank] - rank)
