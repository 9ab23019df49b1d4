"""The table at the end of a test run: how many assertions the near misses have violated."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from v4schema.dialect.assertions import Assertion

#: As wide as the name of a category.
_WIDTH = 10
#: Schema, keyword, what happened to a rule, and how often.
Row = tuple[str, str, str, int]


@dataclass
class AssertionCounts:
    """How many assertions of a schema were violated, by keyword."""

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
    """Lay out how many assertions were violated, by keyword and schema; if not all of them were, also out of how many."""
    total: Counter[str] = Counter()
    cells: dict[str, dict[str, dict[str, Counter[str]]]] = {}
    for schema, keyword, what, number in rows:
        version, _, category = schema.partition("/")
        cells.setdefault(version, {}).setdefault(keyword, {}).setdefault(category, Counter())[what] += number
        total[what] += number
    for version, table in sorted(cells.items()):
        categories = sorted({category for row in table.values() for category in row})
        yield f"{version:<21}" + " ".join(f"{category:>{_WIDTH}}" for category in categories)
        for keyword, row in sorted(table.items()):
            yield f"{keyword:<21}" + " ".join(f"{_cell(row.get(category, Counter())):>{_WIDTH}}" for category in categories)
    yield (
        f"{total['rules']} rules: {total['broken']} broken by {total['ads']} near misses, "
        f"{total['implied']} for which another one always speaks"
    )


def _cell(counts: Counter[str]) -> str:
    """Write the counts of a keyword: the violated assertions, and, after a plus, those that another one always covers."""
    broken, implied, rules = counts["broken"], counts["implied"], counts["rules"]
    cell = f"{broken}+{implied}" if implied else str(broken)
    return cell if broken + implied == rules else f"{cell}/{rules}"
