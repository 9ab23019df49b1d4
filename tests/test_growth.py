"""Work grows in proportion to its input, counted in lines of Python that run. `scripts/growth.py` measures time."""

import difflib
import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Any

import pytest
from ads import CAR, MOPED
from hypothesis import given
from hypothesis import strategies as st
from json_strategies import CATALOGUE

from v4schema import Kind, convert, migrate, normalise, validate
from v4schema.conversion import receipts
from v4schema.conversion.result import Conversion
from v4schema.document.edit import Draft
from v4schema.document.pointer import Place
from v4schema.document.rewrite import rewrite
from v4schema.document.source_map import SourceMap
from v4schema.feed.keyed_queue import KeyedQueue
from v4schema.findings.report import Finding, Level
from v4schema.output.line_diff import unified_diff
from v4schema.spelling import single_spaced, word_key


def lines(call: Callable[[], object]) -> int:
    """Count the lines of Python that a call runs, in a separate thread, so that other trace functions stay set."""
    count = 0

    def counted(_: FrameType, event: str, __: object) -> Any:  # noqa: ANN401
        nonlocal count
        count += event == "line"
        return counted

    def traced() -> None:
        sys.settrace(counted)
        call()

    with ThreadPoolExecutor(max_workers=1) as executor:
        executor.submit(traced).result()
    return count


class Items(list[Any]):
    """A list that counts how often it is copied."""

    copies = 0

    def copy(self) -> list[Any]:
        """Copy the list and count the copy."""
        Items.copies += 1
        return Items(self)


def amounts(size: int) -> list[Any]:
    """Return valid prices."""
    return [{"type": "list", "amount": number, "currency": "SEK"} for number in range(size)]


def misnamed(size: int) -> list[Any]:
    """Return prices with a wrong name in each."""
    return [{"type": "list", "belopp": number, "currency": "SEK"} for number in range(size)]


def pictures(size: int) -> list[Any]:
    """Return pictures, each twice and with blanks around it."""
    return [f" https://example.com/{number // 2}.jpg " for number in range(size)]


def explained(size: int) -> Callable[[], object]:
    """Create the receipt of many changes, half of which have a reason."""
    findings = [Finding(code="field.dropped", at=f"/a/{number}", message=f"{number}", level=Level.NOTE) for number in range(size)]
    before, after = ({"a": [value] * size, "b": [value] * size} for value in (1, 2))
    kind = Kind(version="v4")
    done = Conversion(ad=after, given=before, kind=kind, origin=kind, catalogue=CATALOGUE, reported=tuple(findings))
    return lambda: done.receipt


def receipt(new: object, given_: object) -> receipts.Receipt:
    """Create the receipt that converts one value back to another."""
    return receipts.create({"a": given_}, {"a": new}, why=lambda *_, **__: "so")


