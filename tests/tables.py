"""What the test run tells at its end: how many rules near misses have broken."""

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from v4schema.assertions import Assertion

#: Schema, keyword, what happened to a rule, and how often.
Row = tuple[str, str, str, int]


@dataclass
class Tally:
    """What became of the rules of a schema, by keyword."""

    schema: str
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, rule: Assertion, what: str, number: int = 1) -> None:
        """Count what became of a rule: one of ``rules`` that was ``broken``, or ``implied`` by another; by how many ``ads``."""
        self.counts[rule.keyword, what] += number

    @property
    def rows(self) -> list[Row]:
        """The counts, as they can be sent from one process to another."""
        return [(self.schema, keyword, what, number) for (keyword, what), number in self.counts.items()]


def coverage(rows: Iterable[Row]) -> Iterator[str]:
    """Lay out how many rules were broken, by schema and keyword."""
    total: Counter[str] = Counter()
    cells: dict[str, dict[str, Counter[str]]] = {}
    for schema, keyword, what, number in rows:
        cells.setdefault(schema, {}).setdefault(keyword, Counter())[what] += number
        total[what] += number
    for schema, row in sorted(cells.items()):
        told = [f"{keyword} {cell['broken'] + cell['implied']}/{cell['rules']}" for keyword, cell in sorted(row.items())]
        yield from textwrap.wrap(", ".join(told), 118, initial_indent=f"{schema:<16}", subsequent_indent=" " * 16)
    yield (
        f"{total['rules']} rules: {total['broken']} broken by {total['ads']} near misses, "
        f"{total['implied']} for which another one always speaks"
    )
