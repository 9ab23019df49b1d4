"""Mappings are complete, contain nothing unnecessary, and match their meta-schema."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from json_strategies import CATALOGUE, every_mapping
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from v4schema.conversion.mappings import CategoryMapping, Rule, problems

MAPPINGS = [*every_mapping(CATALOGUE)]


def wrong(mapping: CategoryMapping) -> list[str]:
    """Return the errors of a mapping between the schemas of its kinds."""
    return [*problems(mapping, CATALOGUE.schema(mapping.given), CATALOGUE.schema(mapping.target))]


def test_every_mapping_matches_the_meta_schema(schemas: Path) -> None:
    """No rule has another shape, and no keyword is misspelt."""
    metas = {path.stem: json.loads(path.read_text("utf-8")) for path in (schemas / "meta").glob("*.json")}
    registry: Registry[Any] = Registry().with_resources((meta["$id"], Resource.from_contents(meta)) for meta in metas.values())
    validator = Draft202012Validator(metas["mapping"], registry=registry)
    files = [*schemas.glob("*-to-*/*.json")]
    assert len(files) >= 12
    for path in files:
        assert [error.message for error in validator.iter_errors(json.loads(path.read_text("utf-8")))] == [], path


def test_every_category_has_a_mapping_or_a_reason() -> None:
    """Categories of both editions are mapped; the others have the documents' reason why they are not."""
    for path in CATALOGUE.edition_paths.values():
        if not path.back:
            mapped = {category for category, *_ in path.categories}
            assert mapped | path.unmapped.keys() == CATALOGUE.edition(path.version).categories.keys()
            assert not mapped & path.unmapped.keys()
            assert mapped >= CATALOGUE.edition(path.to).categories.keys()


@pytest.mark.parametrize("mapping", MAPPINGS, ids=lambda mapping: str(mapping.given))
def test_a_mapping_is_complete_and_every_rule_of_it_is_needed(mapping: CategoryMapping) -> None:
    """Every field is kept, moved or dropped, every required one is given, filled in or asked for, and no rule can be removed."""
    assert wrong(mapping) == []
    assert len(mapping.rules) > 25
    for rule in mapping.rules:
        assert wrong(replace(mapping, rules=[each for each in mapping.rules if each is not rule])), rule


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (Rule(action="keep", at=("nothing",), to=("nothing",)), "keep /nothing: /nothing is no field of"),
        (Rule(action="drop", at=("nothing",)), "drop /nothing: /nothing is no field of"),
        (Rule(action="ask", to=("nothing",)), "ask /nothing: /nothing is no field of"),
        (Rule(action="drop", at=("body",)), "/body is in several rules: keep /body and drop /body"),
        (Rule(action="move", at=("title",), to=("body",)), "/body comes from more than one rule"),
        (Rule(action="move", at=("title",), to=("nothing",)), "move /title to /nothing: /nothing is no field of"),
        (Rule(action="ask", to=("source_id",)), "ask /source_id: the field is not required, or always there"),
        (
            Rule(action="ask", to=("category_fields", "vin")),
            "ask /category_fields/vin: the field is not required, or always there",
        ),
        (Rule(action="fill", to=("dealer_code",), value=3), "fill /dealer_code: the field does not take the value"),
    ],
)
def test_an_unnecessary_rule_is_an_error(rule: Rule, message: str) -> None:
    """It names no field, repeats another rule, or supplies a value that exists or is not accepted."""
    mapping = next(each for each in MAPPINGS if not each.automatic)
    others = [each for each in mapping.rules if not (each.to == rule.to and rule.action == "fill")]
    assert any(message in each for each in wrong(replace(mapping, rules=[*others, rule])))


def test_every_rule_has_a_reason_and_sources() -> None:
    """Only rules that keep a field unchanged need none."""
    for mapping in MAPPINGS:
        assert {*mapping.source} <= CATALOGUE.documents.keys()
        for rule in mapping.rules:
            assert rule.action == "keep" or (rule.why.endswith(".") and rule.source)
            assert {*rule.source} <= CATALOGUE.documents.keys()


def test_a_mapping_with_reversible_steps_has_an_opposite() -> None:
    """Moves are reversed; a step that cannot be reversed leaves the mapping without an opposite."""
    mapping = MAPPINGS[0]
    move = Rule(action="move", at=("body",), to=("title",), steps=[{"in_unit": "price"}])
    was_reversed = replace(mapping, rules=[move, Rule(action="drop", at=("contact",))]).reversed
    assert was_reversed is not None
    assert (was_reversed.given, was_reversed.target) == (mapping.target, mapping.given)
    assert [str(rule) for rule in was_reversed.rules] == ["move /title to /body"]
    assert replace(mapping, rules=[replace(move, steps=[{"trim": True}])]).reversed is None
