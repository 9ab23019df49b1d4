"""Converting ads from one edition of the API to another: identified, normalised if wanted, mapped, and completed by answers."""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice
from typing import Any, cast

from v4schema import catalogue as catalogues
from v4schema.catalogue import Catalogue, messages
from v4schema.catalogue.editions import EditionPath
from v4schema.conversion import receipts
from v4schema.conversion.mappings import mappings_for
from v4schema.conversion.questions import Question
from v4schema.conversion.receipts import Receipt
from v4schema.conversion.restore import restore_ad
from v4schema.conversion.result import Conversion, NotConverted
from v4schema.conversion.run import ConversionRun, compiled_mapping
from v4schema.dialect import engines
from v4schema.dialect.fields import subschema_at
from v4schema.document import pointer
from v4schema.document.json_value import first_non_json
from v4schema.document.pointer import Place
from v4schema.findings.report import Finding, Kind
from v4schema.normalisation.normaliser import Normalisation, UnitSettings, normalise
from v4schema.reading.identify import identify
from v4schema.reading.reader import Limits, Source, read
from v4schema.validation.validator import validate

#: The codes of changes that leave an amount in the unit of its field.
_IN_FIELD_UNIT = {"unit.converted", "unit.read"}


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
    """Convert a parsed ad to another edition of the API, by the mapping between the two; the given ad stays as it is.

    `to` is the edition to convert to, `version` the edition of the ad: by default the nearest older one that has a mapping.
    `category` is the category that the ad becomes, where its category splits. `answers` are values by the JSON Pointers of
    `Conversion.questions`, as the API writes them or as people do (``"1 540 mil"``). `units` are those of
    `v4schema.normalise`: with ``price_unit="kr"``, bare amounts are written in the unit of the new edition (öre in V4, document
    S); without it they stay as they are, with a warning where the editions differ.

    With the `receipt` of an earlier conversion, the ad is restored exactly.

    Any JSON value gets an answer. Raises `v4schema.errors.UnknownName` when one of the caller's own words names nothing, and
    `v4schema.errors.NoMapping` when no mapping exists between the two editions.

    >>> done = convert({"source_id": "1", "category_id": 1121, "title": "Yamaha Aerox"}, to="v4")
    >>> done.ad
    {'source_id': '1', 'category_id': '1121', 'category_fields': {'body_type': 'moped'}}
    >>> done.complete, [question.at for question in done.questions][:2]
    (False, ['/dealer_code', '/body'])
    >>> revert(done)
    {'source_id': '1', 'category_id': 1121, 'title': 'Yamaha Aerox'}
    """
    catalogue = catalogue or catalogues.default()
    if receipt is not None:
        return restore_ad(ad, receipt, to=catalogue.edition(to).name, catalogue=catalogue)
    path = MigrationPath.between(to, version, category, units, catalogue=catalogue, fixes=False)
    return path.convert(ad, answers or {})


def revert(conversion: Conversion) -> Any:  # noqa: ANN401  (an ad)
    """Return the ad that a conversion was given, restored from the new ad by the receipt."""
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
    """Read an ad, fix it, convert it and check the result: all the way from a file to an ad of another edition.

    `source` is a path, the bytes of a document, a binary stream, or a parsed ad; `limits` are those of `v4schema.read`, the rest
    is that of `convert`. The ad is normalised before and after converting, as `v4schema.normalise` does it; an amount with a
    written unit needs no unit setting. The findings are those of all steps, warnings about the new ad included. Their places are
    those in the given ad, and the receipt restores that ad. A source that cannot be read gives a conversion without an ad; for a
    source with several ads, see `v4schema.feed.convert`.

    >>> done = migrate({"category_id": "Moped", "price": [{"type": "list", "amount": "34 900 kr"}]}, to="v4")
    >>> done.ad["category_id"], done.ad["price"]
    ('1121', [{'type': 'list', 'amount': 3490000, 'currency': 'SEK'}])
    """
    catalogue = catalogue or catalogues.default()
    path = MigrationPath.between(to, version, category, units, catalogue=catalogue, fixes=True)
    if not isinstance(source, str | bytes | bytearray | memoryview | os.PathLike) and not hasattr(source, "read"):
        return path.convert(source, answers or {})
    first, *more = islice(read(cast("Source", source), limits=limits, catalogue=catalogue), 2)
    if more or not first.readable:
        findings = (messages.make_finding(catalogue, "file.several", ""),) if more else first.findings
        return Conversion(ad=None, given=None, outcome=NotConverted(known=findings), catalogue=catalogue)
    done = path.convert(first.ad, answers or {})
    return replace(done, reported=(*first.findings, *done.findings)) if first.findings else done


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unconvertible:
    """The outcome for an ad that has no mapping, or that is not identified: its errors, and why it was not converted.

    `version` is the edition to check the ad by; None where it is not checked.
    """

    ad: Any = field(repr=False)
    version: str | None
    finding: Finding | None
    catalogue: Catalogue = field(repr=False, compare=False)

    def findings(self) -> Iterator[Finding]:
        """Return the errors in the ad, and why it was not converted."""
        if self.version is not None:
            yield from validate(self.ad, version=self.version, catalogue=self.catalogue).errors
        if self.finding:
            yield self.finding

    def questions(self) -> Iterable[Question]:
        """Return no questions."""
        return ()

    def is_complete(self) -> bool:
        """Tell that there is no new ad."""
        return False


