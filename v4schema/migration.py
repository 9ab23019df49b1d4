"""Taking ads from one edition of the API to another: identified, mended if that is wanted, carried over, completed, checked."""

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import Any, cast

from v4schema import catalogue as catalogues
from v4schema import engine, pointer, receipts, wording
from v4schema.ad import identify, unspeakable
from v4schema.asking import Answered, Ask, Asking
from v4schema.catalogue import Catalogue
from v4schema.conversion import Conversion
from v4schema.converter import Converter
from v4schema.editions import Way
from v4schema.engine import Engine
from v4schema.mapping import Mapping as CategoryMapping
from v4schema.mending import Entry, put
from v4schema.moving import Trail, placed
from v4schema.normaliser import Normalisation, normalise
from v4schema.pointer import Place
from v4schema.reading import Source, read
from v4schema.receipts import Receipt
from v4schema.report import Finding, Kind, Level
from v4schema.schema import describing, graver, private
from v4schema.stages import Stage, Stages, unspoken
from v4schema.validator import validate


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
    Pointers of `Conversion.asks`, as the API has them or as people write them (``"1 540 mil"``). `units` are those of
    `v4schema.normalise`: with ``price_unit="kr"``, bare amounts are written in the unit of the new edition (öre in V4, document
    S); without it they stay as they are, with a warning where the editions differ.

    With the `receipt` of an earlier conversion, the ad is brought back to what it was before, exactly.

    Any JSON value gets an answer. Raises `v4schema.errors.UnknownName` when the caller's own words name nothing, and
    `v4schema.errors.NoWay` when no mapping leads from the one edition to the other.

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
        return brought_back(ad, receipt, to=held.edition(to).name, catalogue=held)
    passage = Passage.along(to, version, category, units, catalogue=held, mends=False)
    return passage.through(ad, answers or {})


def revert(conversion: Conversion) -> Any:  # noqa: ANN401  (an ad)
    """Return the ad that a conversion came from, brought back by its receipt from what it became."""
    return receipts.restored(conversion.ad, conversion.receipt).ad


def migrate(
    source: Source | object,
    *,
    to: str,
    version: str | None = None,
    category: str | int | None = None,
    answers: Mapping[str, object] | None = None,
    catalogue: Catalogue | None = None,
    **units: str | None,
) -> Conversion:
    """Read an ad, mend it, convert it and check what it became: all the way from a file at hand to an ad of another edition.

    `source` is a path, the bytes of a document, a binary stream, or an ad that is parsed already; the rest is that of
    `convert`. Spellings, words, units and names are mended before and after converting, as `v4schema.normalise` does it; an
    amount that is written with its unit is converted without a further word. The findings are those of all steps, the
    warnings on the new ad among them; their places are those of the ad as it was given, and the receipt leads back to just
    that. What cannot be read is a conversion without an ad; of a source with several ads, see `v4schema.feed.convert`.

    >>> done = migrate({"category_id": "Moped", "price": [{"type": "list", "amount": "34 900 kr"}]}, to="v4")
    >>> done.ad["category_id"], done.ad["price"]
    ('1121', [{'type': 'list', 'amount': 3490000, 'currency': 'SEK'}])
    """
    held = catalogue or catalogues.default()
    passage = Passage.along(to, version, category, units, catalogue=held, mends=True)
    if not isinstance(source, str | bytes | bytearray | memoryview | os.PathLike) and not hasattr(source, "read"):
        return passage.through(source, answers or {})
    first, *more = islice(read(cast("Source", source), catalogue=held), 2)
    if more or not first.readable:
        findings = (wording.finding(held, "file.several", ""),) if more else first.findings
        return Conversion(ad=None, given=None, catalogue=held, telling=lambda: findings)
    done = passage.through(first.ad, answers or {})
    return replace(done, telling=lambda: (*first.findings, *done.findings)) if first.findings else done


