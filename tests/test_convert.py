"""Properties of conversions: nothing is lost, and converting back gives the original ad."""

import copy
import io
import json
import random
import re
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ads import ANSWERS, CAR, MOPED
from hypothesis import HealthCheck, Phase, assume, given
from hypothesis import strategies as st
from hypothesis_profiles import examples
from json_strategies import ANY_JSON, CATALOGUE, KINDS, ads, every_mapping, respell, same, with_extra_fields

from v4schema import Conversion, Kind, Level, convert, errors, migrate, normalise, revert, validate
from v4schema.conversion.converter import Converter
from v4schema.conversion.mappings import CategoryMapping, Rule
from v4schema.conversion.questions import BLANK_ANSWERS
from v4schema.dialect.fields import is_sendable, subschema_at
from v4schema.document.edit import with_value
from v4schema.document.json_value import digest
from v4schema.document.pointer import Place, exists, get, parse, resolve
from v4schema.strategies.respellings import described_places

#: How many examples each property test draws for a kind. Many of the ads that are drawn are invalid.
FEW = examples(8, phases=[Phase.generate], suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
#: The edition that each edition is converted to.
TO = {path.version: path.to for path in CATALOGUE.edition_paths.values()}
UNITS: st.SearchStrategy[dict[str, Any]] = st.sampled_from([{}, {"price_unit": "kr"}, {"price_unit": "öre"}])
MAPPED = [mapping.given for mapping in every_mapping(CATALOGUE)]
AUTOMATIC = [mapping.given for mapping in every_mapping(CATALOGUE) if mapping.automatic]


Ad = dict[str, Any]


def text(value: object) -> str:
    """Write a JSON value with the order of its names."""
    return json.dumps(value, ensure_ascii=False)


def through_a_file(value: Any) -> Any:  # noqa: ANN401
    """Return a JSON value as it is after it was written and read."""
    return json.loads(text(value))


def leaves(value: object, at: Place = ()) -> Iterator[tuple[Place, object]]:
    """Yield all places of a value that contain no others."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    below = [leaf for token, member in members for leaf in leaves(member, (*at, token))]
    yield from below or [(at, value)]


def codes(conversion: Conversion) -> list[str]:
    """Return the codes of the findings of a conversion."""
    return [finding.code for finding in conversion.findings]


@pytest.mark.parametrize("kind", KINDS, ids=str)
@FEW
@given(data=st.data(), units=UNITS, fixes=st.booleans())
def test_converting_back_with_the_receipt_is_the_identity(
    kind: Kind, data: st.DataObject, units: dict[str, Any], fixes: bool
) -> None:
    """It is so in both directions, even for the order of names, also if ad and receipt were written to files."""
    ad = data.draw(st.one_of(ads(kind), with_extra_fields(kind)))
    done = (migrate if fixes else convert)(ad, to=TO[kind.version], version=kind.version, **units)
    assert text(revert(done)) == text(ad)
    back = convert(through_a_file(done.ad), to=kind.version, receipt=through_a_file(done.receipt))
    assert text(back.ad) == text(ad)
    assert (back.complete, back.findings, back.kind, back.origin) == (True, (), kind, done.kind)
    assert text(revert(back)) == text(done.ad)


@pytest.mark.parametrize("kind", AUTOMATIC, ids=str)
@FEW
@given(data=st.data())
def test_automatic_categories_are_converted_back_without_a_receipt(kind: Kind, data: st.DataObject) -> None:
    """The ad has its category in the type of its edition, and no more pictures than both editions take."""
    ad = data.draw(ads(kind).map(lambda ad: {**ad, CATALOGUE.category_at[0]: int(ad[CATALOGUE.category_at[0]])}))
    done = convert(ad, to=TO[kind.version], version=kind.version)
    assume("item.beyond" not in codes(done))
    assert text(convert(done.ad, to=kind.version, version=TO[kind.version]).ad) == text(ad)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@FEW
@given(data=st.data(), fixes=st.booleans())
def test_a_conversion_is_complete_if_and_only_if_it_is_valid(kind: Kind, data: st.DataObject, fixes: bool) -> None:
    """An incomplete conversion has an error, and questions if fields are missing."""
    ad = data.draw(st.one_of(ads(kind), with_extra_fields(kind)))
    done = (migrate if fixes else convert)(ad, to=TO[kind.version], version=kind.version)
    report = validate(done.ad, version=TO[kind.version], category=kind.category)
    assert done.complete == report.valid
    assert done.complete or done.errors
    assert not (done.complete and done.questions)
    missing = {finding.at for finding in report.errors if finding.code == "schema.required"}
    assert {ask.at for ask in done.questions} >= {
        at for at in missing if not exists(done.ad, parse(at)) and at.count("/") == 1
    } - {ask.at.rpartition("/")[0] for ask in done.questions}


@pytest.mark.parametrize("kind", MAPPED, ids=str)
@FEW
@given(data=st.data(), units=UNITS)
def test_answers_complete_an_ad(kind: Kind, data: st.DataObject, units: dict[str, Any]) -> None:
    """With the values of a valid ad as answers, no question is left."""
    ad, other = data.draw(ads(kind)), data.draw(ads(Kind(version=TO[kind.version], category=kind.category)))
    questions = convert(ad, to=TO[kind.version], version=kind.version, **units).questions
    answers = {ask.at: get(other, ask.place) for ask in questions}
    answers |= {at: "volvo" for at, value in answers.items() if isinstance(value, str) and value.strip() in BLANK_ANSWERS}
    done = convert(ad, to=TO[kind.version], version=kind.version, answers=answers, **units)
    assert done.questions == ()
    assert {finding.code for finding in done.errors} <= {"schema.pattern", "schema.minimum"}
    assert text(revert(done)) == text(ad)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@FEW
@given(data=st.data(), units=UNITS, fixes=st.booleans())
def test_converting_is_pure_and_deterministic(kind: Kind, data: st.DataObject, units: dict[str, Any], fixes: bool) -> None:
    """The given ad does not change, and the same ad gives the same result."""
    ad = data.draw(with_extra_fields(kind))
    before = copy.deepcopy(ad)
    first, second = ((migrate if fixes else convert)(ad, to=TO[kind.version], version=kind.version, **units) for _ in range(2))
    assert text(ad) == text(before)
    assert (text(first.ad), first.findings, first.receipt) == (text(second.ad), second.findings, second.receipt)


FIELD = {"type": "string", "x-source": ["S"]}
BECAUSE: Any = {"why": "It is so.", "source": ["RC"]}


def holding(**members: Any) -> Ad:  # noqa: ANN401
    """Return the schema of an object with members."""
    return {"type": "object", "x-source": ["S"], "properties": members}


def along(given: Ad, target: Ad, *rules: Rule) -> Converter:
    """Return a converter with rules from one schema to another."""
    kinds: dict[str, Any] = {"given": Kind(version="v3"), "target": Kind(version="v4")}
    mapping = CategoryMapping(automatic=False, source=["S"], rules=rules, **kinds)
    return Converter(catalogue=CATALOGUE, mapping=mapping, given=given, target=target, quantity_kinds=CATALOGUE.quantity_kinds)


def test_each_rule_is_applied_and_recorded() -> None:
    """Rules move values, also in arrays, apply their own steps only, drop, fill in, and free the place that they fill."""
    converter = along(
        holding(a={**FIELD, "x-private": True}, url=FIELD, notes={**FIELD, "items": holding(message=FIELD)}, kind=FIELD),
        holding(
            hull=holding(a=FIELD),
            notes={**FIELD, "items": holding(text={**FIELD, "x-normalise": [{"case": "upper"}]})},
            kind=FIELD,
        ),
        Rule(action="move", at=("a",), to=("hull", "a"), steps=[{"trim": True}], **BECAUSE),
        Rule(action="move", at=("notes", "*", "message"), to=("notes", "*", "text"), **BECAUSE),
        Rule(action="drop", at=("url",), **BECAUSE),
        Rule(action="drop", at=("kind",), **BECAUSE),
        Rule(action="fill", to=("kind",), value="9", **BECAUSE),
    )
    notes = [{"message": "one"}, {}, {"message": "two", "text": "t"}, 3]
    done = converter.convert({"kind": "1", "a": " x ", "url": "u", "hull": "none", "notes": notes, "extra": [1]})
    notes = [{"text": "one"}, {}, {"text": "two"}, 3]
    assert text(done.ad) == text({"kind": "9", "hull": {"a": "x"}, "notes": notes, "extra": [1]})
    why = {"why": "It is so."}
    assert [
        (entry.code, entry.at, entry.origin, entry.details, entry.before, entry.after, entry.removed, entry.hidden)
        for entry in done.records
    ] == [
        ("field.dropped", ("kind",), ("kind",), why, "1", None, True, False),
        ("field.dropped", ("url",), ("url",), why, "u", None, True, False),
        ("field.dropped", ("hull",), ("hull",), why, "none", None, True, True),
        ("field.moved", ("hull", "a"), None, {"place": "/hull/a", "right": "a"}, " x ", " x ", False, False),
        ("field.moved", ("notes", 0, "text"), None, {"place": "/notes/0/text", "right": "text"}, "one", "one", False, False),
        ("field.dropped", ("notes", 2, "text"), ("notes", 2, "text"), why, "t", None, True, False),
        ("field.moved", ("notes", 2, "text"), None, {"place": "/notes/2/text", "right": "text"}, "two", "two", False, False),
        ("value.filled", ("kind",), None, {"case": "rule", "why": "It is so."}, None, "9", False, False),
        ("text.respelled", ("hull", "a"), None, {"case": "trimmed"}, " x ", "x", False, False),
    ]
    assert {*(entry.source for entry in done.records[:-1])} == {("RC",)}
    assert (done.source_map.to_new(("a",)), done.source_map.source(("notes", 2, "text"))) == (
        ("hull", "a"),
        ("notes", 2, "message"),
    )
    for ad, then in (
        ({"hull": {"b": 1}, "a": "x", "kind": "9"}, {"hull": {"b": 1, "a": "x"}, "kind": "9"}),
        ({"hull": None, "a": None, "notes": {"message": 1}}, {"hull": {"a": None}, "notes": {"message": 1}, "kind": "9"}),
        ({"a": "x", "notes": 3, "kind": "9"}, {"notes": 3, "kind": "9", "hull": {"a": "x"}}),
        ([3], [3]),
    ):
        assert text(converter.convert(ad).ad) == text(then)


def test_a_bare_amount_is_a_finding_if_editions_differ_in_its_unit() -> None:
    """Amounts that are certain, or written with their unit, are converted without a finding."""
    kr, ore = ({**FIELD, "type": ["integer", "string"], "x-unit": unit} for unit in ("kr", "öre"))
    measuring = {"action": "keep", "steps": [{"in_unit": "price"}], **BECAUSE}
    converter = along(
        holding(price={**kr, "x-private": True}, same=ore, note=kr, other=kr),
        holding(price=ore, same=ore, note=ore, other=ore),
        Rule(at=("price",), to=("price",), **measuring),
        Rule(at=("same",), to=("same",), **measuring),
        Rule(action="keep", at=("note",), to=("note",), steps=[{"trim": True}], **BECAUSE),
        Rule(action="keep", at=("other",), to=("other",), **BECAUSE),
    )
    done = converter.convert({"price": 5, "same": 5, "note": 5, "other": 5})
    unsaid = [entry for entry in done.records if entry.code == "unit.unstated"]
    details = {"unit": "kr", "other": "öre", "kind": "price", "why": "It is so."}
    assert [(entry.at, entry.details, entry.before, entry.done, entry.hidden) for entry in unsaid] == [
        (("price",), details, 5, False, True)
    ]
    assert done.ad == {"price": 5, "same": 5, "note": 5, "other": 5}
    for value in (0, "5", None, [5]):
        assert "unit.unstated" not in {entry.code for entry in converter.convert({"price": value}).records}
    for value, certain in ((5, {("price",)}), (5, None), ("5 kr", None), ("5 kr", {("price",)}), ("5 kr", ())):
        assert converter.convert({"price": value}, certain).ad == {"price": 500}
    assert converter.convert({"price": "5"}, None).ad == {"price": "5"}


def test_fields_can_take_each_others_places() -> None:
    """In a chain and in a swap, each value and each source place is where its rule moves it."""
    fields = holding(a=FIELD, b=FIELD, c=FIELD)
    chain = [Rule(action="move", at=(at,), to=(to,), **BECAUSE) for at, to in ("ab", "bc")]
    for rules in (chain, chain[::-1]):
        done = along(fields, fields, *rules).convert({"a": 1, "b": 2})
        assert done.ad == {"b": 1, "c": 2}
        assert [entry.code for entry in done.records] == ["field.moved", "field.moved"]
        assert (done.source_map.to_new(("a",)), done.source_map.to_new(("b",))) == (("b",), ("c",))
        assert (done.source_map.source(("b",)), done.source_map.source(("c",))) == (("a",), ("b",))
    turn = [Rule(action="move", at=(at,), to=(to,), **BECAUSE) for at, to in ("ab", "ba")]
    assert along(fields, fields, *turn).convert({"a": 1, "b": 2}).ad == {"b": 1, "a": 2}
    fills = [Rule(action="fill", to=(to,), value=1, **BECAUSE) for to in "ab"]
    for rules in (fills, fills[::-1]):
        assert text(along(fields, fields, *rules).convert({"c": 2}).ad) == text({"c": 2, "a": 1, "b": 1})


@pytest.mark.parametrize("mapping", [*every_mapping(CATALOGUE)], ids=lambda mapping: str(mapping.given))
@FEW
@given(data=st.data(), seed=st.randoms())
def test_the_order_of_rules_does_not_matter(mapping: Any, data: st.DataObject, seed: random.Random) -> None:  # noqa: ANN401
    """Shuffled rules give the same ad, even in the order of its names."""
    ad = data.draw(with_extra_fields(mapping.given))
    rules = [*mapping.rules]
    seed.shuffle(rules)
    schemas: dict[str, Any] = {"given": CATALOGUE.schema(mapping.given), "target": CATALOGUE.schema(mapping.target)}
    made = [
        Converter(catalogue=CATALOGUE, mapping=replace(mapping, rules=each), quantity_kinds=CATALOGUE.quantity_kinds, **schemas)
        .convert(ad)
        .ad
        for each in (mapping.rules, rules)
    ]
    assert text(made[0]) == text(made[1])


@pytest.mark.parametrize("kind", KINDS, ids=str)
@FEW
@given(data=st.data(), units=UNITS, fixes=st.booleans())
def test_each_leaf_is_in_the_target_or_in_the_receipt_with_a_reason(
    kind: Kind, data: st.DataObject, units: dict[str, Any], fixes: bool
) -> None:
    """Nothing is lost, and nothing changes without a finding."""
    ad = data.draw(st.one_of(ads(kind), with_extra_fields(kind)))
    done = (migrate if fixes else convert)(ad, to=TO[kind.version], version=kind.version, **units)
    changes = {resolve(ad, change["at"]): change for change in done.receipt["changes"]}
    assert all(change["why"] for change in changes.values()), changes
    for place, value in leaves(ad):
        present = get(done.ad, place) if exists(done.ad, place) else None
        kept = text(present) == text(value) if value or not isinstance(value, dict | list) else isinstance(present, type(value))
        reported = [changes[place[:end]] for end in range(len(place) + 1) if place[:end] in changes]
        assert kept or any("was" in change for change in reported), place


@pytest.mark.parametrize("kind", MAPPED, ids=str)
@FEW
@given(data=st.data())
def test_converting_commutes_with_normalising(kind: Kind, data: st.DataObject) -> None:
    """A messy ad becomes the same ad, whether it is normalised before or after it is converted.

    Exceptions are left out: a wrong name has to mean a field of both editions. Prices are bare, in kronor, and in their
    place, because a rule about amounts in a list finds no others. There are no more pictures than both editions accept,
    because repeated pictures affect which ones are cut off. What follows from the unit of an amount is no longer known after
    it was converted to another unit.
    """
    ad = respell(data.draw, kind, data.draw(ads(kind)))
    to = TO[kind.version]
    before = normalise(ad, version=kind.version, price_unit="kr")
    for change in before.changes:
        if change.code == "value.filled" and exists(ad, resolve(ad, change.at)[:-1]):
            ad = with_value(ad, resolve(ad, change.at), change.after)
    before = normalise(ad, version=kind.version, price_unit="kr")
    assume(all(change.code != "value.filled" for change in before.changes))
    assume(before.kind == kind and validate(before.ad, version=kind.version).valid)
    amounts = [place for place, node in described_places(CATALOGUE.schema(kind), before.ad) if "x-unit" in node]
    assume(all(exists(ad, place) for place in amounts))
    there = CATALOGUE.schema(Kind(version=to, category=kind.category))
    moved = [parse(change.to or change.at) for change in before.changes if change.code == "field.moved"]
    assume(all(is_sendable(subschema_at(there, at[:end]) or {}) for at in moved for end in range(1, len(at) + 1)))
    first = convert(before.ad, to=to, version=kind.version, price_unit="kr")
    carried = convert(ad, to=to, version=kind.version, price_unit="kr")
    assume(carried.kind is not None and "item.beyond" not in [*codes(carried), *codes(first)])
    second = normalise(carried.ad, version=to, category=kind.category).ad
    assert same(normalise(first.ad, version=to, category=kind.category).ad, second)


@given(ad=ANY_JSON, fixes=st.booleans(), answers=st.dictionaries(st.text(max_size=8), ANY_JSON, max_size=3))
def test_any_json_gets_a_result(ad: object, fixes: bool, answers: dict[str, Any]) -> None:
    """Nothing raises; what cannot be converted stays as it is, with a finding."""
    assume(not isinstance(ad, str | bytes))
    done = (migrate if fixes else convert)(ad, to="v4", answers=answers)
    assert done.complete or done.errors
    assert done.kind or done.ad == ad


@given(receipt=ANY_JSON, ad=ANY_JSON)
def test_any_receipt_gets_a_result(receipt: Any, ad: object) -> None:  # noqa: ANN401
    """JSON that is no receipt counts as a damaged receipt."""
    assume(receipt is not None)
    assert codes(convert(ad, to="v3", receipt=receipt)) == ["receipt.damaged"]


def test_a_simple_moped_becomes_a_vehicle() -> None:
    """Known values are filled in, answers are normalised, and the title goes to the receipt."""
    asked = convert(MOPED, to="v4")
    assert (asked.complete, [ask.at for ask in asked.questions], asked.optional_questions) == (False, [*ANSWERS], ())
    done = convert(MOPED, to="v4", answers=ANSWERS, price_unit="kr")
    assert done.complete
    assert done.ad == {
        **{name: value for name, value in MOPED.items() if name != "title"},
        "category_id": "1121",
        "price": [{"type": "list", "amount": 3490000, "currency": "SEK"}],
        "category_fields": {
            "body_type": "moped",
            "brand": "yamaha",
            "model": "Aerox",
            "model_year": 2020,
            "registration_number": "ABC123",
            "condition": {"mileage": {"unit": "km", "value": 15405}},
            "powertrain": {"transmission": "automatic", "fuels": ["gasoline", "electric"]},
        },
    }
    assert [*revert(done)] == [*MOPED]


def test_questions_describe_possible_answers() -> None:
    """Each has the target's description, choices and unit, the reason for the question, and the documents of the field."""
    questions = {
        ask.at.rpartition("/")[2]: ask for ask in convert({**MOPED, "title": "Moped 2020 i toppskick"}, to="v4").questions
    }
    assert questions["fuels"].choices == ("gasoline", "diesel", "electric", "hybrid")
    assert questions["fuels"].several
    assert questions["mileage"].unit == "km or mil"
    assert questions["mileage"].allowed == "the number with its unit, km or mil, for example 5000 km"
    assert questions["brand"].description.startswith("The make, as a slug")
    assert questions["brand"].why == "In V3 this category is a simple ad."
    assert questions["brand"].source == ("RC",)
    assert (questions["model_year"].suggestion, questions["mileage"].suggestion) == ("2020", None)


def test_a_field_that_no_document_requires_is_an_optional_question() -> None:
    """No document requires a caravan's plate, so an ad is complete without it."""
    caravan = {**MOPED, "category_id": 1101}
    done = convert(caravan, to="v4", answers={"/category_fields/brand": "Kabe", "/category_fields/model_year": 2010})
    assert done.complete
    assert [ask.at.rpartition("/")[2] for ask in done.optional_questions] == ["body_type", "model", "registration_number"]
    assert not any(ask.required for ask in done.optional_questions)


def test_suggestions_are_read_from_the_title_and_never_filled_in() -> None:
    """A field has a suggestion if the title contains exactly one value that the field takes."""
    title = "Yamaha Aerox 2020, 1 540 mil, automat, bensin, ABC 12D"
    done = convert({**MOPED, "title": title}, to="v4")
    assert [ask.suggestion for ask in done.questions] == ["Yamaha", "Aerox", "2020", "ABC 12D", "1 540 mil", "automat", "bensin"]
    assert done.ad["category_fields"] == {"body_type": "moped"}
    assert [ask.suggestion for ask in convert({**MOPED, "title": "Yamaha - 2020"}, to="v4").questions][:3] == [
        "Yamaha",
        None,
        "2020",
    ]
    assert [ask.suggestion for ask in convert({**MOPED, "title": "2019 eller 2020"}, to="v4").questions][2] is None


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"/category_fields/model_year": "20x0"}, ("answer.refused", "A valid integer is required.")),
        ({"/category_fields/model_year": 1850}, ("answer.refused", "greater than or equal to 1900")),
        ({"/category_fields/condition/mileage": "15400"}, ("answer.refused", "The unit is missing")),
        ({"/category_fields/condition/mileage": "15.400 km"}, ("answer.refused", '"15.400" can mean 15400 or 15.4')),
        ({"/category_fields/powertrain/fuels": "bensin, kol"}, ("answer.refused", '"kol" is not a valid choice')),
        ({"/category_fields/registration_number": "ABC1234"}, ("answer.refused", "no more than 6 characters")),
        ({"/category_fields/body_type": "scooter"}, ("answer.unasked", '"scooter" was not used')),
        ({"/body": "En annan"}, ("answer.unasked", "the answer was not used")),
        ({"/category_fields/wheels": 2}, ("answer.unknown_field", '"/category_fields/wheels"')),
        ({"brand": "yamaha"}, ("answer.unknown_field", '"brand"')),
        ({"/price/0/amount": 3}, ("answer.unknown_field", '"/price/0/amount"')),
    ],
)
def test_an_invalid_answer_is_a_finding(answers: dict[str, Any], expected: tuple[str, str]) -> None:
    """It is not filled in, and the question stays open."""
    done = convert(MOPED, to="v4", answers=answers)
    found = [finding for finding in done.findings if finding.code.startswith("answer.")]
    assert [finding.code for finding in found] == [expected[0]]
    assert expected[1] in found[0].message
    assert "ABC1234" not in found[0].message
    assert len(done.questions) == 7


