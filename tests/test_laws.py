"""Properties of schemas, engines and messages, for every edition, category and operation."""

import itertools
import json
import random
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from expected import expected, failures, forbidden
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis_profiles import examples, is_quick, is_thorough
from json_strategies import ANY_JSON, CATALOGUE, KINDS, broken, same
from tables import AssertionCounts

from v4schema import Finding, Kind, Level, Report, feed, normalise, openapi, strategies, validate
from v4schema.dialect.assertions import Assertion, AssertionId, assertions
from v4schema.dialect.engines import ENGINES
from v4schema.document.pointer import exists, get, parse, resolve
from v4schema.findings.report import NON_FIELD_ERRORS
from v4schema.strategies.kind_strategies import KindStrategies
from v4schema.strategies.near_miss import near_misses_of

#: Every kind of ad with every operation of its edition.
EVERY = [(kind, operation) for kind in KINDS for operation in CATALOGUE.edition(kind.version).operations]
IN_EACH = pytest.mark.parametrize(("kind", "operation"), EVERY, ids=[f"{kind}-{operation}" for kind, operation in EVERY])
SLOW = [pytest.mark.slow]
#: The finding codes and the wrong names, as the files have them.
FILES = {name: CATALOGUE.read(f"{name}.json") for name in ("findings", "words")}
#: How many examples each property test draws for each kind and operation.
FEW = examples(5, suppress_health_check=[*HealthCheck])
#: Each assertion is violated as simply as possible, or a second time in any way.
ONCE = settings(max_examples=1, phases=[Phase.generate], suppress_health_check=[*HealthCheck])
TWICE = settings(ONCE, max_examples=2)


def found(ad: object, kind: Kind, operation: str, engine: str | None = None) -> Report:
    """The report on an ad of a kind."""
    return validate(ad, version=kind.version, category=kind.category, operation=operation, engine=engine)


def serious(report: Report) -> set[Finding]:
    """The errors and warnings of a report; notes say what was not checked."""
    return {finding for finding in report.findings if finding.level is not Level.NOTE}


@IN_EACH
@examples(3, suppress_health_check=[*HealthCheck])
@given(data=st.data(), clean=st.booleans())
def test_every_drawn_ad_is_valid(kind: Kind, operation: str, data: st.DataObject, clean: bool) -> None:
    """It is valid in both engines; an ad that is drawn clean has no warnings either."""
    ad = data.draw(strategies.ads(kind.version, kind.category, operation, clean=clean))
    for engine in ENGINES:
        report = found(ad, kind, operation, engine)
        assert report.valid
        assert not (clean and serious(report))


def identities(kind: Kind, operation: str) -> dict[AssertionId, str]:
    """What identifies each assertion of a schema: place, keyword, name, code, level and limit."""
    schema = CATALOGUE.schema(kind, operation)
    return {
        assertion.id: json.dumps(
            [
                assertion.at,
                assertion.name,
                assertion.code,
                assertion.level,
                assertion.keyword,
                get(schema, assertion.keyword_at),
            ]
        )
        for assertion in assertions(schema)
    }


@cache
def before(kind: Kind, operation: str) -> frozenset[str]:
    """What the earlier schemas of the same edition assert."""
    earlier = itertools.takewhile((kind, operation).__ne__, (each for each in EVERY if each[0].version == kind.version))
    return frozenset(itertools.chain.from_iterable(identities(*each).values() for each in earlier))


@cache
def in_other_editions(version: str) -> frozenset[str]:
    """What the earlier editions assert."""
    earlier = itertools.takewhile(lambda each: each[0].version != version, EVERY)
    return frozenset(itertools.chain.from_iterable(identities(*each).values() for each in earlier))


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("kind", "operation"),
    [
        pytest.param(kind, operation, marks=[] if kind == next(each for each in KINDS if each.version == kind.version) else SLOW)
        for kind, operation in EVERY
    ],
    ids=[f"{kind}-{operation}" for kind, operation in EVERY],
)
def test_every_near_miss_gives_exactly_its_finding(
    kind: Kind, operation: str, record_property: Callable[[str, object], None]
) -> None:
    """It has no other finding, in both engines; each assertion is violated by an ad, or always covered by another one.

    Assertions that categories and operations of an edition share are violated once in that edition; in the thorough profile, once
    in each category. An assertion that no earlier edition has is violated twice. The quick profile tries every tenth.
    """
    first, *_ = CATALOGUE.edition(kind.version).operations
    if is_thorough():
        known = {*identities(kind, first).values()} if operation != first else set()
    else:
        known = {*before(kind, operation)}
    kind_strategies, assertion_counts = (
        KindStrategies(catalogue=CATALOGUE, kind=kind, operation=operation),
        AssertionCounts(str(kind)),
    )
    identity = identities(kind, operation)
    new = [assertion for assertion in kind_strategies.assertions if identity[assertion.id] not in known]
    for assertion in new[:: 10 if is_quick() else 1]:
        assertion_counts.add(assertion, "rules")
        if assertion.id not in kind_strategies.violations:
            assertion_counts.add(assertion, "implied")
            continue
        often = ONCE if identity[assertion.id] in in_other_editions(kind.version) else TWICE
        drawn = misses(kind_strategies, assertion, often)
        assertion_counts.add(assertion, "broken", number=bool(drawn))
        assertion_counts.add(assertion, "ads", number=drawn)
    record_property("assertion_counts", assertion_counts.rows)
    assert all(
        assertion_counts.counts[keyword, "broken"] + assertion_counts.counts[keyword, "implied"] == number
        for (keyword, what), number in assertion_counts.counts.items()
        if what == "rules"
    )


