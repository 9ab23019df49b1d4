"""Many ads: every ad of every source, checked or prepared in order, each with where it came from."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from v4schema import catalogue as catalogues
from v4schema.catalogue import Catalogue, messages, privacy
from v4schema.dialect import engines
from v4schema.document import pointer
from v4schema.document.positions import Member, Span, positions
from v4schema.feed.result import Result, _remark
from v4schema.findings.report import Finding, Level, Report
from v4schema.reading.reader import BYTE_ORDER_MARK, Limits, Reading, Source, is_out_of_memory, out_of_memory, read
from v4schema.validation.validator import validate

if TYPE_CHECKING:
    from v4schema.conversion.result import Conversion
    from v4schema.feed.answer_sheet import AnswerSheet
    from v4schema.feed.receipt_file import ReceiptFile


def check(
    sources: Iterable[tuple[str, Source]],
    *,
    version: str | None = None,
    category: str | int | None = None,
    operation: str = "create",
    engine: str | None = None,
    limits: Limits | None = None,
    catalogue: Catalogue | None = None,
) -> Iterator[Result]:
    """Read and validate every ad of `sources`, pairs of a name and what to read; one at a time is in memory.

    `limits` are those of `v4schema.read`, the other arguments those of `v4schema.validate`, and so are the exceptions, which
    come before anything is read; what cannot be read is a result with a finding. ``fixable`` of a finding tells whether
    `prepare` would see to it.

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

    return _results(sources, held, limits, checked)


def prepare(
    sources: Iterable[tuple[str, Source]],
    *,
    version: str | None = None,
    category: str | int | None = None,
    operation: str = "create",
    engine: str | None = None,
    limits: Limits | None = None,
    catalogue: Catalogue | None = None,
    **units: str | None,
) -> Iterator[Result]:
    """Read, normalise and validate every ad of `sources`, as `v4schema.preflight` does one; ``report.ad`` is the ad to send.

    >>> [result.report.ad for result in prepare([("feed", b'{"visible": "ja"}')], operation="update")]
    [{'visible': True}]
    """
    held = catalogue or catalogues.default()
    words: dict[str, Any] = {"version": version, "category": category, "operation": operation, "engine": engine}
    _known(held, **words)
    from v4schema.preparation import prepare_one

    prepare_one({}, catalogue=held, **words, **units)
    return _results(sources, held, limits, lambda ad: prepare_one(ad, catalogue=held, **words, **units))


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


def _known(catalogue: Catalogue, *, version: str | None, category: str | int | None, operation: str, engine: str | None) -> None:
    """Raise `v4schema.errors.UnknownName` if the caller's own words name nothing."""
    catalogue.operation(version, operation)
    if category is not None:
        catalogue.kind(version, category)
    engines.check_engine(engine)


def _results(
    sources: Iterable[tuple[str, Source]], catalogue: Catalogue, limits: Limits | None, report: Callable[[object], Report]
) -> Iterator[Result]:
    def reported(reading: Reading) -> Iterator[Result]:
        yield Result(reading=reading, report=report(reading.ad) if reading.readable else Report(), catalogue=catalogue)

    return _each(sources, catalogue, limits, reported)


def _each(
    sources: Iterable[tuple[str, Source]],
    catalogue: Catalogue,
    limits: Limits | None,
    results: Callable[[Reading], Iterable[Result]],
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
        for reading in read(source, name=name, limits=limits, catalogue=catalogue):
            for result in sufficing(reading):
                if result.reading.findings and not result.beside:
                    report = replace(result.report, findings=(*result.reading.findings, *result.report.findings))
                    yield replace(result, report=report)
                else:
                    yield result
