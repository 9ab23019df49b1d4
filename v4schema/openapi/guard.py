"""Checks requests before they reach the API: a request with errors is stopped, or passes with a warning in the log.

The log names codes and places, and never values: ads hold registration numbers, telephone numbers and addresses.
"""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from v4schema import catalogue as catalogues
from v4schema.catalogue import Catalogue
from v4schema.dialect import engines
from v4schema.dialect.fields import subschema_at
from v4schema.document import pointer
from v4schema.extras import OPENAPI
from v4schema.findings.report import Finding, InvalidAd, Kind, Report

if TYPE_CHECKING:
    from v4schema.openapi.routing import Route

_LOG = logging.getLogger("v4schema.openapi")


class PreflightError(InvalidAd):
    """A request has errors and was not sent; `report` has all findings.

    Its text is `summary`, which names only codes and places. Without a summary, the text has a line for each error, with its
    place and its message.
    """

    def __init__(self, report: Report, summary: str | None = None) -> None:
        super().__init__(report)
        self.summary = summary
        self.args = (report, summary)

    def __str__(self) -> str:
        return super().__str__() if self.summary is None else self.summary


class Guard:
    """Checks requests by `v4schema.openapi.check_request`, which gets all arguments but `warn`.

    With `warn`, a request with errors passes. Raises `v4schema.errors.MissingExtra` without openapi-core, and
    `v4schema.errors.UnknownName` for an unknown edition, category or engine.
    """

    def __init__(
        self,
        *,
        warn: bool = False,
        version: str | None = None,
        category: str | int | None = None,
        engine: str | None = None,
        catalogue: Catalogue | None = None,
    ) -> None:
        self._warn = warn
        self._catalogue = catalogue or catalogues.default()
        self._edition = self._catalogue.edition(version).name
        if category is not None:
            self._catalogue.kind(version, category)
        engines.check_engine(engine)
        self._options: dict[str, Any] = {"version": version, "category": category, "engine": engine, "catalogue": catalogue}
        self._check, self._request, self._route = (
            OPENAPI.load("check", "check_request"),
            OPENAPI.load("routing", "request"),
            OPENAPI.load("routing", "route"),
        )

    def route(self, method: str, url: str) -> "Route | None":
        """Return the path and the operation that a request is for, in any edition and on any server; None if there are none."""
        found: Route | Finding = self._route(self._catalogue, None, self._request(method, url))
        return None if isinstance(found, Finding) else found

    def check(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Report:
        """Return the report on a request, and log its findings."""
        report: Report = self._check(self._request(method, url, headers=headers, body=body), **self._options)
        if report.findings:
            level = logging.INFO if report.valid or not self._warn else logging.WARNING
            _LOG.log(level, "%s", self.summary(method, report))
        return report

    def passes(self, report: Report) -> bool:
        """Return whether a request with this report may pass."""
        return report.valid or self._warn

    def enforce(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> None:
        """Check a request. Raises `PreflightError` if it may not pass."""
        report = self.check(method, url, headers, body)
        if not self.passes(report):
            raise PreflightError(report, self.summary(method, report))

    def summary(self, method: str, report: Report) -> str:
        """List the codes and places of findings. It has no messages, because they may quote a value from the wrong field."""
        verdict = "passed" if report.valid else "passed with errors" if self._warn else "refused"
        kind = report.kind or Kind(version=self._edition)
        findings = "; ".join(f"{finding.level} {finding.code} {self._place(kind, finding.at)}" for finding in report.findings)
        return f"{method if method.isalpha() else '…'} {verdict}: {findings}"

    def _place(self, kind: Kind, at: str) -> str:
        """Write a place without the names that no document knows: like values, they may be private."""
        schema, place = self._catalogue.schema(kind), pointer.parse(at)
        known = [subschema_at(schema, place[: end + 1]) is not None for end in range(len(place))]
        return pointer.write(name if is_known else "…" for name, is_known in zip(place, known, strict=True)) or "/"
