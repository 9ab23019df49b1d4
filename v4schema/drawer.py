"""Receipts in a file, one a line, each found by the ad that it is of."""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from v4schema import catalogue as catalogues
from v4schema import wording
from v4schema.catalogue import Catalogue
from v4schema.reading import Reading, Source, read
from v4schema.receipts import identity
from v4schema.report import Finding

#: What is wrong with a file of receipts: the name of the file, and the finding.
Remark = tuple[str, Finding]


class Drawer:
    """The receipts of a file, taken out one by one.

    They are read along with the ads they are of. Where the two are not in the same order, those that are passed over stay in
    memory until their ads come.
    """

    def __init__(self, source: Source, *, name: str | None = None, catalogue: Catalogue | None = None) -> None:
        self.catalogue = catalogue or catalogues.default()
        self._readings = read(source, name=name, catalogue=self.catalogue)
        self._passed: dict[str | None, deque[Reading]] = {}
        self._remarks: list[Remark] = []

    def take(self, name: str | None) -> object:
        """Return the next receipt of an ad that calls itself by a name; None if there is none."""
        waiting = self._passed.get(name)
        if waiting:
            return waiting.popleft().ad
        for reading in self._sound():
            if self._of(reading) == name:
                return reading.ad
            self._passed.setdefault(self._of(reading), deque()).append(reading)
        return None

    def _sound(self) -> Iterator[Reading]:
        """Yield what may be a receipt from the rest of the file, and remember what is wrong with the others."""
        for reading in self._readings:
            if isinstance(reading.ad, dict):
                yield reading
            else:
                damaged = replace(wording.finding(self.catalogue, "receipt.damaged", ""), line=reading.first_line, column=1)
                self._remarks += [(reading.source, finding) for finding in reading.findings or [damaged]]

    def remarks(self) -> Iterator[Remark]:
        """Yield what has turned out to be wrong with the file since this was asked last."""
        remarks, self._remarks = self._remarks, []
        yield from remarks

    def left(self) -> Iterator[Remark]:
        """Yield what is wrong with the rest of the file, and the receipts that were of no ad."""
        unused = [reading for readings in self._passed.values() for reading in readings]
        for reading in chain(unused, self._sound()):
            finding = wording.finding(self.catalogue, "receipt.unused", "")
            yield reading.source, replace(finding, line=reading.first_line, column=1)
        yield from self.remarks()

    def _of(self, reading: Reading) -> str | None:
        """Return which ad a receipt says that it is of."""
        return identity(reading.ad, self.catalogue.identity_at[-1:])
