"""Personal data stay in the ad: no pointer, message, report, log or table contains them."""

import dataclasses
import importlib
import io
import json
import pkgutil
from typing import Any

import canaries
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import v4schema
from v4schema import Kind, feed, openapi
from v4schema.catalogue import Catalogue
from v4schema.catalogue.privacy import MaskedPointers, masked_pointer, may_be_private
from v4schema.dialect.fields import is_private, walk
from v4schema.document.pointer import Place, exists, get
from v4schema.feed.question_sheet import QuestionSheet
from v4schema.output import formats

#: Places of private names: in a contact at any place and in any spelling, and outside of it.
TELLING: list[Place] = [
    ("contact", "0701234567"),
    ("contact", "Anna"),
    ("contact", "phone", "Anna"),
    ("contact", 0, "Anna"),
    ("Contact", "Anna"),
    ("kontakt", "Anna"),
    ("contcat", "Anna"),
    ("category_fields", "contact", "Anna"),
    ("price", 0, "contact", "Anna"),
    ("telefon", "Anna"),
    ("0701234567",),
    ("anna@example.com",),
    ("Anna Ek",),
    ("ABC123",),
    ("category_fields", "ABC12D"),
    ("price", 0, "070-123 45 67"),
    ("\u20261",),
]
#: Places of harmless names.
TELLING_NOTHING: list[Place] = [
    ("contact", "phone"),
    ("contact", "Phone"),
    ("contact", "E-mail"),
    ("contact", "telefon"),
    ("colour",),
    ("price", 0, "belopp"),
    ("price", 1234, "amount"),
    ("category_fields", "powertrain", "fuel_tank"),
    ("category_fields", "Övrigt"),
    ("image_1",),
    ("kontakt",),
]


@pytest.mark.parametrize("place", TELLING, ids=str)
def test_a_name_that_may_be_private_is_masked(place: Place, catalogue: Catalogue) -> None:
    """It is within a private or unknown value, or does not look like the name of a field."""
    assert [*may_be_private(catalogue, place)][-1]
    assert str(place[-1]) not in masked_pointer(catalogue, place)


@pytest.mark.parametrize("place", TELLING_NOTHING, ids=str)
def test_a_harmless_name_is_shown(place: Place, catalogue: Catalogue) -> None:
    """Documents have it, in any spelling, or it looks like the name of a field."""
    assert not any(may_be_private(catalogue, place))
    assert masked_pointer(catalogue, place).endswith(f"/{place[-1]}")


#: Names that collide with masks and with one another, and other names.
NAMES = st.sampled_from(["contact", "phone", "Anna", "0701234567", "\u20261", "\u20262", "a/b~c", "", "0"]) | st.text(max_size=4)
DOCUMENTS = st.recursive(
    st.none() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=6,
)


def places(document: Any, at: Place = ()) -> list[Place]:  # noqa: ANN401  (any JSON)
    """Every place in a document."""
    below = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    return [at, *(place for token, value in below for place in places(value, (*at, token)))]


@settings(max_examples=50)
@given(DOCUMENTS)
def test_masked_pointers_can_be_resolved_in_their_document(document: object) -> None:
    """No two places of a document have the same pointer."""
    pointers = MaskedPointers(v4schema.catalogue.default(), document)
    written = {place: pointers.write(place) for place in places(document)}
    assert {place: pointers.parse(at) for place, at in written.items()} == {place: place for place in written}
    assert len({*written.values()}) == len(written)


def test_a_masked_pointer_cannot_be_resolved_in_another_document(catalogue: Catalogue) -> None:
    """A mask without a member stays as it is."""
    pointers = MaskedPointers(catalogue, {"contact": {}})
    again = MaskedPointers(catalogue, {"contact": {"a": [1], "b": 2}})
    assert [again.parse(f"/contact/\u2026{number}") for number in (1, 2)] == [("contact", "a"), ("contact", "b")]
    assert pointers.parse("/contact/\u20263") == ("contact", "\u20263")
    assert pointers.parse("/contact/\u20263/\u20261/0") == ("contact", "\u20263", "\u20261", "0")
    assert MaskedPointers(catalogue, {"contact": [1]}).parse("/contact/0/\u20261") == ("contact", 0, "\u20261")
    assert masked_pointer(catalogue, ("contact", "Anna")) == "/contact/\u2026"


