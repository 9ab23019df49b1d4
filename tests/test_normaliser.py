"""Normalising: what is fixed, what stays, and the properties of both."""

import copy
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from json_strategies import ANY_JSON, CATALOGUE, KINDS, ads, respell, same

from v4schema import Kind, Level, errors, normalise, validate
from v4schema.catalogue import Catalogue
from v4schema.catalogue.quantities import Undecided
from v4schema.dialect.fields import choices, recommended, walk
from v4schema.document.pointer import exists, get, resolve, write
from v4schema.normalisation.step import Field, StepResult
from v4schema.normalisation.steps import STEPS
from v4schema.normalisation.transform import ChangeRecord, Transformer
from v4schema.preparation import prepare_one
from v4schema.strategies.respellings import RESPELLINGS

Ad = dict[str, Any]


@given(data=st.data())
def test_normalising_twice_is_normalising_once(data: st.DataObject) -> None:
    """It is idempotent for ads in any spelling and for any JSON in an ad."""
    kind = data.draw(st.sampled_from(KINDS))
    ad = respell(data.draw, kind, data.draw(ads(kind)))
    ad |= data.draw(st.dictionaries(st.sampled_from([*CATALOGUE.names, *ad]), ANY_JSON, max_size=2))
    once = normalise(ad, version=kind.version)
    twice = normalise(once.ad, version=kind.version)
    assert not twice.changed, [finding.message for finding in twice.changes]
    assert twice.ad is once.ad


@given(data=st.data())
def test_a_valid_ad_stays_valid_and_means_the_same(data: st.DataObject) -> None:
    """There is no new error, and quantities are converted only to the wanted unit."""
    kind = data.draw(st.sampled_from(KINDS))
    ad = data.draw(ads(kind))
    assert validate(ad, version=kind.version).valid
    before = copy.deepcopy(ad)
    done = normalise(ad, version=kind.version)
    assert ad == before
    assert done.kind == kind
    report = validate(done.ad, version=kind.version)
    assert report.valid, report.errors


@given(data=st.data())
def test_every_respelling_is_undone(data: st.DataObject) -> None:
    """Units, spaces, commas, words, lone values, repeated items and wrong names are normalised to the original ad."""
    kind = data.draw(st.sampled_from(KINDS))
    ad: Any = normalise(data.draw(ads(kind)), version=kind.version).ad
    respelled = respell(data.draw, kind, ad)
    done = normalise(respelled, version=kind.version)
    assert same(done.ad, ad), (respelled, done.ad)


def test_every_step_has_its_respelling() -> None:
    """Every step that a field names is tested."""
    named = {
        name
        for kind in KINDS
        for _, node in walk(CATALOGUE.schema(kind))
        for step in node.get("x-normalise", ())
        for name in step
    }
    assert RESPELLINGS.keys() == named
    assert named <= STEPS.keys()


def respelled(text: str, **details: object) -> StepResult:
    """Return the result of a step that has written a text differently."""
    return StepResult(value=text, code="text.respelled", details=details)


#: A field whose choice `c` is a warning.
WARNED = {"enum": ["b", "c"], "allOf": [{"x-level": "warning", "enum": ["b"]}]}
DIGITS = {"characters": " -./^]", "leaving": "^[0-9X]+$"}


