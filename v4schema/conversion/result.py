"""What converting an ad came to: the new ad, what there is to say and to ask, and the receipt that leads back."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from v4schema.catalogue import Catalogue
from v4schema.conversion import receipts
from v4schema.conversion.questions import Question
from v4schema.conversion.receipts import Receipt
from v4schema.document import pointer
from v4schema.document.pointer import Place
from v4schema.findings.report import Finding, Kind, Level


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """What converting an ad came to.

    `ad` is the new ad, of which unchanged parts are those of the given one, and `kind` what it is; where it could not be
    converted, they are the `given` ad and None. `origin` is what the given ad is, if that can be told.
    """

    ad: Any = field(repr=False)
    given: Any = field(repr=False)
    kind: Kind | None = None
    origin: Kind | None = None
    catalogue: Catalogue = field(repr=False, compare=False)
    telling: Callable[[], Iterable[Finding]] = field(repr=False, compare=False)
    missing: Callable[[], Iterable[Question]] = field(default=tuple, repr=False, compare=False)
    completes: Callable[[], bool] = field(default=bool, repr=False, compare=False)

    @cached_property
    def complete(self) -> bool:
        """Whether the new ad is valid, or the very one that a receipt is of: then nothing has to be asked any more."""
        return self.completes()

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong with the given ad; then what was changed and dropped, what is asked, and what is wrong with the new ad.

        In the order of the given ad. They are put into words when they are first asked for.
        """
        return tuple(self.telling())

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """What must be answered before the new ad is valid."""
        return () if self.complete else tuple(ask for ask in self.missing() if ask.required)

    @cached_property
    def optional_questions(self) -> tuple[Question, ...]:
        """What the new ad is expected to have as well, but is valid without."""
        return tuple(ask for ask in self.missing() if not ask.required)

    @cached_property
    def receipt(self) -> Receipt:
        """What was changed, from what and why: enough to bring the given ad back; empty where it was not converted.

        It is JSON, as `schemas/meta/receipt.json` describes it, and holds whatever the ad held there.
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
        told = [finding for finding in findings if finding.level is not Level.ERROR]
        self._before = _Places((finding.at, finding.message) for finding in told)
        self._after = _Places((finding.to or finding.at, finding.message) for finding in told)

    def why(self, at: Place, *, new: bool) -> str:
        """Return the reason of a change at a place of the given ad, or of the new one."""
        place = tuple(map(str, at))
        for places in (self._after, self._before) if new else (self._before, self._after):
            found = places.at.get(place) or places.within(place) or places.around(place)
            if found:
                return found
        return self._before.beside(place)


class _Places:
    """Reasons by the places of one ad."""

    def __init__(self, told: Iterable[tuple[str, str]]) -> None:
        self.at: dict[Place, str] = {pointer.parse(at): message for at, message in told}
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
        """Return the reason of the change nearest around a place."""
        return next((self.at[at] for at in pointer.ancestors(place) if at in self.at), None)

    def beside(self, place: Place) -> str:
        """Return the reason of a change in the same array: where an item goes, the others move up."""
        return self._items.get(place[:-1], "")
