"""Ads with exactly one rule broken, each with the finding that tells of it."""

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from hypothesis.strategies import SearchStrategy

from v4schema import wording
from v4schema.assertions import Assertion
from v4schema.engine import Failure
from v4schema.faults import Faults
from v4schema.report import Finding, Kind
from v4schema.strategies.grounds import Breach, Ground
from v4schema.strategies.sampling import placed


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """An ad of a `kind` that breaks one rule for an operation, with the finding that `v4schema.validate` has to report.

    `beside` are the findings that come with it: most often none, but a field that may not be sent at all cannot hold a wrong
    value alone. `assertion` is the rule: its place, and the way to its keyword in the flat schema.
    """

    ad: dict[str, Any]
    kind: Kind
    operation: str
    finding: Finding
    beside: tuple[Finding, ...] = ()
    assertion: Assertion

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that has to be reported."""
        return (*self.beside, self.finding)


@dataclass(frozen=True, eq=False)
class Misses:
    """Makes near misses of the rules of a schema."""

    ground: Ground

    def of(self, breach: Breach) -> SearchStrategy[NearMiss]:
        """Near misses of one rule."""
        return self.ground.sampler.values(breach.domains).map(partial(self._told, breach))

    def _told(self, breach: Breach, drawn: Any) -> NearMiss:  # noqa: ANN401  (an ad with its odd item)
        ad, place = placed(drawn, breach.assertion.at)
        failure = Failure(place, breach.assertion.keyword_at)
        (finding,) = [fault.finding for fault in self._faults.of(failure, ad)] if isinstance(ad, dict) else [self._no_ad(ad)]
        beside = [Failure(each.at, each.keyword_at) for each in breach.beside]
        return NearMiss(
            ad=ad,
            kind=self.ground.kind,
            operation=self.ground.operation,
            finding=finding,
            beside=tuple(fault.finding for each in beside for fault in self._faults.of(each, ad)),
            assertion=breach.assertion,
        )

    def _no_ad(self, drawn: object) -> Finding:
        return wording.finding(self.ground.catalogue, "ad.not_object", "", got=type(drawn).__name__)

    @cached_property
    def _faults(self) -> Faults:
        held, kind, operation = self.ground.catalogue, self.ground.kind, self.ground.operation
        return Faults(catalogue=held, kind=kind, operation=operation, schema=self.ground.schema)
