"""Laws of converting: nothing is lost on the way, and the way back leads to where one came from."""

import copy
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import ANY_JSON, HELD, KINDS, Ad, ads, every_mapping, respell, same, spots, strewn

from v4schema import Conversion, Kind, Level, convert, errors, migrate, normalise, revert, validate
from v4schema.converter import Converter
from v4schema.pointer import Place, get, leads, parse, within

#: From each edition to the other of a way.
TO = {way.version: way.to for way in HELD.ways.values()}
UNITS: st.SearchStrategy[dict[str, str]] = st.sampled_from([{}, {"price_unit": "kr"}, {"price_unit": "öre"}])
MAPPED = [mapping.given for mapping in every_mapping(HELD)]
AUTOMATIC = [mapping.given for mapping in every_mapping(HELD) if mapping.automatic]


def text(value: object) -> str:
    """A JSON value to the letter, the order of names as well."""
    return json.dumps(value, ensure_ascii=False)


def through_a_file(value: Any) -> Any:  # noqa: ANN401
    """A JSON value as it is read again."""
    return json.loads(text(value))


def leaves(value: object, at: Place = ()) -> Iterator[tuple[Place, object]]:
    """All places of a value that hold no others."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    below = [leaf for token, member in members for leaf in leaves(member, (*at, token))]
    yield from below or [(at, value)]


def codes(conversion: Conversion) -> list[str]:
    """The codes of what is told of a conversion."""
    return [finding.code for finding in conversion.findings]


@pytest.mark.parametrize("kind", KINDS, ids=str)
@given(data=st.data(), units=UNITS, mends=st.booleans())
def test_back_with_its_receipt_is_the_identity(kind: Kind, data: st.DataObject, units: dict[str, str], mends: bool) -> None:
    """For every category, both ways, to the order of names; also when ad and receipt have been written to files."""
    ad = data.draw(st.one_of(ads(kind), strewn(kind)))
    done = (migrate if mends else convert)(ad, to=TO[kind.version], version=kind.version, **units)
    assert text(revert(done)) == text(ad)
    back = convert(through_a_file(done.ad), to=kind.version, receipt=through_a_file(done.receipt))
    assert text(back.ad) == text(ad)
    assert (back.complete, back.findings, back.kind, back.origin) == (True, (), kind, done.kind)
    assert text(revert(back)) == text(done.ad)


@pytest.mark.parametrize("kind", AUTOMATIC, ids=str)
@given(data=st.data())
def test_automatic_categories_come_back_without_a_receipt(kind: Kind, data: st.DataObject) -> None:
    """If the ad names its category as its edition does; there are no more pictures than both take."""
    ad = data.draw(ads(kind).map(lambda ad: {**ad, HELD.category_at[0]: int(ad[HELD.category_at[0]])}))
    done = convert(ad, to=TO[kind.version], version=kind.version)
    assert text(convert(done.ad, to=kind.version, version=TO[kind.version]).ad) == text(ad)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@given(data=st.data(), mends=st.booleans())
def test_a_complete_conversion_is_valid_and_any_other_says_why(kind: Kind, data: st.DataObject, mends: bool) -> None:
    """Complete is just what is valid in the target; what is not complete has an error, and asks if fields are missing."""
    ad = data.draw(st.one_of(ads(kind), strewn(kind)))
    done = (migrate if mends else convert)(ad, to=TO[kind.version], version=kind.version)
    report = validate(done.ad, version=TO[kind.version], category=kind.category)
    assert done.complete == report.valid
    assert done.complete or done.errors
    assert not (done.complete and done.asks)
    missing = {finding.at for finding in report.errors if finding.code == "schema.required"}
    assert {ask.at for ask in done.asks} >= {at for at in missing if not leads(done.ad, parse(at)) and at.count("/") == 1} - {
        ask.at.rpartition("/")[0] for ask in done.asks
    }


@pytest.mark.parametrize("kind", MAPPED, ids=str)
@given(data=st.data(), units=UNITS)
def test_answers_complete_an_ad(kind: Kind, data: st.DataObject, units: dict[str, str]) -> None:
    """With what a valid ad of the target has at the places that are asked, nothing is asked any more."""
    ad, other = data.draw(ads(kind)), data.draw(ads(Kind(version=TO[kind.version], category=kind.category)))
    asks = convert(ad, to=TO[kind.version], version=kind.version, **units).asks
    answers = {ask.at: get(other, ask.place) for ask in asks}
    done = convert(ad, to=TO[kind.version], version=kind.version, answers=answers, **units)
    blank = [at for at, value in answers.items() if isinstance(value, str) and not value.strip(" -–\t\n\r\xa0")]
    assume(not blank)
    assert done.asks == ()
    assert {finding.code for finding in done.errors} <= {"schema.pattern", "schema.minimum"}
    assert text(revert(done)) == text(ad)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@given(data=st.data(), units=UNITS, mends=st.booleans())
def test_converting_is_pure_and_deterministic(kind: Kind, data: st.DataObject, units: dict[str, str], mends: bool) -> None:
    """The ad stays as it is, and the same ad becomes the same."""
    ad = data.draw(strewn(kind))
    before = copy.deepcopy(ad)
    first, second = ((migrate if mends else convert)(ad, to=TO[kind.version], version=kind.version, **units) for _ in range(2))
    assert text(ad) == text(before)
    assert (text(first.ad), first.findings, first.receipt) == (text(second.ad), second.findings, second.receipt)


@pytest.mark.parametrize("mapping", [*every_mapping(HELD)], ids=lambda mapping: str(mapping.given))
@given(data=st.data(), seed=st.randoms())
def test_the_order_of_rules_does_not_matter(mapping: Any, data: st.DataObject, seed: random.Random) -> None:  # noqa: ANN401
    """Shuffled rules make the same ad, to the order of its names."""
    ad = data.draw(strewn(mapping.given))
    rules = [*mapping.rules]
    seed.shuffle(rules)
    told: dict[str, Any] = {"given": HELD.schema(mapping.given), "wanted": HELD.schema(mapping.wanted)}
    made = [
        Converter(catalogue=HELD, mapping=replace(mapping, rules=each), measures=HELD.measures, **told).carried(ad).ad
        for each in (mapping.rules, rules)
    ]
    assert text(made[0]) == text(made[1])


@pytest.mark.parametrize("kind", KINDS, ids=str)
@given(data=st.data(), units=UNITS, mends=st.booleans())
def test_each_leaf_is_in_the_target_or_in_the_receipt_with_a_reason(
    kind: Kind, data: st.DataObject, units: dict[str, str], mends: bool
) -> None:
    """Nothing is lost, and nothing changes without a word."""
    ad = data.draw(st.one_of(ads(kind), strewn(kind)))
    done = (migrate if mends else convert)(ad, to=TO[kind.version], version=kind.version, **units)
    changes = {within(ad, change["at"]): change for change in done.receipt["changes"]}
    assert all(change["why"] for change in changes.values()), changes
    for place, value in leaves(ad):
        stands = get(done.ad, place) if leads(done.ad, place) else None
        kept = text(stands) == text(value) if value or not isinstance(value, dict | list) else isinstance(stands, type(value))
        told = [changes[place[:end]] for end in range(len(place) + 1) if place[:end] in changes]
        assert kept or any("was" in change for change in told), place


@pytest.mark.parametrize("kind", MAPPED, ids=str)
@given(data=st.data())
def test_converting_commutes_with_normalising(kind: Kind, data: st.DataObject) -> None:
    """A messy ad is the same whether it is mended before or after, where both know what is meant.

    Prices are in kronor, on the caller's word, and stand where they belong: a rule about amounts in a list finds no others. What
    follows from the unit that an amount is written with is no longer known once it is written in another.
    """
    ad = respell(data.draw, kind, data.draw(ads(kind)))
    to = TO[kind.version]
    before = normalise(ad, version=kind.version, price_unit="kr")
    assume(before.kind == kind and validate(before.ad, version=kind.version).valid)
    amounts = [place for place, node in spots(HELD.schema(kind), before.ad) if "x-unit" in node]
    assume(all(leads(ad, place) for place in amounts))
    assume(all(change.code != "value.filled" for change in before.changes))
    first = convert(before.ad, to=to, version=kind.version, price_unit="kr").ad
    carried = convert(ad, to=to, version=kind.version, price_unit="kr")
    assume(carried.kind is not None)
    second = normalise(carried.ad, version=to, category=kind.category).ad
    assert same(normalise(first, version=to, category=kind.category).ad, second)


@given(ad=ANY_JSON, mends=st.booleans(), answers=st.dictionaries(st.text(max_size=8), ANY_JSON, max_size=3))
def test_any_json_gets_an_answer(ad: object, mends: bool, answers: dict[str, Any]) -> None:
    """Never an exception; what cannot be converted stays as it is and says why."""
    assume(not isinstance(ad, str | bytes))
    done = (migrate if mends else convert)(ad, to="v4", answers=answers)
    assert done.complete or done.errors
    assert done.kind or done.ad == ad


@given(receipt=ANY_JSON, ad=ANY_JSON)
def test_any_receipt_gets_an_answer(receipt: Any, ad: object) -> None:  # noqa: ANN401
    """What is no receipt is damaged."""
    assume(receipt is not None)
    assert codes(convert(ad, to="v3", receipt=receipt)) == ["receipt.damaged"]
