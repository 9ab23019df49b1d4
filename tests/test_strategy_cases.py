"""The strategies, case by case, so that every branch is tested independently of what is drawn."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, settings
from hypothesis.strategies import DrawFn, SearchStrategy, composite, just
from json_strategies import CATALOGUE

from v4schema import strategies, validate
from v4schema.dialect.engines import compile_schema
from v4schema.openapi.description import source
from v4schema.strategies.domains import Texts
from v4schema.strategies.feeds_and_requests import HttpRequest, endpoints, feed_files, requests_to, token_schemas
from v4schema.strategies.narrowing import Narrower
from v4schema.strategies.respellings import Respeller, respellings
from v4schema.strategies.sampling import MarkedItem, Sampler, matching_texts, unmark, without_marks

SAMPLES = {name: CATALOGUE.read("samples.json")[name] for name in ("texts", "letters", "names")}
#: Finds a value without shrinking it.
QUICK = settings(max_examples=500, phases=[Phase.generate], suppress_health_check=[*HealthCheck])


def first(strategy: SearchStrategy[Any], wanted: Callable[[Any], bool] = lambda _: True) -> Any:  # noqa: ANN401
    """Return the first value of a strategy that matches a condition."""
    return find(strategy, wanted, settings=QUICK)


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
def test_accepted_values_are_drawn(schema: dict[str, Any], wanted: Callable[[Any], bool]) -> None:
    """Values at the bounds are among them, and the engine accepts all of them."""
    sampler = Sampler(narrow=Narrower(), **SAMPLES)
    strategy = sampler.accepted_by(schema)
    assert sampler.accepted_by(schema) is strategy
    value = without_marks(first(strategy, lambda value: bool(wanted(without_marks(value)))))
    assert compile_schema(schema).accepts(value)


def test_a_contradiction_leaves_no_values() -> None:
    """The list has no text of three letters."""
    assert not [*Texts(min_length=3).narrowed("enum", {"enum": ["a"]}, Narrower(), holds=True)]


def test_a_text_is_drawn_letter_by_letter() -> None:
    """One letter represents all letters that the patterns do not name."""
    domain = Texts(patterns=frozenset({("^[ab]{2}[^c]?$", True)}))
    assert first(matching_texts(domain, ("e", "ö"))) in domain
    assert first(matching_texts(domain, ("e", "ö")), lambda text: text.endswith("ö")) in domain


def test_the_marked_item_gets_its_place() -> None:
    """It may contain other items."""
    assert unmark({"a": [1, MarkedItem({"b": 2})]}, ("a", "*", "b")) == ({"a": [1, {"b": 2}]}, ("a", 1, "b"))


@pytest.mark.slow
def test_every_strategy_draws_a_value() -> None:
    """They are those of ads, clean ads, near misses, requests and feeds."""
    assert validate(first(strategies.ads(category="moped", clean=True)), category="moped").findings == ()
    assert validate(first(strategies.ads(category="moped")), category="moped").valid
    assert first(strategies.near_misses(category="moped", operation="update")).findings
    whole = first(
        strategies.near_misses(category="moped", only=lambda assertion: assertion.keyword == "type" and not assertion.at)
    )
    assert (whole.finding.code, whole.finding.at) == ("ad.not_object", "")
    some = first(
        strategies.near_misses(category="moped", operation="update", only=lambda assertion: assertion.keyword == "minItems")
    )
    assert (some.finding.code, some.findings) == ("schema.minItems", (some.finding,))
    for operation, where in (("create", "/ad"), ("replace", "/ad/x"), ("update", "/ad/x")):
        request = first(requests(operation, just({"source_id": "x"})))
        assert (request.operation, request.ad) == (operation, {"source_id": "x"})
        assert request.url.endswith(where)
    assert not first(requests("replace", just({"body": "y"}))).url.endswith("/ad/")
    assert first(strategies.http_requests(category="moped"), lambda request: request.body is None).ad is None
    respelling = first(strategies.respelled(category="moped"))
    assert respelling.kind == CATALOGUE.kind(None, "moped")
    assert first(strategies.feeds(category="moped")).ads


def requests(operation: str, ads: SearchStrategy[dict[str, Any]]) -> SearchStrategy[HttpRequest]:
    """Requests for an operation on some ads."""
    description = source(CATALOGUE, "v4/openapi.json")
    endpoint = next(each for each in endpoints(description) if each.operation == operation)
    tokens = {name: just("x" * 40) for name in token_schemas(description)}
    return requests_to(CATALOGUE, description, endpoint, ads, tokens, SAMPLES["texts"])


@pytest.mark.parametrize("ending", [".json", ".ndjson", ".jsonl", ".gz"])
def test_a_feed_has_every_format(ending: str) -> None:
    """It has one ad or several, as a document or as lines."""
    feed = first(feed_files(just({"a": 1}), 2), lambda feed: feed.name.endswith(ending) and len(feed.ads) == 2)
    assert feed.ads == ({"a": 1}, {"a": 1})


#: Writes the first possible spelling that is not empty.
RESPELLER = Respeller(lambda strategy: find(strategy, lambda value: value != ""), CATALOGUE)  # type: ignore[arg-type]
REMOVED = {"leaving": "[a-z]+", "characters": [" "]}
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
        ("remove", "ab", {}, REMOVED, "a b"),
        ("remove", "A", {}, REMOVED, "A"),
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
        ("unwrap", ["x"], {}, None, "x"),
        ("unwrap", [["x"]], {}, None, [["x"]]),
        ("repeat", ["x"], {}, None, ["x", "x"]),
        ("repeat", [1], {}, None, [1]),
    ],
)
def test_a_respelling_reverses_a_step(step: str, value: object, node: dict[str, Any], argument: object, then: object) -> None:
    """The result is normalised to the value; without another spelling it is the value itself."""
    assert getattr(RESPELLER, step)(value, node, argument) == then


@composite
def misnamed(draw: DrawFn, schema: dict[str, Any], ad: dict[str, Any]) -> dict[str, Any]:
    """An ad with a field under a wrong name, if that name is free."""
    written = dict(ad)
    Respeller(draw, CATALOGUE).misname(schema, written)
    return written


def test_fields_are_written_under_wrong_names() -> None:
    """The value is under the wrong name, and no longer under the right one."""
    schema = CATALOGUE.schema(CATALOGUE.kind("v4", "moped"))
    wrong = first(respellings(CATALOGUE, schema, {"body": "x"}), lambda ad: "body" not in ad)
    assert [value.strip() for value in wrong.values()] == ["x"]
    names = {name: 1 for name, right in CATALOGUE.names.items() if right.at == ("body",)}
    full = {"body": "x", **names}
    assert first(misnamed(schema, full)) == full
