"""Findings of several transformations, with their places in the ad that was given first."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from v4schema.catalogue import Catalogue, privacy
from v4schema.document import pointer
from v4schema.document.pointer import Place
from v4schema.document.source_map import SourceMap
from v4schema.findings.report import Finding, Level

#: The levels of findings about what is wrong, the most severe first.
_WRONG = (Level.ERROR, Level.WARNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transformation:
    """An ad before and after a transformation, what has moved, and the findings, by places in the ad before it."""

    before: Any = field(repr=False)
    after: Any = field(repr=False)
    source_map: SourceMap
    findings: Sequence[Finding]


@dataclass(frozen=True, kw_only=True)
class TransformationChain:
    """The transformations of an ad, in order."""

    catalogue: Catalogue
    given: Any = field(repr=False)
    transformations: Sequence[Transformation]

    @property
    def ad(self) -> Any:  # noqa: ANN401  (an ad)
        """The ad after all of them."""
        return self.transformations[-1].after if self.transformations else self.given

    def findings(self) -> Iterator[Finding]:
        """Yield the findings of all transformations, by places in the given ad and, as ``to``, in the last one."""
        for number, step in enumerate(self.transformations):
            before = privacy.MaskedPointers(self.catalogue, step.before)
            for finding in step.findings:
                at = before.parse(finding.at)
                gone = finding.to is None and not pointer.exists(step.after, at)
                there = pointer.write(at) if finding.to is None else finding.to
                to = None if gone else self._to_last(pointer.resolve(step.after, there), number)
                yield self._relocated(finding, self._to_given(at, number), to)

    def relocated(self, findings: Iterable[Finding], number: int | None = None) -> Iterator[Finding]:
        """Yield findings about the last ad, or about the ad before the transformation `number`, by places in the given ad."""
        number = len(self.transformations) if number is None else number
        ad = self.ad if number == len(self.transformations) else self.transformations[number].before
        pointers = privacy.MaskedPointers(self.catalogue, ad)
        for finding in findings:
            place = pointers.parse(finding.at)
            yield self._relocated(finding, self._to_given(place, number), self._to_last(place, number - 1))

    def _relocated(self, finding: Finding, given: Place, to: Place | None) -> Finding:
        at = self._given.write(_nearest(self.given, given))
        target = None if to is None else self._last.write(to)
        target = None if target == at else target
        return finding if (finding.at, finding.to) == (at, target) else replace(finding, at=at, to=target)

    @cached_property
    def _given(self) -> privacy.MaskedPointers:
        return privacy.MaskedPointers(self.catalogue, self.given)

    @cached_property
    def _last(self) -> privacy.MaskedPointers:
        return privacy.MaskedPointers(self.catalogue, self.ad)

    def _to_given(self, place: Place, number: int) -> Place:
        """Map a place in the ad before the transformation `number` to its place in the given ad."""
        for step in reversed(self.transformations[:number]):
            place = step.source_map.to_given(place)
        return place

    def _to_last(self, place: Place, number: int) -> Place:
        """Map a place in the ad after the transformation `number` to its place in the last ad."""
        for step in self.transformations[number + 1 :]:
            place = step.source_map.to_new(place)
        return place


def not_yet_reported(findings: Iterable[Finding], reported: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the findings that no earlier finding covers, at the same place or an enclosing one, both in the same ad.

    A warning never covers an error.
    """
    covered = {level: {pointer.parse(each.to or each.at) for each in reported if each.level is level} for level in _WRONG}
    for finding in findings:
        severe = [covered[level] for level in _WRONG if level.rank <= finding.level.rank]
        around = {*pointer.ancestors(pointer.parse(finding.at))}
        if all(places.isdisjoint(around) for places in severe):
            yield finding


def _nearest(document: object, place: Place) -> Place:
    """Return a place, or the first on the way to it that holds neither an object nor an array."""
    for depth in range(len(place)):
        here = pointer.get(document, place[:depth]) if pointer.exists(document, place[:depth]) else {}
        if not isinstance(here, dict | list):
            return place[:depth]
    return place
