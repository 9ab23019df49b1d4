"""Many ads: every ad of every source, checked or prepared in order, each with where it came from."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from v4schema import catalogue as catalogues
from v4schema.catalogue import Catalogue, messages, privacy
from v4schema.dialect import engines
from v4schema.document import pointer
from v4schema.document.positions import Member, Span, positions
from v4schema.findings.report import Finding, Level, Report
from v4schema.reading.identify import resembles
from v4schema.reading.reader import BYTE_ORDER_MARK, Limits, Reading, Source, is_out_of_memory, out_of_memory, read
from v4schema.validation.validator import validate

if TYPE_CHECKING:
    from v4schema.conversion.result import Conversion
    from v4schema.feed.answer_sheet import AnswerSheet
    from v4schema.feed.receipt_file import ReceiptFile

#: So many ads of a source are looked at before it is passed over as unknown.
_LOOKED_AT = 20
#: The codes of findings about files that were not written.
_UNWRITTEN = {"file.unwritable", "file.changed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """An ad of a source, as it was read, and the report on it.

    `conversion` is what converting it came to, if it was converted. What is no ad but lies `beside` the ads, such as a row of
    answers or a file that could not be written, has a result as well; so has a source that was `passed_over`, since nothing
    in it looks like an ad.
    """

    reading: Reading
    report: Report
    catalogue: Catalogue
    conversion: "Conversion | None" = None
    beside: bool = False
    passed_over: bool = False

    @property
    def complete(self) -> bool:
        """Whether the ad goes where the ads go: all do, but of those that are converted only the complete ones."""
        return self.conversion is None or self.conversion.complete

    @property
    def changed(self) -> bool:
        """Whether the ad to send is another than the one that was read."""
        new = self.report.ad is not self.reading.ad or self.reading.lead.startswith(BYTE_ORDER_MARK)
        return self.report.ad is not None and new

    @property
    def whole(self) -> bool:
        """Whether there is all of the ad's text: not if reading its source broke off."""
        return self.reading.readable or bool(self.reading.text)

    @property
    def before(self) -> bytes:
        """The part of the source that the ad stands in: what leads up to it, the ad, and what follows it."""
        return self.reading.lead + self.reading.text + self.reading.ending

    def after(self) -> bytes:
        """Return the same with the ad to send; all else is as it was read, but a byte-order mark is not written again."""
        return self.reading.lead.removeprefix(BYTE_ORDER_MARK) + self.text() + self.reading.ending

    def text(self) -> bytes:
        """Return the text of the ad to send alone."""
        given, new = self.reading.ad, self.report.ad
        if new is None or new is given:
            return self.reading.text
        from v4schema.document.rewrite import rewrite

        before, after = (privacy.MaskedPointers(self.catalogue, ad) for ad in (given, new))
        origins = {
            after.place(finding.to): source
            for finding in self.report.findings
            if finding.to is not None and pointer.exists(given, source := before.place(finding.at))
        }
        margin = self.reading.lead.rpartition(b"\n")[2]
        return rewrite(self.reading.text, given, new, origins, margin=margin if not margin.strip() else b"")

    @property
    def understood(self) -> bool:
        """Whether the ad could be read and identified."""
        return self.reading.readable and self.report.kind is not None

    def changes(self) -> "Result":
        """Return the same without the findings that are about neither a change nor a file.

        A change is a note with a value before or after it; a byte-order mark is not written again.
        """
        tolerated = self.reading.findings if self.changed else ()
        kept = [
            finding
            for finding in self.report.findings
            if self.reading.readable
            and finding.level is Level.NOTE
            and (finding in tolerated or (finding.before, finding.after) != (None, None))
        ]
        return self if self.beside else replace(self, report=replace(self.report, findings=tuple(kept)))

    @property
    def identity(self) -> str | None:
        """What the ad calls itself, if that is text."""
        return pointer.text(self.reading.ad, self.catalogue.identity_at)

    @property
    def line(self) -> int | None:
        """The line of the source that the ad begins on, from 1."""
        text = self.reading.text
        blank = len(text) - len(text.lstrip())
        return self.reading.first_line + text.count(b"\n", 0, blank) if text else None

    def member(self, finding: Finding) -> Member | None:
        """Return where the value that a finding is about stands in the text, or the innermost object around it."""
        if not self.reading.text or not (self.reading.readable or finding.at):
            return None
        return positions(self.reading.text).nearest(pointer.parse(finding.at))

    def mark(self, finding: Finding, member: Member) -> Span:
        """Return the part of a member that a finding is about: its name or its value."""
        place = pointer.parse(finding.at)
        there = pointer.exists(self.reading.ad, place) or any(pointer.masked_number(token) for token in place[-1:])
        missing = self.reading.readable and not there
        by_name = missing or self.catalogue.findings[finding.code].get("marks") == "name"
        return member.name if by_name and member.name else member.value

    def located(self, lightest: Level = Level.NOTE) -> tuple[Finding, ...]:
        """Return the findings that are no lighter with their lines and columns in the source; computed anew at each call."""
        return tuple(self._located(finding) for finding in self.report.findings if finding.level.rank <= lightest.rank)

    def _located(self, finding: Finding) -> Finding:
        if finding.line is not None:
            return finding
        member = self.member(finding)
        if member is None:
            return finding
        place = self.mark(finding, member)
        beside = self.reading.first_column - 1 if place.line == 1 else 0
        return replace(finding, line=place.line + self.reading.first_line - 1, column=place.column + beside)