@pytest.mark.parametrize(
    ("name", "argument", "schema", "value", "outcome"),
    [
        ("trim", True, {}, " a ", respelled("a", case="trimmed")),
        ("trim", True, {}, "a", None),
        ("trim", True, {}, "  ", None),
        ("case", "upper", {}, "aB", respelled("AB")),
        ("case", "lower", {}, "aB", respelled("ab")),
        ("case", "upper", {}, "ß", None),
        ("case", "lower", {}, "ab", None),
        ("replace", {"<": "-"}, {}, "<b>", respelled("-b>")),
        ("replace", {"<": "-"}, {}, "b", None),
        ("remove", DIGITS, {}, "1 2\u00a03\u20134-5.6/7^8]X", respelled("12345678X")),
        ("remove", DIGITS, {}, "12", None),
        ("remove", DIGITS, {}, "1 a", None),
        ("slug", True, {}, "A b", StepResult(value="a-b", code="text.slug")),
        ("slug", True, {}, "a-b", None),
        ("slug", True, {"enum": [5, "lynk-co", "a"]}, "Lynk & Co", StepResult(value="lynk-co", code="text.slug")),
        ("slug", True, {"enum": ["lynk-co", "Lynk & Co"]}, "Lynk & Co", None),
        ("slug", True, {"enum": ["lynk-co", "Lynk & Co"]}, "lynk-co", None),
        ("slug", True, {"enum": ["lynk-co"]}, "A b", StepResult(value="a-b", code="text.slug")),
        ("slug", True, {"allOf": [{}, {"not": {"enum": ["None"]}}]}, " None", None),
        ("word", {"b": ["c"]}, {"enum": ["b", "c"]}, "b", None),
        ("word", {"b": ["c"]}, {"examples": ["b", "c"]}, "b", None),
        ("word", {"true": ["b"]}, {"enum": ["b"]}, True, None),
        ("word", {"x": ["7"]}, {"enum": [7, "b"]}, "x", StepResult(value=7, code="word.translated")),
        ("word", {"x": ["c", "b"]}, {"enum": ["b", "c"]}, "X", Undecided(code="word.ambiguous", details={"meanings": "b or c"})),
        ("word", {"x": ["c"]}, WARNED, "x", StepResult(value="c", code="word.translated")),
        ("word", {"x": ["c"]}, WARNED, "c", None),
        ("word", {}, {"enum": ["1"]}, 1, StepResult(value="1", code="word.translated")),
        ("word", {}, {"enum": ["1"]}, 2, None),
        ("number", True, {"type": "integer"}, "\u22125", StepResult(value=-5, code="number.read")),
        ("number", True, {"type": "integer"}, "-5", StepResult(value=-5, code="number.read")),
        ("number", True, {"type": "integer"}, " +5 ", StepResult(value=5, code="number.read")),
        ("number", True, {"type": "integer"}, "5,0", None),
        ("number", True, {"type": "integer"}, "5.0", None),
        ("number", True, {"type": "number"}, "\u22125,5", StepResult(value=-5.5, code="number.read")),
        ("number", True, {"type": "number"}, f"5,{'0' * 19}1", None),
        ("list", {"unless": ","}, {"items": {"type": ["string", "integer"]}}, 5, StepResult(value=[5], code="list.wrapped")),
        ("list", {"unless": "^x,"}, {"items": {"type": "string"}}, " x,y", None),
        ("list", True, {"items": {"type": "string"}}, "a,b", StepResult(value=["a,b"], code="list.wrapped")),
        ("list", True, {"items": {"type": "string"}}, 5, None),
        ("list", True, {"items": {}}, [5], None),
        (
            "distinct",
            True,
            {},
            [1, "a", 1, "a", "b"],
            StepResult(value=[1, "a", 1, "b"], code="item.repeated", parts=[(3, "a", None)]),
        ),
        ("distinct", True, {}, [1, 1, "a"], None),
        ("distinct", True, {}, ["a", {}, "a"], StepResult(value=["a", {}], code="item.repeated", parts=[(2, "a", None)])),
        (
            "limit",
            True,
            {"maxItems": 1},
            [1, 2],
            StepResult(value=[1], code="item.beyond", details={"most": 1}, parts=[(1, 2, None)]),
        ),
        ("limit", True, {"maxItems": 2}, [1, 2], None),
        ("limit", True, {"maxItems": 1}, "ab", None),
        ("limit", True, {}, [1, 2], None),
    ],
)
def test_each_step_gives_exactly_its_result(
    name: str,
    argument: Any,  # noqa: ANN401
    schema: Ad,
    value: object,
    outcome: StepResult | Undecided | None,
) -> None:
    """The schema need not be one of ours; a step for words gets its table here."""
    listed = choices(schema)
    words = {"table": argument} if name == "word" else {}
    field = Field(schema=schema, choices=listed, recommended=recommended(schema, listed), words=words, quantity_kinds={})
    made = STEPS[name]("table" if words else argument, field)
    result = made(value)
    assert result == outcome
    if isinstance(result, StepResult):
        assert same(result.value, getattr(outcome, "value", None))
        assert isinstance(made(result.value), Undecided | None)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_any_value_of_any_field_is_normalised(kind: Kind) -> None:
    """Every place that is normalised gets a value of every type; normalising the result changes nothing."""
    for at, node in walk(CATALOGUE.schema(kind)):
        for value in (None, True, 5, -5.5, "", " x ", [], [5], {}, {"a": 5}) if "x-normalise" in node else ():
            ad = nested(tuple(0 if name == "*" else name for name in at), value)
            done = normalise(ad, version=kind.version, category=kind.category)
            assert done.changed == bool(done.changes)
            assert not normalise(done.ad, version=kind.version, category=kind.category).changed


@given(ad=ANY_JSON, operation=st.sampled_from(["create", "update", "response"]), category=st.none() | st.just("moped"))
def test_any_json_gets_a_result(ad: object, operation: str, category: str | None) -> None:
    """Normalising never raises, and a value that is no ad does not change."""
    done = normalise(ad, operation=operation, category=category)
    assert isinstance(ad, dict) or done.ad is ad
    assert done.changed == bool(done.changes)


