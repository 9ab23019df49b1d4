"""Mappings leave nothing out, say nothing in vain, and are written as their meta-schema says."""

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
    """What is wrong with a mapping between the schemas of its kinds."""
    return [*problems(mapping, CATALOGUE.schema(mapping.given), CATALOGUE.schema(mapping.target))]


def test_every_file_is_what_the_meta_schema_says(schemas: Path) -> None:
    """No rule of another shape, no keyword misspelt."""
    metas = {path.stem: json.loads(path.read_text("utf-8")) for path in (schemas / "meta").glob("*.json")}
    registry: Registry[Any] = Registry().with_resources((meta["$id"], Resource.from_contents(meta)) for meta in metas.values())
    validator = Draft202012Validator(metas["mapping"], registry=registry)
    files = [*schemas.glob("*-to-*/*.json")]
    assert len(files) >= 12
    for path in files:
        assert [error.message for error in validator.iter_errors(json.loads(path.read_text("utf-8")))] == [], path


def test_every_category_has_a_mapping_or_a_word_of_the_documents() -> None:
    """Those of the older edition that the newer one has are mapped, and of all others it is told that they lead nowhere."""
    for path in CATALOGUE.edition_paths.values():
        if not path.back:
            mapped = {category for category, *_ in path.categories}
            assert mapped | path.unmapped.keys() == CATALOGUE.edition(path.version).categories.keys()
            assert not mapped & path.unmapped.keys()
            assert mapped >= CATALOGUE.edition(path.to).categories.keys()


@pytest.mark.parametrize("mapping", MAPPINGS, ids=lambda mapping: str(mapping.given))
def test_a_mapping_is_complete_and_every_rule_of_it_is_needed(mapping: CategoryMapping) -> None:
    """Every field is kept, moved or dropped, every wanted one given, filled in or asked for: without any one rule, it is not."""
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
def test_a_rule_about_nothing_is_an_error(rule: Rule, message: str) -> None:
    """One that names no field, says twice what happens to one, or supplies what is there or what is not taken."""
    mapping = next(each for each in MAPPINGS if not each.automatic)
    others = [each for each in mapping.rules if not (each.to == rule.to and rule.action == "fill")]
    assert any(message in each for each in wrong(replace(mapping, rules=[*others, rule])))


def test_every_rule_rests_on_documents_and_says_why() -> None:
    """What is not simply kept has a reason, and the reason has a source."""
    for mapping in MAPPINGS:
        assert {*mapping.source} <= CATALOGUE.documents.keys()
        for rule in mapping.rules:
            assert rule.action == "keep" or (rule.why.endswith(".") and rule.source)
            assert {*rule.source} <= CATALOGUE.documents.keys()


def test_a_mapping_is_turned_round_where_its_steps_can_be() -> None:
    """What moves moves back; a mapping with a step that leads no way back has no counterpart."""
    mapping = MAPPINGS[0]
    move = Rule(action="move", at=("body",), to=("title",), steps=[{"in_unit": "price"}])
    was_reversed = replace(mapping, rules=[move, Rule(action="drop", at=("contact",))]).reversed
    assert was_reversed is not None
    assert (was_reversed.given, was_reversed.target) == (mapping.target, mapping.given)
    assert [str(rule) for rule in was_reversed.rules] == ["move /title to /body"]
    assert replace(mapping, rules=[replace(move, steps=[{"trim": True}])]).reversed is None