@pytest.mark.parametrize(
    "answers",
    [
        {"/price/0/amount": 5, "/price/0": {}},
        {"/location": "x", "/location/latitude": 2},
        {"/location/latitude": 2, "/location": {"latitude": 1}},
        {"/price": [{"type": "list"}], "/price/0/amount": 3},
        {"/category_fields/powertrain/fuels": ["bensin"], "/category_fields/powertrain/fuels/0": "bensin"},
        {"/category_fields/brand": "half a character \ud83d"},
        {"/category_fields/brand": object(), "/category_fields/model": {1}},
        {3: "brand", "": {}},
        {"/category_fields": {"brand": "Yamaha"}, "/category_fields/brand": "Honda"},
    ],
)
def test_odd_answers_get_a_result(answers: dict[Any, Any]) -> None:
    """In any order and with any values, nothing raises, and the result is JSON."""
    moped = {name: value for name, value in MOPED.items() if name not in {"price", "location"}}
    conversions = [convert(moped, to="v4", answers=dict(each)) for each in (answers.items(), reversed(answers.items()))]
    assert conversions[0].findings == conversions[1].findings
    assert text(conversions[0].ad) == text(conversions[1].ad)
    assert {code for code in codes(conversions[0]) if code.startswith("answer.")} & {"answer.refused", "answer.unknown_field"}


