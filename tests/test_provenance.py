"""Schemas are merged from layers: what a layer means, and in which file and line a rule is."""

import json
import re
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from commands import Run

from v4schema import Kind
from v4schema.catalogue import Catalogue, provenance
from v4schema.dialect.assertions import assertions
from v4schema.dialect.fields import subschema_at, walk
from v4schema.dialect.flatten import Flattening

#: Keywords that become assertions of another keyword.
BECOMES = {"x-category": "enum", "x-unique": "contains", "x-years-ahead": "maximum", "x-years-back": "minimum"}


def flat(*files: dict[str, Any], operation: str = "create", number: int | None = None) -> dict[str, Any]:
    """Flatten the first of some files, which are called 0, 1, 2 …; each gets a description and sources."""

    def resolve(reference: str, file: str) -> tuple[dict[str, Any], str]:
        name = reference.partition("#")[0] or file
        return files[int(name)], name

    def plausible(quantity_kind: str, which: str, unit: str | None) -> float | None:
        return {("weight", "lowest", "kg"): 2, ("weight", "typical", "g"): 3000, ("age", "highest", None): 9}.get(
            (quantity_kind, which, unit)
        )

    return Flattening(resolve=resolve, operation=operation, year=2026, number=number, plausible=plausible).flatten("0")


def test_documents_beside_an_assertion_are_those_of_the_assertion() -> None:
    """If the layer below has other documents, the assertion becomes a separate rule, and the field keeps its documents."""
    below = {"x-source": ["A"], "type": "string"}
    assert flat({"$ref": "1", "x-source": ["B"], "maxLength": 3}, below) == {
        "x-source": ["A"],
        "type": "string",
        "allOf": [{"x-source": ["B"], "maxLength": 3}],
    }
    assert flat({"$ref": "1", "x-source": ["A"], "maxLength": 3}, below) == {"x-source": ["A"], "type": "string", "maxLength": 3}
    assert flat({"$ref": "1", "maxLength": 3}, below) == {"x-source": ["A"], "type": "string", "maxLength": 3}


@pytest.mark.parametrize("above", [{}, {"description": "More."}, {"x-unit": "kg"}, {"examples": ["a"]}, {"x-private": True}])
def test_documents_without_an_assertion_are_those_of_the_field(above: dict[str, Any]) -> None:
    """They are kept beside a reference, in an `allOf`, and in a field of that."""
    below = {"x-source": ["A"], "type": "string", "allOf": [{"x-level": "note", "x-source": ["C"], "minLength": 1}]}
    expected = {**below, "x-source": ["B"], **above}
    assert flat({"$ref": "1", "x-source": ["B"], **above}, below) == expected
    assert flat({"allOf": [{"$ref": "1"}], "x-source": ["B"], **above}, below) == expected
    within = flat({"$ref": "1", "properties": {"a": {"x-source": ["B"], **above}}}, {"properties": {"a": below}})
    assert within == {"properties": {"a": expected}, "additionalProperties": False}


def test_documents_beside_a_reference_to_a_rule_are_those_of_the_rule() -> None:
    """One rule serves fields that rest on different documents."""
    rule = {"x-source": ["A"], "x-message": "No.", "pattern": "^a$"}
    assert flat({"allOf": [{"$ref": "1", "x-source": ["B"]}]}, rule)["allOf"] == [{**rule, "x-source": ["B"]}]


def test_a_layer_without_documents_has_those_of_the_layer_above() -> None:
    """Shared layers contain the rules, and each edition has the documents."""
    assert flat({"$ref": "1", "x-source": ["B"], "enum": ["a"]}, {"type": "string"}) == {
        "x-source": ["B"],
        "type": "string",
        "enum": ["a"],
    }


def test_plausible_numbers_become_limits_and_an_example() -> None:
    """They are in the requested unit, or in that of the field; without a number there is no limit."""
    every = {"lowest": "weight", "typical": "weight", "highest": "weight"}
    assert flat({"x-plausible": {**every, "in": "kg"}}) == {"minimum": 2}
    assert flat({"x-unit": "g", "x-plausible": every}) == {"x-unit": "g", "examples": [3000]}
    assert flat({"x-plausible": {"highest": "age"}}) == {"maximum": 9}


def test_a_rule_without_an_assertion_is_removed() -> None:
    """The limit may have been at any depth; a rule with another one stays."""
    deep = {"items": {"if": {"const": 1}, "then": {"properties": {"a": {"x-plausible": {"lowest": "length"}}}}}}
    rule = {"x-level": "warning", "x-source": ["A"], "if": {"minimum": 1}, "then": {"properties": {"b": deep}}}
    assert flat({"allOf": [rule]}) == {}
    rule["then"] = {"properties": {"b": deep, "c": {"x-plausible": {"highest": "age"}}}}
    assert flat({"allOf": [rule]})["allOf"][0]["then"]["properties"]["c"] == {"maximum": 9}