@dataclass(frozen=True, kw_only=True)
class MigrationPath:
    """Converts ads along the path between two editions.

    `category` is the slug of the category that ads become, where the caller names one. `certain` is whether the caller has named
    the edition of the ads. `settings` are the caller's unit settings; with `fixes`, ads are normalised before and after.
    """

    catalogue: Catalogue
    path: EditionPath
    category: str | None
    certain: bool
    settings: UnitSettings
    fixes: bool

    @staticmethod
    def between(
        to: str,
        version: str | None,
        category: str | int | None,
        units: Mapping[str, str | None],
        *,
        catalogue: Catalogue,
        fixes: bool,
    ) -> "MigrationPath":
        """Return the path that a caller asks for. Raises `v4schema.errors.UnknownName` where a word names nothing."""
        settings = tuple(sorted((name, unit) for name, unit in units.items() if unit is not None)) if units else ()
        return _migration_path(catalogue, to, version, category, settings, fixes)

    def convert(self, ad: Any, answers: Mapping[str, object]) -> Conversion:  # noqa: ANN401  (any JSON)
        """Convert an ad, and fill in the answers."""
        already = None if self.certain else self._already_converted(ad)
        if already:
            return self._not_converted(
                ad, self.catalogue.kind(self.path.to, pointer.get(ad, self.catalogue.category_at)), already
            )
        if not isinstance(ad, dict) or first_non_json(ad) is not None:
            return self._not_converted(ad, None)
        fixed = self._normalised(ad, self.path.version, None, self.settings) if self.fixes else None
        here = fixed.ad if fixed else ad
        kind = self._identified(here)
        if not isinstance(kind, Kind) or kind.category is None:
            return self._not_converted(ad, None)
        target = self._target(kind.category)
        if isinstance(target, Finding):
            return self._not_converted(ad, kind, target)
        settings = self._lasting_settings if self.fixes else self.settings
        compiled = compiled_mapping(self.catalogue, self.path, kind.category, target, settings)
        mapped = compiled.converter.convert(here, self._certain_amounts(fixed) if fixed else ())
        fixed_again = self._normalised(mapped.ad, self.path.to, target, settings) if self.fixes else None
        here = fixed_again.ad if fixed_again else mapped.ad
        answered = compiled.questionnaire.answer(here, answers) if answers else None
        run = ConversionRun(compiled=compiled, given=ad, fixed=fixed, mapped=mapped, fixed_again=fixed_again, answered=answered)
        return Conversion(ad=run.ad, given=ad, kind=compiled.mapping.target, origin=kind, outcome=run, catalogue=self.catalogue)

    def _identified(self, ad: object) -> Kind | Finding:
        """Identify an ad. An ad without a category belongs to the only one that becomes the caller's category."""
        kind = identify(ad, version=self.path.version, catalogue=self.catalogue)
        if isinstance(kind, Kind) and kind.category is None and self.category is not None:
            given = [each for each, to, _ in self.path.categories if to == self.category]
            return Kind(version=kind.version, category=given[0]) if len(given) == 1 else kind
        return kind

    def _target(self, category: str) -> str | Finding:
        """Return the category that one becomes, or the finding that says why that is unknown."""
        targets = [mapping.target for mapping in mappings_for(self.catalogue, self.path, category)]
        chosen = [kind for kind in targets if self.category in {None, kind.category}]
        if len(chosen) == 1:
            return str(chosen[0].category)
        documented = self.path.unmapped.get(category, {})
        code, case = ("category.splits", "") if chosen else ("category.unmapped", "other" if targets else "")
        return messages.make_finding(
            self.catalogue,
            code,
            pointer.write(self.catalogue.category_at),
            rule={"x-source": documented.get("source", self.path.source)},
            case=case,
            hint_case=case,
            category=Kind(version=self.path.version, category=category),
            to=Kind(version=self.path.to, category=self.category),
            known=messages.join_plain([*map(str, targets)]) if targets else "",
            why=documented.get("message", ""),
        )

    def _already_converted(self, ad: object) -> Finding | None:
        """Report an ad whose category is written as only the target edition writes it."""
        at = self.catalogue.category_at
        value = pointer.get(ad, at) if pointer.exists(ad, at) else None
        editions = (self.path.version, self.path.to)
        if not isinstance(value, str | int) or [_writes(self.catalogue, each, value) for each in editions] != [False, True]:
            return None
        return messages.make_finding(
            self.catalogue,
            "edition.already",
            pointer.write(at),
            rule={"x-source": self.catalogue.edition(self.path.to).source},
            value=messages.DisplayValue(value, self.catalogue),
            version=self.path.version,
            to=self.path.to,
        )

    def _normalised(self, ad: object, version: str, category: str | None, settings: UnitSettings) -> Normalisation:
        return normalise(ad, version=version, category=category, catalogue=self.catalogue, **dict(settings))

    @property
    def _lasting_settings(self) -> UnitSettings:
        """The unit settings without those that must be applied only once."""
        return tuple(each for each in self.settings if each[0] not in self.catalogue.one_time_settings)

    def _certain_amounts(self, fixed: Normalisation) -> Collection[Place] | None:
        """Return the places of amounts that normalising has written in the unit of their field; None if it knew all units."""
        if self._lasting_settings != self.settings:
            return None
        changes: Sequence[Finding] = fixed.changes if fixed.changed else ()
        return {pointer.resolve(fixed.ad, each.to or each.at) for each in changes if each.code in _IN_FIELD_UNIT}

    def _not_converted(self, ad: Any, kind: Kind | None, finding: Finding | None = None) -> Conversion:  # noqa: ANN401  (any JSON)
        """Return a conversion without a new ad: the given ad, what is wrong with it, and why it was not converted."""
        version = self.path.version if kind is None or kind.version == self.path.version else None
        outcome = _Unconvertible(ad=ad, version=version, finding=finding, catalogue=self.catalogue)
        return Conversion(ad=ad, given=ad, origin=kind, outcome=outcome, catalogue=self.catalogue)


@lru_cache(maxsize=256, typed=True)
def _migration_path(
    catalogue: Catalogue,
    to: str,
    version: str | None,
    category: str | int | None,
    settings: UnitSettings,
    fixes: bool,  # noqa: FBT001
) -> MigrationPath:
    """Return the path that a caller asks for; it is made once."""
    catalogue.configured_quantity_kinds(dict(settings))
    return MigrationPath(
        catalogue=catalogue,
        path=catalogue.edition_path(to, version),
        category=None if category is None else catalogue.kind(to, category).category,
        certain=version is not None,
        settings=settings,
        fixes=fixes,
    )


def _writes(catalogue: Catalogue, version: str, value: str | int) -> bool:
    """Return whether an edition writes a category this way, without a warning."""
    category = catalogue.edition(version).category(value)
    return category is not None and _writes_category(catalogue, version, category.slug, value)


@lru_cache(maxsize=1024, typed=True)
def _writes_category(catalogue: Catalogue, version: str, category: str, value: str | int) -> bool:
    """Return whether an edition writes one of its categories as `value`. An unknown value never gets here, so none is cached."""
    schema = catalogue.schema(Kind(version=version, category=category))
    return engines.compile_schema(subschema_at(schema, catalogue.category_at) or {}).accepts(value)
