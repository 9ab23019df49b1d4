"""Validating: one finding for each error, with the right place, the same from both engines."""

import copy
import enum
import json
import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from json_strategies import ANY_JSON

from v4schema import Finding, Kind, Level, errors, identify, validate
from v4schema import catalogue as catalogues
from v4schema.catalogue import Catalogue
from v4schema.dialect.engines import ENGINES
from v4schema.dialect.fields import error_rules, example, is_sendable, subschema_at, walk
from v4schema.document.json_value import first_non_json
from v4schema.document.pointer import exists, get, parse, write
from v4schema.validation.validator import _validator

Ad = dict[str, Any]


def put(ad: Ad, at: tuple[Any, ...], value: object) -> Ad:
    """Return a copy of an ad with another value at a place."""
    changed = copy.deepcopy(ad)
    parent: Any = get(changed, at[:-1])
    parent[at[-1]] = value
    return changed


def places(value: object, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield every place within a value, except the whole."""
    if at:
        yield at
    if isinstance(value, dict | list):
        for token, below in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(below, (*at, token))


def required(ad: Ad, kind: Kind) -> Iterator[tuple[Any, ...]]:
    """Yield every place in an ad that its schema requires."""
    schema = catalogues.default().schema(kind)
    for at in places(ad):
        if isinstance(at[-1], str):
            around = subschema_at(schema, at[:-1]) or {}
            if any(at[-1] in fact.get("required", ()) for fact in error_rules(around)):
                yield at


def faults(ad: Ad, kind: Kind) -> Iterator[tuple[str, Ad, str]]:
    """Yield ads with a single error: its description, the ad, and the pointer of the only error."""
    for at in required(ad, kind):
        without = copy.deepcopy(ad)
        del get(without, at[:-1])[at[-1]]  # type: ignore[attr-defined]
        yield f"without {write(at)}", without, write(at)
    for at in places(ad):
        keywords: dict[str, Any] = {}
        for fact in error_rules(subschema_at(catalogues.default().schema(kind), at) or {}):
            keywords.update(fact)
        for fault, value in wrong_values(keywords):
            yield f"{fault} at {write(at)}", put(ad, at, value), write(at)
        for name in misspelt(at[-1]) if isinstance(at[-1], str) else ():
            if not exists(ad, (*at[:-1], name)):
                changed = copy.deepcopy(ad)
                parent: Any = get(changed, at[:-1])
                parent[name] = parent.pop(at[-1])
                yield f"{name} for {write(at)}", changed, write((*at[:-1], name))


def wrong_values(keywords: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Yield values that a field does not accept: of other types, beyond each bound, outside the choices."""
    types = keywords["type"] if isinstance(keywords["type"], list) else [keywords["type"]]
    wrong = {"string": "x", "integer": 5, "number": 5.5, "boolean": True, "array": [], "object": {}, "null": None}
    for name, value in wrong.items():
        if name not in types and not (name == "integer" and "number" in types):
            yield name, value
    beyond: dict[str, Callable[[Any], object]] = {
        "minimum": lambda limit: limit - 1,
        "maximum": lambda limit: limit + 1,
        "exclusiveMinimum": lambda limit: limit,
        "minLength": lambda limit: "a" * (limit - 1),
        "maxLength": lambda limit: "a" * (limit + 1),
        "minItems": lambda _: [],
        "maxItems": lambda limit: [f"https://a.se/{number}.jpg" for number in range(limit + 1)],
        "enum": lambda _: "qqqqq",
    }
    for keyword, value_for in beyond.items():
        if keyword in keywords:
            yield f"beyond {keyword}", value_for(keywords[keyword])


def misspelt(name: str) -> Iterator[str]:
    """A name with one letter missing, doubled, swapped, or replaced."""
    for index in range(len(name)):
        yield name[:index] + name[index + 1 :]
        yield name[: index + 1] + name[index:]
        yield name[:index] + "x" + name[index + 1 :]
        if index and name[index] != name[index - 1]:
            yield name[: index - 1] + name[index] + name[index - 1] + name[index + 1 :]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("name", "kronor", "amount"), [("moped", "350 kr", "3500000"), ("camper", "4500 kr", "45000000")])
def test_the_guides_ads_have_no_error_and_a_warning_that_names_both_readings_of_the_amount(
    name: str, kronor: str, amount: str, engine: str, guide: Callable[[str], Ad]
) -> None:
    """35000 is 350 kr as öre; if 35 000 kr was meant, 3500000 has to be sent."""
    report = validate(guide(name), engine=engine)
    assert report.valid
    assert str(report.kind) == f"v4/{name}"
    assert {finding.code for finding in report.findings} == {"value.placeholder", "price.implausible"}
    price = next(finding for finding in report.warnings if finding.at == "/price/0/amount")
    given = guide(name)["price"][0]["amount"]
    assert kronor in price.message
    assert f"{given} kr" in price.message
    assert amount in str(price.hint)
    assert "S" in price.source