def test_the_number_of_a_category_has_each_type_of_its_field() -> None:
    """The order is that of the types; an existing list stays, and without a category there is none."""
    field = {"type": ["integer", "string"], "x-category": True}
    assert flat(field, number=7) == {"type": ["integer", "string"], "enum": [7, "7"], "examples": [7]}
    assert flat({"type": "string", "x-category": True}, number=7) == {"type": "string", "enum": ["7"], "examples": ["7"]}
    assert flat({**field, "enum": [8]}, number=7) == {"type": ["integer", "string"], "enum": [8], "examples": [8]}
    assert flat(field) == {"type": ["integer", "string"]}


def test_each_choice_of_a_unique_member_may_occur_once() -> None:
    """Each choice gets a rule, with the level and the sources of the keyword."""
    kind = {"type": "string", "enum": ["a", "b"]}
    rule = {"x-level": "warning", "x-source": ["A"], "x-unique": "kind"}
    found = flat({"type": "array", "items": {"properties": {"kind": kind}}, "allOf": [rule]})
    assert found["allOf"] == [
        {
            "x-level": "warning",
            "x-source": ["A"],
            "contains": {"properties": {"kind": {"const": choice}}, "required": ["kind"]},
            "minContains": 0,
            "maxContains": 1,
        }
        for choice in ("a", "b")
    ]


def places(catalogue: Catalogue) -> Iterator[tuple[Kind, str, tuple[str, ...]]]:
    """Every field of every kind of ads, with one operation that takes whole ads and one that takes parts."""
    for edition in catalogue.editions.values():
        for slug in (None, *edition.categories):
            kind = Kind(version=edition.name, category=slug)
            for operation in ("create", "update"):
                for at, _ in walk(catalogue.schema(kind, operation)):
                    yield kind, operation, at


@pytest.mark.slow
def test_exactly_the_assertions_about_a_field_have_lines(catalogue: Catalogue) -> None:
    """They are those of its flat schema, by keyword, name, level and documents."""
    expected: dict[tuple[Kind, str, tuple[str, ...]], set[Any]] = {}
    for kind, operation in {(kind, operation): None for kind, operation, _ in places(catalogue)}:
        for each in assertions(catalogue.schema(kind, operation)):
            if each.keyword != "additionalProperties":
                at, name = ((*each.at, each.name), each.name) if each.name else (each.at, None)
                row = each.keyword, name, str(each.level), tuple(each.reporting["x-source"])
                expected.setdefault((kind, operation, at), set()).add(row)
    assert len(expected) > 2000
    for kind, operation, at in places(catalogue):
        found = {
            (
                BECOMES.get(each.keyword, each.keyword),
                each.value if each.keyword == "required" else None,
                each.level,
                tuple(each.source),
            )
            for each in provenance.statements(catalogue, kind, operation, at)
            if each.level is not None
            and not each.about
            and not isinstance(each.value, list | dict if each.keyword == "required" else ())
        }
        assert found == expected.get((kind, operation, at), set()), (kind, operation, at)


def test_the_line_of_a_rule_contains_it(catalogue: Catalogue, schemas: Path) -> None:
    """It contains the keyword, or the row of a table."""
    lines = {path.relative_to(schemas).as_posix(): path.read_text("utf-8").splitlines() for path in schemas.rglob("*.json")}
    seen = set()
    for kind in (Kind(version="v4", category="moped"), Kind(version="v3", category="car")):
        for at, _ in walk(catalogue.schema(kind)):
            for each in provenance.statements(catalogue, kind, "create", at):
                seen.add(each.file)
                text = lines[each.file][provenance.line(catalogue, each) - 1]
                assert f'"{each.within[-1]}":' in text, each
                if each.file == "plausibility.json":
                    assert re.search(rf'"({kind.category}|all)": ', text), each
    assert seen > {"catalogue.json", "plausibility.json", "shared/ad.json", "v4/ad.json", "v4/moped.json", "v3/car.json"}


def test_show_names_file_and_line_of_every_rule_about_a_field(run: Run, schemas: Path) -> None:
    """They include rules of layers, conditional rules and rows of tables; all items of an array have the same rules."""
    shown = run("show", "v4/moped", "--where", "/price/0/amount").stdout
    assert shown == run("show", "v4/moped", "--where", "/price/*/amount").stdout
    assert shown.startswith("/price/*/amount of v4/moped, in the operation create\n")
    assert max(len(line) for line in shown.splitlines() if not line.startswith("The files")) <= 80
    rows = (schemas / "plausibility.json").read_text("utf-8").splitlines()
    line = rows.index('        "moped": {"lowest": 1500, "typical": 35000, "highest": 150000},') + 1
    text = " ".join(shown.split())
    assert f"plausibility.json:{line} warning price.implausible lowest 1500 (price in kr) [inferred]" in text
    assert f"The files are in {schemas}." in shown
    assert 'error type "integer" [S]' in text
    assert 'error maximum 0 if /type is "call" [S]' in text
    assert 'warning price.implausible maximum 15000000 if /type is "list" or "reduced" [S, inferred]' in text
    swapped = " ".join(run("show", "v4/moped", "--where", "/location").stdout.split())
    assert "(in_sweden_when_swapped) [inferred]" in swapped
    mileage = " ".join(run("show", "v4/car", "--where", "/category_fields/condition/mileage/value").stdout.split())
    assert '/condition/is_new_vehicle is false and /condition/mileage/unit is "km" and /condition/mileage/value > 0' in mileage
    brand = run("show", "v4/moped", "--where", "/category_fields/brand").stdout
    assert '    x-list "brands"  [S, V3]\n' in brand
    assert "…" in brand
    assert "The ad of v4/moped, in the operation update" in run("show", "v4/moped", "--operation", "update", "--where", "").stdout


