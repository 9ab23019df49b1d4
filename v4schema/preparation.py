"""From an ad as it is at hand to the ad to send: read, identify, normalise, validate, composed and no more."""

import os
from collections.abc import Iterator
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
    """Read an ad, mend what can be mended with certainty, and check the result; ``ad`` of the report is the ad to send.

    `source` is a path, the bytes of a document, a binary stream, or an ad that is parsed already. `version`, `category`,
    `operation` and `engine` are those of `v4schema.validate`, `limits` those of `v4schema.read`, `units`
    (``price_unit="kr"``, …) those of `v4schema.normalise`. The findings are the changes (level note) and what is wrong with
    the result; their places are those of the ad as it was given, and ``to`` is the place in the ad to send where that is
    another.

    What cannot be read has a report without an ad; of a source with several ads, see `v4schema.feed.prepare`. Raises
    `v4schema.errors.UnknownName` when the caller's own words name nothing.

    >>> report = preflight({"category_id": 1121, "visible": "ja"}, operation="update")
    >>> report.ad, report.valid
    ({'category_id': '1121', 'visible': True}, True)
    """
    held = catalogue or catalogues.default()
    words: dict[str, Any] = {"version": version, "category": category, "operation": operation}
    if not isinstance(source, str | bytes | bytearray | memoryview | os.PathLike) and not hasattr(source, "read"):
        return prepare_one(source, engine=engine, catalogue=held, **words, **units)
    first, *more = islice(read(cast("Source", source), limits=limits, catalogue=held), 2)
    if more:
        return Report(findings=(messages.make_finding(held, "file.several", ""),))
    if not first.readable:
        return Report(findings=first.findings)
    report = prepare_one(first.ad, engine=engine, catalogue=held, **words, **units)
    return replace(report, findings=(*first.findings, *report.findings))


def prepare_one(ad: object, *, engine: str | None, catalogue: Catalogue, **words: Any) -> Report:  # noqa: ANN401  (those of `preflight`)
    """Normalise and validate one parsed ad; the arguments are those of `preflight`."""
    kind: dict[str, Any] = {name: words.pop(name, None) for name in ("version", "category")}
    operation = words.pop("operation", "create")
    done = normalise(ad, operation=operation, catalogue=catalogue, **kind, **words)
    checked = validate(done.ad, operation=operation, engine=engine, catalogue=catalogue, **kind)
    if not done.findings:
        return replace(checked, ad=done.ad)
    findings = [*done.findings, *_stages(catalogue, ad, done).checked(not_yet_reported(checked.findings, done.findings))]
    order, pointers = pointer.Order(ad), privacy.MaskedPointers(catalogue, ad)
    findings.sort(key=lambda finding: order(pointers.place(finding.at)))
    return replace(checked, findings=tuple(findings), ad=done.ad)


def mark_fixable(report: Report, ad: object, *, catalogue: Catalogue, **words: Any) -> Report:  # noqa: ANN401  (those of `validate`)
    """Mark the findings of a report on an ad that normalising it would see to.

    Those are the ones that are gone once the ad is normalised; an error only if there is none at its place or within it any more.
    """
    kind: dict[str, Any] = {name: words.get(name) for name in ("version", "category")}
    done = normalise(ad, operation=words["operation"], catalogue=catalogue, **kind)
    if not done.changed:
        return report
    after = validate(done.ad, catalogue=catalogue, **words)
    left = [*_stages(catalogue, ad, done).checked(after.findings)]
    there = {(finding.at, finding.code) for finding in left}
    wrong_at = {at for finding in (*left, *done.findings) if finding.level is Level.ERROR for at in _around(finding)}

    def mended(finding: Finding) -> bool:
        wrong = finding.level is Level.ERROR and pointer.parse(finding.at) in wrong_at
        return finding.level is not Level.NOTE and (finding.at, finding.code) not in there and not wrong

    return replace(report, findings=tuple(replace(each, fixable=mended(each)) for each in report.findings))


def _stages(catalogue: Catalogue, ad: object, done: Normalisation) -> TransformationChain:
    """Return the one stage that an ad has gone through."""
    stage = Transformation(before=ad, after=done.ad, trail=done.trail, findings=lambda: done.findings)
    return TransformationChain(catalogue=catalogue, given=ad, stages=[stage])


def _around(finding: Finding) -> Iterator[Place]:
    """Yield the place of a finding and all that it is in."""
    return pointer.ancestors(pointer.parse(finding.at))
