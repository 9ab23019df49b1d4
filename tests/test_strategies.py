"""The strategies: values that are drawn from any schema match it, and arguments are checked."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, find, given, settings
from hypothesis import strategies as st
from hypothesis_profiles import examples
from json_strategies import CATALOGUE

from v4schema import errors, strategies
from v4schema.catalogue import Catalogue
from v4schema.dialect.engines import compile_schema
from v4schema.strategies.domains import EVERYTHING, Arrays, Objects, UnknownMember
from v4schema.strategies.narrowing import Narrower
from v4schema.strategies.respellings import Respeller
from v4schema.strategies.sampling import Sampler, without_marks

SAMPLES = {name: CATALOGUE.read("samples.json")[name] for name in ("texts", "letters", "names")}
SCALARS = st.sampled_from([None, True, False, 0, 1, 1.5, -2, "", "a", "bb"])
#: Schemas of scalar values.
SCALAR_SCHEMAS = st.fixed_dictionaries(
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
ARRAY_SCHEMAS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.just("array"),
        "items": SCALAR_SCHEMAS,
        "minItems": st.integers(0, 2),
        "maxItems": st.integers(0, 3),
        "contains": SCALAR_SCHEMAS,
        "minContains": st.integers(0, 2),
        "maxContains": st.integers(1, 2),
    },
)
OBJECT_SCHEMAS = st.fixed_dictionaries(
    # As in our schemas, every required property has a schema.
    {"properties": st.fixed_dictionaries(dict.fromkeys("ab", SCALAR_SCHEMAS | ARRAY_SCHEMAS))},
    optional={
        "type": st.just("object"),
        "required": st.lists(st.sampled_from("ab"), min_size=1, unique=True),
        "additionalProperties": st.just(False),  # noqa: FBT003
    },
)
SUBSCHEMAS = SCALAR_SCHEMAS | ARRAY_SCHEMAS | OBJECT_SCHEMAS
SCHEMAS = SUBSCHEMAS | st.fixed_dictionaries(
    {},
    optional={
        "allOf": st.lists(SUBSCHEMAS, min_size=1, max_size=3),
        "anyOf": st.lists(SUBSCHEMAS, min_size=1, max_size=2),
        "not": SUBSCHEMAS,
        "if": SUBSCHEMAS,
        "then": SUBSCHEMAS,
    },
).filter(lambda schema: ("if" in schema) is ("then" in schema))


@examples(150, phases=[Phase.generate], suppress_health_check=[*HealthCheck])
@given(schema=SCHEMAS, holds=st.booleans(), data=st.data())
def test_narrowing_keeps_the_values_that_a_schema_accepts_or_refuses(
    schema: dict[str, Any], holds: bool, data: st.DataObject
) -> None:
    """The engine agrees about each drawn value, for any schema."""
    narrow = Narrower()
    domains = narrow(EVERYTHING, schema, holds=holds)
    assume(domains)
    value = data.draw(Sampler(narrow=narrow, **SAMPLES).values(domains))
    assert compile_schema(schema).accepts(without_marks(value)) is holds


def test_impossible_domains_are_left_out() -> None:
    """Contradictions leave no values, except that an array without possible items can be empty."""
    narrow = Narrower()
    impossible = {"type": "string", "enum": [1]}
    assert [*Arrays().with_items(narrow, impossible, holds=True)] == [Arrays(items=[], max_items=0)]
    assert not [*Arrays(items=[]).narrowed("contains", {"contains": {}}, narrow, holds=True)]
    assert not [*Arrays(max_items=1).sized(2, None)]
    assert not [*Objects(required=frozenset("a")).without_member("a")]
    closing = {"additionalProperties": False}
    assert not [*Objects(closed=True).narrowed("additionalProperties", closing, narrow, holds=False)]
    assert not [*Objects(unknown_member=UnknownMember()).narrowed("additionalProperties", closing, narrow, holds=True)]
    failing = [*Arrays().with_items(narrow, {"type": "string"}, holds=False)]
    assert [*failing[0].with_items(narrow, {"type": "null"}, holds=False)]
    assert not [*failing[0].with_items(narrow, {"type": "string"}, holds=True)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"operation": "response"}, "of a request to v4"),
        ({"version": "v9"}, "edition"),
        ({"category": "zeppelin"}, "Unknown category .zeppelin. of v4"),
    ],
)
def test_unknown_names_are_refused(arguments: dict[str, Any], message: str) -> None:
    """It happens before anything is drawn."""
    with pytest.raises(errors.UnknownName, match=message):
        strategies.http_requests(**arguments)


def test_an_edition_without_a_description_has_no_requests(tmp_path: Path, schemas: Path) -> None:
    """The error is that of the description."""
    for path in schemas.rglob("*.json"):
        copy = tmp_path / path.relative_to(schemas)
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(path.read_text("utf-8"), "utf-8")
    data = json.loads((tmp_path / "catalogue.json").read_text("utf-8"))
    for edition in data["editions"]:
        edition.pop("openapi", None)
    (tmp_path / "catalogue.json").write_text(json.dumps(data), "utf-8")
    with pytest.raises(errors.NoDescription):
        strategies.http_requests(catalogue=Catalogue(tmp_path))


@pytest.mark.slow
@pytest.mark.no_cover
def test_only_chosen_assertions_are_violated() -> None:
    """If none is chosen, nothing is drawn."""
    once = settings(phases=[Phase.generate], max_examples=1)
    misses = strategies.near_misses(category="car", only=lambda assertion: assertion.keyword == "maxItems")
    miss = find(misses, lambda _: True, settings=once)
    assert miss.finding.code == "schema.maxItems"
    assert len(miss.ad["image_urls"]) > 20
    assert strategies.near_misses(only=lambda _: False).is_empty


def test_public_names_of_the_kit_exist() -> None:
    """Other names are attribute errors."""
    with pytest.raises(AttributeError, match="nothing"):
        strategies.nothing  # noqa: B018
    assert {"ads", "near_misses"} <= {*dir(strategies)}


@pytest.mark.no_cover
def test_the_simplest_near_miss_is_a_small_ad() -> None:
    """It has the required fields and the wrong one."""
    misses = strategies.near_misses(category="moped", only=lambda assertion: assertion.keyword == "maxLength")
    miss = find(misses, lambda _: True, settings=settings(phases=[Phase.generate]))
    assert miss.finding.code == "schema.maxLength"
    assert len(json.dumps(miss.ad)) < 700


def test_values_without_another_spelling_stay() -> None:
    """A step that has nothing to undo leaves the value unchanged."""
    first: Any = lambda strategy: find(strategy, lambda _: True)  # noqa: E731
    respeller = Respeller(first, CATALOGUE)
    kinds = CATALOGUE.units["kinds"]
    kind = next(name for name, data in kinds.items() if "wanted" in data)
    unit = next(iter(kinds[kind]["units"]))
    unit_name, value_name = CATALOGUE.units["members"]["unit"], CATALOGUE.units["members"]["value"]
    quantity = {unit_name: unit, value_name: -1}
    assert respeller.slug("Not One", {}, None) == "Not One"
    assert respeller.word("unlisted", {}, "") == "unlisted"
    assert respeller.number("text") == "text"
    assert respeller.number(10**30) == 10**30
    assert respeller.quantity(quantity, {}, kind) == quantity
    money, data = next((name, data) for name, data in kinds.items() if data.get("bare"))
    assert respeller.in_unit(-1, {"x-unit": next(iter(data["units"]))}, money) == -1
    assert respeller.slug("a-b", {}, None) == "A B"
    assert respeller.number(1.5) == "1.5"


def test_a_missing_extra_is_named() -> None:
    """Without the library, the first use says what to install."""
    script = "import sys; sys.modules['hypothesis'] = None\nfrom v4schema import strategies\nstrategies.ads"
    hide = (
        "import importlib.util as u; f = u.find_spec; u.find_spec = lambda name, *_: None if name == 'hypothesis' else f(name)\n"
    )
    done = subprocess.run([sys.executable, "-c", hide + script], check=False, capture_output=True, text=True)
    assert "MissingExtra: This needs the extra 'hypothesis': pip install '.[hypothesis]' in a clone, or pip" in done.stderr


@given(st.data())
def test_a_wrong_name_does_not_overwrite_a_member(data: st.DataObject) -> None:
    """Respelling an ad loses none of its values."""
    schema = CATALOGUE.schema(CATALOGUE.kind("v4", "moped"))
    right = next(right.at for right in CATALOGUE.names.values() if right.unit is None and len(right.at) == 1)
    wrong = [name for name, each in CATALOGUE.names.items() if each.at == right]
    ad = {**dict.fromkeys(wrong, 2), right[0]: 1}
    before = dict(ad)
    draw: Any = data.draw
    Respeller(draw, CATALOGUE).misname(schema, ad)
    assert ad == before
