"""What the test kit does, case by case and without luck: each way through it is gone here, whatever the laws draw."""

from collections.abc import Callable
from typing import Any

import pytest
from drawn import HELD
from hypothesis import HealthCheck, Phase, find, settings
from hypothesis.strategies import DrawFn, SearchStrategy, composite, just

from v4schema import strategies, validate
from v4schema.dialect.engines import compile_schema
from v4schema.strategies.domains import Texts
from v4schema.strategies.narrowing import Narrower
from v4schema.strategies.respellings import Respeller, respellings
from v4schema.strategies.sampling import MarkedItem, Sampler, unmark, words
from v4schema.strategies.transport import written

SAMPLES = {name: HELD.read("samples.json")[name] for name in ("texts", "letters", "names")}
#: Looks for a value without making it smaller.
QUICK = settings(max_examples=500, phases=[Phase.generate], suppress_health_check=[*HealthCheck])


def first(strategy: SearchStrategy[Any], wanted: Callable[[Any], bool] = lambda _: True) -> Any:  # noqa: ANN401
    """The first value of a strategy that is wanted."""
    return find(strategy, wanted, settings=QUICK)


def bare(value: Any) -> Any:  # noqa: ANN401
    """A value with what its odd items hold."""
    return [bare(item.value if isinstance(item, MarkedItem) else item) for item in value] if isinstance(value, list) else value


TEXTS = {"type": "array", "items": {"type": "string"}}
MIXED = {"type": "array", "items": {"type": ["integer", "string"]}}
NUMBERS = {"type": "array", "items": {"type": "integer"}}
ONE = {"type": "object", "properties": {"a": {"type": "null"}}}


@pytest.mark.parametrize(
    ("schema", "wanted"),
    [
        ({"type": "string", "maxLength": 20}, lambda text: len(text) == 20),
        ({"type": "string", "maxLength": 3}, lambda text: len(text) == 3),
        ({"type": "string", "minLength": 2}, lambda text: len(text) > 2),
        ({"type": "string", "maxLength": 1, "not": {"enum": ["", "e"]}}, lambda text: text not in {"", "e"}),
        ({"type": "string", "pattern": "^[ab]{2}x?$", "not": {"const": "aa"}}, lambda text: text != "aa"),
        ({**TEXTS, "maxItems": 9}, lambda items: len(items) == 9),
        ({**TEXTS, "maxItems": 2}, lambda items: len(items) == 2),
        ({"type": "array", "maxItems": 9, "items": {"not": {}}}, lambda items: items == []),
        (
            {**MIXED, "contains": {"type": "integer"}, "minContains": 2, "maxContains": 2, "minItems": 3},
            lambda items: len(items) > 3,
        ),
        ({**NUMBERS, "uniqueItems": True, "contains": {"const": 1}, "minItems": 2}, lambda items: 1 in items),
        ({**NUMBERS, "not": {"uniqueItems": True}}, lambda items: len(items) == 2),
        ({**NUMBERS, "uniqueItems": True}, lambda items: len(items) == 3),
        ({"type": "array", "not": NUMBERS, "maxItems": 2}, lambda items: len(items) == 1),
        ({"type": "integer", "minimum": 0, "maximum": 3, "not": {"enum": [0, 3]}}, lambda number: number in {1, 2}),
        ({"type": "integer", "maximum": -5}, lambda number: number < -5),
        ({"type": "integer"}, lambda number: number > 10),
        ({"type": "number", "not": {"type": "integer"}, "minimum": 1, "maximum": 2}, lambda number: 1 < number < 2),
        ({"type": "number", "not": {"type": "integer"}, "exclusiveMinimum": 1}, lambda number: number == 1.001),
        ({"type": "integer", "examples": [7]}, lambda number: number == 7),
        ({"type": "object"}, lambda whole: len(whole) == 3),
        ({**ONE, "required": ["a"]}, lambda whole: whole == {"a": None}),
        ({**ONE, "not": {"properties": {"a": {}}, "additionalProperties": False}}, lambda whole: whole.keys() - {"a"}),
        ({"anyOf": [{"type": "null"}, {"const": "x"}]}, lambda value: value == "x"),
        ({"if": {"type": "string"}, "then": {"const": "x"}, "type": ["string", "null"]}, lambda value: value == "x"),
        ({"not": {"anyOf": [{"type": ["null", "boolean", "object", "array", "number"]}]}}, lambda value: isinstance(value, str)),
    ],
)
def test_what_a_schema_takes_can_be_drawn(schema: dict[str, Any], wanted: Callable[[Any], bool]) -> None:
    """Of each kind of values some that are on the edge; and the engine takes them."""
    sampler = Sampler(narrow=Narrower(), **SAMPLES)
    strategy = sampler.taking(schema)
    assert sampler.taking(schema) is strategy
    value = bare(first(strategy, lambda value: bool(wanted(bare(value)))))
    assert compile_schema(schema).accepts(value)


def test_nothing_is_left_of_what_cannot_be() -> None:
    """No text of three letters is listed, so none is taken."""
    assert not [*Texts(least=3).narrowed("enum", {"enum": ["a"]}, Narrower(), holds=True)]


