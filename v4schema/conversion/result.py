"""The result of converting an ad: the new ad, the findings, the questions, and the receipt."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from v4schema.catalogue import Catalogue
from v4schema.conversion import receipts
from v4schema.conversion.questions import Question
from v4schema.conversion.receipts import Receipt
from v4schema.document import pointer
from v4schema.document.pointer import Place
from v4schema.findings.report import Finding, Kind, Level


class Outcome(Protocol):
    """What a conversion did to an ad, as a value from which findings and questions are written on demand."""

    def findings(self) -> Iterable[Finding]:
        """Write the findings."""

    def questions(self) -> Iterable[Question]:
        """Return the questions that are still open, the optional ones too."""

    def is_complete(self) -> bool:
        """Return whether the new ad is valid, or exactly the ad of a receipt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotConverted:
    """The outcome for an ad that could not be converted: findings that are known already."""

    known: tuple[Finding, ...] = ()

    def findings(self) -> Iterable[Finding]:
        """Return the findings."""
        return self.known

    def questions(self) -> Iterable[Question]:
        """Return no questions."""
        return ()

    def is_complete(self) -> bool:
        """Return False: there is no new ad."""
        return False


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """The result of converting an ad. It is a value: it can be compared, copied, pickled and sent to another process.

    `ad` is the new ad; its unchanged parts are the same objects as in the `given` ad. `kind` is what the new ad is. Where the ad
    could not be converted, they are the given ad and None. `origin` is what the given ad is, if that is known. `outcome` is what
    was done; findings and questions are written from it when they are first asked for. `reported` are the findings where they are
    already written.
    """

    ad: Any = field(repr=False, hash=False)
    given: Any = field(repr=False, hash=False)
    kind: Kind | None = None
    origin: Kind | None = None
    outcome: Outcome = field(default=NotConverted(), repr=False, hash=False)
    reported: tuple[Finding, ...] | None = field(default=None, repr=False)
    catalogue: Catalogue = field(repr=False, compare=False)

    @cached_property
    def complete(self) -> bool:
        """Whether the new ad is valid, or exactly the ad of a receipt: then no question has to be answered."""
        return self.outcome.is_complete()

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """The errors in the given ad, then changes, questions, and errors left in the new ad, in the order of the given ad."""
        return tuple(self.outcome.findings()) if self.reported is None else self.reported

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """The questions that must be answered before the new ad is valid."""
        return () if self.complete else tuple(question for question in self.outcome.questions() if question.required)

    @cached_property
    def optional_questions(self) -> tuple[Question, ...]:
        """The questions about fields that the new ad should have, but is valid without."""
        return tuple(question for question in self.outcome.questions() if not question.required)

    @cached_property
    def receipt(self) -> Receipt:
        """What was changed, from what and why: enough to restore the given ad; empty where the ad was not converted.

        It is JSON, as `schemas/meta/receipt.json` describes it, and holds whatever the ad held.
        """
        if self.kind is None:
            return {}
        identity = self.catalogue.identity_at
        about = {"from": str(self.origin), "to": str(self.kind), identity[-1]: pointer.text(self.ad, identity)}
        return receipts.create(self.given, self.ad, why=_Reasons(self.findings).why, **about)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings for which the API is expected to refuse the given ad, or the new one."""
        return tuple(finding for finding in self.findings if finding.level is Level.ERROR)


class _Reasons:
    """The reasons of changes, by their places."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        changes = [finding for finding in findings if finding.level is not Level.ERROR]
        self._before = _ReasonsByPlace((finding.at, finding.message) for finding in changes)
        self._after = _ReasonsByPlace((finding.to or finding.at, finding.message) for finding in changes)

    def why(self, at: Place, *, new: bool) -> str:
        """Return the reason of a change at a place in the given ad, or in the new one."""
        place = tuple(map(str, at))
        for reasons in (self._after, self._before) if new else (self._before, self._after):
            found = reasons.at.get(place) or reasons.within(place) or reasons.around(place)
            if found:
                return found
        return self._before.in_same_array(place)


class _ReasonsByPlace:
    """Reasons by the places in one ad."""

    def __init__(self, reasons: Iterable[tuple[str, str]]) -> None:
        self.at: dict[Place, str] = {pointer.parse(at): message for at, message in reasons}
        self._within: dict[Place, dict[str, None]] = {}
        self._items: dict[Place, str] = {}
        for place, message in self.at.items():
            for around in pointer.ancestors(place):
                self._within.setdefault(around, {})[message] = None
            if place and str(place[-1]).isdecimal():
                self._items.setdefault(place[:-1], message)

    def within(self, place: Place) -> str:
        """Return the reasons of the changes within a place."""
        return " ".join(self._within.get(place, ()))

    def around(self, place: Place) -> str | None:
        """Return the reason of the nearest change around a place."""
        return next((self.at[at] for at in pointer.ancestors(place) if at in self.at), None)

    def in_same_array(self, place: Place) -> str:
        """Return the reason of a change in the same array: where an item is removed, the others move up."""
        return self._items.get(place[:-1], "")