def misses(kind_strategies: KindStrategies, assertion: Assertion, often: settings) -> int:
    """Check some near misses of an assertion, and return how many."""
    drawn = []

    @often
    @given(miss=near_misses_of(kind_strategies, assertion.id))
    def assert_findings(miss: strategies.NearMiss) -> None:
        drawn.append(miss)
        for engine in ENGINES:
            assert serious(found(miss.ad, kind_strategies.kind, kind_strategies.operation, engine)) == {*miss.findings}
        if isinstance(miss.ad, dict):
            failed = failures(kind_strategies.schema, miss.ad)
            wanted = {*expected(kind_strategies.schema, failed, assertion.keyword_at, assertion.name, FILES)}
            assert wanted
            errors = {at for _, at, level, _ in wanted if level == "error"}
            accompanying = {each for each in forbidden(kind_strategies.schema, failed, FILES) if each[1] not in errors}
            assert {(each.code, each.at, each.level.value, each.source) for each in miss.findings} == wanted | accompanying
        else:
            assert (miss.finding.code, miss.finding.at, miss.finding.level) == ("ad.not_object", "", "error")

    assert_findings()
    return len(drawn)


@FEW
@given(data=st.data(), shuffle=st.randoms(use_true_random=False))
def test_findings_do_not_depend_on_the_order_of_names(data: st.DataObject, shuffle: random.Random) -> None:
    """Even a damaged ad has the same findings after its members are reordered."""
    kind, operation = data.draw(st.sampled_from(EVERY))
    ad = data.draw(broken(strategies.ads(kind.version, kind.category, operation)))
    other = shuffled(ad, shuffle)
    assert {*found(other, kind, operation).findings} == {*found(ad, kind, operation).findings}


def shuffled(value: Any, shuffle: random.Random) -> Any:  # noqa: ANN401
    """A JSON value with the members of its objects in another order."""
    if isinstance(value, dict):
        names = [*value]
        shuffle.shuffle(names)
        return {name: shuffled(value[name], shuffle) for name in names}
    return [shuffled(item, shuffle) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("engine", ENGINES)
@given(ad=ANY_JSON, kind=st.sampled_from(KINDS), data=st.data(), named=st.booleans())
def test_any_json_gets_a_report_for_every_kind_and_operation(
    engine: str, ad: object, kind: Kind, data: st.DataObject, named: bool
) -> None:
    """The category comes from the caller or from the ad."""
    operation = data.draw(st.sampled_from([*CATALOGUE.edition(kind.version).operations]))
    if isinstance(ad, dict) and not named:
        ad = {**ad, CATALOGUE.category_at[0]: data.draw(st.sampled_from([kind.category, *ad.values()]))}
    report = validate(ad, version=kind.version, category=kind.category if named else None, operation=operation, engine=engine)
    assert report.valid or report.errors
    assert isinstance(ad, dict) or not report.valid


@FEW
@given(data=st.data())
def test_every_pointer_has_a_target(data: st.DataObject) -> None:
    """It is the wrong value, or, for a missing one, the object that lacks it."""
    kind, operation = data.draw(st.sampled_from(EVERY))
    ad = data.draw(broken(strategies.ads(kind.version, kind.category, operation), most=5))
    for finding in found(ad, kind, operation).findings:
        at = resolve(ad, finding.at)
        assert exists(ad, at) or isinstance(get(ad, at[:-1]), dict)


@FEW
@given(data=st.data())
def test_the_body_of_the_api_is_nested_as_the_ad(data: st.DataObject) -> None:
    """The pointer of a finding leads to its message in the body."""
    kind, operation = data.draw(st.sampled_from(EVERY))
    ad = data.draw(broken(strategies.ads(kind.version, kind.category, operation), most=5))
    report = found(ad, kind, operation)
    body: Any = report.api()
    assert bool(body) is not report.valid
    for finding in report.errors:
        here = body
        for token in parse(finding.at):
            here = here[int(token)] if isinstance(here, list) else here[token]
        texts = here[NON_FIELD_ERRORS] if isinstance(here, dict) else here
        assert finding.message in texts


@examples(50)
@given(data=st.data())
def test_respelled_ads_are_normalised(data: st.DataObject) -> None:
    """`normalise` reverses `respelled`."""
    version = data.draw(st.sampled_from([*CATALOGUE.editions]))
    respelling = data.draw(strategies.respelled(version))
    assert same(normalise(respelling.ad, version=version, category=respelling.kind.category).ad, respelling.normalised)
    assert respelling.kind.version == version


@examples(25)
@given(data=st.data())
def test_every_drawn_feed_is_read_completely(data: st.DataObject) -> None:
    """All ads in order, in every format."""
    version = data.draw(st.sampled_from([*CATALOGUE.editions]))
    file = data.draw(strategies.feeds(version))
    results = [*feed.check([(file.name, file.data)], version=version)]
    assert [result.reading.ad for result in results] == [*file.ads]
    assert all(result.report.valid for result in results)


@FEW
@given(data=st.data())
@pytest.mark.parametrize(
    ("version", "operation"),
    [
        (edition.name, name)
        for edition in CATALOGUE.editions.values()
        for name in [None, *(name for name, operation in edition.operations.items() if not operation.is_response)]
    ],
)
def test_every_drawn_request_is_valid(version: str, operation: str | None, data: st.DataObject) -> None:
    """`check_request` finds no errors."""
    request = data.draw(strategies.http_requests(version, operation=operation))
    checked = openapi.check_request(
        openapi.request(request.method, request.url, headers=request.headers, body=request.body), version=version
    )
    assert checked.valid
    assert operation in {None, request.operation}
    assert (request.body is None) == (request.ad is None) == (request.operation is None)