def test_a_text_is_drawn_letter_by_letter() -> None:
    """Of any letter that its patterns do not name there is one that stands for it."""
    domain = Texts(demands=frozenset({("^[ab]{2}[^c]?$", True)}))
    assert first(words(domain, ("e", "ö"))) in domain
    assert first(words(domain, ("e", "ö")), lambda text: text.endswith("ö")) in domain


def test_the_odd_item_is_told_its_place() -> None:
    """Also where it holds others."""
    assert unmark({"a": [1, MarkedItem({"b": 2})]}, ("a", "*", "b")) == ({"a": [1, {"b": 2}]}, ("a", 1, "b"))


def test_every_strategy_draws_what_it_says() -> None:
    """Once: ads, clean ones, near misses, requests and feeds."""
    assert validate(first(strategies.ads(category="moped", clean=True)), category="moped").findings == ()
    assert validate(first(strategies.ads(category="moped")), category="moped").valid
    whole = first(strategies.near_misses(category="moped", only=lambda rule: rule.keyword == "type" and not rule.at))
    assert (whole.finding.code, whole.finding.at) == ("ad.not_object", "")
    some = first(strategies.near_misses(category="moped", operation="update", only=lambda rule: rule.keyword == "minItems"))
    assert (some.finding.code, some.findings) == ("schema.minItems", (some.finding,))
    sent = first(strategies.http_requests(category="moped"), lambda request: request.body is not None)
    assert sent.url.startswith("https://")
    assert sent.operation in HELD.edition(None).operations
    assert first(strategies.http_requests(category="moped"), lambda request: request.body is None).ad is None
    respelt = first(strategies.respelled(category="moped"))
    assert respelt.kind == HELD.kind(None, "moped")
    assert first(strategies.feeds(category="moped")).ads


@pytest.mark.parametrize("ending", [".json", ".ndjson", ".jsonl", ".gz"])
def test_a_feed_has_every_form(ending: str) -> None:
    """One ad, or several, as a document or as lines."""
    feed = first(written(just({"a": 1}), 2), lambda feed: feed.name.endswith(ending) and len(feed.ads) == 2)
    assert feed.ads == ({"a": 1}, {"a": 1})


#: Writes the first of what may be written, save nothing.
PEN = Respeller(lambda strategy: find(strategy, lambda value: value != ""), HELD)  # type: ignore[arg-type]
LEFT = {"leaving": "[a-z]+", "characters": [" "]}
HINTED = {"member": "b", "value": 2, "by": "a"}


@pytest.mark.parametrize(
    ("step", "value", "node", "argument", "then"),
    [
        ("trim", "x", {}, None, " x "),
        ("trim", " x", {}, None, " x"),
        ("trim", 3, {}, None, 3),
        ("case", "AB", {}, None, "ab"),
        ("case", "Ab", {}, None, "Ab"),
        ("replace", "a-b", {}, {"<": "-"}, "a<b"),
        ("remove", "ab", {}, LEFT, "a b"),
        ("remove", "A", {}, LEFT, "A"),
        ("slug", "a-b", {"enum": ["a-b"]}, None, "a-b"),
        ("word", True, {}, "truth", "true"),
        ("word", "gasoline", {"enum": ["gasoline"]}, "fuel", "bensin"),
        ("quantity", {"unit": "km", "value": 1}, {}, "mileage", "1 km"),
        ("quantity", {"unit": "m", "value": 1.234}, {}, "length", "1.2340 m"),
        ("quantity", {"unit": "kw", "value": 0.5}, {}, "power", "0.5 kw"),
        ("in_unit", 1234, {"x-unit": "öre"}, "price", "1234 öre"),
        ("imply", {"a": "1 kr", "b": 2}, {}, HINTED, {"a": "1 kr"}),
        ("imply", {"a": "1 kr", "b": 3}, {}, HINTED, {"a": "1 kr", "b": 3}),
        ("imply", {"a": 1, "b": 2}, {}, HINTED, {"a": 1, "b": 2}),
        ("lone", ["x"], {}, None, "x"),
        ("lone", [["x"]], {}, None, [["x"]]),
        ("repeat", ["x"], {}, None, ["x", "x"]),
        ("repeat", [1], {}, None, [1]),
    ],
)
def test_a_step_is_undone_in_writing(step: str, value: object, node: dict[str, Any], argument: object, then: object) -> None:
    """What normalising reads as the value; or the value itself, where nothing else means it."""
    assert getattr(PEN, step)(value, node, argument) == then


@composite
def misnamed(draw: DrawFn, schema: dict[str, Any], ad: dict[str, Any]) -> dict[str, Any]:
    """An ad of which a field is written under a wrong name, where none stands there."""
    written = dict(ad)
    Respeller(draw, HELD).misname(schema, written)
    return written


def test_an_ad_may_stand_under_wrong_names() -> None:
    """The field itself is gone then, and what stood there is not."""
    schema = HELD.schema(HELD.kind("v4", "moped"))
    wrong = first(respellings(HELD, schema, {"body": "x"}), lambda ad: "body" not in ad)
    assert [value.strip() for value in wrong.values()] == ["x"]
    names = {name: 1 for name, right in HELD.names.items() if right.at == ("body",)}
    full = {"body": "x", **names}
    assert first(misnamed(schema, full)) == full
