"""An ad that goes through several hands: what each has to say of it, told by places of the ad that was given at first."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from v4schema.catalogue import Catalogue, privacy
from v4schema.document import pointer
from v4schema.document.edit import SourceMap
from v4schema.document.pointer import Place
from v4schema.findings.report import Finding, Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Transformation:
    """A stage: the ad before and after it, what has moved, and what there is to say, by places in the ad before it."""

    before: Any = field(repr=False)
    after: Any = field(repr=False)
    trail: SourceMap
    findings: Callable[[], Iterable[Finding]]


@dataclass(frozen=True, kw_only=True)
class TransformationChain:
    """The stages that an ad has gone through, in order."""

    catalogue: Catalogue
    given: Any = field(repr=False)
    stages: Sequence[Transformation]

    @property
    def ad(self) -> Any:  # noqa: ANN401  (an ad)
        """The ad that came out of them."""
        return self.stages[-1].after if self.stages else self.given

    def told(self) -> Iterator[Finding]:
        """Yield what the stages have to say, by places in the ad that was given and, as ``to``, in the one that came out."""
        for number, stage in enumerate(self.stages):
            before = privacy.MaskedPointers(self.catalogue, stage.before)
            for finding in stage.findings():
                at = before.place(finding.at)
                gone = finding.to is None and not pointer.exists(stage.after, at)
                there = pointer.write(at) if finding.to is None else finding.to
                to = None if gone else self._forth(pointer.resolve(stage.after, there), number)
                yield self._placed(finding, self._back(at, number), to)

    def checked(self, findings: Iterable[Finding], number: int | None = None) -> Iterator[Finding]:
        """Yield findings on the ad that came out, or that went into a stage, by places in the one that was given."""
        number = len(self.stages) if number is None else number
        ad = self.ad if number == len(self.stages) else self.stages[number].before
        there = privacy.MaskedPointers(self.catalogue, ad)
        for finding in findings:
            place = there.place(finding.at)
            yield self._placed(finding, self._back(place, number), self._forth(place, number - 1))

    def _placed(self, finding: Finding, given: Place, to: Place | None) -> Finding:
        at = self._given.written(_nearest(self.given, given))
        target = None if to is None else self._new.written(to)
        target = None if target == at else target
        return finding if (finding.at, finding.to) == (at, target) else replace(finding, at=at, to=target)

    @cached_property
    def _given(self) -> privacy.MaskedPointers:
        return privacy.MaskedPointers(self.catalogue, self.given)

    @cached_property
    def _new(self) -> privacy.MaskedPointers:
        return privacy.MaskedPointers(self.catalogue, self.ad)

    def _back(self, place: Place, number: int) -> Place:
        """Return where in the given ad stood what stands at a place before the stage of a number."""
        for stage in reversed(self.stages[:number]):
            place = stage.trail.back(place)
        return place

    def _forth(self, place: Place, number: int) -> Place:
        """Return where in the ad that came out stands what stands at a place after the stage of a number."""
        for stage in self.stages[number + 1 :]:
            place = stage.trail.forth(place)
        return place


def not_yet_reported(findings: Iterable[Finding], told: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the findings on an ad about which others that were told before have not said already what is wrong there.

    The places of those are in the same ad. A warning does not stand for an error.
    """
    spoken = {level: {pointer.parse(each.to or each.at) for each in told if each.level is level} for level in _GRAVE}
    for finding in findings:
        graver = [spoken[level] for level in _GRAVE if level.rank <= finding.level.rank]
        around = {*pointer.ancestors(pointer.parse(finding.at))}
        if all(places.isdisjoint(around) for places in graver):
            yield finding


#: The levels of what is wrong.
_GRAVE = (Level.ERROR, Level.WARNING)


def _nearest(document: object, place: Place) -> Place:
    """Return a place, or the one on the way to it where a document holds neither an object nor an array."""
    for depth in range(len(place)):
        here = pointer.get(document, place[:depth]) if pointer.exists(document, place[:depth]) else {}
        if not isinstance(here, dict | list):
            return place[:depth]
    return place
