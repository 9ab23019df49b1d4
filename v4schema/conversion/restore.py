"""Restoring ads by their receipts to what they were before they were converted."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast

from v4schema.catalogue import Catalogue, messages, privacy
from v4schema.conversion import receipts
from v4schema.conversion.questions import Question
from v4schema.conversion.receipts import Receipt, RestoredAd
from v4schema.conversion.result import Conversion, NotConverted
from v4schema.dialect import engines
from v4schema.dialect.engines import Engine
from v4schema.document import pointer
from v4schema.document.json_value import first_non_json
from v4schema.findings.report import Finding, Kind, Level, Report
from v4schema.reading.identify import identify
from v4schema.validation.validator import validate


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoration:
    """The outcome for an ad that was restored by its receipt; `kind` is what the restored ad is."""

    restored: RestoredAd
    kind: Kind
    catalogue: Catalogue = field(repr=False, compare=False)

    def findings(self) -> Iterator[Finding]:
        """Report what was changed in the ad since its receipt was written, and what is wrong with the restored ad."""
        if self.restored.exact:
            return
        version = self.kind.version
        for at in self.restored.changed:
            place = privacy.masked_pointer(self.catalogue, at, self.restored.ad)
            yield messages.make_finding(self.catalogue, "receipt.changed", place, version=version)
        if not self.restored.changed:
            rule = {"x-level": Level.WARNING}
            yield messages.make_finding(
                self.catalogue, "receipt.changed", "", rule=rule, case="carried", hint_case="carried", version=version
            )
        yield from self._report().errors

    def questions(self) -> Iterable[Question]:
        """Return no questions."""
        return ()

    def is_complete(self) -> bool:
        """Return whether the ad is exactly what it was, or, with later changes kept, valid."""
        return self.restored.exact or (not self.restored.changed and self._report().valid)

    def _report(self) -> Report:
        return validate(self.restored.ad, version=self.kind.version, category=self.kind.category, catalogue=self.catalogue)


def restore_ad(ad: object, receipt: object, *, to: str | None, catalogue: Catalogue) -> Conversion:
    """Restore an ad by its receipt, to the edition `to`, or, with None, to the edition that the receipt names."""

    def refused(code: str, **details: Any) -> Conversion:  # noqa: ANN401  (what fills its message)
        finding = messages.make_finding(catalogue, code, "", **details)
        origin = identify(ad, catalogue=catalogue)
        return Conversion(
            ad=ad,
            given=ad,
            origin=origin if isinstance(origin, Kind) else None,
            outcome=NotConverted(known=(finding,)),
            catalogue=catalogue,
        )

    if receipt is None:
        return refused("receipt.missing")
    if not _is_intact(receipt, catalogue):
        return refused("receipt.damaged")
    intact = cast("Receipt", receipt)
    given, kind = (_kind(intact[side]) for side in ("from", "to"))
    if not (_is_known(given, catalogue) and _is_known(kind, catalogue)):
        return refused("receipt.other", case="kind", given=given, kind=kind)
    known = identify(ad, version=kind.version, catalogue=catalogue) if isinstance(ad, dict) else None
    if intact[catalogue.identity_at[-1]] != pointer.text(ad, catalogue.identity_at) or known != kind:
        return refused("receipt.other")
    if to not in {None, given.version}:
        return refused("receipt.other", case="kind", given=given, kind=kind)
    restored = receipts.restore(ad, intact)
    outcome = Restoration(restored=restored, kind=given, catalogue=catalogue)
    return Conversion(ad=restored.ad, given=ad, kind=given, origin=kind, outcome=outcome, catalogue=catalogue)


@lru_cache(maxsize=8)
def _shape(catalogue: Catalogue) -> Engine:
    return engines.compile_schema(catalogue.read("meta/receipt.json"))


def _is_intact(receipt: object, catalogue: Catalogue) -> bool:
    """Return whether a receipt has the right shape and is unchanged since it was created."""
    return first_non_json(receipt) is None and _shape(catalogue).accepts(receipt) and receipts.is_intact(receipt)


def _kind(text: str) -> Kind:
    version, _, category = text.partition("/")
    return Kind(version=version, category=category)


def _is_known(kind: Kind, catalogue: Catalogue) -> bool:
    """Return whether the catalogue has a kind: other schemas may have written the receipt."""
    edition = catalogue.editions.get(kind.version)
    return edition is not None and kind.category in edition.categories
