"""Mending what can be mended without guessing: names first, then the steps that the schema names, each change a note."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from v4schema import catalogue as catalogues
from v4schema.catalogue import Catalogue
from v4schema.catalogue.field_names import FieldNames
from v4schema.catalogue.quantities import QuantityKind
from v4schema.dialect.fields import Schema
from v4schema.document import pointer
from v4schema.document.edit import Draft, SourceMap
from v4schema.document.pointer import Place
from v4schema.findings.report import Finding, Kind, Level
from v4schema.normalisation.renaming import Renamer
from v4schema.normalisation.transform import ChangeRecord, Transformer, Within, to_finding
from v4schema.reading.identify import identify


@dataclass(frozen=True, kw_only=True)
class Normalisation:
    """What normalising came to.

    `ad` is the new ad, of which unchanged parts are those of the ad that was given, and `kind` what it is, if that can be
    told. `changed` is whether anything was changed. `trail` leads from places in the new ad to those in the given one.
    """

    ad: object = field(repr=False)
    kind: Kind | None
    changed: bool
    trail: SourceMap = field(repr=False, compare=False)
    telling: Callable[[], tuple[Finding, ...]] = field(repr=False, compare=False)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What was changed (level note), and what looks as if it should be but only a person can tell (level error).

        In the order of the ad. They are put into words when they are first asked for.
        """
        return self.telling()

    @property
    def changes(self) -> tuple[Finding, ...]:
        """The notes on what was changed."""
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
    """Mend in a parsed ad what can be mended with certainty, and tell each change; the ad that is given stays as it is.

    `version`, `category` and `operation` are those of `v4schema.validate`. A quantity is converted where its unit is written
    down (``"349 900 kr"``, ``{"unit": "mil", "value": 1540}``). What bare numbers mean is the caller's word: ``price_unit``,
    ``mileage_unit``, ``power_unit``, ``weight_unit`` or ``length_unit``, such as ``price_unit="kr"``; without it they stay as
    they are. ``mileage`` and ``power`` are the units to write amounts in (``"km"`` or ``"mil"``, ``"hp"`` or ``"kw"``, or
    ``"given"`` for the one each is given in); by default mileage is written in km and power as given. `schemas/units.json`
    names the units.

    Normalising twice is the same as once, save that the caller's word on bare prices holds for one time. Any JSON value gets
    an answer. Raises `v4schema.errors.UnknownName` when the caller's own words name nothing.

    >>> done = normalise({"category_id": "Moped", "year": "2020", "price": [{"type": "list", "amount": "34 900 kr"}]})
    >>> done.ad["price"], done.ad["category_fields"]
    ([{'type': 'list', 'amount': 3490000, 'currency': 'SEK'}], {'model_year': 2020})
    >>> [change.code for change in done.changes]
    ['word.translated', 'field.moved', 'number.read', 'value.filled', 'unit.converted']
    """
    held = catalogue or catalogues.default()
    said = tuple(sorted((name, unit) for name, unit in units.items() if unit is not None))
    kind = identify(ad, version=version, category=category, catalogue=held)
    if isinstance(kind, Kind) and kind.category is not None:
        return _normaliser(held, kind, operation, said).mended(ad)
    # The category may stand under a wrong name.
    shared = _normaliser(held, Kind(version=held.edition(version).name), operation, said).mended(ad)
    known = identify(shared.ad, version=version, catalogue=held)
    if isinstance(known, Kind) and known.category is not None:
        return _normaliser(held, known, operation, said).mended(ad)
    return shared if isinstance(known, Kind) else replace(shared, kind=None)


@lru_cache(maxsize=256)
def _normaliser(catalogue: Catalogue, kind: Kind, operation: str, said: tuple[tuple[str, str], ...]) -> "Normaliser":
    """Return what mends ads of one kind; compiled once."""
    return Normaliser(
        catalogue=catalogue,
        kind=kind,
        operation=operation,
        schema=catalogue.schema(kind, operation),
        quantity_kinds=catalogue.measured(dict(said)),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Normaliser:
    """Mends ads of one kind, for one operation, with what the caller says of quantities."""

    catalogue: Catalogue
    kind: Kind
    operation: str
    schema: Schema
    quantity_kinds: Mapping[str, QuantityKind]

    def mended(self, ad: object) -> Normalisation:
        """Return an ad with what can be mended mended."""
        trail, given = SourceMap(), ad
        moves: list[ChangeRecord] = []
        while True:
            ad, strays = self._renaming.done(ad, trail, moves) if self._judged else (ad, ())
            steps: list[ChangeRecord] = []
            new = self._visit(ad, (), steps)
            wraps = [entry for entry in steps if isinstance(entry.after, list)]
            for entry in wraps:
                trail.moved(entry.at, (*entry.at, 0))
            if not any(isinstance(entry.before, dict) for entry in wraps):
                break
            # There may be names within that can be moved, once these are in their lists for good.
            moves.extend(wraps)
            draft = Draft(ad)
            for entry in wraps:
                draft.put(entry.at, [pointer.get(ad, entry.at)])
            ad = draft.document
        entries = [*moves, *steps]
        for entry in entries:
            if entry.gone:
                trail.dropped(entry.at)
        return Normalisation(
            ad=new,
            kind=self.kind,
            changed=any(entry.done for entry in entries),
            trail=trail,
            telling=lambda: self._told(given, ad, entries, strays, trail),
        )

    def _told(
        self, given: object, ad: object, entries: Sequence[ChangeRecord], strays: Sequence[Place], trail: SourceMap
    ) -> tuple[Finding, ...]:
        """Put into words what was done with an ad, and what was not: `ad` is the given one after names have been moved."""
        told = [to_finding(entry, trail, self.catalogue) for entry in entries]
        told += self._renaming.left(ad, strays, trail)
        if len(told) > len(entries) or not trail.straight:
            order = pointer.Order(given)
            told.sort(key=lambda each: order(each[0]))
        return tuple(finding for _, finding in told)

    @cached_property
    def _visit(self) -> Within:
        fields = self._renaming.names.fields
        return Transformer(
            schema=self.schema, words=self.catalogue.words, quantity_kinds=self.quantity_kinds, fields=fields
        ).compiled()

    @cached_property
    def _judged(self) -> bool:
        """Whether names are the sender's own: those of an ad that comes from the API are as they should be."""
        return not self.catalogue.operation(self.kind.version, self.operation).answer

    @cached_property
    def _renaming(self) -> Renamer:
        return Renamer(names=FieldNames(catalogue=self.catalogue, schema=self.schema))