def file_result(name: str, code: str, catalogue: Catalogue, **told: Any) -> Result:  # noqa: ANN401  (what fills its sentence)
    """Return the result that tells something about a file: the code of a finding, and what fills its sentence."""
    return _remark(name, messages.make_finding(catalogue, code, "", **told), catalogue)


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
    passed_over: list[str] = field(default_factory=list)
    levels: Counter[Level] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    standing: Counter[Level] = field(default_factory=Counter)

    def counted(self, results: Iterable[Result]) -> Iterator[Result]:
        """Pass results on, and count them; of what was passed over, only the name is kept."""
        for result in results:
            if result.passed_over:
                self.passed_over.append(result.reading.source)
                continue
            levels = [finding.level for finding in result.report.findings]
            self.levels.update(levels)
            self.codes.update(finding.code for finding in result.report.findings)
            if result.conversion and result.complete:
                levels = [level for level in levels if level is not Level.ERROR]  # what the new ad is rid of
            if result.complete or not self.sets_aside:
                self.standing.update(levels)
            if result.beside:
                self.unwritten += any(finding.code in _UNWRITTEN for finding in result.report.findings)
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


def check(  # noqa: PLR0913  (all are options, by name only)
    sources: Iterable[tuple[str, Source]],
    *,
    version: str | None = None,
    category: str | int | None = None,
    operation: str = "create",
    engine: str | None = None,
    limits: Limits | None = None,
    ignore_unknown: bool = False,
    catalogue: Catalogue | None = None,
) -> Iterator[Result]:
    """Read and validate every ad of `sources`, pairs of a name and what to read; one at a time is in memory.

    `limits` are those of `v4schema.read`, the other arguments those of `v4schema.validate`, and so are the exceptions, which
    come before anything is read; what cannot be read is a result with a finding. ``fixable`` of a finding tells whether
    `prepare` would see to it. With `ignore_unknown`, a source in which nothing looks like an ad is passed over: it has one
    result that says so.

    >>> [str(result.report.kind) for result in check([("feed", b'[{"category_id": "1121"}, {"category_id": "1102"}]')])]
    ['v4/moped', 'v4/camper']
    """
    held = catalogue or catalogues.default()
    words: dict[str, Any] = {"version": version, "category": category, "operation": operation, "engine": engine}
    _known(held, **words)

    def checked(ad: object) -> Report:
        report = validate(ad, catalogue=held, **words)
        if all(finding.level is Level.NOTE for finding in report.findings):
            return report
        from v4schema.preparation import mark_fixable

        return mark_fixable(report, ad, catalogue=held, **words)

    return _results(sources, held, limits, checked, ignore_unknown=ignore_unknown)


def prepare(  # noqa: PLR0913  (all are options, by name only)
    sources: Iterable[tuple[str, Source]],
    *,
    version: str | None = None,
    category: str | int | None = None,
    operation: str = "create",
    engine: str | None = None,
    limits: Limits | None = None,
    ignore_unknown: bool = False,
    catalogue: Catalogue | None = None,
    **units: str | None,
) -> Iterator[Result]:
    """Read, normalise and validate every ad of `sources`, as `v4schema.preflight` does one; ``report.ad`` is the ad to send.

    With `ignore_unknown`, a source in which nothing looks like an ad is passed over, as `check` does.

    >>> [result.report.ad for result in prepare([("feed", b'{"visible": "ja"}')], operation="update")]
    [{'visible': True}]
    """
    held = catalogue or catalogues.default()
    words: dict[str, Any] = {"version": version, "category": category, "operation": operation, "engine": engine}
    _known(held, **words)
    from v4schema.preparation import prepare_one

    prepare_one({}, catalogue=held, **words, **units)
    return _results(
        sources, held, limits, lambda ad: prepare_one(ad, catalogue=held, **words, **units), ignore_unknown=ignore_unknown
    )


