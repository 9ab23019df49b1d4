"""Rows of the contract, written by hand: wrong values, with the code, the place and the documents of their findings."""

from collections.abc import Callable
from typing import Any

import pytest

from v4schema import validate
from v4schema.document.pointer import get, parse

Ad = dict[str, Any]


@pytest.mark.parametrize(
    ("ad", "at", "value", "wanted"),
    [
        # S: amounts are whole and not negative; of the types, four are known; the currency is SEK.
        ("moped", "/price/0/amount", -1, ("schema.minimum", "error", {"S"})),
        ("moped", "/price/0/amount", 1.5, ("schema.type", "error", {"S"})),
        ("moped", "/price/0/type", "leasing", ("schema.enum", "error", {"S"})),
        ("moped", "/price/0/currency", "EUR", ("schema.enum", "error", {"S"})),
        ("moped", "/price", [], ("schema.minItems", "error", {"S"})),
        # S: a longitude is at most 180 to either side, a latitude 90.
        ("moped", "/location/longitude", 180.5, ("schema.maximum", "error", {"S"})),
        ("moped", "/location/latitude", -91, ("schema.minimum", "error", {"S"})),
        # CR7: the model year is between 1900 and 2100; the plate has at most six characters.
        ("moped", "/category_fields/model_year", 1899, ("schema.minimum", "error", {"CR7", "V3"})),
        ("moped", "/category_fields/model_year", 2101, ("schema.maximum", "error", {"CR7", "V3"})),
        ("moped", "/category_fields/registration_number", "ABC1234", ("schema.maxLength", "error", {"CR7"})),
        # RC: the body type of a moped is always moped.
        ("moped", "/category_fields/body_type", "scooter", ("schema.enum", "error", {"RC"})),
        # S: mileage in km or mil, not negative; fuels are a list that is not empty.
        ("moped", "/category_fields/condition/mileage/unit", "miles", ("schema.enum", "error", {"S"})),
        ("moped", "/category_fields/condition/mileage/value", -1, ("schema.minimum", "error", {"S"})),
        ("moped", "/category_fields/powertrain/fuels", [], ("schema.minItems", "error", {"S"})),
        # S and CD7: visible is true or false, and at most twenty pictures are sent.
        ("moped", "/visible", "ja", ("schema.type", "error", {"S", "CD7"})),
        (
            "moped",
            "/image_urls",
            [f"https://example.com/{number}.jpg" for number in range(21)],
            ("schema.maxItems", "error", {"S"}),
        ),
    ],
)
def test_a_value_against_the_contract_is_a_finding(
    ad: str, at: str, value: object, wanted: tuple[str, str, set[str]], guide: Callable[[str], Ad]
) -> None:
    """It is at the place of the value, with the code of the rule and the documents that it rests on."""
    given = guide(ad)
    *around, last = parse(at)
    inside: Any = get(given, tuple(int(token) if token.isdecimal() else token for token in around))
    inside[last] = value
    found = [(finding.code, finding.level.value, {*finding.source}) for finding in validate(given).findings if finding.at == at]
    assert wanted in found, found


@pytest.mark.parametrize(
    ("at", "source"),
    [
        *((f"/{name}", {"S"}) for name in ("source_id", "dealer_code", "category_id", "body", "price", "visible", "location")),
        *((f"/category_fields/{name}", {"RC"}) for name in ("body_type", "brand", "model", "model_year", "registration_number")),
        ("/category_fields/condition/mileage", {"RC"}),
        ("/category_fields/powertrain/transmission", {"RC"}),
        ("/category_fields/powertrain/fuels", {"RC"}),
    ],
)
def test_a_moped_requires_the_fields_of_the_guide(at: str, source: set[str], guide: Callable[[str], Ad]) -> None:
    """The guide lists the core fields; the list of the categories that came back lists the others."""
    given = guide("moped")
    *around, last = parse(at)
    del get(given, tuple(around))[last]  # type: ignore[attr-defined]
    found = validate(given, category="moped" if at == "/category_id" else None).findings
    assert [(each.code, each.level.value, {*each.source}) for each in found if each.at == at] == [
        ("schema.required", "error", source)
    ]