@pytest.mark.slow
@pytest.mark.parametrize("name", ["moped", "camper"])
def test_each_single_fault_gives_one_error_at_its_place(name: str, guide: Callable[[str], Ad]) -> None:
    """Each required field is removed, and each type, bound, choice and name is made wrong."""
    ad = guide(name)
    several = list(faults(ad, Kind(version="v4", category=name)))
    assert len(several) > 500
    for fault, faulty, at in several:
        report = validate(faulty)
        assert [finding.at for finding in report.errors] == [at], fault


@pytest.mark.slow
@pytest.mark.parametrize("name", ["moped", "camper"])
def test_both_engines_find_the_same_in_faulty_ads(name: str, guide: Callable[[str], Ad]) -> None:
    """The engines differ in speed alone."""
    several = list(faults(guide(name), Kind(version="v4", category=name)))
    for fault, faulty, _ in several[::3]:
        assert validate(faulty) == validate(faulty, engine="jsonschema"), fault


@given(data=st.data())
def test_both_engines_find_the_same_in_any_ad(data: st.DataObject) -> None:
    """Any JSON at any place of any ad, for any operation, has the same findings in both engines, in order."""
    catalogue = catalogues.default()
    edition = catalogue.editions[data.draw(st.sampled_from([*catalogue.editions]))]
    kind = Kind(version=edition.name, category=data.draw(st.sampled_from([*edition.categories])))
    operation = data.draw(st.sampled_from([*edition.operations]))
    ad = copied_example(catalogue, kind)
    for at in data.draw(st.lists(st.sampled_from([at for at, node in walk(catalogue.schema(kind)) if at]), max_size=3)):
        around = at[:-1] if "*" not in at else at[: at.index("*")]
        if isinstance(get_or_none(ad, around), dict) and around != at:
            ad = put(ad, (*around, at[len(around)] if "*" not in at else data.draw(st.text(max_size=3))), data.draw(ANY_JSON))
        elif around:
            ad = put(ad, around, data.draw(ANY_JSON)) if exists(ad, around) else ad
    options: dict[str, Any] = {"version": edition.name, "category": kind.category, "operation": operation}
    report = validate(ad, **options)
    assert report == validate(ad, engine="jsonschema", **options)
    assert report == validate(json.loads(json.dumps(ad)), **options)
    for finding in report.findings:
        assert exists(ad, parse(finding.at)[:-1]), finding


def copied_example(catalogue: Catalogue, kind: Kind) -> Ad:
    """Return a new example of a kind."""
    from v4schema.dialect.fields import example

    ad: Ad = copy.deepcopy(example(catalogue.schema(kind)))
    return ad


def get_or_none(ad: Ad, at: tuple[Any, ...]) -> object:
    """Return the value at a place, or None."""
    return get(ad, at) if exists(ad, at) else None


@given(ad=ANY_JSON, operation=st.sampled_from(["create", "replace", "update", "response"]), category=st.none() | st.just("moped"))
def test_any_json_gets_a_report(ad: object, operation: str, category: str | None) -> None:
    """Validating never raises, and a value that is no ad is not valid."""
    report = validate(ad, operation=operation, category=category)
    assert isinstance(ad, dict) or not report.valid
    json.dumps(report.api())


@given(ad=ANY_JSON)
def test_identifying_never_raises_for_any_ad(ad: object) -> None:
    """The result is a kind or a finding for any value of the category."""
    assert isinstance(identify({"category_id": ad}), Kind | Finding)


def test_findings_are_in_the_order_of_the_ad(clean: Ad) -> None:
    """They are sorted by place; a missing field is at the beginning of its object."""
    clean["zzz"] = 1
    clean["category_fields"]["condition"]["mileage"]["unit"] = "miles"
    clean["price"][0]["currency"] = "EUR"
    del clean["body"], clean["category_fields"]["brand"], clean["source_id"]
    assert [finding.at for finding in validate(clean).findings] == [
        "/source_id",
        "/body",
        "/price/0/currency",
        "/category_fields/brand",
        "/category_fields/condition/mileage/unit",
        "/zzz",
    ]


@given(shuffle=st.randoms(use_true_random=False))
def test_findings_do_not_depend_on_the_order_of_names(shuffle: Any) -> None:  # noqa: ANN401
    """The findings are the same for any order of the fields."""
    ad: Ad = {
        "category_id": "1121",
        "year": 1,
        "price": [],
        "milage": 3,
        "category_fields": {"gearbox": "x", "fuel": 1, "vin": "1"},
    }
    names = [*ad]
    shuffle.shuffle(names)
    assert set(validate(ad).findings) == set(validate({name: ad[name] for name in names}).findings)


