"""The test kit itself: what it draws from any schema is what the schema takes, and its words are held to what they say."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from drawn import HELD
from effort import examples
from hypothesis import HealthCheck, Phase, assume, find, given, settings
from hypothesis import strategies as st

from v4schema import errors, strategies
from v4schema.catalogue import Catalogue
from v4schema.dialect.engines import compile_schema
from v4schema.strategies.domains import EVERYTHING, Arrays, Objects, UnknownMember
from v4schema.strategies.narrowing import Narrower
from v4schema.strategies.respellings import Respeller
from v4schema.strategies.sampling import Sampler

SAMPLES = {name: HELD.read("samples.json")[name] for name in ("texts", "letters", "names")}
SCALARS = st.sampled_from([None, True, False, 0, 1, 1.5, -2, "", "a", "bb"])
#: Assertions about values that hold no others.
ASSERTED = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["null", "boolean", "integer", "number", "string", ["string", "number"]]),
        "enum": st.lists(SCALARS, min_size=1, max_size=4, unique_by=json.dumps),
        "const": SCALARS,
        "minimum": st.integers(-2, 2),
        "exclusiveMaximum": st.sampled_from([0, 1.5, 3]),
        "exclusiveMinimum": st.sampled_from([-3, 0.5]),
        "maximum": st.sampled_from([2, 2.5]),
        "minLength": st.integers(0, 2),
        "maxLength": st.integers(1, 3),
        "pattern": st.sampled_from(["^[a-c]*$", "^a", "b$", "[^a]"]),
    },
)
ARRAYS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.just("array"),
        "items": ASSERTED,
        "minItems": st.integers(0, 2),
        "maxItems": st.integers(0, 3),
        "contains": ASSERTED,
        "minContains": st.integers(0, 2),
        "maxContains": st.integers(1, 2),
    },
)
OBJECTS = st.fixed_dictionaries(
    # As in our schemas, what is required is also described.
    {"properties": st.fixed_dictionaries(dict.fromkeys("ab", ASSERTED | ARRAYS))},
    optional={
        "type": st.just("object"),
        "required": st.lists(st.sampled_from("ab"), min_size=1, unique=True),
        "additionalProperties": st.just(False),  # noqa: FBT003
    },
)
PARTS = ASSERTED | ARRAYS | OBJECTS
SCHEMAS = PARTS | st.fixed_dictionaries(
    {},
    optional={
        "allOf": st.lists(PARTS, min_size=1, max_size=3),
        "anyOf": st.lists(PARTS, min_size=1, max_size=2),
        "not": PARTS,
        "if": PARTS,
        "then": PARTS,
    },
).filter(lambda schema: ("if" in schema) is ("then" in schema))


@examples(150, phases=[Phase.generate], suppress_health_check=[*HealthCheck])
@given(schema=SCHEMAS, holds=st.booleans(), data=st.data())
def test_what_is_left_of_everything_is_what_a_schema_takes_or_refuses(
    schema: dict[str, Any], holds: bool, data: st.DataObject
) -> None:
    """Whatever the schema asserts: the engine says the same of each value that is drawn."""
    narrow = Narrower()
    left = narrow(EVERYTHING, schema, holds=holds)
    assume(left)
    value = data.draw(Sampler(narrow=narrow, **SAMPLES).values(left))
    assert compile_schema(schema).accepts(plain(value)) is holds


def plain(value: Any) -> Any:  # noqa: ANN401
    """A value with what its odd items hold."""
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [plain(getattr(item, "value", item)) for item in value]
    return value


def test_what_cannot_be_is_left_out() -> None:
    """Of what no value can do, nothing is left; and what has no items can still be empty."""
    narrow = Narrower()
    none = {"type": "string", "enum": [1]}
    assert [*Arrays().with_items(narrow, none, holds=True)] == [Arrays(items=[], most=0)]
    assert not [*Arrays(items=[]).narrowed("contains", {"contains": {}}, narrow, holds=True)]
    assert not [*Arrays(most=1).sized(2, None)]
    assert not [*Objects(required=frozenset("a")).lacking("a")]
    closing = {"additionalProperties": False}
    assert not [*Objects(closed=True).narrowed("additionalProperties", closing, narrow, holds=False)]
    assert not [*Objects(stray=UnknownMember()).narrowed("additionalProperties", closing, narrow, holds=True)]
    odd = [*Arrays().with_items(narrow, {"type": "string"}, holds=False)]
    assert [*odd[0].with_items(narrow, {"type": "null"}, holds=False)]
    assert not [*odd[0].with_items(narrow, {"type": "string"}, holds=True)]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"operation": "response"}, "operation of a request to v4"),
        ({"version": "v9"}, "edition"),
        ({"category": "zeppelin"}, "category of v4"),
    ],
)
def test_words_that_name_nothing_are_refused(words: dict[str, Any], message: str) -> None:
    """At once, and not only when something is drawn."""
    with pytest.raises(errors.UnknownName, match=message):
        strategies.http_requests(**words)


def test_an_edition_without_a_description_has_no_requests(tmp_path: Path, schemas: Path) -> None:
    """It says so, as the description itself does."""
    for path in schemas.rglob("*.json"):
        copy = tmp_path / path.relative_to(schemas)
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(path.read_text("utf-8"), "utf-8")
    told = json.loads((tmp_path / "catalogue.json").read_text("utf-8"))
    for edition in told["editions"]:
        edition.pop("openapi", None)
    (tmp_path / "catalogue.json").write_text(json.dumps(told), "utf-8")
    with pytest.raises(errors.NoDescription):
        strategies.http_requests(catalogue=Catalogue(tmp_path))


@pytest.mark.slow
@pytest.mark.no_cover
def test_only_some_rules_are_broken_where_only_some_are_wanted() -> None:
    """And where none is, nothing is drawn."""
    once = settings(phases=[Phase.generate], max_examples=1)
    misses = strategies.near_misses(category="car", only=lambda rule: rule.keyword == "maxItems")
    miss = find(misses, lambda _: True, settings=once)
    assert miss.finding.code == "schema.maxItems"
    assert len(miss.ad["image_urls"]) > 20
    assert strategies.near_misses(only=lambda _: False).is_empty


def test_what_the_kit_has_is_known() -> None:
    """And what it has not is no attribute."""
    with pytest.raises(AttributeError, match="nothing"):
        strategies.nothing  # noqa: B018
    assert {"ads", "near_misses"} <= {*dir(strategies)}


@pytest.mark.slow
@pytest.mark.no_cover
def test_a_near_miss_shrinks_to_a_small_ad() -> None:
    """To little more than what is required, and the one field that is wrong."""
    misses = strategies.near_misses(category="moped", only=lambda rule: rule.keyword in {"minLength", "maxLength"})
    miss = find(misses, lambda miss: miss.finding.code == "schema.maxLength")
    assert len(json.dumps(miss.ad)) < 700


def test_what_cannot_be_written_otherwise_stays() -> None:
    """A step that has nothing to undo leaves the value as it is."""
    first: Any = lambda strategy: find(strategy, lambda _: True)  # noqa: E731
    pen = Respeller(first, HELD)
    kinds = HELD.units["kinds"]
    kind = next(kind for kind, told in kinds.items() if "wanted" in told)
    unit = next(iter(kinds[kind]["units"]))
    named, member = HELD.units["members"]["unit"], HELD.units["members"]["value"]
    quantity = {named: unit, member: -1}
    assert pen.slug("Not One", {}, None) == "Not One"
    assert pen.word("unlisted", {}, "") == "unlisted"
    assert pen.number("text") == "text"
    assert pen.number(10**30) == 10**30
    assert pen.quantity(quantity, {}, kind) == quantity
    money, told = next((kind, told) for kind, told in kinds.items() if told.get("bare"))
    assert pen.in_unit(-1, {"x-unit": next(iter(told["units"]))}, money) == -1
    assert pen.slug("a-b", {}, None) == "A B"
    assert pen.number(1.5) == "1.5"


def test_the_extra_is_named_where_it_is_missing() -> None:
    """Without its library, the first use says what to install."""
    script = "import sys; sys.modules['hypothesis'] = None\nfrom v4schema import strategies\nstrategies.ads"
    hide = (
        "import importlib.util as u; f = u.find_spec; u.find_spec = lambda name, *_: None if name == 'hypothesis' else f(name)\n"
    )
    done = subprocess.run([sys.executable, "-c", hide + script], check=False, capture_output=True, text=True)
    assert "MissingExtra: This needs the extra 'hypothesis': pip install 'v4schema[hypothesis]'." in done.stderr


@given(st.data())
def test_a_wrong_name_is_not_written_over_one_that_stands_there(data: st.DataObject) -> None:
    """Nothing of an ad is lost by writing it otherwise."""
    schema = HELD.schema(HELD.kind("v4", "moped"))
    right = next(right.at for right in HELD.names.values() if right.unit is None and len(right.at) == 1)
    wrong = [name for name, each in HELD.names.items() if each.at == right]
    ad = {**dict.fromkeys(wrong, 2), right[0]: 1}
    before = dict(ad)
    draw: Any = data.draw
    Respeller(draw, HELD).misname(schema, ad)
    assert ad == before
