"""Taking ads from one edition of the API to another: identified, mended if that is wanted, carried over, and completed."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import Any, cast

from v4schema import catalogue as catalogues
from v4schema.catalogue import Catalogue, messages
from v4schema.catalogue.editions import EditionPath
from v4schema.conversion import receipts
from v4schema.conversion.converter import Converter
from v4schema.conversion.questions import Questionnaire
from v4schema.conversion.receipts import Receipt
from v4schema.conversion.restore import restore_ad
from v4schema.conversion.result import Conversion
from v4schema.conversion.run import CompiledMapping, ConversionRun
from v4schema.dialect import engines
from v4schema.dialect.fields import errors_only, subschema_at
from v4schema.document import pointer
from v4schema.document.pointer import Place
from v4schema.findings.report import Finding, Kind
from v4schema.normalisation.normaliser import Normalisation, normalise
from v4schema.reading.identify import first_non_json, identify
from v4schema.reading.reader import Limits, Source, read
from v4schema.validation.validator import validate

#: The codes of changes that leave an amount in the unit of its field.
_MEASURED = {"unit.converted", "unit.read"}


def convert(
    ad: object,
    *,
    to: str,
    version: str | None = None,
    category: str | int | None = None,
    answers: Mapping[str, object] | None = None,
    receipt: Receipt | None = None,
    catalogue: Catalogue | None = None,
    **units: str | None,
) -> Conversion:
    """Convert a parsed ad to another edition of the API, by the mapping between the two; the ad itself stays as it is.

    `to` is the edition to convert to, `version` the one that the ad is of: by default the nearest older one from which a
    mapping leads there. `category` is the category that it becomes, where one splits. `answers` are values by the JSON
    Pointers of `Conversion.questions`, as the API has them or as people write them (``"1 540 mil"``). `units` are those of
    `v4schema.normalise`: with ``price_unit="kr"``, bare amounts are written in the unit of the new edition (öre in V4, document
    S); without it they stay as they are, with a warning where the editions differ.

    With the `receipt` of an earlier conversion, the ad is brought back to what it was before, exactly.

    Any JSON value gets an answer. Raises `v4schema.errors.UnknownName` when the caller's own words name nothing, and
    `v4schema.errors.NoMapping` when no mapping leads from the one edition to the other.

    >>> done = convert({"source_id": "1", "category_id": 1121, "title": "Yamaha Aerox"}, to="v4")
    >>> done.ad
    {'source_id': '1', 'category_id': '1121', 'category_fields': {'body_type': 'moped'}}
    >>> done.complete, [ask.at for ask in done.asks][:2]
    (False, ['/dealer_code', '/body'])
    >>> revert(done)
    {'source_id': '1', 'category_id': 1121, 'title': 'Yamaha Aerox'}
    """
    held = catalogue or catalogues.default()
    if receipt is not None:
        return restore_ad(ad, receipt, to=held.edition(to).name, catalogue=held)
    passage = Passage.along(to, version, category, units, catalogue=held, mends=False)
    return passage.through(ad, answers or {})


def revert(conversion: Conversion) -> Any:  # noqa: ANN401  (an ad)
    """Return the ad that a conversion came from, brought back by its receipt from what it became."""
    return receipts.restore(conversion.ad, conversion.receipt).ad if conversion.receipt else conversion.given


def migrate(
    source: Source | object,
    *,
    to: str,
    version: str | None = None,
    category: str | int | None = None,
    answers: Mapping[str, object] | None = None,
    limits: Limits | None = None,
    catalogue: Catalogue | None = None,
    **units: str | None,
) -> Conversion:
    """Read an ad, mend it, convert it and check what it became: all the way from a file at hand to an ad of another edition.

    `source` is a path, the bytes of a document, a binary stream, or an ad that is parsed already; `limits` are those of
    `v4schema.read`, the rest is that of `convert`. Spellings, words, units and names are mended before and after converting,
    as `v4schema.normalise` does it; an amount that is written with its unit is converted without a further word. The findings
    are those of all steps, the warnings on the new ad among them; their places are those of the ad as it was given, and the
    receipt leads back to just that. What cannot be read is a conversion without an ad; of a source with several ads, see
    `v4schema.feed.convert`.

    >>> done = migrate({"category_id": "Moped", "price": [{"type": "list", "amount": "34 900 kr"}]}, to="v4")
    >>> done.ad["category_id"], done.ad["price"]
    ('1121', [{'type': 'list', 'amount': 3490000, 'currency': 'SEK'}])
    """
    held = catalogue or catalogues.default()
    passage = Passage.along(to, version, category, units, catalogue=held, mends=True)
    if not isinstance(source, str | bytes | bytearray | memoryview | os.PathLike) and not hasattr(source, "read"):
        return passage.through(source, answers or {})
    first, *more = islice(read(cast("Source", source), limits=limits, catalogue=held), 2)
    if more or not first.readable:
        findings = (messages.make_finding(held, "file.several", ""),) if more else first.findings
        return Conversion(ad=None, given=None, catalogue=held, telling=lambda: findings)
    done = passage.through(first.ad, answers or {})
    return replace(done, telling=lambda: (*first.findings, *done.findings)) if first.findings else done


@dataclass(frozen=True, kw_only=True)
class Passage:
    """Takes ads a way between editions.

    `category` is the slug of the caller's word for what a category becomes, `sure` whether the caller has said which edition
    the ads are of, `units` what is said of quantities; with `mends`, ads are normalised before and after.
    """

    catalogue: Catalogue
    way: EditionPath
    category: str | None
    sure: bool
    units: tuple[tuple[str, str], ...]
    mends: bool

    @staticmethod
    def along(
        to: str,
        version: str | None,
        category: str | int | None,
        units: Mapping[str, str | None],
        *,
        catalogue: Catalogue,
        mends: bool,
    ) -> "Passage":
        """Return the passage that a caller asks for; raises `v4schema.errors.UnknownName` where a word names nothing."""
        said = tuple(sorted((name, unit) for name, unit in units.items() if unit is not None)) if units else ()
        return _passage(catalogue, to, version, category, said, mends)

    def through(self, ad: Any, answers: Mapping[str, object]) -> Conversion:  # noqa: ANN401  (any JSON)
        """Convert an ad, and fill in what is answered."""
        already = None if self.sure else self._already(ad)
        if already:
            return self._stuck(ad, self.catalogue.kind(self.way.to, pointer.get(ad, self.catalogue.category_at)), already)
        if not isinstance(ad, dict) or first_non_json(ad) is not None:
            return self._stuck(ad, None)
        mended = self._mended(ad, self.way.version, None, self.units) if self.mends else None
        here = mended.ad if mended else ad
        kind = self._identified(here)
        if not isinstance(kind, Kind) or kind.category is None:
            return self._stuck(ad, None)
        wanted = self._wanted(kind.category)
        if isinstance(wanted, Finding):
            return self._stuck(ad, kind, wanted)
        units = self._lasting if self.mends else self.units
        route = _route(self.catalogue, self.way, kind.category, wanted, units)
        carried = route.converter.carried(here, self._certain(mended) if mended else ())
        again = self._mended(carried.ad, self.way.to, wanted, units) if self.mends else None
        here = again.ad if again else carried.ad
        answered = route.asking.answered(here, answers) if answers else None
        course = ConversionRun(route=route, given=ad, mended=mended, carried=carried, again=again, answered=answered)
        return Conversion(
            ad=course.ad,
            given=ad,
            kind=route.mapping.wanted,
            origin=kind,
            catalogue=self.catalogue,
            telling=course.findings,
            missing=course.missing,
            completes=course.complete,
        )

    def _identified(self, ad: object) -> Kind | Finding:
        """Tell what an ad is; one that does not name its category may be of the only one that becomes what the caller says."""
        kind = identify(ad, version=self.way.version, catalogue=self.catalogue)
        if isinstance(kind, Kind) and kind.category is None and self.category is not None:
            given = [each for each, to, _ in self.way.categories if to == self.category]
            return Kind(version=kind.version, category=given[0]) if len(given) == 1 else kind
        return kind

    def _wanted(self, category: str) -> str | Finding:
        """Return the category that one becomes, or the finding that says why that cannot be told."""
        becomes = [mapping.wanted for mapping in self.catalogue.mappings(self.way, category)]
        chosen = [kind for kind in becomes if self.category in {None, kind.category}]
        if len(chosen) == 1:
            return str(chosen[0].category)
        told = self.way.pathless.get(category, {})
        code, case = ("category.splits", "") if chosen else ("category.pathless", "other" if becomes else "")
        return messages.make_finding(
            self.catalogue,
            code,
            pointer.write(self.catalogue.category_at),
            rule={"x-source": told.get("source", self.way.source)},
            case=case,
            mend=case,
            category=Kind(version=self.way.version, category=category),
            to=Kind(version=self.way.to, category=self.category),
            known=messages.join_plain([*map(str, becomes)]) if becomes else "",
            why=told.get("message", ""),
        )

    def _already(self, ad: object) -> Finding | None:
        """Tell of an ad whose category is written just as the edition has it that it is to be converted to, and no other way."""
        at = self.catalogue.category_at
        value = pointer.get(ad, at) if pointer.exists(ad, at) else None
        editions = (self.way.version, self.way.to)
        if not isinstance(value, str | int) or [_writes(self.catalogue, each, value) for each in editions] != [False, True]:
            return None
        return messages.make_finding(
            self.catalogue,
            "edition.already",
            pointer.write(at),
            rule={"x-source": self.catalogue.edition(self.way.to).source},
            value=messages.DisplayValue(value, self.catalogue),
            version=self.way.version,
            to=self.way.to,
        )

    def _mended(self, ad: object, version: str, category: str | None, units: Sequence[tuple[str, str]]) -> Normalisation:
        return normalise(ad, version=version, category=category, catalogue=self.catalogue, **dict(units))

    @property
    def _lasting(self) -> tuple[tuple[str, str], ...]:
        """What is said of quantities, without what holds for one time only."""
        return tuple(each for each in self.units if each[0] not in self.catalogue.unrepeatable)

    def _certain(self, mended: Normalisation) -> Collection[Place] | None:
        """Return the places of amounts that normalising has written in the unit of their field; None if it knew of all."""
        if self._lasting != self.units:
            return None
        changes = (change for change in mended.changes if change.code in _MEASURED) if mended.changed else ()
        return {pointer.resolve(mended.ad, change.to or change.at) for change in changes}

    def _stuck(self, ad: Any, kind: Kind | None, finding: Finding | None = None) -> Conversion:  # noqa: ANN401  (any JSON)
        """Return a conversion that came to nothing: the ad as it is, what is wrong with it, and why it was not converted."""

        def told() -> Iterator[Finding]:
            if kind is None or kind.version == self.way.version:
                yield from validate(ad, version=self.way.version, catalogue=self.catalogue).errors
            if finding:
                yield finding

        return Conversion(ad=ad, given=ad, origin=kind, catalogue=self.catalogue, telling=told)


@lru_cache(maxsize=256, typed=True)
def _passage(
    catalogue: Catalogue,
    to: str,
    version: str | None,
    category: str | int | None,
    units: tuple[tuple[str, str], ...],
    mends: bool,  # noqa: FBT001
) -> Passage:
    """Return the passage that a caller asks for; made once."""
    catalogue.measured(dict(units))
    return Passage(
        catalogue=catalogue,
        way=catalogue.way(to, version),
        category=None if category is None else catalogue.kind(to, category).category,
        sure=version is not None,
        units=units,
        mends=mends,
    )


@lru_cache(maxsize=256)
def _route(
    catalogue: Catalogue, way: EditionPath, given: str, wanted: str, units: tuple[tuple[str, str], ...]
) -> CompiledMapping:
    """Return the route from one category to another; made once."""
    mapping = next(each for each in catalogue.mappings(way, given) if each.wanted.category == wanted)
    before, after = catalogue.schema(mapping.given), catalogue.schema(mapping.wanted)
    quantity_kinds = catalogue.measured(dict(units))
    return CompiledMapping(
        catalogue=catalogue,
        mapping=mapping,
        converter=Converter(catalogue=catalogue, mapping=mapping, given=before, wanted=after, quantity_kinds=quantity_kinds),
        asking=Questionnaire(catalogue=catalogue, mapping=mapping, schema=after, quantity_kinds=quantity_kinds),
        engine=engines.compile_schema(errors_only(after)),
    )


def _writes(catalogue: Catalogue, version: str, value: str | int) -> bool:
    """Tell whether an edition writes a category just so, without a warning."""
    category = catalogue.edition(version).category(value)
    return category is not None and _written(catalogue, version, category.slug, value)


@lru_cache(maxsize=1024, typed=True)
def _written(catalogue: Catalogue, version: str, category: str, value: str | int) -> bool:
    """Tell whether an edition writes one of its categories as `value`; what means none is not kept, however long it is."""
    schema = catalogue.schema(Kind(version=version, category=category))
    return engines.compile_schema(subschema_at(schema, catalogue.category_at) or {}).accepts(value)