def test_findings_among_private_names_have_their_places_and_lines() -> None:
    """Each finding has the number of its member, and its line; a code frame shows neither name nor value."""
    text = b'{"category_id": "1061",\n"contact": {\n"email": "a@b.se",\n"0701234567": 1,\n"Anna": 2}}'
    (result,) = feed.check([("ad.json", text)], operation="update")
    assert [(each.at, each.line, each.column) for each in result.located() if each.code == "field.unknown"] == [
        ("/contact/\u20262", 4, 1),
        ("/contact/\u20263", 5, 1),
    ]
    framed = "".join(formats.text([result], formats.RenderOptions(rich=True)))
    assert '"\u2026": \u2026' in framed
    assert "0701234567" not in framed
    assert "Anna" not in framed


def test_a_repeated_private_name_is_shown_by_its_number() -> None:
    """The text is no JSON, and the finding points to the second occurrence."""
    (result,) = feed.check([("ad.json", b'[{"a": 1}, {"contact": {"b": 1,\n "0701234567": 1,\n "0701234567": 2}}]')])
    (found,) = result.located()
    assert (found.code, found.at, found.line, found.column) == ("json.duplicate_key", "/1/contact/\u20263", 3, 2)
    assert found.hint == "Keep one of the two of this name."
    assert "0701234567" not in "".join(formats.text([result], formats.RenderOptions(rich=True)))


@pytest.mark.parametrize("name", ['"a\tb"', '"a\\x"', '"\\ud800"'])
def test_a_repeated_broken_name_gives_no_traceback(name: str) -> None:
    """In a text that is no JSON, a name may be invalid too."""
    for text in (
        f'{{"contact": {{{name}: 1, "b": 1, "b": 2}}}}',
        f'{{{name}: {{"b": 1, "b": 2}}}}',
        f'{{"b": 1, "b": 2, {name}: 3}}',
    ):
        (result,) = feed.check([("ad.json", text.encode())])
        assert "".join(formats.text([result], formats.RenderOptions(rich=True)))


def test_a_change_with_private_parts_is_not_shown() -> None:
    """The values of a moved object with plates or unknown names are not printed."""
    ad = {"category_id": "1121", "categoryFields": {"vin": "yv1sw6111x1234567"}, "category_fields": None, "Location": {"Anna": 1}}
    (result,) = feed.prepare([("ad.json", json.dumps(ad).encode())], operation="update")
    findings = json.loads("".join(formats.ndjson([result])))["findings"]
    assert {each["at"] for each in findings if each["code"] == "field.moved"} == {"/categoryFields", "/Location"}
    assert not any("before" in each for each in findings if each["code"] == "field.moved")
    (result,) = feed.prepare([("ad.json", b'{"category_id": "1121", "Visible": true}')], operation="update")
    findings = json.loads("".join(formats.ndjson([result])))["findings"]
    assert [(each["before"], each["after"]) for each in findings if each["code"] == "field.moved"] == [(True, True)]


def test_no_label_is_a_private_field(catalogue: Catalogue, kinds: list[Kind]) -> None:
    """No kind of ad has one, or the text that may contain telephone numbers, as its label."""
    assert not any(is_private(catalogue.schema(kind), at) for kind in kinds for at in catalogue.labels_at)


@pytest.mark.parametrize(
    ("title", "label"),
    [
        (None, ""),
        ("Yamaha Aerox 2020", "Yamaha Aerox 2020"),
        ("Aerox, ring 070-123 45 67!", "Aerox, ring \u2026!"),
        ("Aerox +46 (0)70 1234567", "Aerox \u2026"),
        ("anna.ek@example.com Aerox", "\u2026 Aerox"),
        ("Aerox ABC 12D 1 540 mil", "Aerox \u2026 1 540 mil"),
        ("Aerox YV1SW6111X1234567", "Aerox \u2026"),
    ],
)
def test_a_label_contains_no_personal_data(title: str | None, label: str, catalogue: Catalogue) -> None:
    """Telephone numbers, addresses and plates are removed from the title."""
    ad = {"source_id": "1", "category_id": 1121, "title": title, "body": "Ring 0701234567", "contact": {"phone": "0701234567"}}
    with QuestionSheet(catalogue) as sheet:
        assert sheet.add(v4schema.convert(ad, to="v4"))
        *_, line = b"".join(sheet.lines()).decode().splitlines()
    assert line.split(";")[1] == label
    assert "070" not in line
    assert "ABC" not in line


