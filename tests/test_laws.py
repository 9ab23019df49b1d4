"""The laws that schemas, engines and messages hold together, over every edition, category and operation."""

import itertools
import json
import random
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from drawn import ANY_JSON, HELD, KINDS, broken, same
from effort import examples, is_quick, is_thorough
from expected import expected, forbidden
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tables import Tally

from v4schema import Finding, Kind, Level, Report, feed, normalise, openapi, strategies, validate
from v4schema.dialect.assertions import Assertion, Rule, assertions
from v4schema.dialect.engines import ENGINES
from v4schema.document.pointer import exists, get, parse, resolve
from v4schema.findings.report import NON_FIELD_ERRORS
from v4schema.strategies.kind_strategies import KindStrategies
from v4schema.strategies.near_miss import missing

#: Every kind of ad with every operation of its edition.
EVERY = [(kind, operation) for kind in KINDS for operation in HELD.edition(kind.version).operations]
IN_EACH = pytest.mark.parametrize(("kind", "operation"), EVERY, ids=[f"{kind}-{operation}" for kind, operation in EVERY])
SLOW = [pytest.mark.slow]
#: What is known of findings and of names, as it is written.
FILES = {name: HELD.read(f"{name}.json") for name in ("findings", "words")}
#: Each law is tried for each of them, this often.
FEW = examples(5, suppress_health_check=[*HealthCheck])
#: Each rule is broken as plainly as can be, or a second time anyhow.
ONCE = settings(max_examples=1, phases=[Phase.generate], suppress_health_check=[*HealthCheck])
TWICE = settings(ONCE, max_examples=2)


def found(ad: object, kind: Kind, operation: str, engine: str | None = None) -> Report:
    """The report on an ad of a kind."""
    return validate(ad, version=kind.version, category=kind.category, operation=operation, engine=engine)


def told(report: Report) -> set[Finding]:
    """What is found and is no note: notes tell what could not be checked."""
    return {finding for finding in report.findings if finding.level is not Level.NOTE}


@IN_EACH
@FEW
@given(data=st.data(), clean=st.booleans())
def test_every_ad_that_is_drawn_is_valid(kind: Kind, operation: str, data: st.DataObject, clean: bool) -> None:
    """By its construction, in both engines; one that is drawn clean has no warning either."""
    ad = data.draw(strategies.ads(kind.version, kind.category, operation, clean=clean))
    for engine in ENGINES:
        report = found(ad, kind, operation, engine)
        assert report.valid
        assert not (clean and told(report))


def identities(kind: Kind, operation: str) -> dict[Rule, str]:
    """What the rules of a schema say, wherever their keywords stand: place, keyword, name, code, level and limit."""
    schema = HELD.schema(kind, operation)
    return {
        rule.rule: json.dumps([rule.at, rule.name, rule.code, rule.level, rule.keyword, get(schema, rule.keyword_at)])
        for rule in assertions(schema)
    }


@cache
def before(kind: Kind, operation: str) -> frozenset[str]:
    """What the rules of the schemas before this one say: of the same edition."""
    earlier = itertools.takewhile((kind, operation).__ne__, (each for each in EVERY if each[0].version == kind.version))
    return frozenset(itertools.chain.from_iterable(identities(*each).values() for each in earlier))


@cache
def in_other_editions(version: str) -> frozenset[str]:
    """What the rules of the editions before this one say."""
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
    """In both engines, and nothing that only follows from it; each rule is broken by some ad, or another always speaks for it.

    What categories and operations of an edition share is broken once in that edition; where there is time, in each category.
    What is said for the first time of all is broken twice: as plainly as can be, and anyhow. A quick check tries every tenth.
    """
    first, *_ = HELD.edition(kind.version).operations
    if is_thorough():
        known = {*identities(kind, first).values()} if operation != first else set()
    else:
        known = {*before(kind, operation)}
    ground, tally = KindStrategies(catalogue=HELD, kind=kind, operation=operation), Tally(str(kind))
    message = identities(kind, operation)
    new = [rule for rule in ground.assertions if message[rule.rule] not in known]
    for rule in new[:: 10 if is_quick() else 1]:
        tally.add(rule, "rules")
        if rule.rule not in ground.breaches:
            tally.add(rule, "implied")
            continue
        drawn = misses(ground, rule, ONCE if message[rule.rule] in in_other_editions(kind.version) else TWICE)
        tally.add(rule, "broken", number=bool(drawn))
        tally.add(rule, "ads", number=drawn)
    record_property("tally", tally.rows)
    assert all(
        tally.counts[keyword, "broken"] + tally.counts[keyword, "implied"] == number
        for (keyword, what), number in tally.counts.items()
        if what == "rules"
    )


