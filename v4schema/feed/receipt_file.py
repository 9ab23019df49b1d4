"""Receipts in a file, one a line, each found by the ad that it is of."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from v4schema import catalogue as catalogues
from v4schema.catalogue import Catalogue, messages
from v4schema.conversion import receipts
from v4schema.document import pointer
from v4schema.document.json_value import digest
from v4schema.feed.keyed_queue import KeyedQueue
from v4schema.findings.report import Finding
from v4schema.reading.reader import Limits, Reading, Source, read

#: What is wrong with a file of receipts: the name of the file, and the finding.
Remark = tuple[str, Finding]


class ReceiptFile:
    """The receipts of a file, taken out one by one.

    They are read along with the ads they are of, in the same order. Where the two differ, the receipts that are passed over wait
    in a temporary file until their ads come. A receipt may be as long as `limits` let a document be: what an ad has lost is in it
    once more.
    """

    def __init__(
        self, source: Source, *, name: str | None = None, limits: Limits | None = None, catalogue: Catalogue | None = None
    ) -> None:
        self.catalogue = catalogue or catalogues.default()
        most = (limits or Limits()).document
        self._readings = read(source, name=name, limits=Limits(ad=most, document=most), catalogue=self.catalogue)
        self._passed = KeyedQueue()
        self._remarks: list[Remark] = []

    def take(self, ad: object) -> object:
        """Return the receipt of an ad: the one that was written for just this ad, or else the first of its name, or None."""
        name, mark = pointer.text(ad, self.catalogue.identity_at), digest(ad)
        told = self._passed.take(name, mark)
        if told is not None:
            return told[-1]
        for reading in self._sound():
            if self._mark(reading.ad) == mark and self._name(reading.ad) == name:
                return reading.ad
            told = reading.source, reading.first_line, reading.ad
            self._passed.put(self._name(reading.ad), told, self._mark(reading.ad))
        told = self._passed.take(name)
        return None if told is None else told[-1]

    def remarks(self) -> Iterator[Remark]:
        """Yield what has turned out to be wrong with the file since this was asked last."""
        remarks, self._remarks = self._remarks, []
        yield from remarks

    def remaining(self) -> Iterator[Remark]:
        """Yield what is wrong with the rest of the file, and the receipts that were of no ad."""
        for source, line, _ in self._passed.remaining():
            yield self._unused(source, line)
        for reading in self._sound():
            yield self._unused(reading.source, reading.first_line)
        yield from self.remarks()
        self._passed.close()

    def _unused(self, source: str, line: int) -> Remark:
        return source, replace(messages.make_finding(self.catalogue, "receipt.unused", ""), line=line, column=1)

    def _sound(self) -> Iterator[Reading]:
        """Yield what may be a receipt from the rest of the file, and remember what is wrong with the others."""
        for reading in self._readings:
            if isinstance(reading.ad, dict):
                yield reading
            else:
                damaged = replace(messages.make_finding(self.catalogue, "receipt.damaged", ""), line=reading.first_line, column=1)
                self._remarks += [(reading.source, finding) for finding in reading.findings or [damaged]]

    def _name(self, receipt: object) -> str | None:
        """Return which ad a receipt says that it is of."""
        return pointer.text(receipt, self.catalogue.identity_at[-1:])

    def _mark(self, receipt: Any) -> str:  # noqa: ANN401  (any JSON)
        """Return what tells the ad that a receipt was written for."""
        return str(receipt.get(receipts.BECAME))
