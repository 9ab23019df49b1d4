"""Receipts in a file, one per line, each matched to its ad."""

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

#: A finding about a file of receipts, with the name of the file.
Remark = tuple[str, Finding]


class ReceiptFile:
    """The receipts of a file, taken one by one.

    They are read along with their ads, in the same order. Where the order differs, skipped receipts wait in a temporary file for
    their ads. A receipt may be as long as `limits` allow a document to be, because it repeats what an ad has lost.
    """

    def __init__(
        self, source: Source, *, name: str | None = None, limits: Limits | None = None, catalogue: Catalogue | None = None
    ) -> None:
        self.catalogue = catalogue or catalogues.default()
        most = (limits or Limits()).document
        self._readings = read(source, name=name, limits=Limits(ad=most, document=most), catalogue=self.catalogue)
        self._skipped = KeyedQueue()
        self._remarks: list[Remark] = []

    def take(self, ad: object) -> object:
        """Return the receipt of an ad: the one written for exactly this ad, or else the first of its identifier, or None."""
        name, mark = pointer.text(ad, self.catalogue.identity_at), digest(ad)
        entry = self._skipped.take(name, mark)
        if entry is not None:
            return entry[-1]
        for reading in self._possible():
            if self._mark(reading.ad) == mark and self._name(reading.ad) == name:
                return reading.ad
            entry = reading.source, reading.first_line, reading.ad
            self._skipped.put(self._name(reading.ad), entry, self._mark(reading.ad))
        entry = self._skipped.take(name)
        return None if entry is None else entry[-1]

    def remarks(self) -> Iterator[Remark]:
        """Yield the findings about the file since the last call."""
        remarks, self._remarks = self._remarks, []
        yield from remarks

    def remaining(self) -> Iterator[Remark]:
        """Yield the findings about the rest of the file, and the receipts that belong to no ad."""
        for source, line, _ in self._skipped.remaining():
            yield self._unused(source, line)
        for reading in self._possible():
            yield self._unused(reading.source, reading.first_line)
        yield from self.remarks()
        self._skipped.close()

    def _unused(self, source: str, line: int) -> Remark:
        return source, replace(messages.make_finding(self.catalogue, "receipt.unused", ""), line=line, column=1)

    def _possible(self) -> Iterator[Reading]:
        """Yield the possible receipts in the rest of the file, and note findings about the others."""
        for reading in self._readings:
            if isinstance(reading.ad, dict):
                yield reading
            else:
                damaged = replace(messages.make_finding(self.catalogue, "receipt.damaged", ""), line=reading.first_line, column=1)
                self._remarks += [(reading.source, finding) for finding in reading.findings or [damaged]]

    def _name(self, receipt: object) -> str | None:
        """Return the identifier of the ad that a receipt names."""
        return pointer.text(receipt, self.catalogue.identity_at[-1:])

    def _mark(self, receipt: Any) -> str:  # noqa: ANN401  (any JSON)
        """Return the digest of the ad that a receipt was written for."""
        return str(receipt.get(receipts.BECAME))
