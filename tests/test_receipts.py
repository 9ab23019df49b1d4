"""A receipt converts any value back to any other one, and is intact only as it was created."""

import json
from typing import Any

from ads import CAR
from hypothesis import given
from hypothesis import strategies as st
from json_strategies import ANY_JSON, CATALOGUE

from v4schema import convert
from v4schema.conversion.receipts import create, is_intact, restore
from v4schema.document.json_value import json_equal
from v4schema.feed.receipt_file import ReceiptFile

OBJECTS = st.dictionaries(st.sampled_from(["a", "b", "c", "d~/e", ""]), ANY_JSON, max_size=5)


@given(given_=OBJECTS, new=OBJECTS)
def test_a_receipt_restores_any_value_from_any_other(given_: dict[str, Any], new: dict[str, Any]) -> None:
    """The value is the same in type as well: 1 is not 1.0, and not true."""
    receipt = json.loads(json.dumps(create(given_, new, why=lambda *_, **__: "so")))
    assert is_intact(receipt)
    back = restore(new, receipt)
    assert (back.exact, back.changed) == (True, [])
    assert json.dumps(back.ad) == json.dumps(given_)


def test_the_order_of_names_is_restored() -> None:
    """A receipt records it if it has changed."""
    receipt = create({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1}, why=lambda *_, **__: "so")
    assert json.dumps(restore({"b": {"d": 3, "c": 2}, "a": 1}, receipt).ad) == '{"a": 1, "b": {"c": 2, "d": 3}}'
    assert restore({"b": 5}, receipt).ad == {"b": 5}


@given(one=ANY_JSON, other=ANY_JSON)
def test_values_are_the_same_if_they_are_written_the_same(one: object, other: object) -> None:
    """The order of names does not matter."""
    assert json_equal(one, other) == (json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True))
    assert json_equal(one, json.loads(json.dumps(one)))


@given(given_=OBJECTS, new=OBJECTS, other=OBJECTS)
def test_a_changed_ad_keeps_its_changes(given_: dict[str, Any], new: dict[str, Any], other: dict[str, Any]) -> None:
    """A receipt never raises, and never claims to be exact if it is not."""
    back = restore(other, create(given_, new, why=lambda *_, **__: "so"))
    assert back.exact == (json.dumps(back.ad, sort_keys=True) == json.dumps(given_, sort_keys=True))


def test_restoring_asks_nothing() -> None:
    """Even if the ad cannot be brought back exactly."""
    done = convert(CAR, to="v4")
    restored = convert({**done.ad, "body": None}, to="v3", receipt=done.receipt)
    assert (restored.complete, restored.questions, restored.optional_questions) == (False, (), ())


def test_receipts_are_found_in_any_order() -> None:
    """Each is used once, for an ad with its identifier; other lines and unused receipts are findings."""
    receipts = [convert({**CAR, "source_id": name}, to="v4").receipt for name in ("1", "2", "1", "3")]
    lines = [*(json.dumps(receipt) for receipt in receipts), "[]", "{"]
    receipt_file = ReceiptFile("\n".join(lines).encode(), name="receipts.ndjson", catalogue=CATALOGUE)
    ads = [convert({**CAR, "source_id": name}, to="v4").ad for name in ("2", "1", "1", "1")]
    assert [receipt_file.take(ad) for ad in (*ads, {})] == [receipts[1], receipts[0], receipts[2], None, None]
    remarks = [*receipt_file.remarks(), *receipt_file.remaining()]
    assert [(finding.code, finding.line) for _, finding in remarks] == [
        ("receipt.damaged", 5),
        ("json.truncated", 6),
        ("receipt.unused", 4),
    ]
    assert {name for name, _ in remarks} == {"receipts.ndjson"}


def test_a_receipt_describes_its_conversion() -> None:
    """It has the kinds, the identifier and each change with its reason, and matches its meta-schema."""
    receipt = convert({**CAR, "title": "x"}, to="v4").receipt
    assert (receipt["from"], receipt["to"], receipt["source_id"]) == ("v3/car", "v4/car", "moped-017")
    assert [{**change, "why": bool(change["why"])} for change in receipt["changes"]] == [
        {"at": "/category_id", "was": 1020, "is": "1020", "why": True}
    ]
    assert is_intact(receipt)
    assert not is_intact({**receipt, "source_id": "2"})
    assert not is_intact([])