@pytest.mark.slow
def test_show_names_lines_of_the_callers_own_folder(run: Run, schemas: Path) -> None:
    """Paths are relative to the current folder if they are below it."""
    shutil.copytree(schemas, "custom")
    leaf = json.loads(Path("custom", "v4", "moped.json").read_text("utf-8"))
    leaf["properties"]["body"] = {
        "allOf": [{"x-level": "warning", "x-source": ["inferred"], "if": {"not": {"const": "x"}}, "then": {"minLength": 20}}]
    }
    Path("custom", "v4", "moped.json").write_text(json.dumps(leaf, indent=2), "utf-8")
    lines = Path("custom", "v4", "moped.json").read_text("utf-8").splitlines()
    number = next(number for number, line in enumerate(lines, 1) if '"minLength"' in line)
    shown = run("show", "v4/moped", "--schemas", "custom", "--where", "/body").stdout
    assert f'custom/v4/moped.json:{number}\n    warning  minLength 20  if not it is "x"  [inferred]\n' in shown


def test_show_describes_conditions_and_references_of_any_form(run: Run, schemas: Path) -> None:
    """A condition may only require a member, and a keyword may refer to another file."""
    shutil.copytree(schemas, "custom")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://v4schema.invalid/shared/short.json"}
    Path("custom", "shared", "short.json").write_text(
        json.dumps({**head, "description": "Limits.", "$defs": {"short": {"maxLength": 3}}}), "utf-8"
    )
    leaf = json.loads(Path("custom", "v4", "moped.json").read_text("utf-8"))
    leaf["allOf"] += [
        {
            "x-level": "warning",
            "x-source": ["inferred"],
            "if": {"required": ["video_url"]},
            "then": {"properties": {"body": {"not": {"$ref": "../shared/short.json#/$defs/short"}}}},
        }
    ]
    Path("custom", "v4", "moped.json").write_text(json.dumps(leaf), "utf-8")
    result = run("show", "v4/moped", "--schemas", "custom", "--where", "/body")
    assert result.exit_code == 0, result.stderr
    shown = " ".join(result.stdout.split())
    assert 'not {"$ref": "../shared/short.json#/$defs/short"} if /video_url is given [inferred]' in shown
    assert 'custom/shared/short.json:1 warning not {"maxLength": 3} if /video_url is given (short) [inferred]' in shown


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("v4/moped", "--where", "/price/0/amont"), "Unknown field '/price/*/amont' of v4/moped. Did you mean /price/*/amount?"),
        (("v4/moped", "--where", "/pris"), "Unknown field '/pris' of v4/moped. Known: /source_id, "),
        (("v4/moped", "--where", "/body/0"), "Unknown field '/body/*' of v4/moped. Did you mean /body?"),
        (("v4/moped", "--where", "price"), "--where takes a JSON Pointer, which begins with a slash: /price"),
        (("v4", "--where", "/price"), "Name a category, as EDITION/CATEGORY."),
        (("v4/moped", "--where", "/price", "--bundle"), "Choose one of --fields, --bundle, --example, --mapping and --where."),
    ],
)
def test_an_unknown_place_is_wrong_usage(args: tuple[str, ...], message: str, run: Run) -> None:
    """The message suggests the right one."""
    refused = run("show", *args)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert message in " ".join(refused.stderr.split())


@pytest.mark.slow
def test_plausible_numbers_have_existing_categories_and_units(catalogue: Catalogue) -> None:
    """Lowest, typical and highest are in order; a rule that reads the table names its documents."""
    slugs = {slug for edition in catalogue.editions.values() for slug in edition.categories}
    quantity_kinds = catalogue.read("plausibility.json")["measures"]
    for name, quantity_kind in quantity_kinds.items():
        assert {*quantity_kind.get("categories", ())} <= slugs, name
        assert "unit" not in quantity_kind or catalogue.quantity_kind(quantity_kind["unit"])
        for row in [*quantity_kind.get("categories", {}).values(), *([quantity_kind["all"]] if "all" in quantity_kind else [])]:
            assert [*row] == [which for which in ("lowest", "typical", "highest") if which in row], name
            assert [*row.values()] == sorted(row.values()), name
    read = set()
    for kind, operation, at in places(catalogue):
        if operation == "create" and subschema_at(catalogue.schema(kind), at):
            found = [*provenance.statements(catalogue, kind, operation, at)]
            for rule, row in pairwise(found):
                if row.file == "plausibility.json":
                    read.add(row.within[1])
                    assert {*row.source} <= {*rule.source}, rule
    assert read == {*quantity_kinds}
