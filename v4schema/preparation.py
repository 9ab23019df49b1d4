"""From a source to the ad to send: read, identify, normalise and validate.

It may import `normalisation` and packages below it.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, cast

from v4schema import catalogue as catalogues
from v4schema.catalogue import Catalogue, messages, privacy
from v4schema.document import pointer
from v4schema.document.pointer import Place
from v4schema.findings.report import Finding, Level, Report
from v4schema.normalisation.normaliser import Normalisation, normalise
from v4schema.normalisation.relocation import Transformation, TransformationChain, not_yet_reported
from v4schema.reading.reader import Limits, Source, read
from v4schema.validation.validator import validate


def preflight(
    source: Source | object,
    *,
    version: str | None = None,
    category: str | int | None = None,
    operation: str = "create",
    engine: str | None = None,
    limits: Limits | None = None,
    catalogue: Catalogue | None = None,
    **units: str | None,
) -> Report:
    """Read an ad, fix what can be fixed with certainty, and check the result; ``ad`` of the report is the ad to send.

    `source` is a path, the bytes of a document, a binary stream, or a parsed ad. `version`, `category`, `operation` and
    `engine` are those of `v4schema.validate`, `limits` those of `v4schema.read`, and `units` (``price_unit="kr"``, …) those of
    `v4schema.normalise`. The findings are the changes (level note) and what is wrong with the result. Their places are those in
    the given ad, and ``to`` is the place in the ad to send where that differs.

    A source that cannot be read gives a report without an ad; for a source with several ads, see `v4schema.feed.prepare`. Raises
    `v4schema.errors.UnknownName` when one of the caller's own words names nothing.

    >>> report = preflight({"category_id": 1121, "visible": "ja"}, operation="update")
    >>> report.ad, report.valid
    ({'category_id': '1121', 'visible': True}, True)
    """
    catalogue = catalogue or catalogues.default()
    options: dict[str, Any] = {"version": version, "category": category, "operation": operation}
    if not isinstance(source, str | bytes | bytearray | memoryview | os.PathLike) and not hasattr(source, "read"):
        return prepare_one(source, engine=engine, catalogue=catalogue, units=units, **options)
    first, *more = islice(read(cast("Source", source), limits=limits, catalogue=catalogue), 2)
    if more:
        return Report(findings=(messages.make_finding(catalogue, "file.several", ""),))
    if not first.readable:
        return Report(findings=first.findings)
    report = prepare_one(first.ad, engine=engine, catalogue=catalogue, units=units, **options)
    return replace(report, findings=(*first.findings, *report.findings))


def prepare_one(
    ad: object,
    *,
    version: str | None = None,
    category: str | int | None = None,
    operation: str = "create",
    engine: str | None,
    catalogue: Catalogue,
    units: Mapping[str, Any],
) -> Report:
    """Normalise and validate one parsed ad; the arguments are those of `preflight`."""
    options: dict[str, Any] = {"version": version, "category": category, "operation": operation, "catalogue": catalogue}
    done = normalise(ad, **options, **units)
    checked = validate(done.ad, engine=engine, **options)
    if not done.findings:
        return replace(checked, ad=done.ad)
    new = not_yet_reported(checked.findings, done.findings)
    findings = [*done.findings, *_chain(catalogue, ad, done).relocated(new)]
    order, pointers = pointer.Order(ad), privacy.MaskedPointers(catalogue, ad)
    findings.sort(key=lambda finding: order(pointers.parse(finding.at)))
    return replace(checked, findings=tuple(findings), ad=done.ad)


def mark_fixable(
    report: Report,
    ad: object,
    *,
    version: str | None = None,
    category: str | int | None = None,
    operation: str,
    engine: str | None,
    catalogue: Catalogue,
) -> Report:
    """Mark the findings of a report on an ad that normalising fixes.

    They are those that are gone from the normalised ad; an error only if no error is left at its place or within it.
    """
    options: dict[str, Any] = {"version": version, "category": category, "operation": operation, "catalogue": catalogue}
    done = normalise(ad, **options)
    if not done.changed:
        return report
    after = validate(done.ad, engine=engine, **options)
    left = [*_chain(catalogue, ad, done).relocated(after.findings)]
    left_codes = {(finding.at, finding.code) for finding in left}
    error_places = {at for finding in (*left, *done.findings) if finding.level is Level.ERROR for at in _ancestors(finding)}

    def is_fixed(finding: Finding) -> bool:
        still_wrong = finding.level is Level.ERROR and pointer.parse(finding.at) in error_places
        return finding.level is not Level.NOTE and (finding.at, finding.code) not in left_codes and not still_wrong

    return replace(report, findings=tuple(replace(each, fixable=is_fixed(each)) for each in report.findings))


def _chain(catalogue: Catalogue, ad: object, done: Normalisation) -> TransformationChain:
    """Return the chain of one transformation: normalising."""
    step = Transformation(before=ad, after=done.ad, source_map=done.source_map, findings=done.findings)
    return TransformationChain(catalogue=catalogue, given=ad, transformations=[step])


def _ancestors(finding: Finding) -> Iterator[Place]:
    """Yield the place of a finding and every place around it."""
    return pointer.ancestors(pointer.parse(finding.at))