def brought_back(ad: object, receipt: object, *, to: str | None, catalogue: Catalogue) -> Conversion:
    """Bring an ad back by its receipt, to the edition `to`, or, with None, to whichever the receipt says."""

    def refused(code: str, **told: Any) -> Conversion:  # noqa: ANN401  (what fills its sentences)
        finding = wording.finding(catalogue, code, "", **told)
        origin = identify(ad, catalogue=catalogue)
        return Conversion(
            ad=ad,
            given=ad,
            origin=origin if isinstance(origin, Kind) else None,
            catalogue=catalogue,
            telling=lambda: (finding,),
        )

    if receipt is None:
        return refused("receipt.missing")
    if not _sound(receipt, catalogue):
        return refused("receipt.damaged")
    held = cast("Receipt", receipt)
    given, kind = (_kind(held[side]) for side in ("from", "to"))
    known = identify(ad, version=kind.version, catalogue=catalogue) if isinstance(ad, dict) else None
    if held[catalogue.identity_at[-1]] != receipts.identity(ad, catalogue.identity_at) or known != kind:
        return refused("receipt.other")
    if to not in {None, given.version}:
        return refused("receipt.other", case="kind", given=given, kind=kind)
    restored = receipts.restored(ad, held)
    checked = validate(restored.ad, version=given.version, category=given.category, catalogue=catalogue)

    def told() -> Iterator[Finding]:
        for at in restored.changed:
            yield wording.finding(catalogue, "receipt.changed", pointer.write(at), version=given.version)
        if not restored.exact and not restored.changed:
            rule = {"x-level": Level.WARNING}
            yield wording.finding(
                catalogue, "receipt.changed", "", rule=rule, case="carried", mend="carried", version=given.version
            )
        if not restored.exact:
            yield from checked.errors

    return Conversion(
        ad=restored.ad,
        given=ad,
        kind=given,
        origin=kind,
        completes=lambda: restored.exact or (checked.valid and not restored.changed),
        catalogue=catalogue,
        telling=told,
    )


@lru_cache(maxsize=8)
def _shape(catalogue: Catalogue) -> Engine:
    return engine.compiled(catalogue.read("meta/receipt.json"))


def _sound(receipt: object, catalogue: Catalogue) -> bool:
    """Tell whether a receipt is as it was made."""
    return unspeakable(receipt) is None and _shape(catalogue).accepts(receipt) and receipts.sound(cast("Receipt", receipt))


def _kind(told: str) -> Kind:
    version, _, category = told.partition("/")
    return Kind(version=version, category=category)


@dataclass(frozen=True, kw_only=True, eq=False)
class Route:
    """How ads of one kind become ads of another, ready for use; `accepts` tells whether an ad is valid in the end."""

    mapping: CategoryMapping
    converter: Converter
    asking: Asking
    engine: Engine


@lru_cache(maxsize=256)
def _route(catalogue: Catalogue, version: str, given: str, to: str, wanted: str, units: tuple[tuple[str, str], ...]) -> Route:
    """Return the route from one category to another; made once."""
    mappings = catalogue.mappings(catalogue.ways[version, to], given)
    mapping = next(each for each in mappings if each.wanted.category == wanted)
    before, after = catalogue.schema(mapping.given), catalogue.schema(mapping.wanted)
    measures = catalogue.measured(dict(units))
    return Route(
        mapping=mapping,
        converter=Converter(catalogue=catalogue, mapping=mapping, given=before, wanted=after, measures=measures),
        asking=Asking(catalogue=catalogue, mapping=mapping, schema=after, measures=measures),
        engine=engine.compiled(graver(after)),
    )


