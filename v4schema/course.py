"""The course of an ad from one edition to another: all it has gone through, and what there is to say of it in the end."""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Mapping_
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from v4schema import pointer, privacy, wording
from v4schema.asking import Answered, Ask, Asking
from v4schema.catalogue import Catalogue
from v4schema.converter import Carried, Converter
from v4schema.engine import Engine
from v4schema.mapping import Mapping
from v4schema.mending import Entry, put
from v4schema.moving import Trail, placed
from v4schema.normaliser import Normalisation
from v4schema.pointer import Place
from v4schema.report import Finding, Report
from v4schema.schema import describing, private, walk
from v4schema.stages import Stage, Stages, unspoken
from v4schema.validator import validate

#: The codes of what is told of a field that is missing, or null, and of one that is asked for, which says as much.
_MISSING, _NULL, _ASKED = "schema.required", "schema.type", "field.asked"


@dataclass(frozen=True, kw_only=True, eq=False)
class Route:
    """How ads of one kind become ads of another, ready for use; `engine` tells whether one is valid in the end."""

    catalogue: Catalogue
    mapping: Mapping
    converter: Converter
    asking: Asking
    engine: Engine

    def strays(self, ad: object) -> bool:
        """Tell whether an ad has names that no document describes where there may be such."""
        return any(
            not described.issuperset(cast("Mapping_[str, object]", pointer.get(ad, at)))
            for at, described in self._open
            if pointer.leads(ad, at)
        )

    @cached_property
    def _open(self) -> Sequence[tuple[tuple[str, ...], frozenset[str]]]:
        return [(at, frozenset(node["properties"])) for at, node in walk(self.asking.schema) if "x-open" in node]


@dataclass(slots=True, kw_only=True)
class Course:
    """What an ad has gone through: mended or not, carried over, mended again, with answers filled in."""

    route: Route
    given: Any = field(repr=False)
    mended: Normalisation | None
    carried: Carried
    again: Normalisation | None
    answered: Answered | None

    @property
    def ad(self) -> Any:  # noqa: ANN401  (an ad)
        """The ad that came out."""
        return (self.answered or self.again or self.carried).ad

    def complete(self) -> bool:
        """Tell whether the ad that came out is valid: surely if it fails nothing and holds no name that is not described."""
        sure = self.route.engine.accepts(self.ad) and not self.route.strays(self.ad)
        return sure or self._report(self.ad).valid

    def missing(self) -> Iterator[Ask]:
        """Yield what the ad that came out is still to be asked."""
        return self.route.asking.missing(self.ad, self.given)

    def findings(self) -> Sequence[Finding]:
        """Put into words what there is to say: first what was wrong with the ad before it was carried over.

        Of what is wrong with the ad that came out, warnings are told where ads are mended as well.
        """
        stages = Stages(catalogue=self.route.catalogue, given=self.given, stages=[*self._stages()])
        number = int(self.mended is not None)
        told = [*stages.told(), *stages.checked(self._refused())]
        kind = self.route.mapping.given
        before = validate(
            stages.stages[number].before, version=kind.version, category=kind.category, catalogue=self.route.catalogue
        )
        wrong = [*stages.checked(unspoken(before.errors, told), number)]
        asked = [self._asked(ask) for ask in self.missing() if ask.required]
        needed = {(pointer.write(place), _MISSING) for ask in asked for place in pointer.around(pointer.parse(ask.at))}
        needed |= {(ask.at, _NULL) for ask in asked}
        after = self._report(self.ad)
        left = [each for each in (after.findings if self.mended else after.errors) if (each.at, each.code) not in needed]
        known = {(finding.at, finding.code) for finding in wrong}
        known |= {(finding.at, _ASKED) for finding in wrong if finding.code in {_MISSING, _NULL}}
        others = [*told, *stages.checked(asked), *stages.checked(unspoken(left, told))]
        rest = [finding for finding in dict.fromkeys(others) if (finding.at, finding.code) not in known]
        return [*self._in_order(wrong), *self._in_order(rest)]

    def _in_order(self, findings: Iterable[Finding]) -> Sequence[Finding]:
        order, pointers = pointer.Order(self.given), privacy.Pointers(self.route.catalogue, self.given)
        return sorted(findings, key=lambda finding: order(pointers.place(finding.at)))

    def _stages(self) -> Iterator[Stage]:
        here = self.given
        if self.mended:
            yield self._normalised(here, self.mended)
            here = self.mended.ad
        yield Stage(
            before=here,
            after=self.carried.ad,
            trail=self.carried.trail,
            findings=lambda: self._put(self.carried.entries, self.carried.trail),
        )
        here = self.carried.ad
        if self.again:
            yield self._normalised(here, self.again)
            here = self.again.ad
        if self.answered:
            entries, trail = self.answered.entries, Trail()
            yield Stage(before=here, after=self.answered.ad, trail=trail, findings=lambda: self._put(entries, trail))

    def _normalised(self, ad: object, done: Normalisation) -> Stage:
        return Stage(before=ad, after=done.ad, trail=done.trail, findings=lambda: done.findings)

    def _put(self, entries: Iterable[Entry], trail: Trail) -> Iterator[Finding]:
        return (put(entry, trail, self.route.catalogue)[1] for entry in entries)

    def _report(self, ad: object) -> Report:
        """Check an ad of the kind that comes out."""
        kind = self.route.mapping.wanted
        return validate(ad, version=kind.version, category=kind.category, catalogue=self.route.catalogue)

    def _asked(self, ask: Ask) -> Finding:
        """Put into words what an ad is to be asked."""
        return wording.finding(
            self.route.catalogue,
            _ASKED,
            ask.at,
            rule={"x-source": ask.source},
            mend="" if ask.allowed else "open",
            why=ask.why,
            description=ask.description,
            allowed=ask.allowed,
        )

    def _refused(self) -> Iterator[Finding]:
        """Put into words why answers are not taken: by what would be wrong with the ad if they were."""
        asking = self.route.asking
        allowed = {ask.at: ask.allowed for ask in asking.asks}
        for place, (given, value, left) in self.answered.refused.items() if self.answered else ():
            hidden = private(asking.schema, place)
            yield wording.finding(
                self.route.catalogue,
                "answer.refused",
                pointer.write(place),
                rule={"x-source": (describing(asking.schema, place) or {})["x-source"]},
                case="private" if hidden else "",
                change={"before": given},
                value=wording.Shown(given, self.route.catalogue, private=hidden),
                why=self._wrong(place, value) if left is None else left,
                allowed=allowed.get(pointer.write(place), ""),
            )

    def _wrong(self, place: Place, value: object) -> str:
        """Say what would be wrong with the ad if a value stood at a place."""
        errors = self._report(placed(self.ad, place, value)).errors
        return next((each.says for each in errors if place in pointer.around(pointer.parse(each.at))), "")
