"""The summary of a run over many ads, counted while their results pass by."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from v4schema.feed.result import Result
from v4schema.findings.report import Level

#: The codes of findings about files that were not written.
_UNWRITTEN = {"file.unwritable", "file.changed"}


@dataclass(slots=True)
class Summary:
    """Counts of a run: its ads, its findings by level and code, and what was not read or written.

    With `converts`, the ads are converted: `converted` of them are complete, `incomplete` are not. `standing` counts the levels
    that affect the exit code: errors of completed ads are excluded, and, with `sets_aside`, findings of incomplete ads.
    `documents` are the codes of the documents that findings rest on, `skipped` the files in which nothing looks like an ad.
    """

    converts: bool = False
    sets_aside: bool = False
    ads: int = 0
    clean: int = 0
    changed: int = 0
    converted: int = 0
    incomplete: int = 0
    fixable: int = 0
    unreadable: int = 0
    unwritten: int = 0
    unidentified: int = 0
    skipped: list[str] = field(default_factory=list)
    levels: Counter[Level] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    documents: set[str] = field(default_factory=set)
    standing: Counter[Level] = field(default_factory=Counter)

    def counted(self, results: Iterable[Result]) -> Iterator[Result]:
        """Pass results on, and count them; a skipped source is only counted."""
        for result in results:
            if result.skipped:
                self.skipped.append(result.reading.source)
                continue
            self._count_findings(result)
            if result.is_side_file:
                self.unwritten += any(finding.code in _UNWRITTEN for finding in result.report.findings)
            else:
                self._count_ad(result)
            yield result

    def _count_findings(self, result: Result) -> None:
        levels = [finding.level for finding in result.report.findings]
        self.levels.update(levels)
        self.codes.update(finding.code for finding in result.report.findings)
        self.documents.update(code for finding in result.report.findings for code in finding.source)
        if result.conversion and result.complete:
            levels = [level for level in levels if level is not Level.ERROR]  # the new ad has none of them
        if result.complete or not self.sets_aside:
            self.standing.update(levels)

    def _count_ad(self, result: Result) -> None:
        """Count an ad, or an input that could not be read."""
        self.ads += result.reading.readable
        self.unreadable += not result.reading.readable
        self.unidentified += result.reading.readable and not result.understood and not self.sets_aside
        self.clean += result.understood and result.report.valid
        self.changed += result.changed
        self.fixable += sum(finding.fixable for finding in result.report.findings)
        if result.conversion and result.reading.readable:
            self.converted += result.conversion.complete
            self.incomplete += not result.conversion.complete
