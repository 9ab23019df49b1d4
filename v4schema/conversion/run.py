"""One conversion of an ad: every transformation it went through, and the findings that result."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, cast

from v4schema.catalogue import Catalogue, messages, privacy
from v4schema.catalogue.editions import EditionPath
from v4schema.conversion.converter import Converter, MappedAd
from v4schema.conversion.mappings import CategoryMapping, mappings_for
from v4schema.conversion.questions import AnswerResult, Question, Questionnaire
from v4schema.dialect import engines
from v4schema.dialect.engines import Engine
from v4schema.dialect.fields import Schema, errors_only, is_private, subschema_at, walk
from v4schema.document import pointer
from v4schema.document.edit import with_value
from v4schema.document.pointer import Place
from v4schema.document.source_map import SourceMap
from v4schema.findings.report import Finding, Report
from v4schema.normalisation.normaliser import Normalisation, UnitSettings
from v4schema.normalisation.relocation import Transformation, TransformationChain, not_yet_reported
from v4schema.normalisation.transform import ChangeRecord, to_finding
from v4schema.validation.validator import validate

#: The codes for a field that is missing or null, and for one that is asked for, which covers both.
_MISSING, _NULL, _ASKED = "schema.required", "schema.type", "field.asked"


@lru_cache(maxsize=256)
def compiled_mapping(
    catalogue: Catalogue, path: EditionPath, given: str, target: str, settings: UnitSettings
) -> "CompiledMapping":
    """Return what converts the category `given` to the category `target` along a path; it is compiled once."""
    mapping = next(each for each in mappings_for(catalogue, path, given) if each.target.category == target)
    return CompiledMapping(catalogue=catalogue, path=path, mapping=mapping, settings=settings)


@dataclass(frozen=True, kw_only=True, eq=False)
class CompiledMapping:
    """A mapping between two kinds of ads, compiled for use with the caller's unit settings."""

    catalogue: Catalogue
    path: EditionPath
    mapping: CategoryMapping
    settings: UnitSettings

    def __reduce__(self) -> tuple[Callable[..., "CompiledMapping"], tuple[object, ...]]:
        """Pickle what it is made from: another process compiles its own."""
        return _recompiled, (
            self.catalogue,
            (self.path.version, self.path.to),
            str(self.mapping.given.category),
            str(self.mapping.target.category),
            self.settings,
        )

    @cached_property
    def converter(self) -> Converter:
        """What applies the mapping."""
        return Converter(
            catalogue=self.catalogue,
            mapping=self.mapping,
            given=self.catalogue.schema(self.mapping.given),
            target=self._target,
            quantity_kinds=self.catalogue.configured_quantity_kinds(dict(self.settings)),
        )

    @cached_property
    def questionnaire(self) -> Questionnaire:
        """The questions that ads are asked."""
        return Questionnaire(
            catalogue=self.catalogue,
            mapping=self.mapping,
            schema=self._target,
            quantity_kinds=self.catalogue.configured_quantity_kinds(dict(self.settings)),
        )

    @cached_property
    def engine(self) -> Engine:
        """The engine that tells whether a new ad is valid."""
        return engines.compile_schema(errors_only(self._target))

    def has_undocumented_names(self, ad: object) -> bool:
        """Return whether an ad has undocumented names where such are allowed."""
        return any(
            not described.issuperset(cast("Mapping[str, object]", pointer.get(ad, at)))
            for at, described in self._open_objects
            if pointer.exists(ad, at)
        )

    @cached_property
    def _open_objects(self) -> Sequence[tuple[tuple[str, ...], frozenset[str]]]:
        return [(at, frozenset(node["properties"])) for at, node in walk(self._target) if "x-open" in node]

    @cached_property
    def _target(self) -> Schema:
        return self.catalogue.schema(self.mapping.target)


