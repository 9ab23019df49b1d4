"""Fixing what can be fixed without guessing: names first, then the steps that the schema names; each change is a note."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from v4schema import catalogue as catalogues
from v4schema.catalogue import Catalogue
from v4schema.catalogue.field_names import FieldNames
from v4schema.catalogue.quantities import QuantityKind
from v4schema.dialect.fields import Schema
from v4schema.document import pointer
from v4schema.document.edit import Draft
from v4schema.document.pointer import Place
from v4schema.document.source_map import SourceMap
from v4schema.findings.report import Finding, Kind, Level
from v4schema.normalisation.renaming import Renamer
from v4schema.normalisation.transform import ChangeRecord, Transformer, Within, to_finding
from v4schema.reading.identify import identify

#: What a caller says about units: pairs of a setting and a unit, in order.
UnitSettings = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Normalisation:
    """The result of normalising an ad. It is a value: it can be compared, copied, pickled and sent to another process.

    `ad` is the new ad; its unchanged parts are the same objects as in the `given` ad. `kind` is what the ad is, or None where
    that is unknown. `source_map` maps places in the new ad to places in the given one. `renamed` is the ad after names were
    moved, `unknown` the places of names in it that are no fields, and `records` the changes: what `findings` are made from.
    """

    ad: object = field(repr=False, hash=False)
    kind: Kind | None
    given: object = field(repr=False, hash=False)
    renamed: object = field(repr=False, hash=False)
    unknown: tuple[Place, ...] = field(repr=False)
    records: tuple[ChangeRecord, ...] = field(repr=False, hash=False)
    source_map: SourceMap = field(repr=False, hash=False)
    normaliser: "Normaliser" = field(repr=False, compare=False)

    @property
    def changed(self) -> bool:
        """Whether the new ad differs from the given one."""
        return any(record.done for record in self.records)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """The changes (level note), and what looks wrong but only a person can decide (level error), in the order of the ad.

        The messages are written when they are first asked for.
        """
        return self.normaliser.findings(self)

    @property
    def changes(self) -> tuple[Finding, ...]:
        """The notes about changes."""
        return tuple(finding for finding in self.findings if finding.level is Level.NOTE)


def normalise(
    ad: object,
    *,
    version: str | None = None,
    category: str | int | None = None,
    operation: str = "create",
    catalogue: Catalogue | None = None,
    **units: str | None,
) -> Normalisation:
    """Fix in a parsed ad what can be fixed with certainty, and report each change; the given ad stays as it is.

    `version`, `category` and `operation` are those of `v4schema.validate`. A quantity is converted where its unit is written
    down (``"349 900 kr"``, ``{"unit": "mil", "value": 1540}``). Bare numbers stay as they are, unless the caller says what they
    are in: ``price_unit``, ``mileage_unit``, ``power_unit``, ``weight_unit`` or ``length_unit``, such as ``price_unit="kr"``.
    ``mileage`` and ``power`` are the units to write amounts in (``"km"`` or ``"mil"``, ``"hp"`` or ``"kw"``, or ``"given"``
    for the unit that each amount is given in); by default mileage is written in km and power as given.
    `schemas/units.json` lists the units.

    Normalising twice gives the same as once, except that a unit for bare prices must be given only once. Any JSON value gets an
    answer. Raises `v4schema.errors.UnknownName` when one of the caller's own words names nothing.

    >>> done = normalise({"category_id": "Moped", "year": "2020", "price": [{"type": "list", "amount": "34 900 kr"}]})
    >>> done.ad["price"], done.ad["category_fields"]
    ([{'type': 'list', 'amount': 3490000, 'currency': 'SEK'}], {'model_year': 2020})
    >>> [change.code for change in done.changes]
    ['word.translated', 'field.moved', 'number.read', 'value.filled', 'unit.converted']
    """
    catalogue = catalogue or catalogues.default()
    settings = tuple(sorted((name, unit) for name, unit in units.items() if unit is not None))
    kind = identify(ad, version=version, category=category, catalogue=catalogue)
    if isinstance(kind, Kind) and kind.category is not None:
        return normaliser(catalogue, kind, operation, settings).normalise(ad)
    # The category may stand under a wrong name.
    shared = normaliser(catalogue, Kind(version=catalogue.edition(version).name), operation, settings).normalise(ad)
    known = identify(shared.ad, version=version, catalogue=catalogue)
    if isinstance(known, Kind) and known.category is not None:
        return normaliser(catalogue, known, operation, settings).normalise(ad)
    return shared if isinstance(known, Kind) else replace(shared, kind=None)


@lru_cache(maxsize=256)
def normaliser(catalogue: Catalogue, kind: Kind, operation: str, settings: UnitSettings) -> "Normaliser":
    """Return the normaliser of one kind of ad; it is compiled once."""
    return Normaliser(catalogue=catalogue, kind=kind, operation=operation, settings=settings)


@dataclass(frozen=True, kw_only=True, eq=False)
class Normaliser:
    """Normalises ads of one kind, for one operation, with the caller's unit settings."""

    catalogue: Catalogue
    kind: Kind
    operation: str
    settings: UnitSettings

    def __reduce__(self) -> tuple[Callable[..., "Normaliser"], tuple[object, ...]]:
        """Pickle what it is made from: another process compiles its own."""
        return normaliser, (self.catalogue, self.kind, self.operation, self.settings)

    def normalise(self, ad: object) -> Normalisation:
        """Return an ad with what can be fixed fixed."""
        source_map, given = SourceMap(), ad
        moves: list[ChangeRecord] = []
        while True:
            ad, unknown = self._renamer.rename(ad, source_map, moves) if self._renames else (ad, ())
            steps: list[ChangeRecord] = []
            new = self._visit(ad, (), steps)
            wraps = [record for record in steps if isinstance(record.after, list)]
            for record in wraps:
                source_map.moved(record.at, (*record.at, 0))
            if not any(isinstance(record.before, dict) for record in wraps):
                break
            # Names within the wrapped objects may be moved too, once the objects are in their lists for good.
            moves.extend(wraps)
            draft = Draft(ad)
            for record in wraps:
                draft.put(record.at, [pointer.get(ad, record.at)])
            ad = draft.document
        records = (*moves, *steps)
        for record in records:
            if record.removed:
                source_map.removed(record.at)
        return Normalisation(
            ad=new,
            kind=self.kind,
            given=given,
            renamed=ad,
            unknown=tuple(unknown),
            records=records,
            source_map=source_map,
            normaliser=self,
        )

    def findings(self, done: Normalisation) -> tuple[Finding, ...]:
        """Write the findings of a normalisation: what was changed, and what was not."""
        source_map = done.source_map
        found = [to_finding(record, source_map, self.catalogue) for record in done.records]
        found += self._renamer.unmoved(done.renamed, done.unknown, source_map)
        if len(found) > len(done.records) or not source_map.is_identity:
            order = pointer.Order(done.given)
            found.sort(key=lambda each: order(each[0]))
        return tuple(finding for _, finding in found)

    @cached_property
    def _schema(self) -> Schema:
        return self.catalogue.schema(self.kind, self.operation)

    @cached_property
    def _quantity_kinds(self) -> Mapping[str, QuantityKind]:
        return self.catalogue.configured_quantity_kinds(dict(self.settings))

    @cached_property
    def _visit(self) -> Within:
        return Transformer(
            schema=self._schema,
            words=self.catalogue.words,
            quantity_kinds=self._quantity_kinds,
            fields=self._renamer.names.fields,
        ).compiled()

    @cached_property
    def _renames(self) -> bool:
        """Whether names may be wrong: those of an ad that the API returns are its own."""
        return not self.catalogue.operation(self.kind.version, self.operation).is_response

    @cached_property
    def _renamer(self) -> Renamer:
        return Renamer(names=FieldNames(catalogue=self.catalogue, schema=self._schema))
