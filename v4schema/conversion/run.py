"""The course of an ad from one edition to another: all it has gone through, and what there is to say of it in the end."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from v4schema.catalogue import Catalogue, messages, privacy
from v4schema.conversion.converter import Converter, MappedAd
from v4schema.conversion.mappings import CategoryMapping
from v4schema.conversion.questions import AnswerResult, Question, Questionnaire
from v4schema.dialect.engines import Engine
from v4schema.dialect.fields import is_private, subschema_at, walk
from v4schema.document import pointer
from v4schema.document.edit import SourceMap, with_value
from v4schema.document.pointer import Place
from v4schema.findings.report import Finding, Report
from v4schema.normalisation.normaliser import Normalisation
from v4schema.normalisation.relocation import Transformation, TransformationChain, not_yet_reported
from v4schema.normalisation.transform import ChangeRecord, to_finding
from v4schema.validation.validator import validate

#: The codes of what is told of a field that is missing, or null, and of one that is asked for, which says as much.
_MISSING, _NULL, _ASKED = "schema.required", "schema.type", "field.asked"


@dataclass(frozen=True, kw_only=True, eq=False)
class CompiledMapping:
    """How ads of one kind become ads of another, ready for use; `engine` tells whether one is valid in the end."""

    catalogue: Catalogue
    mapping: CategoryMapping
    converter: Converter
    asking: Questionnaire
    engine: Engine

    def strays(self, ad: object) -> bool:
        """Tell whether an ad has names that no document describes where there may be such."""
        return any(
            not described.issuperset(cast("Mapping[str, object]", pointer.get(ad, at)))
            for at, described in self._open
            if pointer.exists(ad, at)
        )

    @cached_property
    def _open(self) -> Sequence[tuple[tuple[str, ...], frozenset[str]]]:
        return [(at, frozenset(node["properties"])) for at, node in walk(self.asking.schema) if "x-open" in node]


@dataclass(slots=True, kw_only=True)
class ConversionRun:
    """What an ad has gone through: mended or not, carried over, mended again, with answers filled in."""

    route: CompiledMapping
    given: Any = field(repr=False)
    mended: Normalisation | None
    carried: MappedAd
    again: Normalisation | None
    answered: AnswerResult | None

    @property
    def ad(self) -> Any:  # noqa: ANN401  (an ad)
        """The ad that came out."""
        return (self.answered or self.again or self.carried).ad

    def complete(self) -> bool:
        """Tell whether the ad that came out is valid: surely if it fails nothing and holds no name that is not described."""
        sure = self.route.engine.accepts(self.ad) and not self.route.strays(self.ad)
        return sure or self._report(self.ad).valid

    def missing(self) -> Iterator[Question]:
        """Yield what the ad that came out is still to be asked."""
        return self.route.asking.missing(self.ad, self.given)

    def findings(self) -> Sequence[Finding]:
        """Put into words what there is to say: first what was wrong with the ad before it was carried over.

        Of what is wrong with the ad that came out, warnings are told where ads are mended as well.
        """
        stages = TransformationChain(catalogue=self.route.catalogue, given=self.given, stages=[*self._stages()])
        number = int(self.mended is not None)
        told = [*stages.told(), *stages.checked(self._refused())]
        kind = self.route.mapping.given
        before = validate(
            stages.stages[number].before, version=kind.version, category=kind.category, catalogue=self.route.catalogue
        )
        wrong = [*stages.checked(not_yet_reported(before.errors, told), number)]
        asked = [self._asked(ask) for ask in self.missing() if ask.required]
        needed = {(pointer.write(place), _MISSING) for ask in asked for place in pointer.ancestors(pointer.parse(ask.at))}
        needed |= {(ask.at, _NULL) for ask in asked}
        after = self._report(self.ad)
        left = [each for each in (after.findings if self.mended else after.errors) if (each.at, each.code) not in needed]
        known = {(finding.at, finding.code) for finding in wrong}
        known |= {(finding.at, _ASKED) for finding in wrong if finding.code in {_MISSING, _NULL}}
        others = [*told, *stages.checked(asked), *stages.checked(not_yet_reported(left, told))]
        rest = [finding for finding in dict.fromkeys(others) if (finding.at, finding.code) not in known]
        return [*self._in_order(wrong), *self._in_order(rest)]

    def _in_order(self, findings: Iterable[Finding]) -> Sequence[Finding]:
        order, pointers = pointer.Order(self.given), privacy.MaskedPointers(self.route.catalogue, self.given)
        return sorted(findings, key=lambda finding: order(pointers.place(finding.at)))

    def _stages(self) -> Iterator[Transformation]:
        here = self.given
        if self.mended:
            yield self._normalised(here, self.mended)
            here = self.mended.ad
        yield Transformation(
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
            entries, trail = self.answered.entries, SourceMap()
            yield Transformation(before=here, after=self.answered.ad, trail=trail, findings=lambda: self._put(entries, trail))

    def _normalised(self, ad: object, done: Normalisation) -> Transformation:
        return Transformation(before=ad, after=done.ad, trail=done.trail, findings=lambda: done.findings)

    def _put(self, entries: Iterable[ChangeRecord], trail: SourceMap) -> Iterator[Finding]:
        return (to_finding(entry, trail, self.route.catalogue)[1] for entry in entries)

    def _report(self, ad: object) -> Report:
        """Check an ad of the kind that comes out."""
        kind = self.route.mapping.wanted
        return validate(ad, version=kind.version, category=kind.category, catalogue=self.route.catalogue)

    def _asked(self, ask: Question) -> Finding:
        """Put into words what an ad is to be asked."""
        return messages.make_finding(
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
        allowed = {ask.at: ask.allowed for ask in asking.questions}
        for place, (given, value, left) in self.answered.refused.items() if self.answered else ():
            hidden = is_private(asking.schema, place)
            yield messages.make_finding(
                self.route.catalogue,
                "answer.refused",
                pointer.write(place),
                rule={"x-source": (subschema_at(asking.schema, place) or {})["x-source"]},
                case="private" if hidden else "",
                change={"before": given},
                value=messages.DisplayValue(given, self.route.catalogue, private=hidden),
                why=self._wrong(place, value) if left is None else left,
                allowed=allowed.get(pointer.write(place), ""),
            )

    def _wrong(self, place: Place, value: object) -> str:
        """Say what would be wrong with the ad if a value stood at a place."""
        errors = self._report(with_value(self.ad, place, value)).errors
        return next((each.message for each in errors if place in pointer.ancestors(pointer.parse(each.at))), "")
