"""What a run over many ads came to, counted while its results pass by."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from v4schema.feed.result import UNWRITTEN, Result
from v4schema.findings.report import Level


@dataclass(slots=True)
class Summary:
    """What a run has come to, counted as its results pass by: ads, findings by level and code, what was not read or written.

    `converts` is whether the ads are converted: `converted` of them are complete and `incomplete` are not. `standing` are the
    levels of the findings that stand: what was wrong with an ad that is complete does not, and with `sets_aside`, neither do
    those on ads that are not, since they are set aside.
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
    levels: Counter[Level] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    standing: Counter[Level] = field(default_factory=Counter)

    def counted(self, results: Iterable[Result]) -> Iterator[Result]:
        """Pass results on, and count them."""
        for result in results:
            levels = [finding.level for finding in result.report.findings]
            self.levels.update(levels)
            self.codes.update(finding.code for finding in result.report.findings)
            if result.conversion and result.complete:
                levels = [level for level in levels if level is not Level.ERROR]  # what the new ad is rid of
            if result.complete or not self.sets_aside:
                self.standing.update(levels)
            if result.is_side_file:
                self.unwritten += any(finding.code in UNWRITTEN for finding in result.report.findings)
            else:
                self._count(result)
            yield result

    def _count(self, result: Result) -> None:
        """Count an ad, or what could not be read as one."""
        self.ads += result.reading.readable
        self.unreadable += not result.reading.readable
        self.unidentified += result.reading.readable and not result.understood and not self.sets_aside
        self.clean += result.understood and result.report.valid
        self.changed += result.changed
        self.fixable += sum(finding.fixable for finding in result.report.findings)
        if result.conversion and result.reading.readable:
            self.converted += result.conversion.complete
            self.incomplete += not result.conversion.complete