def leaves(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:  # noqa: ANN401
    """Yield every scalar and every empty object and array of a value, with its place."""
    if isinstance(value, dict | list) and value:
        for token, below in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(below, (*at, token))
    else:
        yield at, value


@given(data=st.data())
def test_nothing_is_lost(data: st.DataObject) -> None:
    """Each leaf of the input is in the output at its place, or in the finding about its change."""
    kind = data.draw(st.sampled_from(KINDS))
    ad = respell(data.draw, kind, data.draw(ads(kind)))
    ad |= data.draw(st.dictionaries(st.sampled_from([*CATALOGUE.names, *ad]), ANY_JSON, max_size=3))
    done = normalise(ad, version=kind.version)
    reported = {finding.at: finding.before for finding in reversed(done.changes)}
    for at, leaf in leaves(ad):
        there = any(write(at[:end]) in reported for end in range(len(at) + 1))
        now = done.source_map.target(at)  # earlier items may have been removed
        assert there or (exists(done.ad, now) and (same(get(done.ad, now), leaf) or leaf == {})), at


@given(data=st.data())
def test_findings_have_the_old_and_the_new_place(data: st.DataObject) -> None:
    """`at` is the place of the old value in the given ad, `to` that of the new one; a filled-in value had no place."""
    kind = data.draw(st.sampled_from(KINDS))
    ad = respell(data.draw, kind, data.draw(ads(kind)))
    done = normalise(ad, version=kind.version)
    for finding in done.findings:
        at = resolve(ad, finding.at)
        assert exists(ad, at[:-1])
        assert exists(ad, at) or finding.before is None
        if finding.to is not None:
            assert exists(done.ad, resolve(done.ad, finding.to)[:1])
    first = {finding.at: finding for finding in reversed(done.changes)}
    for finding in first.values():
        assert finding.before is None or same(get(ad, resolve(ad, finding.at)), finding.before)


@given(data=st.data(), unit=st.sampled_from(["kr", "tkr", "SEK"]))
def test_bare_prices_have_the_unit_that_the_caller_names(data: st.DataObject, unit: str) -> None:
    """They are converted exactly and reversibly; without the setting they stay."""
    kronor = data.draw(st.integers(0, 10**9))
    ad = {"category_id": "1121", "price": [{"type": "list", "amount": kronor, "currency": "SEK"}]}
    assert normalise(ad).ad is ad
    assert normalise(ad, price_unit=None).ad is ad
    done: Any = normalise(ad, price_unit=unit).ad
    factor = 100_000 if unit == "tkr" else 100
    assert done["price"][0]["amount"] == kronor * factor
    older: Any = normalise(done, version="v3", category="moped", price_unit="öre").ad
    assert older["price"][0]["amount"] * 100 == done["price"][0]["amount"]


def test_whole_hp_and_whole_kw_survive_conversion_and_back() -> None:
    """It is the identity for 1 to 2000 of each, although the values in between are rounded."""
    for number in range(1, 2001):
        for unit, other in (("hp", "kw"), ("kw", "hp")):
            ad: Ad = {"category_fields": {"powertrain": {"power": {"unit": unit, "value": number}}}}
            there = normalise(ad, category="car", power=other)
            assert there.changed
            assert normalise(there.ad, category="car", power=unit).ad == ad


@given(value=st.integers(0, 10**7) | st.decimals(0, 10**6, places=3).map(float))
def test_km_to_mil_and_back_is_the_identity(value: float) -> None:
    """Decimals are exact."""
    ad: Ad = {"category_fields": {"condition": {"mileage": {"unit": "km", "value": value}}}}
    there = normalise(ad, category="car", mileage="mil")
    assert same(normalise(there.ad, category="car").ad, ad)


MILEAGE = ("category_fields", "condition", "mileage")
POWER = ("category_fields", "powertrain", "power")
WEIGHT = ("category_fields", "physics", "gross_weight")
LENGTH = ("category_fields", "physics", "length")
AMOUNT = ("price", 0, "amount")
FUELS = ("category_fields", "powertrain", "fuels")


def nested(at: tuple[Any, ...], value: object) -> Any:  # noqa: ANN401
    """Return the smallest document with a value at a place."""
    for token in reversed(at):
        value = {token: value} if isinstance(token, str) else [value]
    return value


@pytest.mark.parametrize("version", [*CATALOGUE.editions])
@pytest.mark.parametrize(
    ("at", "given", "wanted"),
    [
        (MILEAGE, {"unit": "mil", "value": 1540}, {"unit": "km", "value": 15400}),
        (MILEAGE, "1 540 mil", {"unit": "km", "value": 15400}),
        (MILEAGE, "15400 km", {"unit": "km", "value": 15400}),
        (MILEAGE, "1540,5 Mil", {"unit": "km", "value": 15405}),
        (MILEAGE, {"value": "1 540", "unit": "MIL"}, {"unit": "km", "value": 15400}),
        (MILEAGE, {"value": "1 540 mil"}, {"unit": "km", "value": 15400}),
        (POWER, "150 hk", {"unit": "hp", "value": 150}),
        (POWER, "150 hp", {"unit": "hp", "value": 150}),
        (POWER, "110 kW", {"unit": "kw", "value": 110}),
        (POWER, "110,3 kw", {"unit": "kw", "value": 110.3}),
        (POWER, {"unit": "PS", "value": 150}, {"unit": "hp", "value": 150}),
        (WEIGHT, "3,5 ton", {"unit": "kg", "value": 3500}),
        (WEIGHT, "3500 kg", {"unit": "kg", "value": 3500}),
        (LENGTH, "750 cm", {"unit": "m", "value": 7.5}),
        (LENGTH, "7,5 m", {"unit": "m", "value": 7.5}),
        (LENGTH, "7500 mm", {"unit": "m", "value": 7.5}),
        (FUELS, "Bensin", ["gasoline"]),
        (FUELS, ["Diesel", "El"], ["diesel", "electric"]),
        (FUELS, ["bensin", "gasoline"], ["gasoline"]),
        (("category_fields", "powertrain", "transmission"), "Manuell", "manual"),
        (("location", "longitude"), "18,0686", 18.0686),
        (("visible",), "nej", False),
        (("contact", "phone"), "070-123 45 67", "0701234567"),
        (("contact", "phone"), "+46 70\u2011123 45 67", "+46701234567"),
        (("body",), " a <b> ", "a -b-"),
        (("image_urls",), "https://a.se/1.jpg", ["https://a.se/1.jpg"]),
        (("image_urls",), " https://a.se/w_8,h_6/1.jpg", ["https://a.se/w_8,h_6/1.jpg"]),
        (("image_urls",), ["https://a.se/1.jpg", " https://a.se/1.jpg"], ["https://a.se/1.jpg"]),
        (("price", 0, "currency"), "sek", "SEK"),
        (("price", 0, "currency"), "kr", "SEK"),
        (("price", 0, "currency"), "eur", "EUR"),
        (("price", 0, "type"), "Listpris", "list"),
    ],
)
def test_certain_fixes_are_made(at: tuple[Any, ...], given: object, wanted: object, version: str) -> None:
    """They are made in every edition and in every object that has the field."""
    category = "sail-boat"
    done: Any = normalise(nested(at, given), version=version, category=category)
    assert same(get(done.ad, at), wanted), done.ad
    assert done.changed


@pytest.mark.parametrize(
    ("given", "kronor"),
    [
        ("349 900 kr", "349900"),
        ("349900 SEK", "349900"),
        ("3 499,50 kr", "3499.5"),
        ("34990000 öre", "349900"),
        ("349.900:-", "349900"),
        ("349\u00a0900\u2009kr", "349900"),
        ("349\u202f900,-", "349900"),
        ("SEK 349 900", "349900"),
        ("Kr. 349.900", "349900"),
        ("349,9 tkr", "349900"),
        ("349 900:- SEK", "349900"),
        ("349  900 kr", "349900"),
        ("34990000 o\u0308re", "349900"),
        ("1.349.900,50 kronor", "1349900.5"),
        ("1,349,900.50 kr", "1349900.5"),
        ({"value": 349900, "unit": "kr"}, "349900"),
        ({"unit": "KR", "value": "349 900"}, "349900"),
        ("0 kr", "0"),
    ],
)
def test_amounts_with_a_unit_are_converted(given: object, kronor: str) -> None:
    """V4 gets öre, V3 kronor, with the currency; an amount that would be no whole number stays, with a finding."""
    for version, factor in (("v4", 100), ("v3", 1)):
        done: Any = normalise(nested(AMOUNT, given), version=version, category="moped")
        whole = Fraction(kronor) * factor
        if whole.denominator == 1:
            assert done.ad["price"][0] == {"amount": whole, "currency": "SEK"}
            assert {"unit.converted", "unit.read"} & {finding.code for finding in done.changes}
        else:
            assert done.ad["price"][0]["amount"] == given
            assert [finding.code for finding in done.findings if finding.level is Level.ERROR] == ["unit.fraction"]


@pytest.mark.parametrize(
    ("at", "value", "code"),
    [
        (AMOUNT, "3.500", "number.ambiguous"),
        (AMOUNT, "349900,50 öre", "unit.fraction"),
        (AMOUNT, "349900", "unit.missing"),
        (AMOUNT, "349 900", "unit.missing"),
        (AMOUNT, {"value": 349900, "unit": "kr", "vat": "25%"}, None),
        (MILEAGE, {"value": 9600, "unit": "miles"}, "unit.unknown"),
        (("category_fields", "physics", "number_of_beds"), "4,000", None),
        pytest.param(("visible",), 10**5000, None, id="huge"),
        (("image_urls",), "https://a.se/1.jpg, https://a.se/2.jpg", None),
        (AMOUNT, "349 900 kr/mån", "unit.unknown"),
        (AMOUNT, "349 900 $", "unit.unknown"),
        (AMOUNT, "ca 349 900 kr", "unit.unknown"),
        (AMOUNT, "34 99 00 kr", None),
        (AMOUNT, {"value": 5, "unit": "furlong"}, "unit.unknown"),
        (AMOUNT, {"value": {"value": 5}, "unit": "kr"}, None),
        (AMOUNT, {"value": "5 öre", "unit": "kr"}, None),
        (AMOUNT, {"unit": "kr"}, None),
        (AMOUNT, 34900, None),
        (AMOUNT, 34900.5, None),
        (AMOUNT, None, None),
        (AMOUNT, True, None),
        (AMOUNT, "9" * 80 + " kr", None),
        (AMOUNT, 10**400, None),
        (MILEAGE, "15.400 km", "number.ambiguous"),
        (MILEAGE, 1540, "unit.missing"),
        (MILEAGE, "1540", "unit.missing"),
        (MILEAGE, "många mil", None),
        (MILEAGE, [], None),
        (MILEAGE, {"value": 1540}, None),
        (MILEAGE, "9600 miles", "unit.unknown"),
        (FUELS, ["gas"], "word.ambiguous"),
        (FUELS, ["bensin/el"], None),
        (FUELS, "bensin, el", None),
        (FUELS, "bensin/el", None),
        (FUELS, "bensin och el", None),
        (("image_urls",), "https://a.se/1.jpg https://a.se/2.jpg", None),
        (("location", "longitude"), "18° 4'", None),
        (("contact", "phone"), "ring mig", None),
        (("image_urls",), ["http://a.se/1.jpg"], None),
        (("source_id",), "   ", None),
        (("visible",), "kanske", None),
        (("price",), "34 900 kr", None),
    ],
)
def test_uncertain_fixes_are_not_made(at: tuple[Any, ...], value: object, code: str | None) -> None:
    """If a value looks wrong, a finding says why it was not changed."""
    ad = nested(at, value)
    done = normalise(ad, category="sail-boat")
    assert get(done.ad, at) is get(ad, at)
    left = [finding for finding in done.findings if finding.level is Level.ERROR]
    assert [finding.code for finding in left] == ([code] if code else [])
    assert {change.code for change in done.changes} <= {"value.filled"}
    for finding in left:
        assert finding.hint
        assert finding.before is not None


@pytest.mark.parametrize("named", [1121, "1121", "moped", "Moped", " MOPED ", "EU-moped"])
def test_a_category_is_written_in_the_type_of_the_edition(named: object) -> None:
    """A number, text, slug, name or word becomes text in V4 and a number in V3."""
    for version, expected in (("v4", "1121"), ("v3", 1121)):
        done: Any = normalise({"category_id": named}, version=version)
        assert done.ad == {"category_id": expected}
        assert type(done.ad["category_id"]) is type(expected)
        assert str(done.kind) == f"{version}/moped"


def test_a_category_under_a_wrong_name_is_found() -> None:
    """The ad is identified after wrong names are corrected."""
    done: Any = normalise({"kategori": "Husbil", "kaross": "Halvintegrerad"})
    assert str(done.kind) == "v4/camper"
    assert done.ad == {"category_id": "1102", "category_fields": {"body_type": "semi-integrated"}}
    assert str(normalise({"kategori": "Husbil"}, version="v3").kind) == "v3/camper"


def test_an_ad_without_a_category_has_an_edition() -> None:
    """It is the caller's edition or the default."""
    assert normalise({}).kind == Kind(version="v4")
    assert normalise({}, version="v3").kind == Kind(version="v3")


def test_an_unknown_category_stays_and_the_rest_is_fixed() -> None:
    """Fields that all categories share are fixed for any category."""
    done: Any = normalise({"category_id": "9999", "visible": "ja"})
    assert done.kind is None
    assert done.ad == {"category_id": "9999", "visible": True}


@pytest.mark.parametrize(
    ("plate", "wanted"),
    [
        ("abc 123", "ABC123"),
        ("ABC-12D", "ABC12D"),
        (" abc123 ", "ABC123"),
        ("abc 1234", "ABC1234"),
        ("såld!", "SÅLD!"),
        ("-", "-"),
    ],
)
def test_plates_are_written_without_spaces_and_never_cut(plate: str, wanted: str) -> None:
    """They get capitals; a plate that is too long stays too long, for a person to see."""
    done: Any = normalise({"category_fields": {"registration_number": plate}}, category="car")
    assert done.ad["category_fields"]["registration_number"] == wanted


@pytest.mark.parametrize(
    ("brand", "wanted"),
    [
        ("Mercedes-Benz", "mercedes-benz"),
        ("Citroën", "citroen"),
        (" Land Rover ", "land-rover"),
        ("ŠKODA", "skoda"),
        ("Rolls_Royce", "rolls-royce"),
        ("Lynk & Co", "Lynk & Co"),
        ("BMW/Mini", "BMW/Mini"),
        ("None", "None"),
        ("YOUR_DEALER_CODE", "YOUR_DEALER_CODE"),
        ("Citro\u00a8n", "Citro\u00a8n"),
        ("Citroe\u0308n", "citroen"),
        ("Kia\u00b2", "Kia\u00b2"),
        ("", ""),
    ],
)
def test_makes_are_written_as_slugs_if_that_is_certain(brand: str, wanted: str) -> None:
    """Slugs have small letters without accents, and hyphens for spaces; makes with other signs stay."""
    done: Any = normalise({"category_fields": {"brand": brand}}, category="car")
    assert done.ad["category_fields"]["brand"] == wanted


@pytest.mark.parametrize(
    ("body_type", "wanted"),
    [("Sedan", "sedan"), ("Stadsjeep", "suv"), ("Kombi", "Kombi"), ("kombi", "kombi"), ("Halvkombi 5d", "Halvkombi 5d")],
)
def test_an_unknown_body_type_stays(body_type: str, wanted: str) -> None:
    """The list is not public: only words for documented body types are translated."""
    done: Any = normalise({"category_fields": {"body_type": body_type}}, category="car")
    assert done.ad["category_fields"]["body_type"] == wanted


def test_a_list_of_the_caller_gives_the_slug() -> None:
    """A make that differs from one in the list only in case and signs becomes that one."""
    catalogue = Catalogue(lists={"brands": ["lynk-co", "volvo"]})
    done: Any = normalise({"category_fields": {"brand": "Lynk & Co"}}, category="car", catalogue=catalogue)
    assert done.ad["category_fields"]["brand"] == "lynk-co"


def test_a_valid_value_does_not_become_invalid() -> None:
    """A chassis number that would be too short or too long without its spaces stays as it is."""
    for vin in (" 1234567890123456", "ß234567890123456789"):
        ad = {"category_fields": {"vin": vin}}
        assert normalise(ad, category="car").ad is ad


def test_values_are_moved_only_to_an_empty_place() -> None:
    """Otherwise they stay, with a finding; of two wrong names for one field, the first is moved."""
    ad = {"category_fields": {"year": 2020, "model_year": 2019}}
    done = normalise(ad, category="car")
    assert done.ad is ad
    assert [(finding.code, finding.at, finding.hint) for finding in done.findings] == [
        (
            "field.misnamed",
            "/category_fields/year",
            "/category_fields/model_year has another value: keep the right one.",
        )
    ]
    mixed = normalise({**ad, "visible": "ja"}, category="car").findings
    assert [finding.at for finding in mixed] == ["/category_fields/year", "/visible"]
    ad["category_fields"]["model_year"] = 2020
    (finding,) = normalise(ad, category="car").findings
    assert finding.hint == "/category_fields/model_year has the same value: remove this field."


def test_two_wrong_names_with_different_values_stay() -> None:
    """Nobody can tell which of two years is right, in any order of names."""
    ad = {"year": 2020, "category_fields": {"årsmodell": 2019}}
    done = normalise(ad, category="car")
    assert done.ad is ad
    assert {(finding.code, finding.hint) for finding in done.findings} == {
        (
            "field.misnamed",
            "Another field also means /category_fields/model_year, with another value: keep the right one.",
        )
    }
    ad = {"year": 2020, "category_fields": {"årsmodell": 2020}}
    done = normalise(ad, category="car")
    assert done.ad == {"year": 2020, "category_fields": {"model_year": 2020}}
    assert [finding.code for finding in done.findings] == ["field.misnamed", "field.moved"]


@pytest.mark.parametrize(
    "names",
    [
        {"mileage_mil": 1540, "mileage_km": 1540},
        {"hk": 150, "effekt_kw": 150},
        {"mileage": 1540, "mileage_mil": 1540},
        {"length_m": 7, "length_cm": 7},
    ],
)
def test_wrong_names_with_different_units_stay(names: Ad) -> None:
    """The same number is a different quantity."""
    for several in (names, dict(reversed(names.items()))):
        ad = {"category_fields": several}
        assert normalise(ad, category="car", mileage_unit="km").ad is ad


def test_a_blank_value_neither_blocks_nor_fills_a_field() -> None:
    """It has no information."""
    done: Any = normalise({"category_fields": {"year": None, "årsmodell": 2015}}, category="car")
    assert done.ad == {"category_fields": {"year": None, "model_year": 2015}}
    ad = {"category_fields": {"year": "", "model_year": None}}
    assert normalise(ad, category="car").ad is ad


def test_names_within_a_lone_value_are_renamed_too() -> None:
    """The value is put into its list first."""
    for ad in (
        {"price": {"Type": "list", "amount": "5 kr"}},
        {"prices": {"type": "list", "Amount": "5 kr"}},
        {"price": [{"Type": "list", "Amount": "5 kr"}]},
    ):
        for category in ("car", None):
            done: Any = normalise(ad, category=category)
            assert done.ad == {"price": [{"type": "list", "amount": 500, "currency": "SEK"}]}
    done = normalise({"price": {"Type": "list", "amount": "5 kr"}}, category="car")
    assert [(change.code, change.at, change.to) for change in done.changes] == [
        ("list.wrapped", "/price", None),
        ("value.filled", "/price/currency", "/price/0/currency"),
        ("field.moved", "/price/Type", "/price/0/type"),
        ("unit.converted", "/price/amount", "/price/0/amount"),
    ]


NAMES = st.sampled_from(
    sorted(
        {*CATALOGUE.names}
        | {
            spelt
            for kind in KINDS
            for at, _ in walk(CATALOGUE.schema(kind))
            if at
            for spelt in (at[-1], at[-1].title(), at[-1].upper())
        }
        - {"*"}
    )
)
TREES = st.recursive(
    st.sampled_from(["ja", "5 kr", "10 mil", "Bensin", "", " x ", "3.500", "abc 123", "150 hk"])
    | st.none()
    | st.booleans()
    | st.integers(-3, 3000),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=20,
)


def reordered(value: object) -> object:
    """Return a value with the names of its objects in the opposite order."""
    if isinstance(value, dict):
        return {name: reordered(value[name]) for name in reversed(value)}
    return [reordered(item) for item in value] if isinstance(value, list) else value


@given(ad=st.dictionaries(NAMES, TREES, max_size=8), kind=st.sampled_from(KINDS))
def test_misplaced_values_of_any_shape_keep_the_properties(ad: Ad, kind: Kind) -> None:
    """No exception, no second change, and no dependence on the order of names."""
    options: dict[str, Any] = {"version": kind.version, "category": kind.category}
    done = normalise(ad, **options)
    assert not normalise(done.ad, **options).changed
    other = normalise(reordered(ad), **options)
    assert same(other.ad, done.ad)
    assert {(finding.code, finding.at) for finding in other.findings} == {(finding.code, finding.at) for finding in done.findings}
    assert prepare_one(ad, engine=None, catalogue=CATALOGUE, units={}, **options).ad == done.ad
    for finding in done.findings:
        assert finding.to is None or exists(done.ad, resolve(done.ad, finding.to)[:1])


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_a_blank_counts_as_empty(blank: object) -> None:
    """It is replaced, and the finding has the blank value."""
    for ad in ({"brand": blank, "make": "Saab"}, {"make": "Saab", "brand": blank}):
        done: Any = normalise({"category_fields": ad}, category="car")
        assert done.ad == {"category_fields": {"brand": "saab"}}
        assert ("field.filled", "/category_fields/brand", blank) in {
            (change.code, change.at, change.before) for change in done.changes
        }
    done = normalise({"make": "Saab", "category_fields": {"brand": blank}}, category="car")
    assert done.ad == {"category_fields": {"brand": "saab"}}


def test_a_null_is_moved_as_well() -> None:
    """Nothing is lost, and the order of names does not matter: an object is moved before its members."""
    assert normalise({"category_fields": {"year": None}}, category="car").ad == {"category_fields": {"model_year": None}}
    for ad in ({"year": 2020, "categoryFields": {"brand": "volvo"}}, {"categoryFields": {"brand": "volvo"}, "year": 2020}):
        assert normalise(ad, category="car").ad == {"category_fields": {"brand": "volvo", "model_year": 2020}}


@pytest.mark.parametrize(
    "ad",
    [
        {"contact": {"title": "Säljare", "description": "Ring", "year": 1}},
        {"price": [{"type": "list", "amount": 1, "description": "inkl moms"}]},
        {"category_fields": {"powertrain": {"brand": "Volvo Penta", "model": "D5", "year": 2001}}},
        {"category_fields": {"condition": {"description": "repa", "gearbox": "manual"}}},
        {"location": {"description": "Vid infarten"}},
    ],
)
def test_a_value_is_not_moved_between_unrelated_objects(ad: Ad) -> None:
    """The brand of an engine is not that of the vehicle, the title of a seller no headline: a person has to decide."""
    for category in ("camper", "sail-boat"):
        assert normalise(ad, category=category).ad is ad


def test_nothing_is_moved_to_a_forbidden_field() -> None:
    """V3 cars must have no contact."""
    ad = {"telefon": "070-123 45 67"}
    assert normalise(ad, version="v3", category="car").ad is ad
    assert normalise(ad, version="v3", category="moped").ad == {"contact": {"phone": "0701234567"}}


def test_steps_of_a_list_run_if_its_items_have_none() -> None:
    """Steps run before and after those of the items, also on a list that its field would not accept."""
    items = {
        "type": "array",
        "items": {"type": "string", "x-source": ["S"]},
        "minItems": 2,
        "x-normalise": [{"list": True}, {"distinct": True}],
    }
    schema = {"properties": {"tags": {**items, "x-source": ["S"]}}}
    walk = Transformer(schema=schema, words={}, quantity_kinds={}, fields=lambda node: node["properties"]).compiled()
    entries: list[ChangeRecord] = []
    assert walk({"tags": ["a", "b", "a"]}, (), entries) == {"tags": ["a", "b"]}
    assert walk({"tags": "a"}, (), entries) == {"tags": ["a"]}
    assert [(entry.code, entry.at) for entry in entries] == [("item.repeated", ("tags", 2)), ("list.wrapped", ("tags",))]


@pytest.mark.parametrize("currency", ["EUR", "€", "NOK"])
def test_an_amount_with_a_contradicting_currency_stays(currency: str) -> None:
    """Only the sender knows whether kronor or euro is right, so neither is changed."""
    ad = {"price": [{"type": "list", "amount": "34 900 kr", "currency": currency}]}
    done = normalise(ad, category="car")
    assert done.ad is ad
    assert [(finding.code, finding.at, finding.before) for finding in done.findings] == [
        ("unit.contradicted", "/price/0/amount", "34 900 kr")
    ]
    assert currency in done.findings[0].message


@pytest.mark.parametrize("currency", ["SEK", "sek", "kr", "svenska kronor", None, "", 7])
def test_an_amount_is_read_if_no_currency_contradicts_it(currency: object) -> None:
    """A misspelt or blank currency does not contradict it, and neither does a number."""
    ad = {"price": [{"type": "list", "amount": "34 900 kr", "currency": currency}]}
    done: Any = normalise(ad, category="car")
    assert done.ad["price"] == [{"type": "list", "amount": 3490000, "currency": 7 if currency == 7 else "SEK"}]


def test_wrong_names_for_members_of_prices_are_known_in_prices_only() -> None:
    """An ad may have several prices, and nobody knows which of them a name beside them is for."""
    prices = [{"type": "list", "price_kr": "34 900"}, {"type": "call", "belopp": "0 kr", "valuta": "sek"}]
    done: Any = normalise({"price": prices, "belopp": 3, "contact": {"belopp": 3}}, category="car")
    assert done.ad["price"] == [
        {"type": "list", "amount": 3490000, "currency": "SEK"},
        {"type": "call", "amount": 0, "currency": "SEK"},
    ]
    assert (done.ad["belopp"], done.ad["contact"]) == (3, {"belopp": 3})


def test_findings_say_that_the_caller_named_the_unit() -> None:
    """The number may be alone or in an object without a unit."""
    for mileage in (1540, {"value": 1540}):
        ad = {"category_fields": {"condition": {"mileage": mileage}}}
        assert "as you said" in normalise(ad, category="car", mileage_unit="mil").changes[0].message
        assert "as you said" in normalise(ad, category="car", mileage_unit="km").changes[0].message


@pytest.mark.parametrize("around", [3, [], "x"])
def test_a_value_is_not_moved_into_something_that_is_no_object(around: object) -> None:
    """The value in place of the object is not overwritten."""
    ad = {"year": 2020, "category_fields": around}
    assert normalise(ad, category="car").ad is ad


@pytest.mark.parametrize("around", [None, " "])
def test_an_object_that_is_blank_counts_as_missing(around: object) -> None:
    """Exporters write null for missing values; the finding has the old value."""
    ad = {"lat": "59,3", "year": 2020, "fuel": ["diesel"], "location": around, "category_fields": {"powertrain": around}}
    done = normalise(ad, category="car")
    assert done.ad == {
        "location": {"latitude": 59.3},
        "category_fields": {"powertrain": {"fuels": ["diesel"]}, "model_year": 2020},
    }
    assert [(finding.at, finding.before) for finding in done.findings if finding.code == "field.filled"] == [
        ("/location", around),
        ("/category_fields/powertrain", around),
    ]


def test_names_keep_their_place_when_they_are_renamed() -> None:
    """The order of names stays; a value that moves to another object becomes its last member."""
    ad = {"a": 1, "Visible": True, "fuel": "el", "category_fields": {"make": "volvo", "model": "v70"}, "b": 2}
    done: Any = normalise(ad, category="car")
    assert [*done.ad] == ["a", "visible", "category_fields", "b"]
    assert [*done.ad["category_fields"]] == ["brand", "model", "powertrain"]


def test_names_within_items_are_renamed_too() -> None:
    """A price is an object as well."""
    done: Any = normalise({"price": [{"Type": "list", "Amount": "5 kr", "currency": "SEK"}]}, category="car")
    assert done.ad == {"price": [{"type": "list", "amount": 500, "currency": "SEK"}]}
    assert [(change.at, change.to) for change in done.changes] == [
        ("/price/0/Type", "/price/0/type"),
        ("/price/0/Amount", "/price/0/amount"),
        ("/price/0/Amount", "/price/0/amount"),
    ]


def test_a_number_that_no_float_can_represent_stays_text() -> None:
    """Nothing is rounded unless the caller asks for it."""
    ad = nested(MILEAGE, "1,00000000000000000000000001 mil")
    assert normalise(ad, category="car").ad is ad
    ad = nested(("location", "longitude"), "18,00000000000000000001")
    assert normalise(ad, category="car").ad is ad


def test_a_wrong_name_may_give_the_unit() -> None:
    """150 under the name hk is 150 hp; a unit in the value comes first."""
    done: Any = normalise({"hk": 150, "mileage_mil": "1 540"}, category="car")
    assert done.ad["category_fields"] == {
        "powertrain": {"power": {"unit": "hp", "value": 150}},
        "condition": {"mileage": {"unit": "km", "value": 15400}},
    }
    done = normalise({"effekt": "110 kW"}, category="car")
    assert done.ad["category_fields"]["powertrain"]["power"] == {"unit": "kw", "value": 110}
    for value in ({"value": 1540}, {"value": 1540, "unit": None}, {"value": 1540, "unit": "KM"}):
        done = normalise({"mileage_km": value}, category="car", mileage_unit="mil")
        assert done.ad["category_fields"]["condition"]["mileage"] == {"value": 1540, "unit": "km"}
    done = normalise({"mileage_km": "15.400"}, category="car")
    assert done.ad["category_fields"]["condition"]["mileage"] == {"unit": "km", "value": "15.400"}


@pytest.mark.parametrize(
    "ad",
    [
        {"mileage_km": "1540 mil"},
        {"power_kw": "150 hk"},
        {"mileage_km": {"unit": "mil", "value": 1}},
        {"mileage_mil": {"value": "1540 km"}},
        {"mileage_mil": {"Value": 1540}},
        {"mileage_mil": "ca 1540"},
        {"mileage_mil": [1540]},
        {"hk": "stark"},
        {"hk": True},
    ],
)
def test_a_wrong_name_with_an_impossible_unit_stays(ad: Ad) -> None:
    """It contradicts the unit of the value, or there is no number; only a person can decide."""
    done = normalise(ad, category="car")
    assert done.ad is ad
    assert [finding.code for finding in done.findings] == ["field.misnamed"]


def test_the_name_of_another_edition_is_renamed() -> None:
    """A field that is described only to warn of it becomes the right one."""
    done: Any = normalise({"category_fields": {"equipments": [" ABS "]}}, category="car")
    assert done.ad == {"category_fields": {"equipment": ["ABS"]}}
    taken = {"category_fields": {"equipments": [" ABS "], "equipment": ["ESP"]}}
    assert normalise(taken, category="car").ad is taken
    assert normalise(taken, category="car").findings == ()


def test_a_misspelt_name_stays() -> None:
    """It probably means another name, and so is an error of `validate`; but that is not certain."""
    ad = {"category_fields": {"brnad": "volvo"}}
    assert normalise(ad, category="car").ad is ad


def test_an_answer_of_the_api_keeps_its_names() -> None:
    """The API may have undocumented fields."""
    ad = {"year": 2020, "category_fields": {"make": "volvo"}}
    assert normalise(ad, category="car", operation="response").ad is ad


@pytest.mark.parametrize(
    ("settings", "mileage", "power"),
    [
        ({}, {"unit": "km", "value": 15400}, {"unit": "hp", "value": 150}),
        ({"mileage": "mil"}, {"unit": "mil", "value": 1540}, {"unit": "hp", "value": 150}),
        ({"mileage": "given"}, {"unit": "mil", "value": 1540}, {"unit": "hp", "value": 150}),
        ({"power": "kw"}, {"unit": "km", "value": 15400}, {"unit": "kw", "value": 110.3}),
        ({"power": "kW", "mileage": "Mil"}, {"unit": "mil", "value": 1540}, {"unit": "kw", "value": 110.3}),
    ],
)
def test_quantities_are_written_in_the_unit_that_is_wanted(settings: dict[str, Any], mileage: Ad, power: Ad) -> None:
    """Mileage in km unless the caller wants another unit, power as it is given."""
    ad = {"category_fields": {"condition": {"mileage": "1540 mil"}, "powertrain": {"power": "150 hk"}}}
    done: Any = normalise(ad, category="car", **settings)
    assert done.ad["category_fields"] == {"condition": {"mileage": mileage}, "powertrain": {"power": power}}


def test_bare_numbers_have_the_unit_that_the_caller_names() -> None:
    """It applies to every kind of quantity, to numbers, text and objects without a unit."""
    fields = {
        "condition": {"mileage": 1540},
        "powertrain": {"power": "150"},
        "physics": {"gross_weight": {"value": 3.5}, "length": 750},
    }
    settings: dict[str, Any] = {"mileage_unit": "mil", "power_unit": "hk", "weight_unit": "ton", "length_unit": "cm"}
    done: Any = normalise({"category_fields": fields}, category="camper", **settings)
    assert done.ad["category_fields"] == {
        "condition": {"mileage": {"unit": "km", "value": 15400}},
        "powertrain": {"power": {"unit": "hp", "value": 150}},
        "physics": {"gross_weight": {"value": 3500, "unit": "kg"}, "length": {"unit": "m", "value": 7.5}},
    }


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"price_unit": "dollar"}, "Unknown unit 'dollar' of price. Known: öre, kr, tkr."),
        ({"mileage": "miles"}, "Unknown unit 'miles' of mileage."),
        ({"prise_unit": "kr"}, "Unknown setting 'prise_unit'. Did you mean price_unit?"),
        ({"weight": "kg"}, "Unknown setting 'weight'."),
    ],
)
def test_unknown_units_raise_with_a_suggestion(settings: dict[str, Any], message: str) -> None:
    """The settings are checked before anything is normalised."""
    with pytest.raises(errors.UnknownName, match=message.replace("(", r"\(").replace("?", r"\?")):
        normalise({}, **settings)