@dataclass(frozen=True, kw_only=True)
class Passage:
    """Takes ads a way between editions.

    `category` is the slug of the caller's word for what a category becomes, `sure` whether the caller has said which edition
    the ads are of, `units` what is said of quantities; with `mends`, ads are normalised before and after.
    """

    catalogue: Catalogue
    way: Way
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
        if not isinstance(ad, dict) or unspeakable(ad) is not None:
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
        route = _route(self.catalogue, kind.version, kind.category, self.way.to, wanted, units)
        stages = [_normalised(ad, mended)] if mended else []
        carried = route.converter.carried(here, self._certain(mended) if mended else ())
        telling = self._telling(carried.entries, carried.trail)
        stages.append(Stage(before=here, after=carried.ad, trail=carried.trail, findings=telling))
        if self.mends:
            again = self._mended(carried.ad, self.way.to, wanted, units)
            stages.append(_normalised(carried.ad, again))
        here = stages[-1].after
        answered = route.asking.answered(here, answers) if answers else Answered(ad=here)
        if answers:
            telling = self._telling(answered.entries, Trail())
            stages.append(Stage(before=here, after=answered.ad, trail=Trail(), findings=telling))
        gone = Stages(given=ad, stages=stages)
        return Conversion(
            ad=gone.ad,
            given=ad,
            kind=route.mapping.wanted,
            origin=kind,
            completes=lambda: route.engine.accepts(gone.ad) or self._valid(route.mapping.wanted, gone.ad),
            catalogue=self.catalogue,
            telling=lambda: self._told(route, gone, answered),
            missing=lambda: route.asking.missing(gone.ad, ad),
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
        return wording.finding(
            self.catalogue,
            code,
            pointer.write(self.catalogue.category_at),
            rule={"x-source": told.get("source", self.way.source)},
            case=case,
            mend=case,
            category=Kind(version=self.way.version, category=category),
            to=Kind(version=self.way.to, category=self.category),
            known=wording.enumerated([*map(str, becomes)]) if becomes else "",
            why=told.get("says", ""),
        )

    def _already(self, ad: object) -> Finding | None:
        """Tell of an ad whose category is written just as the edition has it that it is to be converted to, and no other way."""
        at = self.catalogue.category_at
        value = pointer.get(ad, at) if pointer.leads(ad, at) else None
        if not isinstance(value, str | int) or not _writes(self.catalogue, self.way.to, value):
            return None
        if _writes(self.catalogue, self.way.version, value):
            return None
        return wording.finding(
            self.catalogue,
            "edition.already",
            pointer.write(at),
            rule={"x-source": self.catalogue.edition(self.way.to).source},
            value=wording.Shown(value, self.catalogue),
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
        changes = mended.changes if mended.changed else ()
        return {pointer.within(mended.ad, change.to or change.at) for change in changes}

    def _telling(self, entries: Sequence[Entry], trail: Trail) -> Callable[[], Iterator[Finding]]:
        return lambda: (put(entry, trail, self.catalogue)[1] for entry in entries)

    def _told(self, route: Route, gone: Stages, answered: Answered) -> Sequence[Finding]:
        """Put into words what there is to say: first what is wrong with the ad as it was before it was carried over."""
        number = int(self.mends)
        checks: dict[str, Any] = {"catalogue": self.catalogue}
        mapping = route.mapping
        before = validate(gone.stages[number].before, version=self.way.version, category=mapping.given.category, **checks)
        told = [*gone.told()]
        wrong = [*gone.checked(unspoken(before.errors, told), number)]
        told += gone.checked(self._refused(route, gone.ad, answered))
        asked = [self._asked(ask) for ask in route.asking.missing(gone.ad) if ask.required]
        after = validate(gone.ad, version=self.way.to, category=mapping.wanted.category, **checks)
        needed = {place for finding in asked for place in pointer.around(pointer.parse(finding.at))}
        left = [
            each
            for each in (after.findings if self.mends else after.errors)
            if each.code not in _MISSING or pointer.parse(each.at) not in needed
        ]
        known = {(finding.at, finding.code) for finding in wrong}
        known |= {(finding.at, _ASKED) for finding in wrong if finding.code in _MISSING}
        others = [*told, *gone.checked(asked), *gone.checked(unspoken(left, told))]
        rest = [finding for finding in dict.fromkeys(others) if (finding.at, finding.code) not in known]
        order = pointer.Order(gone.given)
        for findings in (wrong, rest):
            findings.sort(key=lambda finding: order(pointer.within(gone.given, finding.at)))
        return [*wrong, *rest]

    def _asked(self, ask: Ask) -> Finding:
        """Put into words what an ad is to be asked."""
        return wording.finding(
            self.catalogue,
            _ASKED,
            ask.at,
            rule={"x-source": ask.source},
            mend="" if ask.allowed else "open",
            version=self.way.to,
            why=ask.why,
            description=ask.description,
            allowed=ask.allowed,
        )

    def _refused(self, route: Route, ad: Any, answered: Answered) -> Iterator[Finding]:  # noqa: ANN401  (any JSON)
        """Put into words why answers are not taken: by what would be wrong with the ad if they were."""
        asks = {ask.at: ask for ask in route.asking.asks}
        for place, (given, value, left) in answered.refused.items():
            at = pointer.write(place)
            why = self._wrong(route.mapping.wanted, placed(ad, place, value), place) if left is None else left
            hidden = private(route.asking.schema, place)
            yield wording.finding(
                self.catalogue,
                "answer.refused",
                at,
                rule={"x-source": (describing(route.asking.schema, place) or {})["x-source"]},
                case="private" if hidden else "",
                change={"before": given},
                value=wording.Shown(given, self.catalogue, private=hidden),
                why=why,
                allowed=asks[at].allowed if at in asks else "",
            )

    def _valid(self, kind: Kind, ad: object) -> bool:
        """Tell whether an ad is valid that is not without a warning either."""
        return validate(ad, version=kind.version, category=kind.category, catalogue=self.catalogue).valid

    def _wrong(self, kind: Kind, ad: object, place: Place) -> str:
        """Say what is wrong with an ad at a place."""
        errors = validate(ad, version=kind.version, category=kind.category, catalogue=self.catalogue).errors
        return next(each.says for each in errors if place in pointer.around(pointer.parse(each.at)))

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


#: The codes of what is told of a missing field, which asking for it says as well.
_MISSING = {"schema.required"}
_ASKED = "field.asked"


@lru_cache(maxsize=1024, typed=True)
def _writes(catalogue: Catalogue, version: str, value: str | int) -> bool:
    """Tell whether an edition writes a category just so, without a warning."""
    category = catalogue.edition(version).category(value)
    if category is None:
        return False
    schema = catalogue.schema(Kind(version=version, category=category.slug))
    return engine.compiled(describing(schema, catalogue.category_at) or {}).accepts(value)


def _normalised(ad: object, done: Normalisation) -> Stage:
    return Stage(before=ad, after=done.ad, trail=done.trail, findings=lambda: done.findings)
