"""Ads that are brought back by their receipts to what they were before they were converted."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, cast

from v4schema.catalogue import Catalogue, messages, privacy
from v4schema.conversion import receipts
from v4schema.conversion.receipts import Receipt, RestoredAd
from v4schema.conversion.result import Conversion
from v4schema.dialect import engines
from v4schema.dialect.engines import Engine
from v4schema.document import pointer
from v4schema.findings.report import Finding, Kind, Level, Report
from v4schema.reading.identify import first_non_json, identify
from v4schema.validation.validator import validate


def restore_ad(ad: object, receipt: object, *, to: str | None, catalogue: Catalogue) -> Conversion:
    """Bring an ad back by its receipt, to the edition `to`, or, with None, to whichever the receipt says."""

    def refused(code: str, **told: Any) -> Conversion:  # noqa: ANN401  (what fills its sentences)
        finding = messages.make_finding(catalogue, code, "", **told)
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
    if not (_known(given, catalogue) and _known(kind, catalogue)):
        return refused("receipt.other", case="kind", given=given, kind=kind)
    known = identify(ad, version=kind.version, catalogue=catalogue) if isinstance(ad, dict) else None
    if held[catalogue.identity_at[-1]] != pointer.text(ad, catalogue.identity_at) or known != kind:
        return refused("receipt.other")
    if to not in {None, given.version}:
        return refused("receipt.other", case="kind", given=given, kind=kind)
    restored = receipts.restore(ad, held)

    def checked() -> Report:
        return validate(restored.ad, version=given.version, category=given.category, catalogue=catalogue)

    return Conversion(
        ad=restored.ad,
        given=ad,
        kind=given,
        origin=kind,
        completes=lambda: restored.exact or (not restored.changed and checked().valid),
        catalogue=catalogue,
        telling=lambda: () if restored.exact else (*_changed(restored, given.version, catalogue), *checked().errors),
    )


def _changed(restored: RestoredAd, version: str, catalogue: Catalogue) -> Iterator[Finding]:
    """Tell what has been changed in an ad since its receipt was written."""
    for at in restored.changed:
        yield messages.make_finding(
            catalogue, "receipt.changed", privacy.masked_pointer(catalogue, at, restored.ad), version=version
        )
    if not restored.changed:
        rule = {"x-level": Level.WARNING}
        yield messages.make_finding(catalogue, "receipt.changed", "", rule=rule, case="carried", mend="carried", version=version)


@lru_cache(maxsize=8)
def _shape(catalogue: Catalogue) -> Engine:
    return engines.compile_schema(catalogue.read("meta/receipt.json"))


def _sound(receipt: object, catalogue: Catalogue) -> bool:
    """Tell whether a receipt is as it was made."""
    return first_non_json(receipt) is None and _shape(catalogue).accepts(receipt) and receipts.is_intact(cast("Receipt", receipt))


def _kind(told: str) -> Kind:
    version, _, category = told.partition("/")
    return Kind(version=version, category=category)


def _known(kind: Kind, catalogue: Catalogue) -> bool:
    """Tell whether there is such a kind here: a receipt may have been written by other schemas."""
    edition = catalogue.editions.get(kind.version)
    return edition is not None and kind.category in edition.categories