@pytest.mark.parametrize(
    ("at", "right", "hint"),
    [
        (("category_fields", "year"), "/category_fields/model_year", 'Rename it to "model_year".'),
        (("category_fields", "make"), "/category_fields/brand", 'Rename it to "brand".'),
        (("category_fields", "gearbox"), "/category_fields/powertrain/transmission", "Move it to"),
        (("category_fields", "fuel_type"), "/category_fields/powertrain/fuels", "Move it to"),
        (("category_fields", "condition", "milage"), "/category_fields/condition/mileage", "Rename it"),
        (("category_fields", "mileage"), "/category_fields/condition/mileage", "Move it to"),
        (("category_fields", "milage"), "/category_fields/condition/mileage", "Move it to"),
        (("milage",), "/category_fields/condition/mileage", "Move it to"),
        (("year",), "/category_fields/model_year", "Move it to"),
        (("category_fields", "physics", "gearbox"), "/category_fields/powertrain/transmission", "Move it to"),
        (("category_fields", "Model-Year"), "/category_fields/model_year", "Rename it"),
        (("modelYear",), "/category_fields/model_year", "Move it to"),
        (("description",), "/body", "Rename it"),
        (("category_fields", "dealer_code"), "/dealer_code", "Move it to"),
        (("currency",), None, "Check the name"),
        (("category_fields", "name"), None, "Check the name"),
    ],
)
def test_a_wrong_name_is_an_error_that_names_the_right_field(
    at: tuple[str, ...], right: str | None, hint: str, guide: Callable[[str], Ad]
) -> None:
    """The right field may be in another object; if the name is not certain, it is a warning."""
    ad = guide("camper")
    if right:
        del get(ad, parse(right)[:-1])[parse(right)[-1]]  # type: ignore[attr-defined]
    found = [finding for finding in validate(put(ad, at, 1)).findings if finding.at == write(at)]
    assert [finding.code for finding in found] == ["field.misnamed" if right else "field.unknown"]
    assert found[0].level is (Level.ERROR if right else Level.WARNING)
    assert (right or "").rpartition("/")[2] in found[0].message
    assert hint in str(found[0].hint)
    assert found[0].source


def test_a_misnamed_field_is_not_missing_as_well(clean: Ad) -> None:
    """A required field under a wrong name is one error, also if its object is missing."""
    fields = clean["category_fields"]
    fields["mileage"] = fields.pop("condition")["mileage"]
    report = validate(clean)
    assert [(finding.code, finding.at) for finding in report.findings] == [("field.misnamed", "/category_fields/mileage")]


def test_other_missing_fields_are_still_reported(clean: Ad) -> None:
    """A gearbox means the transmission, but not the fuels, which are missing too."""
    fields = clean["category_fields"]
    del fields["powertrain"]
    fields["gearbox"] = "manual"
    assert [finding.at for finding in validate(clean).errors] == ["/category_fields/powertrain", "/category_fields/gearbox"]
    fields["fuel"] = ["gasoline"]
    assert [finding.at for finding in validate(clean).errors] == ["/category_fields/gearbox", "/category_fields/fuel"]


def test_missing_fields_are_reported_in_the_order_of_the_schema(clean: Ad, catalogue: Catalogue) -> None:
    """It is so within items of a list as well, for any order of the engine's failures."""
    clean |= {"price": [{}, {}, {}], "category_fields": {}}
    found = [finding.at for finding in validate(clean).errors]
    described = [write(at) for at, _ in walk(catalogue.schema(Kind(version="v4", category="moped")))]
    assert found[:3] == [at.replace("*", "0") for at in described if at.replace("*", "0") in found[:3]]
    assert found[:9] == [at.replace("/0/", f"/{index}/") for index in range(3) for at in found[:3]]
    assert found[9:] == [at for at in described if at in found[9:]]


def test_a_thousand_unknown_fields_take_linear_time() -> None:
    """The work grows with the ad, not with its square."""
    report = validate({"category_id": "1121"} | {f"stray number {number}": number for number in range(3000)})
    assert sum(finding.code == "field.unknown" for finding in report.findings) == 3000


class _Word(str):
    """A subclass of text."""

    __slots__ = ()


class _Choice(enum.StrEnum):
    """An enumeration of texts."""

    MOPED = "moped"


@pytest.mark.parametrize("engine", ENGINES)
def test_subclasses_of_scalars_are_the_same_to_both_engines(engine: str, clean: Ad) -> None:
    """A member of an enumeration is its value; other subclasses have to be converted first."""
    clean["category_fields"]["body_type"] = _Choice.MOPED
    assert validate(clean, engine=engine).findings == ()
    clean["category_fields"]["body_type"] = _Word("moped")
    assert [finding.code for finding in validate(clean, engine=engine).errors] == ["json.unsupported_value"]


@pytest.mark.parametrize("amount", [10**400, 10**4200, 1.5e308], ids=["400 digits", "4200 digits", "float"])
def test_the_message_about_a_huge_amount_is_short(amount: float, clean: Ad) -> None:
    """Numbers of any size can be reported, but not with all digits."""
    clean["price"][0]["amount"] = amount
    clean["category_fields"]["condition"]["mileage"] = {"unit": "mil", "value": amount}
    for finding in validate(clean).findings:
        assert len(f"{finding.message}{finding.hint}") < 250


def test_a_value_that_is_no_ad_is_not_printed() -> None:
    """An ad that was encoded twice is a text, and may contain private values."""
    assert "SECRET" not in str(validate('{"contact": {"phone": "SECRET"}}').findings)