def _recompiled(catalogue: Catalogue, editions: tuple[str, str], *rest: Any) -> CompiledMapping:  # noqa: ANN401  (those of `compiled_mapping`)
    return compiled_mapping(catalogue, catalogue.edition_paths[editions], *rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionRun:
    """The outcome for an ad that was converted: what each transformation made of the `given` ad.

    With `fixed`, the ad was normalised before the mapping, and with `fixed_again` after it. `answered` is the ad with answers
    filled in.
    """

    compiled: CompiledMapping = field(compare=False)
    given: Any = field(repr=False)
    fixed: Normalisation | None
    mapped: MappedAd
    fixed_again: Normalisation | None
    answered: AnswerResult | None

    @property
    def ad(self) -> Any:  # noqa: ANN401  (an ad)
        """The new ad."""
        return (self.answered or self.fixed_again or self.mapped).ad

    def is_complete(self) -> bool:
        """Return whether the new ad is valid: certainly if it fails no assertion and has no undocumented name."""
        certain = self.compiled.engine.accepts(self.ad) and not self.compiled.has_undocumented_names(self.ad)
        return certain or self._report(self.ad).valid

    def questions(self) -> Iterator[Question]:
        """Yield the questions that the new ad still has to be asked."""
        return self.compiled.questionnaire.missing(self.ad, self.given)

    def findings(self) -> Sequence[Finding]:
        """Return findings in order: errors in the given ad, then changes, questions, and errors left in the new ad.

        Where ads are normalised, warnings about the new ad are returned as well.
        """
        chain = TransformationChain(
            catalogue=self.compiled.catalogue, given=self.given, transformations=[*self._transformations()]
        )
        number = int(self.fixed is not None)
        changes = [*chain.findings(), *chain.relocated(self._refused())]
        kind = self.compiled.mapping.given
        before = validate(
            chain.transformations[number].before,
            version=kind.version,
            category=kind.category,
            catalogue=self.compiled.catalogue,
        )
        wrong = [*chain.relocated(not_yet_reported(before.errors, changes), number)]
        asked = [self._asked(question) for question in self.questions() if question.required]
        covered = {(pointer.write(place), _MISSING) for ask in asked for place in pointer.ancestors(pointer.parse(ask.at))}
        covered |= {(ask.at, _NULL) for ask in asked}
        after = self._report(self.ad)
        left = [each for each in (after.findings if self.fixed else after.errors) if (each.at, each.code) not in covered]
        known = {(finding.at, finding.code) for finding in wrong}
        known |= {(finding.at, _ASKED) for finding in wrong if finding.code in {_MISSING, _NULL}}
        others = [*changes, *chain.relocated(asked), *chain.relocated(not_yet_reported(left, changes))]
        rest = [finding for finding in dict.fromkeys(others) if (finding.at, finding.code) not in known]
        return [*self._in_order(wrong), *self._in_order(rest)]

    def _in_order(self, findings: Iterable[Finding]) -> Sequence[Finding]:
        order, pointers = pointer.Order(self.given), privacy.MaskedPointers(self.compiled.catalogue, self.given)
        return sorted(findings, key=lambda finding: order(pointers.parse(finding.at)))

    def _transformations(self) -> Iterator[Transformation]:
        here = self.given
        if self.fixed:
            yield _normalised(here, self.fixed)
            here = self.fixed.ad
        yield self._changed(here, self.mapped.ad, self.mapped.records, self.mapped.source_map)
        here = self.mapped.ad
        if self.fixed_again:
            yield _normalised(here, self.fixed_again)
            here = self.fixed_again.ad
        if self.answered:
            yield self._changed(here, self.answered.ad, self.answered.records, SourceMap())

    def _changed(self, before: object, after: object, records: Iterable[ChangeRecord], source_map: SourceMap) -> Transformation:
        findings = [to_finding(record, source_map, self.compiled.catalogue)[1] for record in records]
        return Transformation(before=before, after=after, source_map=source_map, findings=findings)

    def _report(self, ad: object) -> Report:
        """Validate an ad as one of the target kind."""
        kind = self.compiled.mapping.target
        return validate(ad, version=kind.version, category=kind.category, catalogue=self.compiled.catalogue)

    def _asked(self, question: Question) -> Finding:
        """Return the finding about an open question."""
        return messages.make_finding(
            self.compiled.catalogue,
            _ASKED,
            question.at,
            rule={"x-source": question.source},
            hint_case="" if question.allowed else "open",
            why=question.why,
            description=question.description,
            allowed=question.allowed,
        )

    def _refused(self) -> Iterator[Finding]:
        """Yield findings about refused answers: what would be wrong with the ad if they were filled in."""
        questionnaire = self.compiled.questionnaire
        allowed = {question.at: question.allowed for question in questionnaire.questions}
        for place, (given, value, undecided) in self.answered.refused.items() if self.answered else ():
            hidden = is_private(questionnaire.schema, place)
            yield messages.make_finding(
                self.compiled.catalogue,
                "answer.refused",
                pointer.write(place),
                rule={"x-source": (subschema_at(questionnaire.schema, place) or {})["x-source"]},
                case="private" if hidden else "",
                change={"before": given},
                value=messages.DisplayValue(given, self.compiled.catalogue, private=hidden),
                why=self._error_with(place, value) if undecided is None else undecided,
                allowed=allowed.get(pointer.write(place), ""),
            )

    def _error_with(self, place: Place, value: object) -> str:
        """Return the message of the error that the ad would have with a value at a place."""
        errors = self._report(with_value(self.ad, place, value)).errors
        return next((each.message for each in errors if place in pointer.ancestors(pointer.parse(each.at))), "")


def _normalised(ad: object, done: Normalisation) -> Transformation:
    return Transformation(before=ad, after=done.ad, source_map=done.source_map, findings=done.findings)