@pytest.mark.parametrize(("body", "then"), [("moped", "moped"), ("scooter", "scooter"), (None, "moped"), (" ", "moped")])
def test_existing_values_are_not_filled_in(body: str | None, then: str) -> None:
    """Only missing and blank values are."""
    done = convert({**MOPED, "category_fields": {"body_type": body}}, to="v4")
    assert done.ad["category_fields"]["body_type"] == then
    assert ("value.filled" in codes(done)) == (body != then)


def test_blank_and_equal_answers_have_no_finding() -> None:
    """An answer may be an empty cell, a dash, or the value that the ad has already."""
    blank = {"/category_fields/brand": " ", "/category_fields/model": "-", "/category_fields/model_year": None}
    done = convert(MOPED, to="v4", answers={**blank, "/category_fields/body_type": "moped", "/visible": "ja"})
    assert not [finding for finding in done.findings if finding.code.startswith("answer.")]
    assert len(done.questions) == 7


def test_unit_settings_apply_to_bare_numbers_in_answers() -> None:
    """They mean the same to the normaliser."""
    done = convert(MOPED, to="v4", answers={"/category_fields/condition/mileage": "1540"}, mileage_unit="mil")
    assert done.ad["category_fields"]["condition"]["mileage"] == {"unit": "km", "value": 15400}