@pytest.mark.parametrize("named", [10**5000, object(), {1, 2}], ids=["long", "object", "set"])
def test_a_category_that_cannot_be_printed_is_a_finding(named: object, clean: Ad) -> None:
    """Any Python value gets a report, which does not print it."""
    report = validate(clean | {"category_id": named})
    assert report.kind is None
    assert not report.valid
    assert all(len(finding.message) < 200 for finding in report.findings)
    assert not validate(named).valid


def test_a_wrong_name_beside_the_right_one_should_be_removed(clean: Ad) -> None:
    """Nothing is overwritten; in another object, a name that is only similar to an existing one is no error."""
    clean["category_fields"] |= {"year": 2020, "models": 1}
    clean |= {"brand": "yamaha", "milage": 3}
    year, models, brand, milage = validate(clean).findings
    assert year.hint == "/category_fields/model_year has the same value: remove this field."
    assert models.hint == "/category_fields/model has another value: keep the right one."
    assert brand.hint == "/category_fields/brand has the same value: remove this field."
    assert milage.code == "field.unknown"


def test_a_wrong_name_among_undocumented_fields_is_an_error(catalogue: Catalogue) -> None:
    """Boats accept any field, but not a known field under a wrong name."""
    ad = copied_example(catalogue, Kind(version="v4", category="sail-boat"))
    ad["category_fields"] = {"gearbox": "manuell", "powertrian": {}, "year": 1984, "length": 9, "mileage": 300}
    found = {finding.at.rpartition("/")[2]: finding for finding in validate(ad).errors}
    assert found.keys() == {"gearbox", "powertrian", "mileage"}
    assert found["mileage"].hint == "Move it to /category_fields/condition/mileage. Send an object with unit and value."


def test_hints_do_not_recommend_choices_with_a_warning(clean: Ad) -> None:
    """Choices of another edition are not listed, and not the result of a translation."""
    clean["category_fields"]["powertrain"] |= {"transmission": "cvt", "fuels": ["etanol"]}
    clean["category_id"] = "moped"
    assert [finding.hint for finding in validate(clean).errors] == [
        'Use "1121".',
        'Use "manual" or "automatic".',
        'Use "gasoline", "diesel", "electric" or "hybrid".',
    ]


def test_unknown_names_and_nulls_of_an_answer_are_accepted(clean: Ad) -> None:
    """The API may leave fields null and have undocumented ones."""
    answer = clean | {"url": None, "contact": None, "year": 3, "images": []}
    assert {finding.level for finding in validate(answer, operation="response").findings} == {Level.WARNING}
    assert {finding.code for finding in validate(answer, operation="response").findings} == {"field.unknown"}


@pytest.mark.parametrize(
    ("at", "value", "valid"),
    [
        ("longitude", "18.0686", True),
        ("longitude", "18,0686", True),
        ("longitude", "-180.0", True),
        ("longitude", "180.1", False),
        ("longitude", "999", False),
        ("latitude", "90", True),
        ("latitude", "90.5", False),
        ("latitude", "100", False),
        ("latitude", "59° 19'", False),
    ],
)
def test_coordinates_as_text_keep_their_bounds(at: str, value: str, valid: bool, clean: Ad) -> None:
    """A text is a warning, and an error beyond the bounds of the number."""
    clean["location"][at] = value
    assert validate(clean).valid == valid


@pytest.mark.parametrize(
    ("category", "amount", "model_year", "implausible"),
    [
        ("car", 54_990_000, 2021, 0),
        ("car", 549_900, 2021, 1),
        ("car", 899_000, 2023, 1),
        ("car", 500_000, 1998, 0),
        ("car", 4_990_000_00, 2021, 0),
        ("car", 54_990_000_00, 2021, 1),
        ("caravan", 749_000, 2022, 1),
        ("moped", 3_500_000, 2020, 0),
    ],
)
def test_implausible_amounts_depend_on_category_and_age(
    category: str,
    amount: int,
    model_year: int,
    implausible: bool,
    catalogue: Catalogue,
) -> None:
    """A recent car for a few thousand kronor is an amount in kronor; an old one need not be."""
    ad = copied_example(catalogue, Kind(version="v4", category=category))
    ad["price"][0]["amount"] = amount
    ad["category_fields"]["model_year"] = model_year
    assert [finding.code for finding in validate(ad).findings] == ["price.implausible"] * implausible


@pytest.mark.parametrize(
    ("mileage", "age", "implausible"),
    [
        ({"unit": "km", "value": 98_000}, 8, 0),
        ({"unit": "km", "value": 9_800}, 8, 1),
        ({"unit": "km", "value": 9_800}, 1, 0),
        ({"unit": "km", "value": 2_000}, 55, 0),
        ({"unit": "mil", "value": 9_800}, 8, 0),
        ({"unit": "mil", "value": 98_000}, 8, 1),
        ({"unit": "mil", "value": 45_000}, 8, 1),
    ],
)
def test_implausible_mileage_depends_on_age(
    mileage: Ad,
    age: int,
    implausible: bool,
    catalogue: Catalogue,
) -> None:
    """9,800 km is little for a car of eight years, and 45,000 mil is much for any."""
    ad = copied_example(catalogue, Kind(version="v4", category="car"))
    ad["category_fields"]["condition"]["mileage"] = mileage
    ad["category_fields"]["model_year"] = time.localtime().tm_year - age
    assert [finding.code for finding in validate(ad).findings] == ["mileage.implausible"] * implausible