def test_unchanged_parts_are_the_same_objects() -> None:
    """The given ad does not change, and the new one shares its unchanged parts."""
    ad: Ad = {"category_id": "1121", "location": {"longitude": 18.1, "latitude": 59.3}, "visible": "ja", "x": {"y": [1.50]}}
    done: Any = normalise(ad)
    assert ad["visible"] == "ja"
    assert done.ad["location"] is ad["location"]
    assert done.ad["x"] is ad["x"]


def test_results_are_equal_if_their_ads_are() -> None:
    """The repr of a result has the kind of the ad, and none of its values."""
    one, other = (normalise({"visible": "ja", "price": {"type": "list"}}) for _ in range(2))
    assert one == other
    assert one != normalise({"visible": "nej", "price": {"type": "list"}})
    assert f"{one}" == "Normalisation(kind=Kind(version='v4', category=None))"


def test_every_change_is_a_note_with_place_before_and_after() -> None:
    """Moved, translated and converted values have notes with both places and both values."""
    done = normalise({"gearbox": "Automat", "mileage": "1540 mil"}, category="car")
    assert [(change.code, change.level, change.at, change.to, change.before, change.after) for change in done.changes] == [
        ("field.moved", Level.NOTE, "/gearbox", "/category_fields/powertrain/transmission", "Automat", "Automat"),
        ("word.translated", Level.NOTE, "/gearbox", "/category_fields/powertrain/transmission", "Automat", "automatic"),
        ("field.moved", Level.NOTE, "/mileage", "/category_fields/condition/mileage", "1540 mil", "1540 mil"),
        (
            "unit.converted",
            Level.NOTE,
            "/mileage",
            "/category_fields/condition/mileage",
            "1540 mil",
            {"unit": "km", "value": 15400},
        ),
    ]
    assert all(change.source for change in done.changes)


def test_no_message_contains_private_values() -> None:
    """Neither the old nor the new value is in it; both are attributes of the finding, and not printed."""
    ad = {"contact": {"phone": "070-SECRET".replace("SECRET", "99 88 777"), "Epost": "secret@example.com"}, "regnr": "qqq 999"}
    done = normalise(ad, category="sail-boat")
    done_car = normalise({"regnr": "qqq 999", "vin": "yv1sw6111x1234567"}, category="car")
    for finding in (*done.findings, *done_car.findings):
        assert not {"9988777", "99 88", "secret@", "QQQ", "qqq", "yv1"} & {*str(finding).split('"')}
        assert "99" not in f"{finding}"
        assert "secret" not in f"{finding}"
        assert "qqq" not in f"{finding}".lower()
    assert "0709988777" in {finding.after for finding in done.findings}