def test_a_wrong_name_among_undescribed_fields_keeps_an_ad_incomplete() -> None:
    """A known wrong name is an error, also among fields that no document lists."""
    boat = {**CAR, "category_id": 1062, "category_fields": {"fuel": {}}}
    done = convert(boat, to="v4")
    assert not done.complete
    assert not validate(done.ad).valid
    assert convert({**boat, "category_fields": {"sails": 3}}, to="v4").complete


def test_pictures_beyond_the_limit_go_to_the_receipt() -> None:
    """The first twenty stay in order, and each of the others has a finding."""
    pictures = [f"https://example.com/{number}.jpg" for number in range(23)]
    done = convert({**CAR, "image_urls": pictures}, to="v4")
    assert done.complete
    assert done.ad["image_urls"] == pictures[:20]
    beyond = [finding for finding in done.findings if finding.code == "item.beyond"]
    assert [finding.at for finding in beyond] == ["/image_urls/20", "/image_urls/21", "/image_urls/22"]
    assert {finding.level for finding in beyond} == {Level.WARNING}
    assert revert(done)["image_urls"] == pictures


@pytest.mark.parametrize(("word", "amount"), [(None, 34900), ("kr", 3490000), ("öre", 34900), ("tkr", 3490000000)])
def test_bare_prices_are_converted_only_with_a_unit_setting(word: str | None, amount: int) -> None:
    """Otherwise they stay, and a warning names both readings, also if the ad is normalised on the way."""
    for done in (convert(CAR, to="v4", price_unit=word), migrate(CAR, to="v4", price_unit=word)):
        assert done.ad["price"][0]["amount"] == amount
        assert ("unit.unstated" in codes(done)) == (word is None)
        assert done.complete


