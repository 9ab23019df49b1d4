"""What stands before the API: a request with errors does not pass, or, where it is only to warn, passes with a word in the log.

The log names codes and places, and never a value: ads hold plates, telephone numbers and addresses.
"""

import logging
from collections.abc import Mapping
from typing import Any

from v4schema.catalogue import Catalogue
from v4schema.openapi.extra import fetched
from v4schema.report import InvalidAd, Report

_LOG = logging.getLogger("v4schema.openapi")


class PreflightError(InvalidAd):
    """A request has errors, and was not sent; `report` tells them all. Its text is a line for each, with place and sentence."""


class Guard:
    """Checks requests by `v4schema.openapi.check_request`, to which all arguments but `warn` go.

    With `warn`, a request with errors passes all the same. Raises `v4schema.errors.MissingExtra` without openapi-core.
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
        self._told: dict[str, Any] = {"version": version, "category": category, "engine": engine, "catalogue": catalogue}
        self._check, self._request, self._reaches = (
            fetched("boundary", "check_request"),
            fetched("routing", "request"),
            fetched("boundary", "reaches"),
        )

    def concerns(self, method: str, url: str) -> bool:
        """Tell whether a request goes to the API at all, wherever that is served."""
        request = self._request(method, url, headers={})
        return bool(self._reaches(request, version=self._told["version"], catalogue=self._told["catalogue"]))

    def check(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Report:
        """Return the report on a request, and log what was found."""
        report: Report = self._check(self._request(method, url, headers=headers, body=body), **self._told)
        if report.findings:
            level = logging.INFO if report.valid or not self._warn else logging.WARNING
            _LOG.log(level, "%s %s: %s", method, self._verdict(report), _summary(report))
        return report

    def passes(self, report: Report) -> bool:
        """Tell whether what has this report may pass."""
        return report.valid or self._warn

    def refuse(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> None:
        """Check a request. Raises `PreflightError` if it may not pass."""
        report = self.check(method, url, headers, body)
        if not self.passes(report):
            raise PreflightError(report)

    def _verdict(self, report: Report) -> str:
        """Say in a word or two what becomes of a request."""
        return "passed" if report.valid else "passed with errors" if self._warn else "refused"


def _summary(report: Report) -> str:
    """Name what was found, and where: no sentence, since it may hold what somebody has put into the wrong field."""
    return "; ".join(f"{finding.level} {finding.code} {finding.at or '/'}" for finding in report.findings)
