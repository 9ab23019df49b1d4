"""Strategies for ads that violate exactly one assertion, each with the finding about it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from v4schema.catalogue import messages
from v4schema.dialect.assertions import Assertion, AssertionId
from v4schema.dialect.engines import Failure
from v4schema.findings.report import Finding, Kind
from v4schema.strategies.kind_strategies import KindStrategies
from v4schema.strategies.sampling import unmark


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """An ad of a `kind` that violates one assertion for an operation, with the finding that `v4schema.validate` has to report.

    `accompanying` are findings that are always reported with it. Most often there are none, but a field that may not be sent at
    all cannot have a wrong value alone. `assertion` has the place that it is about, and the path to its keyword in the flat
    schema.
    """

    ad: dict[str, Any]
    kind: Kind
    operation: str
    finding: Finding
    accompanying: tuple[Finding, ...] = ()
    assertion: Assertion

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings that have to be reported, except notes."""
        return (*self.accompanying, self.finding)


@st.composite
def near_misses_among(draw: DrawFn, candidates: Sequence[KindStrategies], only: Callable[[Assertion], bool] | None) -> NearMiss:
    """Near misses of the assertions of several schemas; with `only`, of the assertions for which it returns true."""
    chosen = draw(st.sampled_from(candidates))
    ids = [each for each, violation in chosen.violations.items() if only is None or only(violation.assertion)]
    return draw(near_misses_of(chosen, draw(st.sampled_from(ids))))


@st.composite
def near_misses_of(draw: DrawFn, kind_strategies: KindStrategies, assertion_id: AssertionId) -> NearMiss:
    """Near misses of one assertion."""
    violation = kind_strategies.violations[assertion_id]
    drawn = draw(kind_strategies.sampler.values(violation.domains))
    ad, place = unmark(drawn, violation.assertion.at)
    failures = [Failure(place, violation.assertion.keyword_at)]
    failures += [Failure(each.at, each.keyword_at) for each in violation.accompanying]
    if isinstance(ad, dict):
        finding, *accompanying = [
            each.finding for failure in failures for each in kind_strategies.diagnoser.diagnose(failure, ad)
        ]
    else:
        finding = messages.make_finding(kind_strategies.catalogue, "ad.not_object", "", got=type(ad).__name__)
        accompanying = []
    return NearMiss(
        ad=ad,
        kind=kind_strategies.kind,
        operation=kind_strategies.operation,
        finding=finding,
        accompanying=tuple(accompanying),
        assertion=violation.assertion,
    )
