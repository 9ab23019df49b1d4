"""Many ads: every ad of every source in order, validated, normalised or converted, each with where it came from.

It may import `conversion` and packages below it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from v4schema import catalogue as catalogues
from v4schema.catalogue import Catalogue
from v4schema.dialect import engines
from v4schema.feed.result import Result, side_result, skipped_result
from v4schema.feed.summary import Summary
from v4schema.findings.report import Level, Report
from v4schema.reading.identify import looks_like_ad
from v4schema.reading.reader import Limits, Reading, Source, is_out_of_memory, out_of_memory, read
from v4schema.validation.validator import validate

if TYPE_CHECKING:
    from v4schema.conversion.result import Conversion
    from v4schema.feed.answer_sheet import AnswerSheet
    from v4schema.feed.receipt_file import ReceiptFile

#: The number of ads of a source that are examined before it is skipped as unknown.
_FIRST = 20

__all__ = ["Result", "Summary", "check", "convert", "prepare", "restore"]


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
    """Read and validate every ad of `sources`, pairs of a name and what to read; one ad at a time is in memory.

    `limits` are those of `v4schema.read`, the other arguments and the exceptions those of `v4schema.validate`. The exceptions
    come before anything is read; a source that cannot be read is a result with a finding. ``fixable`` of a finding tells
    whether `prepare` fixes it. With `ignore_unknown`, a source in which nothing looks like an ad is skipped: it has one result
    that says so.

    >>> [str(result.report.kind) for result in check([("feed", b'[{"category_id": "1121"}, {"category_id": "1102"}]')])]
    ['v4/moped', 'v4/camper']
    """
    catalogue = catalogue or catalogues.default()
    options: dict[str, Any] = {"version": version, "category": category, "operation": operation, "engine": engine}
    _check_names(catalogue, **options)

    def report(ad: object) -> Report:
        found = validate(ad, catalogue=catalogue, **options)
        if all(finding.level is Level.NOTE for finding in found.findings):
            return found
        from v4schema.preparation import mark_fixable

        return mark_fixable(found, ad, catalogue=catalogue, **options)

    return _reported(sources, catalogue, limits, report, ignore_unknown=ignore_unknown)


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

    With `ignore_unknown`, a source in which nothing looks like an ad is skipped, as by `check`.

    >>> [result.report.ad for result in prepare([("feed", b'{"visible": "ja"}')], operation="update")]
    [{'visible': True}]
    """
    catalogue = catalogue or catalogues.default()
    options: dict[str, Any] = {"version": version, "category": category, "operation": operation, "engine": engine}
    _check_names(catalogue, **options)
    from v4schema.preparation import prepare_one

    prepare_one({}, catalogue=catalogue, units=units, **options)

    def prepared(ad: object) -> Report:
        return prepare_one(ad, catalogue=catalogue, units=units, **options)

    return _reported(sources, catalogue, limits, prepared, ignore_unknown=ignore_unknown)


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
    """Read and convert every ad of `sources`, as `v4schema.migrate` does one; ``conversion`` of a result is what it came to.

    `answers` are found by each ad's identifier; what is wrong with them has results of its own. With the `last` sources, so do
    the answers that were for no ad. ``report.ad`` is the new ad if it is complete, else the given one.

    >>> [result.conversion.complete for result in convert([("feed", b'{"source_id": "1", "category_id": 1121}')], to="v4")]
    [False]
    """
    from v4schema.conversion.migration import MigrationPath

    catalogue = catalogue or catalogues.default()
    path = MigrationPath.between(to, version, category, units, catalogue=catalogue, fixes=True)

    def converted(reading: Reading) -> Iterator[Result]:
        if not reading.readable:
            yield _unreadable(reading, catalogue)
            return
        done = path.convert(reading.ad, {})
        if answers and done.complete and not done.optional_questions:
            answers.pass_over(reading.ad)
        elif answers:
            row = answers.take(reading.ad)
            done = path.convert(reading.ad, row.answers) if row else done
            findings, about_answers = answers.judged(done, row)
            done = replace(done, reported=tuple(findings))
            yield from (side_result(answers.name, finding, catalogue) for finding in about_answers)
        yield _converted(reading, done, catalogue)

    left = (side_result(answers.name, finding, catalogue) for finding in answers.remaining()) if answers and last else ()
    return chain(_each(sources, catalogue, limits, converted), left)


def restore(
    sources: Iterable[tuple[str, Source]],
    receipts: "ReceiptFile",
    *,
    to: str | None = None,
    last: bool = True,
    limits: Limits | None = None,
) -> Iterator[Result]:
    """Read every ad of `sources`, and restore it by its receipt to what it was before it was converted.

    `to` is the edition that they are restored to; None for the one that each receipt names. With the `last` sources, the receipts
    that were for no ad have results as well.
    """
    from v4schema.conversion.restore import restore_ad

    catalogue = receipts.catalogue

    def restored(reading: Reading) -> Iterator[Result]:
        if not reading.readable:
            yield _unreadable(reading, catalogue)
            return
        receipt = receipts.take(reading.ad)
        yield from (side_result(*remark, catalogue) for remark in receipts.remarks())
        yield _converted(reading, restore_ad(reading.ad, receipt, to=to, catalogue=catalogue), catalogue)

    left = (side_result(*remark, catalogue) for remark in receipts.remaining()) if last else ()
    return chain(_each(sources, catalogue, limits, restored), left)


def _converted(reading: Reading, done: "Conversion", catalogue: Catalogue) -> Result:
    """Return the result of a conversion."""
    report = Report(kind=done.kind or done.origin, findings=done.findings, ad=done.ad if done.complete else reading.ad)
    return Result(reading=reading, report=report, catalogue=catalogue, conversion=done)


def _unreadable(reading: Reading, catalogue: Catalogue) -> Result:
    """Return the result of an ad that could not be read, and so not converted."""
    from v4schema.conversion.result import Conversion

    return Result(
        reading=reading, report=Report(), catalogue=catalogue, conversion=Conversion(ad=None, given=None, catalogue=catalogue)
    )


def _check_names(
    catalogue: Catalogue, *, version: str | None, category: str | int | None, operation: str, engine: str | None
) -> None:
    """Raise `v4schema.errors.UnknownName` if one of the caller's own words names nothing."""
    catalogue.operation(version, operation)
    if category is not None:
        catalogue.kind(version, category)
    engines.check_engine(engine)


def _reported(
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
    """Yield the results of everything that is read; findings about reading come first."""

    def within_memory(reading: Reading) -> Iterator[Result]:
        """Yield the results of an ad; if memory runs out, the ad counts as unreadable."""
        try:
            yield from results(reading)
        except BaseException as error:
            if not is_out_of_memory(error):
                raise
            yield from results(out_of_memory(reading, catalogue))

    for name, source in sources:
        readings = read(source, name=name, limits=limits, catalogue=catalogue)
        if ignore_unknown:
            first = [*islice(readings, _FIRST)]
            if first and all(reading.readable and not looks_like_ad(reading.ad, catalogue) for reading in first):
                yield skipped_result(name, catalogue)
                continue
            readings = chain(first, readings)
        for reading in readings:
            for result in within_memory(reading):
                if result.reading.findings and not result.is_side_file:
                    report = replace(result.report, findings=(*result.reading.findings, *result.report.findings))
                    yield replace(result, report=report)
                else:
                    yield result