def test_prices_that_are_written_with_their_unit_need_no_setting() -> None:
    """Bare prices of the same ad stay."""
    prices = [{"type": "list", "amount": "34 900 kr"}, {"type": "list", "amount": 29900, "currency": "SEK"}]
    done = migrate({**CAR, "price": prices}, to="v4")
    assert [price["amount"] for price in done.ad["price"]] == [3490000, 29900]
    assert [finding.at for finding in done.findings if finding.code == "unit.unstated"] == ["/price/1/amount"]


def test_ore_that_are_no_whole_kronor_stay_when_converted_back() -> None:
    """V3 takes whole kronor only, and nothing is rounded."""
    car = {**CAR, "category_id": "1020", "price": [{"type": "list", "amount": 3490050, "currency": "SEK"}]}
    for done in (how(car, to="v3", version="v4", price_unit="öre") for how in (convert, migrate)):
        assert done.ad["price"][0]["amount"] == 3490050
        assert "unit.fraction" in codes(done)


def test_migrate_finds_fields_under_other_names_before_it_asks() -> None:
    """A simple ad may have fields of a vehicle under wrong names: they are moved, without a question."""
    fields = {"make": "Yamaha", "year": "2020", "miltal": "1 540 mil", "Växellåda": "automat", "drivmedel": "bensin"}
    done = migrate({**MOPED, "category_fields": fields}, to="v4")
    assert [ask.at.rpartition("/")[2] for ask in done.questions] == ["model", "registration_number"]
    moved = {finding.at: finding.to for finding in done.findings if finding.code == "field.moved"}
    assert moved["/category_fields/make"] == "/category_fields/brand"
    assert text(revert(done)) == text({**MOPED, "category_fields": fields})