@pytest.mark.parametrize(
    ("version", "category", "at", "value", "level", "code", "message"),
    [
        ("v4", "moped", "/category_id", 1121, "warning", "value.type", "as text"),
        ("v3", "car", "/category_id", "1020", "warning", "value.type", "as a number"),
        ("v4", "car", "/price/0/type", "leasing", "error", "schema.enum", "not a valid choice"),
        ("v4", "car", "/price/0/currency", "kr", "error", "schema.enum", "not a valid choice"),
        ("v3", "car", "/price/0/type", "reduced", "error", "schema.enum", "not a valid choice"),
        ("v4", "car", "/category_fields/powertrain/fuels/0", "ethanol", "warning", "value.other_edition", "V3"),
        ("v4", "car", "/category_fields/powertrain/fuels/0", "bensin", "error", "schema.enum", "bensin"),
        ("v3", "car", "/category_fields/powertrain/fuels/0", "hybrid", "error", "schema.enum", "hybrid"),
        ("v4", "car", "/category_fields/powertrain/transmission", "sequential", "warning", "value.other_edition", "V3"),
        ("v4", "car", "/title", "Fin", "warning", "field.forbidden", "Later documents"),
        ("v3", "car", "/title", "Fin", "error", "field.forbidden", "is not allowed"),
        ("v4", "car", "/body", "a <b>", "warning", "text.angle_brackets", "replaces"),
        ("v4", "car", "/state", "created", "warning", "field.response_only", "Only the API sets this field"),
        ("v4", "car", "/image_urls/0", "http://a.se/1.jpg", "error", "schema.pattern", "https"),
        ("v4", "car", "/image_urls/0", "https://a.se/1.webp?x=1", "warning", "image.format", "JPEG"),
        ("v4", "car", "/video_url", "https://example.com/film", "error", "schema.pattern", "YouTube"),
        ("v4", "car", "/location/longitude", "18.07", "warning", "value.type", "number"),
        ("v4", "car", "/location/longitude", 181, "error", "schema.maximum", "180"),
        ("v4", "car", "/location", {"longitude": 59.3, "latitude": 18.1}, "warning", "location.swapped", "swapped"),
        ("v4", "car", "/location/latitude", 48.85, "warning", "location.outside_sweden", "outside"),
        ("v4", "car", "/category_fields/brand", "Mercedes-Benz", "warning", "value.not_slug", "slug"),
        ("v4", "car", "/category_fields/model_year", "2020", "error", "schema.type", "A valid integer is required."),
        ("v4", "car", "/category_fields/model_year", 2099, "warning", "model_year.implausible", "unlikely"),
        ("v4", "car", "/category_fields/registration_number", "ABC 123", "error", "schema.maxLength", "6"),
        ("v4", "car", "/category_fields/registration_number", "SAAB", "warning", "plate.unusual", "Swedish"),
        ("v4", "car", "/category_fields/vin", "123", "error", "schema.minLength", "17"),
        ("v4", "car", "/category_fields/in_traffic_date", "2020-02-30", "error", "schema.pattern", "YYYY-MM-DD"),
        ("v4", "car", "/category_fields/equipments", [], "warning", "field.other_edition", "equipment"),
        (
            "v4",
            "car",
            "/category_fields/condition/mileage",
            {"unit": "mil", "value": 154000},
            "warning",
            "mileage.implausible",
            "km",
        ),
        ("v4", "car", "/category_fields/condition/mileage/value", -1, "error", "schema.minimum", "0"),
        ("v4", "car", "/category_fields/powertrain/power", {"unit": "hp", "value": 0}, "error", "schema.exclusiveMinimum", "0"),
        ("v4", "camper", "/category_fields/physics/gross_weight/value", 3.5, "warning", "weight.implausible", "kg"),
        ("v4", "camper", "/category_fields/physics/length/value", 750, "warning", "length.implausible", "750 m"),
        ("v4", "moped", "/category_fields/body_type", "scooter", "error", "schema.enum", "scooter"),
        ("v4", "caravan", "/category_fields/brand", None, "error", "schema.type", "This field may not be null."),
    ],
)
def test_the_contract_row_by_row(  # noqa: PLR0913, PLR0917  (a row of the table)
    version: str, category: str, at: str, value: object, level: str, code: str, message: str, catalogue: Catalogue
) -> None:
    """A value against a row of the contract has one finding, of its level and code, at or below its place."""
    kind = Kind(version=version, category=category)
    ad = copied_example(catalogue, kind)
    ad.setdefault("image_urls", [""])
    faulty = put(ad, tuple(int(token) if token.isdecimal() else token for token in parse(at)), value)
    for engine in ENGINES:
        found = validate(faulty, version=version, category=category, engine=engine).findings
        assert [(finding.level, finding.code) for finding in found] == [(level, code)], found
        assert found[0].at.startswith(at)
        assert message in found[0].message
        assert found[0].source


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("manuell", 'Use "manual".'),
        ("Automat", 'Use "automatic".'),
        ("manul", 'Use "manual".'),
        ("qqq", 'Use "manual" or "automatic".'),
        (7, None),
    ],
)
def test_the_hint_names_the_choice_that_was_probably_meant(value: object, hint: str | None, clean: Ad) -> None:
    """Swedish words and misspelt words are understood, but not changed."""
    clean["category_fields"]["powertrain"]["transmission"] = value
    found = validate(clean).errors[0]
    assert found.hint == (hint or "Put it in quotes.")


