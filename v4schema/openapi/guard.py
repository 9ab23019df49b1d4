"""What stands before the API: a request with errors does not pass, or, where it is only to warn, passes with a word in the log.

The log names codes and places, and never a value: ads hold plates, telephone numbers and addresses.
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
    """A request has errors, and was not sent; `report` tells them all.

    Its text is `summary`, which names codes and places alone; without one, a line for each error with place and sentence.
    """

    def __init__(self, report: Report, summary: str | None = None) -> None:
        super().__init__(report)
        self.summary = summary
        self.args = (report, summary)

    def __str__(self) -> str:
        return super().__str__() if self.summary is None else self.summary


class Guard:
    """Checks requests by `v4schema.openapi.check_request`, to which all arguments but `warn` go.

    With `warn`, a request with errors passes all the same. Raises `v4schema.errors.MissingExtra` without openapi-core, and
    `v4schema.errors.UnknownName` when an argument names nothing.
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
        self._told: dict[str, Any] = {"version": version, "category": category, "engine": engine, "catalogue": catalogue}
        self._check, self._request, self._route = (
            OPENAPI.load("check", "check_request"),
            OPENAPI.load("routing", "request"),
            OPENAPI.load("routing", "route"),
        )

    def route(self, method: str, url: str) -> "Route | None":
        """Return where in the API a request goes, in any edition and wherever that is served; None if it goes elsewhere."""
        found: Route | Finding = self._route(self._catalogue, None, self._request(method, url))
        return None if isinstance(found, Finding) else found

    def check(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Report:
        """Return the report on a request, and log what was found."""
        report: Report = self._check(self._request(method, url, headers=headers, body=body), **self._told)
        if report.findings:
            level = logging.INFO if report.valid or not self._warn else logging.WARNING
            _LOG.log(level, "%s", self.summary(method, report))
        return report

    def passes(self, report: Report) -> bool:
        """Tell whether what has this report may pass."""
        return report.valid or self._warn

    def refuse(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> None:
        """Check a request. Raises `PreflightError` if it may not pass."""
        report = self.check(method, url, headers, body)
        if not self.passes(report):
            raise PreflightError(report, self.summary(method, report))

    def summary(self, method: str, report: Report) -> str:
        """Name what was found, and where: no sentence, since it may hold what somebody has put into the wrong field."""
        verdict = "passed" if report.valid else "passed with errors" if self._warn else "refused"
        kind = report.kind or Kind(version=self._edition)
        told = "; ".join(f"{finding.level} {finding.code} {self._place(kind, finding.at)}" for finding in report.findings)
        return f"{method if method.isalpha() else '…'} {verdict}: {told}"

    def _place(self, kind: Kind, at: str) -> str:
        """Write a place without the names that no document knows: they are somebody's own, as values are."""
        schema, place = self._catalogue.schema(kind), pointer.parse(at)
        known = [subschema_at(schema, place[: end + 1]) is not None for end in range(len(place))]
        return pointer.write(name if told else "…" for name, told in zip(place, known, strict=True)) or "/"