def test_no_repr_contains_an_ad() -> None:
    """No dataclass of the package has a field with values of an ad in its repr."""
    holding = {"ad", "given", "before", "after", "text", "lead", "ending", "body", "data", "cells", "value", "stood", "headers"}
    # Texts of schemas and mappings, values that rules fill in, and values that the test kit draws are not private.
    exempt = {
        "v4schema.conversion.mappings",
        "v4schema.conversion.comparison",
        "v4schema.conversion.converter.Converter",
        "v4schema.document.rewrite",
        "v4schema.document.positions",
        "v4schema.catalogue.provenance",
        "v4schema.reading.reader.Limits",
        "v4schema.output.staging",  # `before` is a digest
        "v4schema.cli.outputs",  # likewise
    }
    met = set()
    for module in pkgutil.walk_packages(v4schema.__path__, "v4schema."):
        if module.name.startswith(("v4schema.strategies", "v4schema.__main__")):
            continue
        for each in vars(importlib.import_module(module.name)).values():
            name = f"{getattr(each, '__module__', '')}.{getattr(each, '__name__', '')}"
            if not (isinstance(each, type) and dataclasses.is_dataclass(each)) or any(map(name.startswith, exempt)):
                continue
            for field in dataclasses.fields(each):
                if field.name in holding:
                    met.add(name)
                    assert not field.repr, (name, field.name)
    assert {
        "v4schema.reading.reader.Reading",
        "v4schema.normalisation.normaliser.Normalisation",
        "v4schema.conversion.result.Conversion",
    } <= met


def test_messages_of_the_api_have_no_unknown_names() -> None:
    """They are at the fields that the API names, and at a mask for other names."""
    (found,) = openapi.from_api({"contact": {"0701234567": ["Unknown."]}})
    assert found.at == "/contact/\u2026"


def test_later_changes_of_an_ad_are_reported_without_names() -> None:
    """The receipt itself contains the ad, and so does the converted ad."""
    ad = {"source_id": "1", "category_id": 1061, "title": "A", "contact": {"email": "a@b.se", "0701234567": " x "}}
    done = v4schema.convert(ad, to="v4")
    assert done.receipt
    back = v4schema.convert({**done.ad, "category_id": 3, "title": "B"}, to="v3", receipt=done.receipt)
    assert "0701234567" not in repr((back, back.findings))
    assert exists(ad, ("contact", "0701234567"))
    assert get(v4schema.revert(done), ("contact", "0701234567")) == " x "


@pytest.mark.no_cover
@pytest.mark.slow
def test_no_canary_is_seen() -> None:
    """The short form of scripts/canaries.py has private values and names, correct, misspelt, misplaced and in broken texts."""
    kinds = [Kind(version="v3", category="moped")]
    searched, sightings, made = canaries.find_canaries(3, 1, kinds=kinds, on_terminal=False)
    assert not sightings
    assert made > 20
    assert {"report", "InvalidAd", "PreflightError", "log", "questions", "text", "json", "ndjson", "api"} <= {*searched}


def test_a_canary_would_be_seen() -> None:
    """It is found whole, cut, in capitals and escaped, so the test before can fail."""
    maker = canaries.CanaryMaker(1)
    for text in (maker.text(), maker.text()[:9], maker.text().upper(), "\\u0071zxcan", "%71zxcan", json.dumps(maker.digits())):
        assert canaries.find_canary(f"a {text} b")
    assert not canaries.find_canary("Yamaha Aerox 2020")
    assert io.StringIO(maker.text()).read()
    assert any("email" in at for at, _ in walk(v4schema.catalogue.default().schema(Kind(version="v4"))))