def test_findings_of_the_given_ad_come_first() -> None:
    """The ad is converted as far as rules apply, and an error in both editions is one finding."""
    car: Any = copy.deepcopy(CAR)
    del car["category_fields"]["brand"]
    car = {"title": "Fin Volvo", **car}
    for done in (convert(car, to="v4"), migrate(car, to="v4")):
        assert codes(done)[:2] == ["field.forbidden", "schema.required"]
        assert codes(done).count("schema.required") + codes(done).count("field.asked") == 1
        assert (done.ad["category_id"], [ask.at for ask in done.questions]) == ("1020", ["/category_fields/brand"])


@pytest.mark.parametrize(
    ("ad", "options", "code", "message"),
    [
        ({**CAR, "category_id": "1020"}, {}, "edition.already", 'only v4 writes "1020"'),
        ({**CAR, "category_id": 1063}, {}, "category.unmapped", "The typed endpoints of July 2026 move it to 1060"),
        ({**CAR, "category_id": 1122}, {}, "category.unmapped", "no document says how it gets there"),
        ({**CAR, "category_id": 9999}, {}, "category.unknown", "9999 is not a category of v3"),
        ({**CAR}, {"category": "moped"}, "category.unmapped", "The category v3/car cannot become v4/moped"),
        ({"source_id": "1"}, {}, "schema.required", "This field is required"),
        ([CAR], {}, "ad.not_object", "Expected a dictionary"),
        ({**CAR, "body": float("nan")}, {}, "json.unsupported_value", "JSON cannot express this value"),
    ],
)
def test_an_ad_that_cannot_be_converted_stays_as_it_is(ad: Any, options: dict[str, Any], code: str, message: str) -> None:  # noqa: ANN401
    """It is of the target edition already, of an unknown category or one without a counterpart, or no ad at all."""
    for how in (convert, migrate):
        done = how(ad, to="v4", **options)
        assert (done.ad is ad, done.kind, done.complete, done.questions, done.receipt) == (True, None, False, (), {})
        assert revert(done) is ad
        assert message in {finding.code: finding.message for finding in done.findings}[code]


