"""The result of one ad of a feed: the ad as it was read, the report on it, and the text to send."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from v4schema.catalogue import Catalogue, messages, privacy
from v4schema.document import pointer
from v4schema.document.positions import Member, Span, positions
from v4schema.findings.report import Finding, Level, Report
from v4schema.reading.reader import BYTE_ORDER_MARK, Reading

if TYPE_CHECKING:
    from v4schema.conversion.result import Conversion


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """An ad of a source, as it was read, and the report on it.

    `conversion` is set if the ad was converted. A result that `is_side_file` is about no ad, but about a file beside the ads,
    such as a row of answers or a file that could not be written. A source in which nothing looks like an ad is `skipped`.
    """

    reading: Reading
    report: Report
    catalogue: Catalogue
    conversion: "Conversion | None" = None
    is_side_file: bool = False
    skipped: bool = False

    @property
    def complete(self) -> bool:
        """Whether the ad is written: every ad is, except a converted one that is not complete."""
        return self.conversion is None or self.conversion.complete

    @property
    def changed(self) -> bool:
        """Whether the ad to send differs from the one that was read."""
        new = self.report.ad is not self.reading.ad or self.reading.lead.startswith(BYTE_ORDER_MARK)
        return self.report.ad is not None and new

    @property
    def whole(self) -> bool:
        """Whether the whole text of the ad was read."""
        return self.reading.readable or bool(self.reading.text)

    @property
    def before(self) -> bytes:
        """The part of the source that holds the ad: the text before it, the ad, and the text after it."""
        return self.reading.lead + self.reading.text + self.reading.ending

    def after(self) -> bytes:
        """Return the same part with the ad to send; the rest is as it was read, without a byte-order mark."""
        return self.reading.lead.removeprefix(BYTE_ORDER_MARK) + self.text() + self.reading.ending

    def text(self) -> bytes:
        """Return the text of the ad to send."""
        given, new = self.reading.ad, self.report.ad
        if new is None or new is given:
            return self.reading.text
        from v4schema.document.rewrite import rewrite

        before, after = (privacy.MaskedPointers(self.catalogue, ad) for ad in (given, new))
        origins = {
            after.parse(finding.to): source
            for finding in self.report.findings
            if finding.to is not None and pointer.exists(given, source := before.parse(finding.at))
        }
        margin = self.reading.lead.rpartition(b"\n")[2]
        return rewrite(self.reading.text, given, new, origins, margin=margin if not margin.strip() else b"")

    @property
    def understood(self) -> bool:
        """Whether the ad was read and identified."""
        return self.reading.readable and self.report.kind is not None

    @property
    def identity(self) -> str | None:
        """The identifier of the ad, if it is text."""
        return pointer.text(self.reading.ad, self.catalogue.identity_at)

    @property
    def line(self) -> int | None:
        """The line of the source that the ad begins on, from 1."""
        text = self.reading.text
        blank = len(text) - len(text.lstrip())
        return self.reading.first_line + text.count(b"\n", 0, blank) if text else None

    def changes_only(self) -> "Result":
        """Return the same result without findings that are neither about a change nor about a file.

        A change is a note with a value before or after it, or a byte-order mark that is not written again.
        """
        tolerated = self.reading.findings if self.changed else ()
        kept = [
            finding
            for finding in self.report.findings
            if self.reading.readable
            and finding.level is Level.NOTE
            and (finding in tolerated or (finding.before, finding.after) != (None, None))
        ]
        return self if self.is_side_file else replace(self, report=replace(self.report, findings=tuple(kept)))

    def member(self, finding: Finding) -> Member | None:
        """Return where the value of a finding is in the text, or the innermost object around it."""
        if not self.reading.text or not (self.reading.readable or finding.at):
            return None
        return positions(self.reading.text).nearest(pointer.parse(finding.at))

    def mark(self, finding: Finding, member: Member) -> Span:
        """Return the part of a member that a finding is about: its name or its value."""
        place = pointer.parse(finding.at)
        exists = pointer.exists(self.reading.ad, place) or any(pointer.masked_number(token) for token in place[-1:])
        missing = self.reading.readable and not exists
        by_name = missing or self.catalogue.finding_codes[finding.code].get("marks") == "name"
        return member.name if by_name and member.name else member.value

    def located(self, lightest: Level = Level.NOTE) -> tuple[Finding, ...]:
        """Return the findings at least as severe as `lightest`, with their lines and columns; computed anew at each call."""
        return tuple(self._located(finding) for finding in self.report.findings if finding.level.rank <= lightest.rank)

    def _located(self, finding: Finding) -> Finding:
        if finding.line is not None:
            return finding
        member = self.member(finding)
        if member is None:
            return finding
        span = self.mark(finding, member)
        offset = self.reading.first_column - 1 if span.line == 1 else 0
        return replace(finding, line=span.line + self.reading.first_line - 1, column=span.column + offset)


def file_result(name: str, code: str, catalogue: Catalogue, **details: Any) -> Result:  # noqa: ANN401  (what fills its message)
    """Return the result of a finding about a file."""
    return side_result(name, messages.make_finding(catalogue, code, "", **details), catalogue)


def side_result(name: str, finding: Finding, catalogue: Catalogue) -> Result:
    """Return the result of a finding about a file beside the ads."""
    reading = Reading(source=name, index=0, readable=False, findings=(finding,))
    return Result(reading=reading, report=Report(findings=(finding,)), catalogue=catalogue, is_side_file=True)


def skipped_result(name: str, catalogue: Catalogue) -> Result:
    """Return the result of a source that was skipped."""
    return Result(reading=Reading(source=name, index=0), report=Report(), catalogue=catalogue, is_side_file=True, skipped=True)