def convert(  # noqa: PLR0913  (all are options, by name only)
    sources: Iterable[tuple[str, Source]],
    *,
    to: str,
    version: str | None = None,
    category: str | int | None = None,
    answers: "AnswerSheet | None" = None,
    last: bool = True,
    limits: Limits | None = None,
    catalogue: Catalogue | None = None,
    **units: str | None,
) -> Iterator[Result]:
    """Read and convert every ad of `sources`, as `v4schema.migrate` does one; ``conversion`` of a result tells what it came to.

    `answers` are found by each ad's own identifier; what is wrong with them has results of its own, beside those of the ads.
    If these are the `last` sources, so have those that were for no ad.
    ``report.ad`` is the new ad if it is complete, else the one that was given.

    >>> [result.conversion.complete for result in convert([("feed", b'{"source_id": "1", "category_id": 1121}')], to="v4")]
    [False]
    """
    from v4schema.conversion.migration import Passage

    held = catalogue or catalogues.default()
    passage = Passage.along(to, version, category, units, catalogue=held, mends=True)

    def converted(reading: Reading) -> Iterator[Result]:
        if not reading.readable:
            yield _unread(reading, held)
            return
        done = passage.through(reading.ad, {})
        if answers and done.complete and not done.optional_questions:
            answers.pass_over(reading.ad)
        elif answers:
            row = answers.take(reading.ad)
            done = passage.through(reading.ad, row.answers) if row else done
            findings, remarks = answers.judged(done, row)
            done = replace(done, telling=lambda: findings)
            yield from (_remark(answers.name, remark, held) for remark in remarks)
        yield _converted(reading, done, held)

    left = (_remark(answers.name, remark, held) for remark in answers.left()) if answers and last else ()
    return chain(_each(sources, held, limits, converted), left)


def restore(
    sources: Iterable[tuple[str, Source]],
    drawer: "ReceiptFile",
    *,
    to: str | None = None,
    last: bool = True,
    limits: Limits | None = None,
) -> Iterator[Result]:
    """Read every ad of `sources`, and bring it back by its receipt to what it was before it was converted.

    `to` is the edition that they are to come back to; None for the one that each receipt says. If these are the `last`
    sources, the receipts that were of no ad have results as well.
    """
    from v4schema.conversion.restore import restore_ad

    held = drawer.catalogue

    def back(reading: Reading) -> Iterator[Result]:
        if not reading.readable:
            yield _unread(reading, held)
            return
        receipt = drawer.take(reading.ad)
        yield from (_remark(*remark, held) for remark in drawer.remarks())
        yield _converted(reading, restore_ad(reading.ad, receipt, to=to, catalogue=held), held)

    return chain(_each(sources, held, limits, back), (_remark(*remark, held) for remark in drawer.left()) if last else ())


def _converted(reading: Reading, done: "Conversion", catalogue: Catalogue) -> Result:
    """Return the result of a conversion."""
    report = Report(kind=done.kind or done.origin, findings=done.findings, ad=done.ad if done.complete else reading.ad)
    return Result(reading=reading, report=report, catalogue=catalogue, conversion=done)


def _unread(reading: Reading, catalogue: Catalogue) -> Result:
    """Return the result of what could not be read, and so not be converted."""
    from v4schema.conversion.result import Conversion

    nothing = Conversion(ad=None, given=None, catalogue=catalogue, telling=tuple)
    return Result(reading=reading, report=Report(), catalogue=catalogue, conversion=nothing)


def _remark(name: str, finding: Finding, catalogue: Catalogue) -> Result:
    """Return the result of what is wrong with a file beside the ads."""
    reading = Reading(source=name, index=0, readable=False, findings=(finding,))
    return Result(reading=reading, report=Report(findings=(finding,)), catalogue=catalogue, beside=True)


def _known(catalogue: Catalogue, *, version: str | None, category: str | int | None, operation: str, engine: str | None) -> None:
    """Raise `v4schema.errors.UnknownName` if the caller's own words name nothing."""
    catalogue.operation(version, operation)
    if category is not None:
        catalogue.kind(version, category)
    engines.check_engine(engine)


def _results(
    sources: Iterable[tuple[str, Source]],
    catalogue: Catalogue,
    limits: Limits | None,
    report: Callable[[object], Report],
    *,
    ignore_unknown: bool,
) -> Iterator[Result]:
    def reported(reading: Reading) -> Iterator[Result]:
        yield Result(reading=reading, report=report(reading.ad) if reading.readable else Report(), catalogue=catalogue)

    return _each(sources, catalogue, limits, reported, ignore_unknown=ignore_unknown)


def _each(
    sources: Iterable[tuple[str, Source]],
    catalogue: Catalogue,
    limits: Limits | None,
    results: Callable[[Reading], Iterable[Result]],
    *,
    ignore_unknown: bool = False,
) -> Iterator[Result]:
    """Yield the results of all that is read; what there is to say about reading it comes first."""

    def sufficing(reading: Reading) -> Iterator[Result]:
        """Yield the results of an ad; if memory runs out, it counts as not read."""
        try:
            yield from results(reading)
        except BaseException as error:
            if not is_out_of_memory(error):
                raise
            yield from results(out_of_memory(reading, catalogue))

    for name, source in sources:
        readings = read(source, name=name, limits=limits, catalogue=catalogue)
        if ignore_unknown:
            first = [*islice(readings, _LOOKED_AT)]
            if first and all(reading.readable and not resembles(reading.ad, catalogue) for reading in first):
                nothing = Reading(source=name, index=0)
                yield Result(reading=nothing, report=Report(), catalogue=catalogue, beside=True, passed_over=True)
                continue
            readings = chain(first, readings)
        for reading in readings:
            for result in sufficing(reading):
                if result.reading.findings and not result.beside:
                    report = replace(result.report, findings=(*result.reading.findings, *result.report.findings))
                    yield replace(result, report=report)
                else:
                    yield result