@pytest.mark.parametrize(
    ("at", "value", "hint"),
    [
        (("visible",), "true", "Send it without quotes."),
        (("visible",), "ja", "Whether the ad is published at once; false means not published and no charge."),
        (("price",), {}, "Put it in a list: [ ]."),
        (("source_id",), 5, "Put it in quotes."),
        (("source_id",), [], "The seller's own identifier of the ad: unique per dealer and never used again after a delete."),
        (("category_fields", "condition", "mileage"), 1540, "Send an object with unit and value."),
        (
            ("category_fields", "physics"),
            3,
            "Weight and dimensions. The guide shows them for campers; they are accepted in every category.",
        ),
        (("category_fields", "model_year"), "2020", "Send it without quotes."),
        (("location",), None, "Send a value, or leave the field out if it is optional."),
    ],
)
def test_the_hint_says_how_to_send_a_value_of_the_wrong_type(
    at: tuple[str, ...], value: object, hint: str | None, clean: Ad
) -> None:
    """A quoted number has to lose its quotes, a lone value has to be put in a list, and so on."""
    assert [finding.hint for finding in validate(put(clean, at, value)).errors] == [hint]


def test_a_choice_of_another_edition_names_that_edition(catalogue: Catalogue) -> None:
    """A price type that only another edition has is an error."""
    ad = copied_example(catalogue, Kind(version="v3", category="car"))
    ad["price"][0]["type"] = "monthly"
    assert validate(ad, version="v3").errors[0].hint == 'It belongs to v4; here, use "list".'


def test_prices_of_one_type_have_one_finding(clean: Ad) -> None:
    """A repeated type is one warning, at the list."""
    clean["price"] *= 2
    assert [(finding.code, finding.at) for finding in validate(clean).findings] == [("price.repeated", "/price")]


def test_an_amount_on_call_is_zero(clean: Ad) -> None:
    """The type call has the amount 0, and 0 is not implausible then."""
    clean["price"][0] |= {"type": "call", "amount": 0}
    assert validate(clean).findings == ()
    clean["price"][0]["amount"] = 100
    assert [finding.at for finding in validate(clean).errors] == ["/price/0/amount"]


def test_a_partial_update_may_leave_out_everything_but_parts_of_atomic_objects() -> None:
    """The guide's PATCH is fine; a price without a currency is not."""
    patch: Ad = {"price": [{"type": "reduced", "amount": 3200000, "currency": "SEK"}]}
    report = validate(patch, operation="update")
    assert [(finding.code, finding.level) for finding in report.findings] == [("category.missing", Level.NOTE)]
    assert str(report.kind) == "v4"
    assert validate(patch, operation="update", category=1121).findings == ()
    del patch["price"][0]["currency"]
    patch["category_fields"] = {"condition": {"mileage": {"unit": "km"}, "is_new_vehicle": False}}
    found = validate(patch, operation="update", category="moped").errors
    assert [finding.at for finding in found] == ["/price/0/currency", "/category_fields/condition/mileage/value"]


def test_operations_require_their_documented_fields(clean: Ad) -> None:
    """On replace, source_id is in the path; migrate requires all fields of the category."""
    del clean["source_id"]
    assert [finding.at for finding in validate(clean).errors] == ["/source_id"]
    assert validate(clean, operation="replace").findings == ()
    del clean["body"], clean["category_fields"]["brand"]
    assert [finding.at for finding in validate(clean, operation="replace").errors] == ["/body", "/category_fields/brand"]
    assert [finding.at for finding in validate(clean, operation="migrate").errors] == ["/category_fields/brand"]
    assert validate(clean, operation="update").findings == ()
    assert [finding.level for finding in validate({"category_id": "1121"}, operation="migrate").findings] == [Level.WARNING]


def test_an_answer_of_the_api_may_have_fields_of_answers(clean: Ad) -> None:
    """They are checked in answers, and have a warning in requests."""
    answer = clean | {
        "id": "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        "state": "created",
        "blocket_ad_id": None,
        "api_version": "v4",
    }
    answer["log"] = [{"action": "publish", "state": "done", "external_message": {"any": ["thing"]}}]
    assert validate(answer, operation="response").errors == ()
    assert {finding.code for finding in validate(answer).findings} == {"field.response_only"}
    answer["state"] = "gone"
    assert [finding.at for finding in validate(answer, operation="response").errors] == ["/state"]