def brought_back(size: int) -> Callable[[], object]:
    """Convert an ad back in which every price was changed and half of the pictures were removed."""
    given_ = {"price": amounts(size), "image_urls": pictures(size)}
    new = {"price": [{**each, "amount": each["amount"] + 1} for each in given_["price"]], "image_urls": pictures(size // 2)}
    receipt = receipts.create(given_, new, why=lambda *_, **__: "so")
    return lambda: receipts.restore(new, receipt)


def rewriting(size: int) -> Callable[[], object]:
    """Rewrite a text in which everything is renamed, moved, changed or removed."""
    before: dict[str, Any] = {"a": [{"b": f"{number}"} for number in range(size)], "c": [f"{each} " for each in range(size)]}
    after = {"a": [{"d": each["b"]} for each in before["a"]], "c": [each.strip() for each in before["c"][::2]], "e": {}}
    origins: dict[Place, Place] = {("a", number, "d"): ("a", number, "b") for number in range(size)}
    origins |= {("e", str(number)): ("a", number, "b") for number in range(size)}
    after["e"] = {str(number): f"{number}" for number in range(size)}
    text = json.dumps(before).encode()
    return lambda: rewrite(text, before, after, origins)


def compared(size: int) -> Callable[[], object]:
    """Compare two texts in which every third line differs."""
    old = [line for number in range(size) for line in (f"{number}\n", "},\n", f"{number} stays\n")]
    new = [line for number in range(size) for line in (f"{number} new\n", "},\n", f"{number} stays\n")]
    return lambda: [*unified_diff(old, new, "a", "a")]


def on_the_way(size: int) -> Callable[[], object]:
    """Follow every place that was moved."""
    source_map = SourceMap()
    for number in range(size):
        source_map.moved(("a", number, "b"), ("a", number, "c"))
    return lambda: [source_map.to_new(("a", number, "b")) for number in range(size)]


def unlike(size: int) -> Callable[[], object]:
    """Compare items that cannot be sorted."""
    items = [[number] if number % 2 else {"a": number} for number in range(size)]
    ad = {"category_id": "1121", "category_fields": {"powertrain": {"fuels": items}}}
    return lambda: validate(ad, engine="jsonschema")


def asked(size: int) -> Callable[[], object]:
    """Ask the questions of an ad with a title that is nearly an amount."""
    ad = {**MOPED, "title": "1 " * size}
    return lambda: convert(ad, to="v4").questions


WORK: dict[str, Callable[[int], Callable[[], object]]] = {
    "names are moved": lambda size: lambda: normalise({"category_id": "1121", "price": misnamed(size)}).findings,
    "pictures are dropped": lambda size: lambda: normalise({"category_id": "1121", "image_urls": pictures(size)}).findings,
    "ads are migrated": lambda size: lambda: migrate({**CAR, "price": misnamed(size)}, to="v4").findings,
    "a receipt is made": lambda size: lambda: migrate({**CAR, "image_urls": pictures(size)}, to="v4").receipt,
    "a receipt tells why": explained,
    "ads are brought back": brought_back,
    "texts are rewritten": rewriting,
    "texts are compared": compared,
    "places are followed": on_the_way,
    "unlike items are compared": unlike,
    "suggestions are read": asked,
}


@pytest.mark.slow
@pytest.mark.parametrize("work", WORK)
def test_work_is_linear(work: str) -> None:
    """Input of four times the size takes about four times the work; quadratic work would take sixteen times as much."""
    WORK[work](3)()  # so that caches are filled
    little, much = (lines(WORK[work](size)) for size in (100, 400))
    assert much <= 5 * little


@pytest.mark.parametrize(
    "work",
    [
        lambda size: receipts.restore({"a": Items([{"b": 1}] * size)}, receipt([{"b": 1}] * size, [{"b": 2}] * size)),
        lambda size: normalise({"category_id": "1121", "price": Items(misnamed(size))}),
        lambda size: migrate({**CAR, "price": Items(misnamed(size))}, to="v4", price_unit="kr"),
    ],
)
def test_a_list_is_not_copied_for_each_of_its_items(work: Callable[[int], object]) -> None:
    """The number of copies does not depend on the number of items."""
    counts = []
    for size in (5, 50):
        Items.copies = 0
        work(size)
        counts.append(Items.copies)
    assert counts[0] == counts[1]


@given(given_=st.lists(st.sampled_from("abc")), gone=st.sets(st.integers(0, 20)), changed=st.sets(st.integers(0, 20)))
def test_remaining_items_of_a_list_keep_their_text(given_: list[str], gone: set[int], changed: set[int]) -> None:
    """The text is that of the new value, and each unchanged item is written as one of its equals was."""
    after = [f"{item}!" if number in changed else item for number, item in enumerate(given_) if number not in gone]
    text = '{"a": [' + ",".join(f' "{item}"  ' for item in given_) + "]}"
    written = rewrite(text.encode(), {"a": given_}, {"a": after}).decode()
    assert json.loads(written) == {"a": after}
    assert all(f' "{item}"  ' in written for item in after)


def test_the_first_of_many_entries_is_found_without_a_search() -> None:
    """It is found with or without a mark, counted in steps of the database."""
    for mark in (None, "b"):
        counts = []
        for size in (20, 200):
            queue = KeyedQueue()
            steps: list[int] = []
            for number in range(size):
                queue.put("a", number, "b")
            queue._database.set_progress_handler(lambda steps=steps: steps.append(1), 1)  # type: ignore[misc]  # noqa: SLF001
            assert [queue.take("a", mark) for _ in range(10)] == [*range(10)]
            counts.append(len(steps))
            queue.close()
        assert counts[1] <= 2 * counts[0]


PLACES = st.lists(st.sampled_from(["a", "b", 0]), min_size=1, max_size=4).map(tuple)


@given(st.lists(st.tuples(PLACES, PLACES), max_size=8), PLACES)
def test_target_places_follow_the_moves_in_order(moves: list[tuple[Place, Place]], place: Place) -> None:
    """The first move is applied first."""
    source_map, wanted = SourceMap(), place
    for source, target in moves:
        source_map.moved(source, target)
        wanted = (*target, *wanted[len(source) :]) if wanted[: len(source)] == source else wanted
    assert source_map.to_new(place) == wanted


def test_a_draft_does_not_change_the_given_value() -> None:
    """Changed parts are copies; unchanged parts are shared."""
    given_: dict[str, Any] = {"a": [{"b": 1}, {"c": 2}], "d": {"e": 3}, "f": None}
    before = json.dumps(given_)
    draft = Draft(given_)
    assert draft.document is given_
    draft.put(("a", 0, "b"), 4)
    draft.rename(("d", "e"), ("d", "g"), 5)
    draft.rename(("a", 1, "c"), ("f", "h"), 6)
    draft.remove(("a", 0, "b"))
    assert draft.document == {"a": [{}, {}], "d": {"g": 5}, "f": {"h": 6}}
    assert json.dumps(given_) == before
    untouched = Draft(given_)
    untouched.put(("f",), 1)
    assert untouched.document["a"] is given_["a"]
    untouched.put((), 7)
    assert untouched.document == 7


LINES = st.lists(st.sampled_from(["a\n", "b\n", "}\n", "c\n", "d"]), max_size=12)


@given(old=LINES, new=LINES)
def test_small_texts_have_the_diff_of_the_standard_library(old: list[str], new: list[str]) -> None:
    """All lines are the same."""
    wanted = [*difflib.unified_diff(old, new, "x", "y")]
    assert [*unified_diff(old, new, "x", "y")] == wanted


@given(st.data())
def test_a_diff_contains_both_texts(data: st.DataObject) -> None:
    """Its lines are those of both texts, also if these are large."""
    old = [f"{number % data.draw(st.sampled_from([3, 1000]))}\n" for number in range(data.draw(st.integers(0, 200)))]
    new = list(old)
    for place in data.draw(st.lists(st.integers(0, 200), max_size=20)):
        new[place : place + data.draw(st.integers(0, 2))] = [f"{place}!\n"] * data.draw(st.integers(0, 2))
    diff = [
        *unified_diff(
            old,
            new,
            "x",
            "x",
        )
    ]
    assert bool(diff) == (old != new)
    rest, at = list(old), 0
    for line in diff[2:]:
        if line.startswith("@@"):
            start, length = (int(each) for each in f"{line.split()[2][1:]},1".split(",")[:2])
            at = start - 1 if length else start
        elif line.startswith("-"):
            assert rest.pop(at) == line[1:]
        elif line.startswith("+"):
            rest.insert(at, line[1:])
            at += 1
        else:
            assert rest[at] == line[1:]
            at += 1
    assert rest == new


def test_accents_are_not_sorted_in_a_text_that_is_no_word() -> None:
    """Sorting takes the square of their number, and a word has few."""
    assert word_key("E\u0301") == word_key("\u00e9")
    for text in ("\u0301\u0316" * 501, "e\u0301" * 501):
        assert word_key(text) == single_spaced(text) == text
    ad: Any = normalise({"category_id": "1121", "category_fields": {"brand": "Citroe\u0308n" + "\u0301\u0316" * 5_000}}).ad
    assert ad["category_fields"]["brand"] == "citroen"