def misses(ground: KindStrategies, rule: Assertion, often: settings) -> int:
    """Hold some near misses of a rule against its law, and return how many."""
    drawn = []

    @often
    @given(miss=missing(ground, rule.rule))
    def holds(miss: strategies.NearMiss) -> None:
        drawn.append(miss)
        for engine in ENGINES:
            assert told(found(miss.ad, ground.kind, ground.operation, engine)) == {*miss.findings}
        if isinstance(miss.ad, dict):
            wanted = {*expected(ground.schema, miss.ad, rule.keyword_at, rule.name, FILES)}
            assert wanted
            errors = {at for _, at, level, _ in wanted if level == "error"}
            beside = {each for each in forbidden(ground.schema, miss.ad, FILES) if each[1] not in errors}
            assert {(each.code, each.at, each.level.value, each.source) for each in miss.findings} == wanted | beside
        else:
            assert (miss.finding.code, miss.finding.at, miss.finding.level) == ("ad.not_object", "", "error")

    holds()
    return len(drawn)


@FEW
@given(data=st.data(), shuffle=st.randoms(use_true_random=False))
def test_findings_do_not_depend_on_the_order_of_names(data: st.DataObject, shuffle: random.Random) -> None:
    """Of one ad, however damaged: the same findings, in the order in which their places now stand."""
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
@given(ad=ANY_JSON, kind=st.sampled_from(KINDS), data=st.data(), say=st.booleans())
def test_any_json_gets_a_report_for_every_kind_and_operation(
    engine: str, ad: object, kind: Kind, data: st.DataObject, say: bool
) -> None:
    """Whatever it is, and whether the caller says the category or the ad does."""
    operation = data.draw(st.sampled_from([*HELD.edition(kind.version).operations]))
    if isinstance(ad, dict) and not say:
        ad = {**ad, HELD.category_at[0]: data.draw(st.sampled_from([kind.category, *ad.values()]))}
    report = validate(ad, version=kind.version, category=kind.category if say else None, operation=operation, engine=engine)
    assert report.valid or report.errors
    assert isinstance(ad, dict) or not report.valid


@FEW
@given(data=st.data())
def test_every_pointer_leads_somewhere(data: st.DataObject) -> None:
    """To what is wrong, or, of what is missing, to the object that lacks it."""
    kind, operation = data.draw(st.sampled_from(EVERY))
    ad = data.draw(broken(strategies.ads(kind.version, kind.category, operation), most=5))
    for finding in found(ad, kind, operation).findings:
        at = resolve(ad, finding.at)
        assert exists(ad, at) or isinstance(get(ad, at[:-1]), dict)


@FEW
@given(data=st.data())
def test_the_body_of_the_api_nests_as_the_ad_does(data: st.DataObject) -> None:
    """Going a finding's way through it leads to that finding's sentence."""
    kind, operation = data.draw(st.sampled_from(EVERY))
    ad = data.draw(broken(strategies.ads(kind.version, kind.category, operation), most=5))
    report = found(ad, kind, operation)
    body: Any = report.api()
    assert bool(body) is not report.valid
    for finding in report.errors:
        here = body
        for token in parse(finding.at):
            here = here[int(token)] if isinstance(here, list) else here[token]
        sayings = here[NON_FIELD_ERRORS] if isinstance(here, dict) else here
        assert finding.message in sayings


@examples(50)
@given(data=st.data())
def test_what_is_respelt_is_normalised(data: st.DataObject) -> None:
    """`respelled` and `normalise` are each other's way back."""
    version = data.draw(st.sampled_from([*HELD.editions]))
    respelt = data.draw(strategies.respelled(version))
    assert same(normalise(respelt.ad, version=version, category=respelt.kind.category).ad, respelt.normalised)
    assert respelt.kind.version == version


@examples(25)
@given(data=st.data())
def test_every_feed_that_is_drawn_is_read_whole(data: st.DataObject) -> None:
    """Each ad of it, in its order, whatever form the file has."""
    version = data.draw(st.sampled_from([*HELD.editions]))
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
        for edition in HELD.editions.values()
        for name in [None, *(name for name, told in edition.operations.items() if not told.answer)]
    ],
)
def test_nothing_is_wrong_with_the_requests_that_are_drawn(version: str, operation: str | None, data: st.DataObject) -> None:
    """`check_request` lets every one pass, and sees the ad that it sends."""
    request = data.draw(strategies.http_requests(version, operation=operation))
    checked = openapi.check_request(
        openapi.request(request.method, request.url, headers=request.headers, body=request.body), version=version
    )
    assert checked.valid
    assert operation in {None, request.operation}
    assert (request.body is None) == (request.ad is None) == (request.operation is None)