@pytest.mark.parametrize(
    ("named", "code", "hint"),
    [
        ("9999", "category.unknown", "v4schema show v4"),
        ("mopedd", "category.unknown", "Did you mean moped?"),
        (1065, "category.unknown", "It is a category of v3."),
        (["1121"], "category.malformed", None),
        (True, "category.malformed", None),
        (None, "category.malformed", None),
        (11.5, "category.malformed", None),
    ],
)
def test_shared_fields_of_an_unknown_category_are_checked(named: object, code: str, hint: str | None, clean: Ad) -> None:
    """The category is one error, and the other fields have their findings."""
    report = validate(clean | {"category_id": named, "visible": "x", "milage": 3})
    assert report.kind is None
    assert [(finding.code, finding.at) for finding in report.errors] == [(code, "/category_id"), ("schema.type", "/visible")]
    assert hint is None or hint in str(report.errors[0].hint)


def test_shared_fields_are_those_of_the_edition() -> None:
    """A price type of V4 is wrong in a V3 ad, also if the category is unknown."""
    ad = {"category_id": 9999, "price": [{"type": "reduced", "amount": 1, "currency": "SEK"}]}
    wrong = [[finding.at for finding in validate(ad, version=version, operation="update").errors] for version in ("v3", "v4")]
    assert wrong == [["/category_id", "/price/0/type"], ["/category_id"]]


@pytest.mark.parametrize("named", ["1121", 1121, "moped", "Moped", "MOPED"])
def test_a_category_is_identified_by_number_text_slug_and_name(named: object) -> None:
    """The ad is identified by any of them; its schema decides which of them may be sent."""
    assert identify({"category_id": named}) == Kind(version="v4", category="moped")


def test_a_category_without_a_description_has_a_note(catalogue: Catalogue) -> None:
    """V3 has kayaks, but no public document describes them; the note has the sources of the edition."""
    report = validate(
        {"source_id": "k", "category_id": 1065, "body": "Kajak", "price": [], "category_fields": {"x": 1}}, version="v3"
    )
    assert str(report.kind) == "v3/kayak"
    assert [finding.code for finding in report.findings] == ["category.undescribed", "schema.minItems"]
    assert "kayak in v3" in report.findings[0].message
    assert report.findings[0].source == tuple(catalogue.edition("v3").source) != tuple(catalogue.edition("v4").source)


def test_fields_that_no_document_lists_are_noted_once(catalogue: Catalogue) -> None:
    """Boats accept any category fields, with a note from their schema; common fields are checked all the same."""
    kind = Kind(version="v4", category="motor-boat")
    ad = copied_example(catalogue, kind)
    ad["category_fields"] = {"length_ft": 28, "condition": {"mileage": 3}}
    found = validate(ad).findings
    assert [(finding.code, finding.level, finding.at) for finding in found] == [
        ("category.open", Level.NOTE, "/category_fields"),
        ("schema.type", Level.ERROR, "/category_fields/condition/mileage"),
    ]
    node = subschema_at(catalogue.schema(kind), ("category_fields",)) or {}
    assert (found[0].message, found[0].source) == (node["x-open"], tuple(node["x-source"]))


def test_missing_category_fields_have_no_note() -> None:
    """A boat without category fields, or with another value in their place, has no note on them."""
    assert validate({"category_id": "1061"}, operation="update").findings == ()
    found = validate({"category_id": "1061", "category_fields": 3}, operation="update").findings
    assert [finding.code for finding in found] == ["schema.type"]


def test_a_category_that_differs_from_the_callers_is_a_finding(clean: Ad) -> None:
    """The ad is not silently checked as either of them."""
    assert [finding.at for finding in validate(clean, category="moped").errors] == []
    assert "/category_id" in [finding.at for finding in validate(clean, category="camper").errors]


def test_no_message_prints_contact_plate_or_long_text(clean: Ad) -> None:
    """Private values are not repeated, and long values are cut."""
    clean["contact"] = {"name": 7, "phone": "070-SECRET-1234567", "email": "SECRET"}
    clean["category_fields"] |= {"registration_number": "SECRET7", "vin": "SECRET"}
    clean["contcat"] = {"phone": "SECRET"}
    clean["body"] = "<SECRET>"
    clean["category_fields"]["body_type"] = "x" * 500
    for finding in validate(clean).findings:
        assert "SECRET" not in f"{finding.message}{finding.hint}"
        assert len(finding.message) < 200


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ({"a": math.nan}, "/a"),
        ({"a": [1, math.inf]}, "/a/1"),
        ({"a": {"b": {1, 2}}}, "/a/b"),
        ({"a": (1,)}, "/a"),
        ({1: 2}, ""),
        ({"a": {"\ud800": 1}}, "/a"),
        ({"a": "\ud800"}, "/a"),
        ({"a": 10**5000}, "/a"),
        ({"a": b"x"}, "/a"),
    ],
)
@pytest.mark.parametrize("engine", ENGINES)
def test_python_values_that_json_lacks_are_findings(value: object, at: str, engine: str) -> None:
    """There is no exception, and the ad is not valid, also if no schema describes the place."""
    for ad in (value, {"category_id": "1061", "category_fields": value}):
        report = validate(ad, engine=engine)
        assert [finding.code for finding in report.errors] == ["json.unsupported_value"]
    assert validate(value).errors[0].at == at


