"""Validating an ad against the closed schema of its kind: one finding for each thing wrong, and none for its consequences."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from v4schema import catalogue as catalogues
from v4schema.catalogue import Catalogue, messages, privacy
from v4schema.dialect import engines
from v4schema.dialect.engines import Engine
from v4schema.dialect.fields import Schema, requires, walk
from v4schema.document import pointer
from v4schema.document.json_value import first_non_json
from v4schema.document.pointer import Place
from v4schema.findings.report import Finding, Kind, Level, Report
from v4schema.reading.identify import identify
from v4schema.validation.diagnosis import Diagnoser, Diagnosis


def validate(
    ad: object,
    *,
    version: str | None = None,
    category: str | int | None = None,
    operation: str = "create",
    engine: str | None = None,
    catalogue: Catalogue | None = None,
) -> Report:
    """Check a parsed ad against all rules that public documents have for its kind.

    `version` is the edition of the API (default: the catalogue's). `category` is the slug or number of the category (default: the
    one that the ad names). `operation` is what is to be done with the ad: ``create``, ``replace``, ``update`` (a partial ad),
    ``migrate`` or ``response``. Amounts are in the unit of the edition (öre in V4, document S). An ad that names no category is
    checked against what all categories share.

    Any JSON value gets a report. Raises `v4schema.errors.UnknownName` if the version, category, operation or engine does not
    exist.

    >>> validate({"category_id": "1121", "year": 2020}).findings[-1].hint
    'Move it to /category_fields/model_year.'
    """
    catalogue = catalogue or catalogues.default()
    kind = identify(ad, version=version, category=category, catalogue=catalogue)
    if isinstance(kind, Finding):
        shared = _validator(catalogue, catalogue.edition(version).name, None, operation, engine)
        others = (finding for finding in shared.findings(ad) if finding.at != kind.at)
        return Report(findings=(kind, *others))
    validator = _validator(catalogue, kind.version, kind.category, operation, engine)
    findings = () if validator.passes(ad) else validator.findings(ad)
    return Report(kind=kind if kind.category or not validator.needs_category else None, findings=findings)


@lru_cache(maxsize=256)
def _validator(catalogue: Catalogue, version: str, category: str | None, operation: str, engine: str | None) -> "Validator":
    """Return the validator of one kind of ad; it is compiled once."""
    kind = Kind(version=version, category=category)
    schema = catalogue.schema(kind, operation)
    return Validator(
        catalogue=catalogue, kind=kind, operation=operation, schema=schema, engine=engines.compile_schema(schema, engine)
    )


@dataclass(frozen=True, kw_only=True)
class Validator:
    """Validates ads of one kind for one operation."""

    catalogue: Catalogue
    kind: Kind
    operation: str
    schema: Schema
    engine: Engine

    def passes(self, ad: object) -> bool:
        """Return quickly whether an ad has no findings at all."""
        return self._has_no_notes and first_non_json(ad) is None and self.engine.accepts(ad)

    def findings(self, ad: object) -> tuple[Finding, ...]:
        """Return all findings about an ad, in the order of their places in it."""
        if not isinstance(ad, dict):
            return (self._make_finding("ad.not_object", (), got=type(ad).__name__),)
        unsupported = first_non_json(ad)
        if unsupported is not None:
            at = privacy.masked_pointer(self.catalogue, unsupported, ad)
            return (messages.make_finding(self.catalogue, "json.unsupported_value", at),)
        found = [*_most_severe(self._diagnoses(ad)), *((at, note) for at, note in self._notes if self._note_applies(at, ad))]
        if len(found) > 1:
            order = pointer.Order(ad)
            found.sort(key=lambda each: (order(each[0]), self._schema_rank(each[0]), each[1].level.rank, each[1].code))
        return tuple(finding for _, finding in found)

    def _diagnoses(self, ad: dict[str, Any]) -> Iterator[Diagnosis]:
        """Yield the diagnoses of all failures, and of the wrong names in objects with undocumented fields."""
        for failure in () if self.engine.accepts(ad) else set(self.engine.failures(ad)):
            yield from self._diagnoser.diagnose(failure, ad)
        for at, node in self._open_objects:
            if pointer.exists(ad, at):
                yield from self._diagnoser.wrong_names(ad, at, node)

    def _schema_rank(self, at: Place) -> int:
        """Return the position of a place in the schema: the missing fields of one object are reported in that order."""
        return self._ranks.get(tuple("*" if isinstance(token, int) else token for token in at), len(self._ranks))

    @cached_property
    def _ranks(self) -> Mapping[Place, int]:
        return {at: rank for rank, (at, _) in enumerate(walk(self.schema))}

    @cached_property
    def _diagnoser(self) -> Diagnoser:
        return Diagnoser(catalogue=self.catalogue, kind=self.kind, operation=self.operation, schema=self.schema)

    @cached_property
    def needs_category(self) -> bool:
        """Whether the operation requires an ad to name its category."""
        return requires(self.schema, self.catalogue.category_at[0])

    @cached_property
    def _has_no_notes(self) -> bool:
        """Whether a valid ad of this kind has no findings."""
        return not self._open_objects and self._is_documented

    @cached_property
    def _is_documented(self) -> bool:
        """Whether a document describes the category."""
        edition = self.catalogue.edition(self.kind.version)
        return self.kind.category is not None and edition.categories[self.kind.category].schema is not None

    @cached_property
    def _open_objects(self) -> Sequence[tuple[Place, Schema]]:
        """The objects with undocumented fields: their places and schemas."""
        return [(at, node) for at, node in walk(self.schema) if "x-open" in node]

    @cached_property
    def _notes(self) -> Sequence[tuple[Place, Finding]]:
        """The findings about what cannot be checked in ads of this kind, with their places."""
        if self._is_documented:
            rules = [(at, {"x-message": node["x-open"], "x-source": node["x-source"]}) for at, node in self._open_objects]
            return [(at, self._make_finding("category.open", at, rule=rule)) for at, rule in rules]
        if self.kind.category is None and self.needs_category:
            return []
        at = self.catalogue.category_at
        code = "category.undescribed" if self.kind.category else "category.missing"
        rule = {"x-source": self.catalogue.edition(self.kind.version).source}
        return [(at, self._make_finding(code, at, rule=rule, category=self.kind.category, version=self.kind.version))]

    def _note_applies(self, at: Place, ad: dict[str, Any]) -> bool:
        """Return whether a note about a place applies: the category is undocumented, or the ad has an object at the place."""
        return not self._is_documented or (pointer.exists(ad, at) and isinstance(pointer.get(ad, at), dict))

    def _make_finding(self, code: str, at: Place, **details: Any) -> Finding:  # noqa: ANN401  (the details of any message)
        return messages.make_finding(self.catalogue, code, pointer.write(at), **details)


def _most_severe(diagnoses: Iterable[Diagnosis]) -> Iterator[tuple[Place, Finding]]:
    """Yield the findings of diagnoses, without those that only follow from others.

    A field is not missing if it is there under a wrong name. At each place, the first error is reported, or, if there is none,
    the first warning of each code.
    """
    diagnoses = list(diagnoses)
    misnamed = {diagnosis.right for diagnosis in diagnoses}
    by_place: dict[Place, list[Diagnosis]] = {}
    for diagnosis in diagnoses:
        needs = diagnosis.needs
        if not needs or not all(any(place in misnamed for place in pointer.ancestors(need)) for need in needs):
            by_place.setdefault(diagnosis.at, []).append(diagnosis)
    for at, several in by_place.items():
        several.sort(key=lambda diagnosis: (diagnosis.finding.level.rank, diagnosis.order))
        findings = [diagnosis.finding for diagnosis in several]
        if findings[0].level is Level.ERROR:
            yield at, findings[0]
        else:
            yield from ((at, finding) for finding in {finding.code: finding for finding in reversed(findings)}.values())