def test_values_in_place_of_objects_are_findings() -> None:
    """Fields below a text are asked for, and the text is a finding; a null is one finding."""
    ad = {**MOPED, "visible": None, "category_fields": {"condition": "fin", "powertrain": None}}
    done = convert(ad, to="v4")
    wrong = {(finding.code, finding.at) for finding in done.errors}
    assert ("schema.type", "/category_fields/condition") in wrong
    assert [code for code, at in wrong if at == "/visible"] == ["schema.type"]
    pinned = convert(ad, to="v4", answers={"/category_fields/condition/mileage": "5 km"})
    assert "answer.unasked" in codes(pinned)


def test_the_caller_can_name_the_edition_of_the_ad() -> None:
    """Some integrators write V3 categories as text."""
    assert convert({**CAR, "category_id": "1020"}, to="v4", version="v3").complete


def test_the_category_of_the_target_can_identify_the_ad() -> None:
    """An ad without a category has the only one that becomes the category that the caller names."""
    car = {name: value for name, value in CAR.items() if name != "category_id"}
    done = convert(car, to="v4", category="Personbil")
    assert (str(done.origin), str(done.kind), done.questions[0].at) == ("v3/car", "v4/car", "/category_id")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"to": "v5"}, "Unknown edition 'v5'"),
        ({"to": "v4", "version": "v2"}, "Unknown edition 'v2'"),
        ({"to": "v4", "category": "hovercraft"}, "Unknown category 'hovercraft' of v4"),
        ({"to": "v4", "price_unit": "dollar"}, "Unknown unit 'dollar' of price"),
        ({"to": "v4", "colour": "red"}, "Unknown setting 'colour'"),
    ],
)
def test_unknown_names_from_the_caller_raise(options: dict[str, Any], message: str) -> None:
    """They may be editions, paths between them, categories, units and settings."""
    for how in (convert, migrate):
        with pytest.raises(errors.UnknownName, match=re.escape(message)):
            how(CAR, **options)
        with pytest.raises(errors.NoMapping, match=r"No mapping leads from v4 to v4\. Known: v4 to v3, v3 to v4\."):
            how(CAR, to="v4", version="v4")


