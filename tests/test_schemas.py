"""The schemas are closed, described, sourced, and written in one dialect."""

import json
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from json_strategies import every_mapping
from jsonschema import Draft202012Validator
from jsonschema_rs import meta
from referencing import Registry, Resource

from v4schema import Kind, validate
from v4schema.catalogue import Catalogue, messages
from v4schema.dialect.fields import error_rules, example, is_private, subschema_at, walk
from v4schema.normalisation.steps import LAST, REVERSIBLE, STEPS
from v4schema.spelling import word_key

OWN_FILES = ["catalogue", "units", "words", "findings", "samples", "plausibility"]


@pytest.fixture
def registry(schemas: Path) -> Registry[Any]:
    """Every schema by its $id."""
    contents = [json.loads(path.read_text("utf-8")) for path in schemas.rglob("*.json")]
    return Registry().with_resources((each["$id"], Resource.from_contents(each)) for each in contents if "$id" in each)


def rules(node: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    """Every object within a schema."""
    if isinstance(node, dict):
        yield node
    if isinstance(node, dict | list):
        for below in node.values() if isinstance(node, dict) else node:
            yield from rules(below)


def of_ads(schemas: Path) -> Iterator[Path]:
    """Every file that is a schema of ads."""
    folders = {path.parent for path in schemas.glob("*/ad.json")}
    return (path for folder in sorted(folders) for path in sorted(folder.glob("*.json")) if path.name != "openapi.json")


def flat(catalogue: Catalogue) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every flat schema of every edition, operation and category, and of the fields that all categories share."""
    for edition in catalogue.editions.values():
        for operation in edition.operations:
            for slug in [None, *edition.categories]:
                kind = Kind(version=edition.name, category=slug)
                yield f"{kind} {operation}", catalogue.schema(kind, operation)


def asserting(catalogue: Catalogue) -> set[str]:
    """The keywords of the dialect that can fail on their own."""
    keywords = catalogue.read("meta/dialect.json")["$defs"]["rule"]["properties"].keys()
    helping = {"$ref", "$comment", "description", "properties", "items", "if", "then", "minContains", "maxContains"}
    return {keyword for keyword in keywords if not keyword.startswith("x-")} - helping


@pytest.mark.parametrize("name", OWN_FILES)
def test_data_files_match_their_meta_schemas(name: str, schemas: Path, registry: Registry[Any]) -> None:
    """They are the catalogue, the units, the words, the findings, the samples and the plausible numbers."""
    meta = json.loads((schemas / "meta" / f"{name}.json").read_text("utf-8"))
    data = json.loads((schemas / f"{name}.json").read_text("utf-8"))
    assert data["$schema"] == f"meta/{name}.json"
    assert list(Draft202012Validator(meta, registry=registry).iter_errors(data)) == []


def test_ad_schemas_are_written_in_the_dialect(schemas: Path, registry: Registry[Any]) -> None:
    """No schema of an ad has a keyword or a construct that the dialect lacks."""
    dialect = Draft202012Validator(json.loads((schemas / "meta" / "dialect.json").read_text("utf-8")), registry=registry)
    files = [*of_ads(schemas)]
    assert len(files) >= 30
    for path in files:
        assert [error.message for error in dialect.iter_errors(json.loads(path.read_text("utf-8")))] == [], path


def test_a_misspelt_keyword_is_refused(schemas: Path, registry: Registry[Any]) -> None:
    """The list of keywords is closed, so a typing error does not remove a rule silently."""
    dialect = Draft202012Validator(json.loads((schemas / "meta" / "dialect.json").read_text("utf-8")), registry=registry)
    leaf = json.loads((schemas / "v4" / "moped.json").read_text("utf-8"))
    leaf["properties"]["category_fields"]["minLenght"] = 1
    assert not dialect.is_valid(leaf)


def test_every_schema_is_valid_and_named_by_its_path(schemas: Path, catalogue: Catalogue) -> None:
    """`$id` and path correspond, and every file is JSON Schema 2020-12."""
    for path in [*of_ads(schemas), *(schemas / "meta").glob("*.json")]:
        content = json.loads(path.read_text("utf-8"))
        Draft202012Validator.check_schema(content)
        assert content["$id"] == catalogue.read("catalogue.json")["base"] + path.relative_to(schemas).as_posix()


def test_references_do_not_lead_into_another_edition(catalogue: Catalogue, schemas: Path) -> None:
    """An edition is deleted by deleting its folder: no other edition and no shared file refers to it."""
    editions = {schemas / edition.schema.partition("/")[0] for edition in catalogue.editions.values()}
    shared = {path.parent for path in of_ads(schemas)} - editions
    assert [folder.name for folder in shared] == ["shared"]
    for path in of_ads(schemas):
        for node in rules(json.loads(path.read_text("utf-8"))):
            if "$ref" in node:
                to = (path.parent / (node["$ref"].partition("#")[0] or path.name)).resolve()
                assert to.is_file(), (path, node)
                assert to.parent.resolve() in {path.parent.resolve(), *(folder.resolve() for folder in shared)}, (path, node)
        if path.parent in shared:
            assert not re.search(rf"\b({'|'.join(catalogue.editions)})\b", path.read_text("utf-8")), path


def test_every_field_is_described_and_names_its_documents(catalogue: Catalogue) -> None:
    """Each field of each flat schema has a description and sources, which are documents of the catalogue."""
    for name, schema in flat(catalogue):
        for at, node in walk(schema):
            assert node.get("description"), (name, at)
            assert node.get("x-source"), (name, at)
            for rule in [node, *node.get("allOf", ())]:
                assert set(rule["x-source"]) <= set(catalogue.documents), (name, at)


def test_a_rule_without_a_document_is_at_most_a_warning(catalogue: Catalogue) -> None:
    """A rule whose only source is `inferred` has a level."""
    for name, schema in flat(catalogue):
        for at, node in walk(schema):
            for rule in [node, *node.get("allOf", ())]:
                assert rule["x-source"] != ["inferred"] or "x-level" in rule, (name, at)


def test_every_described_object_is_closed(catalogue: Catalogue) -> None:
    """`additionalProperties` is false in every object with fields, unless a rule says that no document lists them."""
    for name, schema in flat(catalogue):
        for at, node in walk(schema):
            if "properties" in node:
                assert (node.get("additionalProperties") is False) != ("x-open" in node), (name, at)


def test_flat_schemas_have_no_references(catalogue: Catalogue) -> None:
    """They have none of our keywords that only layers need, either."""
    for name, schema in flat(catalogue):
        assert meta.is_valid(schema), name
        for node in rules(schema):
            assert not {"$ref", "$defs", "$id"} & node.keys(), name


def test_layers_and_flat_form_accept_the_same_whole_ads(catalogue: Catalogue, kinds: list[Kind], registry: Registry[Any]) -> None:
    """As ordinary JSON Schema, a schema with its references gives the same verdict about its example and about errors in it."""
    for kind in kinds:
        category = catalogue.editions[kind.version].categories[str(kind.category)]
        base = catalogue.read("catalogue.json")["base"]
        layered = Draft202012Validator({"$ref": f"{base}{category.schema}"}, registry=registry)
        schema = catalogue.schema(kind, next(iter(catalogue.editions[kind.version].operations)))
        ad = example(schema)
        for name in ad:
            faulty = {**ad, name: 5.5}
            assert Draft202012Validator(schema).is_valid(faulty) is False, (kind, name)
            assert layered.is_valid(faulty) is False, (kind, name)


def test_categories_and_their_schemas_name_each_other(catalogue: Catalogue, kinds: list[Kind]) -> None:
    """The number in the catalogue is the only one that its schema takes, as a number or as text."""
    for kind in kinds:
        category = catalogue.editions[kind.version].categories[str(kind.category)]
        field = subschema_at(catalogue.schema(kind), catalogue.category_at) or {}
        choices = next(fact["enum"] for fact in error_rules(field) if "enum" in fact)
        assert {*choices} == {category.id, str(category.id)}


def test_codes_in_schemas_are_explained_and_every_explained_code_is_used(catalogue: Catalogue, schemas: Path) -> None:
    """`x-code` names a finding of the catalogue; a finding that nothing can report is not listed."""
    named = {
        node["x-code"] for path in of_ads(schemas) for node in rules(json.loads(path.read_text("utf-8"))) if "x-code" in node
    }
    assert named <= set(catalogue.finding_codes)
    package = "".join(path.read_text("utf-8") for path in Path(messages.__file__).parents[1].rglob("*.py"))
    keywords = {f"schema.{keyword}" for keyword in asserting(catalogue)}
    for code in catalogue.finding_codes:
        assert code in named | keywords or f'"{code}"' in package, code


def test_every_keyword_of_the_dialect_has_its_finding(catalogue: Catalogue) -> None:
    """There is a message for the failure of every assertion."""
    assert len(asserting(catalogue)) >= 15
    for keyword in asserting(catalogue):
        assert f"schema.{keyword}" in catalogue.finding_codes


def test_patterns_mean_the_same_in_every_engine(catalogue: Catalogue) -> None:
    """Patterns are anchored, and use no class that engines read in different ways."""
    patterns = {
        node["pattern"] for _, schema in flat(catalogue) for node in rules(schema) if isinstance(node.get("pattern"), str)
    }
    assert len(patterns) >= 10
    for pattern in patterns:
        assert re.fullmatch(r"\^[^\\$]*\$", pattern), pattern
        assert "." not in re.sub(r"\[[^]]*\]", "", pattern), pattern


def test_units_are_exact_and_the_base_of_each_kind_is_one(catalogue: Catalogue) -> None:
    """Factors are decimals; 1 hp (metric) is 0.73549875 kW, 1 mil is 10 km, 1 kr is 100 öre."""
    for kind in catalogue.read("units.json")["kinds"].values():
        assert Fraction(kind["units"][kind["base"]]["factor"]) == 1
    assert catalogue.quantity_kind("hp").units["hp"].sizes["kw"] == 75 * Fraction("9.80665") / 1000
    assert catalogue.quantity_kind("mil").units["mil"].sizes["km"] == 10
    assert catalogue.quantity_kind("öre").units["kr"].sizes["öre"] == 100


def test_known_wrong_names_mean_fields_of_every_edition(catalogue: Catalogue) -> None:
    """Each means a field of some category in every edition, in a unit that exists."""
    assert len(catalogue.names) > 50
    for name, right in catalogue.names.items():
        assert right.unit is None or catalogue.quantity_kind(right.unit)
        for edition in catalogue.editions.values():
            kinds = [Kind(version=edition.name, category=slug) for slug in edition.categories]
            at = tuple(0 if each == "*" else each for each in right.at)
            assert any(subschema_at(catalogue.schema(kind), at) for kind in kinds), (name, edition.name)


def test_translated_words_mean_existing_choices(catalogue: Catalogue) -> None:
    """Each means a choice or an example of a schema, a category, or a unit."""
    nodes = [node for _, schema in flat(catalogue) for node in rules(schema)]
    known = {str(choice) for node in nodes for choice in (*node.get("enum", ()), *node.get("examples", ()), True, False)}
    known |= {unit for kind in catalogue.units["kinds"].values() for unit in kind["units"]}
    known |= {str(category.id) for edition in catalogue.editions.values() for category in edition.categories.values()}
    assert len(catalogue.translations) > 100
    for word, meanings in catalogue.translations.items():
        assert word == word_key(word)
        assert {*map(str, meanings)} <= known, word


def test_words_for_categories_mean_categories(catalogue: Catalogue) -> None:
    """Each means the slug of a category in some edition, and the same one in all that have it."""
    for word, slug in catalogue.read("words.json")["values"]["category"].items():
        found = [edition.category(word) for edition in catalogue.editions.values() if slug in edition.categories]
        assert found
        assert {category and category.slug for category in found} == {slug}, word


def test_steps_are_the_same_in_the_table_and_the_meta_schema(catalogue: Catalogue) -> None:
    """Schemas and mappings can name exactly the steps of the code."""
    described = catalogue.read("meta/dialect.json")["$defs"]["steps"]["items"]["properties"]
    assert [*STEPS] == [*described]
    assert {*STEPS} >= LAST | REVERSIBLE


def test_steps_name_existing_tables_and_quantity_kinds(catalogue: Catalogue) -> None:
    """A word has its table and a quantity its kind; each table, kind and step is used."""
    steps = [step for _, schema in flat(catalogue) for _, node in walk(schema) for step in node.get("x-normalise", ())]
    mapped = [step for mapping in every_mapping(catalogue) for rule in mapping.rules for step in rule.steps]
    tables = {step["word"] for step in steps if "word" in step}
    kinds = {step[name] for step in steps for name in ("quantity", "in_unit") if name in step}
    assert tables == {*catalogue.words}
    assert kinds == {*catalogue.units["kinds"]}
    assert {name for step in [*steps, *mapped] for name in step} == {*STEPS}


def test_every_kind_has_a_valid_example_for_every_operation(catalogue: Catalogue, kinds: list[Kind]) -> None:
    """The example built from the schema has no finding, not even a warning."""
    for kind in kinds:
        for operation in catalogue.editions[kind.version].operations:
            ad = example(catalogue.schema(kind, operation))
            report = validate(ad, version=kind.version, operation=operation)
            assert report.kind == kind
            assert [*report.errors, *report.warnings] == []


def test_an_example_leaves_out_objects_that_would_be_incomplete() -> None:
    """A required member without an example takes its object with it."""
    half = {"properties": {"unit": {"examples": ["m"]}, "value": {}}, "required": ["unit", "value"]}
    assert example({"properties": {"length": half, "id": {"examples": [1]}, "all": {"items": half}}}) == {"id": 1}


def test_contact_and_register_are_private_in_every_edition(catalogue: Catalogue, kinds: list[Kind]) -> None:
    """Personal data are marked, which keeps them out of messages."""
    for kind in kinds:
        schema = catalogue.schema(kind)
        for at, node in walk(schema):
            if node.get("description", "").startswith(
                ("Telephone", "E-mail", "The plate", "The chassis", "The name of a person")
            ):
                assert is_private(schema, at), (kind, at)


def test_every_message_can_be_formatted(catalogue: Catalogue, kinds: list[Kind]) -> None:
    """The messages of rules use only the names that they get."""
    for kind in kinds:
        for node in rules(catalogue.schema(kind)):
            details = {"value": messages.DisplayValue({"latitude": 1, "longitude": 2}, catalogue), "limit": 1, "choices": ""}
            for text in (node.get("x-message"), node.get("x-hint")):
                assert not isinstance(text, str) or text.format(**details)
