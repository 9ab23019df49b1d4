"""Many ads: every ad of every source, checked in order, each with where it came from."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from v4schema import catalogue as catalogues
from v4schema import engine as engines
from v4schema import pointer
from v4schema.catalogue import Catalogue
from v4schema.positions import Member, Span, positions
from v4schema.reading import Reading, Source, read
from v4schema.report import Finding, Level, Report
from v4schema.validator import validate


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """An ad of a source, as it was read, and the report on it."""

    reading: Reading
    report: Report
    catalogue: Catalogue

    @property
    def understood(self) -> bool:
        """Whether the ad could be read and identified."""
        return self.reading.readable and self.report.kind is not None

    @property
    def identity(self) -> str | None:
        """What the ad calls itself, if that is text."""
        try:
            told = pointer.get(self.reading.ad, self.catalogue.identity_at)
        except LookupError:
            return None
        return told if isinstance(told, str) else None

    @property
    def line(self) -> int | None:
        """The line of the source that the ad begins on, from 1."""
        text = self.reading.text
        if not self.reading.at:
            blank = len(text) - len(text.lstrip())
            return self.reading.first_line + text.count(b"\n", 0, blank) if text else None
        member = positions(text).member(self.reading.at)
        return member.value.line if member else None

    def member(self, finding: Finding) -> Member | None:
        """Return where the value that a finding is about stands in the text, or the innermost object around it."""
        if not self.reading.text or not (self.reading.readable or finding.at):
            return None
        return positions(self.reading.text).nearest((*self.reading.at, *pointer.parse(finding.at)))

    def mark(self, finding: Finding, member: Member) -> Span:
        """Return the part of a member that a finding is about: its name or its value."""
        missing = self.reading.readable and not pointer.leads(self.reading.ad, pointer.parse(finding.at))
        by_name = missing or self.catalogue.findings[finding.code].get("marks") == "name"
        return member.name if by_name and member.name else member.value

    def located(self) -> tuple[Finding, ...]:
        """Return the findings with their lines and columns in the source; computed anew at each call."""
        return tuple(self._located(finding) for finding in self.report.findings)

    def _located(self, finding: Finding) -> Finding:
        if finding.line is not None:
            return finding
        member = self.member(finding)
        if member is None:
            return finding
        place = self.mark(finding, member)
        return replace(finding, line=place.line + self.reading.first_line - 1, column=place.column)


@dataclass(slots=True)
class Tally:
    """What a run has come to, counted as its results pass by: ads, findings by level and by code, and what was not read."""

    ads: int = 0
    clean: int = 0
    unreadable: int = 0
    unidentified: int = 0
    levels: Counter[Level] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)

    def counted(self, results: Iterable[Result]) -> Iterator[Result]:
        """Pass results on, and count them."""
        for result in results:
            self.ads += result.reading.readable
            self.unreadable += not result.reading.readable
            self.unidentified += result.reading.readable and not result.understood
            self.clean += result.understood and result.report.valid
            self.levels.update(finding.level for finding in result.report.findings)
            self.codes.update(finding.code for finding in result.report.findings)
            yield result


def check(
    sources: Iterable[tuple[str, Source]],
    *,
    version: str | None = None,
    category: str | int | None = None,
    operation: str = "create",
    engine: str | None = None,
    catalogue: Catalogue | None = None,
) -> Iterator[Result]:
    """Read and validate every ad of `sources`, pairs of a name and what to read; one at a time is in memory.

    The other arguments are those of `v4schema.validate`, and so are the exceptions, which come before anything is read; what
    cannot be read is a result with a finding.

    >>> [str(result.report.kind) for result in check([("feed", b'[{"category_id": "1121"}, {"category_id": "1102"}]')])]
    ['v4/moped', 'v4/camper']
    """
    held = catalogue or catalogues.default()
    held.operation(version, operation)
    if category is not None:
        held.kind(version, category)
    engines.known(engine)
    return (
        _result(reading, held, version=version, category=category, operation=operation, engine=engine)
        for name, source in sources
        for reading in read(source, name=name, catalogue=held)
    )


def _result(reading: Reading, catalogue: Catalogue, **words: Any) -> Result:  # noqa: ANN401  (the words of `validate`)
    report = validate(reading.ad, catalogue=catalogue, **words) if reading.readable else Report()
    if reading.findings:
        report = replace(report, findings=(*reading.findings, *report.findings))
    return Result(reading=reading, report=report, catalogue=catalogue)
