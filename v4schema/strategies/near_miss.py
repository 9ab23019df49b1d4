"""Ads with exactly one rule broken, each with the finding that tells of it."""

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


@st.composite
def missed(draw: DrawFn, grounds: Sequence[KindStrategies], only: Callable[[Assertion], bool] | None) -> NearMiss:
    """Near misses of the rules of some schemas, or of `only` some of these rules."""
    ground = draw(st.sampled_from(grounds))
    rules = [rule for rule, breach in ground.breaches.items() if only is None or only(breach.assertion)]
    return draw(missing(ground, draw(st.sampled_from(rules))))


@st.composite
def missing(draw: DrawFn, ground: KindStrategies, rule: AssertionId) -> NearMiss:
    """Near misses of one rule."""
    breach = ground.breaches[rule]
    drawn = draw(ground.sampler.values(breach.domains))
    ad, place = unmark(drawn, breach.assertion.at)
    told = [Failure(place, breach.assertion.keyword_at), *(Failure(each.at, each.keyword_at) for each in breach.beside)]
    if isinstance(ad, dict):
        finding, *beside = [fault.finding for failure in told for fault in ground.faults.diagnose(failure, ad)]
    else:
        finding, beside = messages.make_finding(ground.catalogue, "ad.not_object", "", got=type(ad).__name__), []
    return NearMiss(
        ad=ad,
        kind=ground.kind,
        operation=ground.operation,
        finding=finding,
        beside=tuple(beside),
        assertion=breach.assertion,
    )