@pytest.mark.slow
@pytest.mark.no_cover
@pytest.mark.parametrize("name", ["category_id", "{}"])
def test_no_text_of_an_ad_stays_in_memory(name: str) -> None:
    """Caches keep no unknown words of an ad, so that a feed of any length can be processed."""
    tracemalloc.start()
    for number in range(40):
        word = f"{number}-{'x' * 100_000}"
        strange = {**CAR, name.format(word): word}
        assert [*normalise(strange).findings, *convert(strange, to="v4").findings]
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 3_000_000


@pytest.mark.parametrize("how", [convert, migrate])
def test_a_warning_does_not_hide_an_error_at_its_place(how: Any) -> None:  # noqa: ANN401
    """A negative amount is an error, although its unit is not certain either."""
    done = how({**CAR, "price": [{"type": "list", "amount": -5, "currency": "SEK"}]}, to="v4")
    reported = [(finding.code, finding.level) for finding in done.findings if finding.at == "/price/0/amount"]
    assert reported == [("schema.minimum", Level.ERROR), ("unit.unstated", Level.WARNING)]
    assert not done.complete


def test_a_receipt_of_another_ad_or_a_damaged_one_is_a_finding() -> None:
    """A receipt of another ad or path, a damaged one and an empty one each have their finding, and the ad stays."""
    done, other = convert(CAR, to="v4"), convert({**CAR, "source_id": "2"}, to="v4")
    moped = convert({**MOPED, "source_id": "moped-017"}, to="v4")
    for receipt, code in ((other.receipt, "receipt.other"), (moped.receipt, "receipt.other"), ({}, "receipt.damaged")):
        back = convert(done.ad, to="v3", receipt=receipt)
        assert (codes(back), back.ad is done.ad, back.complete) == ([code], True, False)
    assert codes(convert(done.ad, to="v4", receipt=done.receipt)) == ["receipt.other"]
    for place, _ in leaves(done.receipt):
        damaged: Any = copy.deepcopy(done.receipt)
        around: Any = get(damaged, place[:-1])
        around[place[-1]] = "x"
        assert codes(convert(done.ad, to="v3", receipt=damaged)) == ["receipt.damaged"], place


@pytest.mark.parametrize("kind", ["v1/car", "v3/tank"])
@pytest.mark.parametrize("side", ["from", "to"])
def test_a_receipt_of_other_schemas_is_a_finding(side: str, kind: str) -> None:
    """It may come from schemas with more editions and categories; it is not used, and the ad stays."""
    done = convert(CAR, to="v4")
    receipt = {name: value for name, value in {**done.receipt, side: kind}.items() if name != "check"}
    back = convert(done.ad, to="v3", receipt={**receipt, "check": digest(receipt)})
    assert (codes(back), back.ad is done.ad, back.complete) == (["receipt.other"], True, False)


def test_later_changes_of_an_ad_are_kept_when_it_is_converted_back() -> None:
    """If the receipt would overwrite one, the change stays, and there is a finding."""
    done = convert({**CAR, "title": "x"}, to="v4", price_unit="kr")
    sold = {**done.ad, "visible": False, "extra": 1}
    back = convert(sold, to="v3", receipt=done.receipt)
    assert back.ad == {**CAR, "title": "x", "visible": False, "extra": 1}
    assert next((finding.code, finding.level) for finding in back.findings) == ("receipt.changed", Level.WARNING)
    cheaper = {**done.ad, "price": [{"type": "list", "amount": 2990000, "currency": "SEK"}]}
    back = convert(cheaper, to="v3", receipt=done.receipt)
    assert back.ad["price"] == cheaper["price"]
    assert next((finding.code, finding.at) for finding in back.findings) == ("receipt.changed", "/price/0/amount")
    assert not back.complete
    less = {name: value for name, value in done.ad.items() if name != "price"}
    assert "receipt.changed" in codes(convert(less, to="v3", receipt=done.receipt))


def test_migrate_reads_paths_bytes_and_streams(tmp_path: Path) -> None:
    """A byte-order mark is a note; several ads or none are a finding."""
    path = tmp_path / "ad.json"
    path.write_bytes(b"\xef\xbb\xbf" + text(CAR).encode())
    for source in (path, str(path), path.read_bytes(), io.BytesIO(path.read_bytes())):
        done = migrate(source, to="v4")
        assert (done.complete, codes(done)[0]) == (True, "json.byte_order_mark")
    assert codes(migrate(f"[{text(CAR)}, {text(CAR)}]".encode(), to="v4")) == ["file.several"]
    assert codes(migrate(tmp_path / "none.json", to="v4")) == ["file.missing"]
    assert migrate(b"{", to="v4").ad is None
