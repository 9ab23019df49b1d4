"""Ads that are brought back by their receipts to what they were before they were converted."""

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from v4schema import engine, pointer, receipts, wording
from v4schema.ad import identify, unspeakable
from v4schema.catalogue import Catalogue
from v4schema.conversion import Conversion
from v4schema.engine import Engine
from v4schema.report import Finding, Kind, Level
from v4schema.validator import validate

if TYPE_CHECKING:
    from v4schema.receipts import Receipt


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
