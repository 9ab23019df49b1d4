"""Rewriting a text: it has the new value, and every byte of the unchanged parts."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from json_strategies import KINDS, ads, respell, same

from v4schema import feed
from v4schema.document.rewrite import rewrite
from v4schema.reading.parsing import parse_json


def fixed(text: bytes, name: str = "ads.json", **options: Any) -> bytes:  # noqa: ANN401
    """The text with its ads normalised."""
    return b"".join(result.after() for result in feed.prepare([(name, text)], **options))


LAYOUTS = st.sampled_from(
    [
        {"indent": 2, "ensure_ascii": False},
        {"indent": 4},
        {"indent": "\t", "ensure_ascii": False},
        {"separators": (",", ":")},
        {"separators": (" , ", " : ")},
        {},
    ]
)


@given(data=st.data(), layout=LAYOUTS, line=st.sampled_from(["\n", "\r\n"]), several=st.booleans())
def test_the_new_text_has_the_new_value(data: st.DataObject, layout: dict[str, Any], line: str, several: bool) -> None:
    """The text has one ad or an array of ads, in any layout."""
    kind = data.draw(st.sampled_from(KINDS))
    given_ads = [respell(data.draw, kind, data.draw(ads(kind))) for _ in range(2 if several else 1)]
    text = json.dumps(given_ads if several else given_ads[0], **layout).replace("\n", line).encode()
    results = list(feed.prepare([("ads.json", text)], version=kind.version))
    assert b"".join(result.before for result in results) == text
    written = b"".join(result.after() for result in results)
    new: Any = parse_json(written)
    assert same(new if several else [new], [result.report.ad for result in results])
    if not any(result.changed for result in results):
        assert written == text
    if line == "\r\n":
        assert written.count(b"\n") == written.count(b"\r\n")


MESSY = b"""{
  "source_id" :  "a\\u00e4",
  "visible": "ja",
  "unknown": [1.50, 1E3, -0, {"x" : 1e-2}]
,
  "title" :  " \\u00e5 \\u00e4"  ,
  "image_urls" : [ "https://a.se/1.jpg"  ,  " https://a.se/2.jpg" ] ,
\t"location": {"longitude": 18.0600, "latitude": "59,30"},
  "year": 2020.0,
  "mileage_km": 15400.50,
  "category_fields": { }
}
"""


def test_only_changed_parts_are_written_anew() -> None:
    """Spellings of numbers, escapes and odd white space stay, also in values that move."""
    assert fixed(MESSY, category="car") == (
        MESSY.replace(b'"ja"', b"true")
        .replace(b'"59,30"', b"59.3")
        .replace(b'" \\u00e5 \\u00e4"', b'"\\u00e5 \\u00e4"')
        .replace(b'" https', b'"https')
        .replace(b'  "year": 2020.0,\n  "mileage_km": 15400.50,\n', b"")
        .replace(b"{ }", b'{"model_year": 2020.0, "condition": {"mileage": {"unit": "km", "value": 15400.50}}}')
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (b'{"visible":"ja"}', b'{"visible":true}'),
        (b' {"year":2020}', b' {"category_fields":{"model_year":2020}}'),
        (b'{"fuel": "el"}', b'{"category_fields": {"powertrain": {"fuels": ["electric"]}}}'),
        (
            b'{\n    "fuel": "el",\n    "lat": 59\n}',
            b"""{
    "location": {
        "latitude": 59
    },
    "category_fields": {
        "powertrain": {
            "fuels": ["electric"]
        }
    }
}""",
        ),
        (b'{"price": {"type": "list", "amount": "5 kr"}}', b'{"price": [{"type": "list", "amount": 500, "currency": "SEK"}]}'),
        (b'{"a": 1, "Visible": "nej", "b": 2}', b'{"a": 1, "visible": false, "b": 2}'),
        (
            b'{"image_urls": ["https://a.se/1", "https://a.se/2" , "https://a.se/1"]}',
            b'{"image_urls": ["https://a.se/1", "https://a.se/2" ]}',
        ),
        (b'{"body": " \xc3\xa5 <b>"}', b'{"body": "\xc3\xa5 -b-"}'),
        (b'[{"visible": true}, {"visible": "ja"}, {"visible": 1}]', b'[{"visible": true}, {"visible": true}, {"visible": 1}]'),
        (b"3", b"3"),
    ],
)
def test_new_parts_have_the_layout_of_the_text_around_them(text: bytes, wanted: bytes) -> None:
    """They are compact in compact text, on separate lines in indented text, and in the place of what they replace."""
    assert fixed(text, category="car", operation="update") == wanted


def test_a_list_may_lose_an_item_and_change_another() -> None:
    """Items are matched by their values."""
    before = ["a", "b ", "a", "c"]
    text = b'["a",  "b ", "a",\n "c"]'
    assert rewrite(text, before, [before[0], "b", before[3]]) == b'["a",  "b",\n "c"]'
    assert rewrite(text, before, before[1:]) == b'[  "b ", "a",\n "c"]'


def test_new_parts_may_have_any_shape() -> None:
    """They are nested objects and arrays."""
    before: Any = {"a": 1}
    after = {"a": [{"b": [1, None]}, {}, []], "c": {"d": "å"}}
    text = b'{\n  "a": 1\n}'
    assert rewrite(text, before, after).decode() == json.dumps(after, indent=2, ensure_ascii=False)
    assert rewrite(b'{"a":1}', before, after).decode() == json.dumps(after, separators=(",", ":"), ensure_ascii=False)


def test_an_ad_in_an_array_keeps_its_indentation() -> None:
    """New lines are indented by as much as the lines around them."""
    ads = [{"a": 1, "fuel": "el"}, {"b": []}, {"fuel": "diesel"}]
    new = [
        {"a": 1, "category_fields": {"powertrain": {"fuels": ["electric"]}}},
        {"b": []},
        {"category_fields": {"powertrain": {"fuels": ["diesel"]}}},
    ]
    for indent in (2, 4, "\t"):
        text = json.dumps(ads, indent=indent).encode() + b"\n"
        wanted = json.dumps(new, indent=indent)
        assert b"".join(fixed(text, category="car", operation="update").split()).decode() == "".join(wanted.split())
        written = fixed(text, category="car", operation="update").decode().splitlines()
        assert {*map(str.rstrip, written)} >= {
            line
            for line in wanted.splitlines()
            if '"fuels"' not in line and '"e' not in line and '"d' not in line and line.strip() != "]"
        }


def test_each_line_of_a_feed_is_a_document() -> None:
    """It keeps the blank lines before it and its line end; a line that cannot be read stays."""
    feed_text = b'\n{"visible": "ja"}\r\n\n{broken\n{"visible": true}'
    whole = fixed(feed_text, "ads.ndjson", category="car", operation="update")
    assert whole == feed_text.replace(b'"ja"', b"true")
