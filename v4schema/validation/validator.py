"""Validating an ad: one closed schema for its kind, and a finding for each thing that is wrong, none for what only follows."""

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
    """Check a parsed ad against everything that public documents say of its kind.

    `version` is the edition of the API (default: the catalogue's), `category` the slug or number of the category (default:
    what the ad says), `operation` what is to be done with the ad: ``create``, ``replace``, ``update`` (a partial ad),
    ``migrate`` or ``response``. Amounts are in the unit of the edition (öre in V4, document S). An ad that names no category
    is checked for what all categories share.

    Any JSON value gets a report. Raises `v4schema.errors.UnknownName` when the caller's own words (version, category,
    operation, engine) name nothing.

    >>> validate({"category_id": "1121", "year": 2020}).findings[-1].hint
    'Move it to /category_fields/model_year.'
    """
    held = catalogue or catalogues.default()
    kind = identify(ad, version=version, category=category, catalogue=held)
    if isinstance(kind, Finding):
        shared = _validator(held, held.edition(version).name, None, operation, engine)
        others = (finding for finding in shared.findings(ad) if finding.at != kind.at)
        return Report(findings=(kind, *others))
    checker = _validator(held, kind.version, kind.category, operation, engine)
    findings = () if checker.passes(ad) else checker.findings(ad)
    return Report(kind=kind if kind.category or not checker.needs_category else None, findings=findings)


@lru_cache(maxsize=256)
def _validator(catalogue: Catalogue, version: str, category: str | None, operation: str, engine: str | None) -> "Validator":
    """Return what checks ads of one kind; compiled once."""
    kind = Kind(version=version, category=category)
    schema = catalogue.schema(kind, operation)
    return Validator(
        catalogue=catalogue, kind=kind, operation=operation, schema=schema, engine=engines.compile_schema(schema, engine)
    )


@dataclass(frozen=True, kw_only=True)
class Validator:
    """Checks ads of one kind for one operation."""

    catalogue: Catalogue
    kind: Kind
    operation: str
    schema: Schema
    engine: Engine

    def passes(self, ad: object) -> bool:
        """Tell quickly whether there is nothing to say about an ad."""
        return self._silent and first_non_json(ad) is None and self.engine.accepts(ad)

    def findings(self, ad: object) -> tuple[Finding, ...]:
        """Return all there is to say about an ad, in the order of its places."""
        if not isinstance(ad, dict):
            return (self._put("ad.not_object", (), got=type(ad).__name__),)
        untold = first_non_json(ad)
        if untold is not None:
            return (
                messages.make_finding(
                    self.catalogue, "json.unsupported_value", privacy.masked_pointer(self.catalogue, untold, ad)
                ),
            )
        failures = () if self.engine.accepts(ad) else set(self.engine.failures(ad))
        faults = (fault for failure in failures for fault in self._faults.of(failure, ad))
        strays = (fault for at, node in self._open if pointer.exists(ad, at) for fault in self._faults.strays(ad, at, node))
        told = [*_leading((*faults, *strays)), *((at, note) for at, note in self._notes if self._applies(at, ad))]
        if len(told) > 1:
            order = pointer.Order(ad)
            told.sort(key=lambda each: (order(each[0]), self._described_at(each[0]), each[1].level.rank, each[1].code))
        return tuple(finding for _, finding in told)

    def _described_at(self, at: Place) -> int:
        """Return where a place stands in the schema, so that what is missing from one object is told in that order."""
        return self._ranks.get(tuple("*" if isinstance(token, int) else token for token in at), len(self._ranks))

    @cached_property
    def _ranks(self) -> Mapping[Place, int]:
        return {at: rank for rank, (at, _) in enumerate(walk(self.schema))}

    @cached_property
    def _faults(self) -> Diagnoser:
        return Diagnoser(catalogue=self.catalogue, kind=self.kind, operation=self.operation, schema=self.schema)

    @cached_property
    def needs_category(self) -> bool:
        """Whether an ad that names no category cannot be told from others: the operation requires it to name one."""
        return requires(self.schema, self.catalogue.category_at[0])

    @cached_property
    def _silent(self) -> bool:
        """Whether there is nothing to note about every ad of this kind."""
        return not self._open and self._described

    @cached_property
    def _described(self) -> bool:
        edition = self.catalogue.edition(self.kind.version)
        return self.kind.category is not None and edition.categories[self.kind.category].schema is not None

    @cached_property
    def _open(self) -> Sequence[tuple[Place, Schema]]:
        """The places whose own fields no document lists."""
        return [(at, node) for at, node in walk(self.schema) if "x-open" in node]

    @cached_property
    def _notes(self) -> Sequence[tuple[Place, Finding]]:
        """What could not be checked, in any ad of this kind that has the place."""
        if self._described:
            rules = [(at, {"x-message": node["x-open"], "x-source": node["x-source"]}) for at, node in self._open]
            return [(at, self._put("category.open", at, rule=rule)) for at, rule in rules]
        if self.kind.category is None and self.needs_category:
            return []
        at = self.catalogue.category_at
        code = "category.undescribed" if self.kind.category else "category.missing"
        rule = {"x-source": self.catalogue.edition(self.kind.version).source}
        return [(at, self._put(code, at, rule=rule, category=self.kind.category, version=self.kind.version))]

    def _applies(self, at: Place, ad: dict[str, Any]) -> bool:
        """Tell whether a note on a place has anything to speak of: fields within it, or the category that is not known."""
        return not self._described or (pointer.exists(ad, at) and isinstance(pointer.get(ad, at), dict))

    def _put(self, code: str, at: Place, **told: Any) -> Finding:  # noqa: ANN401  (whatever the sentences of the code need)
        return messages.make_finding(self.catalogue, code, pointer.write(at), **told)


def _leading(faults: Iterable[Diagnosis]) -> Iterator[tuple[Place, Finding]]:
    """Leave out what only follows from another fault: at each place the gravest speaks, and what is misnamed is not missing."""
    faults = list(faults)
    meant = {fault.right for fault in faults}
    places: dict[Place, list[Diagnosis]] = {}
    for fault in faults:
        if not fault.needs or not all(any(place in meant for place in pointer.ancestors(need)) for need in fault.needs):
            places.setdefault(fault.at, []).append(fault)
    for at, several in places.items():
        several.sort(key=lambda fault: (fault.finding.level.rank, fault.order))
        if several[0].finding.level is Level.ERROR:
            yield at, several[0].finding
        else:
            yield from ((at, finding) for finding in {fault.finding.code: fault.finding for fault in reversed(several)}.values())