@pytest.mark.parametrize("wrap", [lambda inner: {"a": inner}, lambda inner: [inner]])
def test_deep_nesting_is_a_finding(wrap: Callable[[object], object]) -> None:
    """More than 200 levels are refused, in objects as in arrays."""
    deep: object = None
    for _ in range(500):
        deep = wrap(deep)
    assert first_non_json(deep) is not None
    assert [finding.code for finding in validate({"category_id": "1061", "x": deep}).errors] == ["json.unsupported_value"]


@pytest.mark.parametrize("ad", [None, 3, "x", [], [{}], True, 1.5])
def test_a_value_that_is_no_object_is_no_ad(ad: object) -> None:
    """A scalar and a list are one finding with its own code, which names the type of the value."""
    report = validate(ad)
    assert [finding.code for finding in report.findings] == ["ad.not_object"]
    assert f"but got {type(ad).__name__}." in report.findings[0].message
    assert report.kind is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"version": "v44"}, "Unknown edition 'v44'. Known: v3, v4."),
        ({"category": "mopped"}, "Unknown category 'mopped' of v4. Did you mean moped?"),
        ({"operation": "delete"}, "Unknown operation 'delete' of v4. Known: create,"),
        ({"version": "v3", "operation": "migrate"}, "Unknown operation"),
        ({"engine": "fast"}, "Unknown engine 'fast'. Known: jsonschema-rs, jsonschema."),
    ],
)
def test_unknown_names_from_the_caller_raise_with_a_suggestion(options: dict[str, Any], message: str) -> None:
    """They raise for any ad, and the exception names what was probably meant."""
    for ad in ({}, {"category_id": "9999"}):
        with pytest.raises(errors.UnknownName) as caught:
            validate(ad, **options)
        assert str(caught.value).startswith(message)
        assert isinstance(caught.value, errors.V4SchemaError)


def test_lists_of_the_caller_apply_to_the_fields_that_name_them(clean: Ad) -> None:
    """No list of brands is public; with the caller's own list, an unlisted brand is an error."""
    catalogue = Catalogue(lists={"brands": ["yamaha", "honda"]})
    assert validate(clean, catalogue=catalogue).findings == ()
    clean["category_fields"]["brand"] = "yamahaa"
    found = validate(clean, catalogue=catalogue).errors
    assert [(finding.code, finding.at, finding.hint) for finding in found] == [
        ("value.unlisted", "/category_fields/brand", 'Use "yamaha".')
    ]
    assert validate(clean, catalogue=Catalogue(lists={"brands": []})).errors[0].hint == "Use nothing."
    with pytest.raises(errors.UnknownName, match="brands"):
        Catalogue(lists={"brand": []})


def test_validating_does_not_change_the_ad(clean: Ad) -> None:
    """The report depends on the ad only."""
    before = copy.deepcopy(clean)
    validate(clean | {"year": 1})
    assert clean == before


def test_a_valid_ad_takes_the_fast_path(clean: Ad, catalogue: Catalogue) -> None:
    """Without findings, failures are not collected; with findings, both paths agree."""
    checker = _validator(catalogue, "v4", "moped", "create", None)
    assert checker.passes(clean)
    assert checker.findings(clean) == ()
    assert not checker.passes(clean | {"visible": 3})
    assert not _validator(catalogue, "v4", "hunting", "create", None).passes(clean)


def test_forbidden_fields_are_not_suggested(catalogue: Catalogue) -> None:
    """A misspelt name is never corrected to a field that must not be sent."""
    for kind in [Kind(version="v4", category="moped"), Kind(version="v3", category="car")]:
        for at, node in walk(catalogue.schema(kind)):
            if at and not is_sendable(node):
                near = {**copied_example(catalogue, kind), f"{at[-1]}s": 1}
                assert all(f'"{at[-1]}"' not in finding.message for finding in validate(near, version=kind.version).findings)


@pytest.mark.parametrize("engine", ["jsonschema-rs", "jsonschema"])
@pytest.mark.parametrize(("version", "codes"), [("v3", set()), ("v4", {"value.type"})])
def test_spellings_of_a_number_are_equal(version: str, codes: set[str], engine: str, catalogue: Catalogue) -> None:
    """JSON has one kind of numbers: 1121.0 is the category 1121, and 1121.5 is none."""
    ad = example(catalogue.schema(Kind(version=version, category="moped"))) | {"category_id": 1121.0}
    report = validate(ad, version=version, engine=engine)
    assert (str(report.kind), report.errors) == (f"{version}/moped", ())
    assert {finding.code for finding in report.warnings} == codes
    broken = validate(ad | {"category_id": 1121.5}, version=version, engine=engine)
    assert [finding.code for finding in broken.errors] == ["category.malformed"]
