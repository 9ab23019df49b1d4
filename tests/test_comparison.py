"""The differences between editions are those that the schemas have."""

import json
from typing import Any

import pytest
from commands import Run
from json_strategies import CATALOGUE, KINDS
from jsonschema import Draft202012Validator

from v4schema import Kind
from v4schema.conversion.comparison import Change, compare


def kind(name: str) -> Kind:
    """Return the kind of a name."""
    version, _, category = name.partition("/")
    return Kind(version=version, category=category)


def changes(one: str, other: str, what: str) -> list[Change]:
    """Return the changes of a sort between two kinds."""
    return [change for change in compare(CATALOGUE, kind(one), kind(other)).changes if change.what == what]


def test_differences_between_a_simple_ad_and_a_vehicle() -> None:
    """Fields are added and removed, limits change, and the caller has to supply required fields."""
    one, other = "v3/moped", "v4/moped"
    assert [change.at for change in changes(one, other, "removed")] == ["/title", "/contact"]
    assert len(changes(one, other, "added")) == 12
    required = {change.to: change.at for change in changes(one, other, "required")}
    assert required["/category_fields/brand"] is None
    assert required["/category_fields/condition/mileage"] == "/category_fields/condition/mileage"
    (pictures,) = changes(one, other, "narrowed")
    assert (pictures.at, pictures.keyword, pictures.before, pictures.after) == ("/image_urls", "maxItems", 38, 20)
    widened = {change.to: (change.before, change.after) for change in changes(one, other, "widened")}
    assert widened["/price/*/type"] == (["list"], ["list", "reduced", "monthly", "call"])
    rewritten = {(change.to, change.keyword): (change.before, change.after) for change in changes(one, other, "rewritten")}
    assert rewritten["/category_id", "enum"] == ([1121], ["1121"])
    assert rewritten["/price/*/amount", "x-unit"] == ("kr", "öre")
    discouraged = {change.to: change.before for change in changes(one, other, "discouraged")}
    assert discouraged["/category_fields/powertrain/transmission"] == ["sequential"]
    supply = [ask.at for ask in compare(CATALOGUE, kind(one), kind(other)).supply]
    assert {"/dealer_code", "/category_fields/brand", "/category_fields/condition/mileage"} <= {*supply}
    assert "/category_fields/body_type" not in supply


def test_the_opposite_comparison_has_opposite_changes() -> None:
    """Added becomes removed, required becomes optional, narrowed becomes widened."""
    for slug in CATALOGUE.edition().categories:
        one, other = f"v3/{slug}", f"v4/{slug}"
        assert [change.to for change in changes(one, other, "added")] == [change.at for change in changes(other, one, "removed")]
        there = {(change.at, change.keyword, str(change.before)) for change in changes(one, other, "narrowed")}
        assert there == {(change.to, change.keyword, str(change.after)) for change in changes(other, one, "widened")}
        optional = {change.at for change in changes(other, one, "optional")}
        assert {change.to for change in changes(one, other, "required") if change.at} == optional | (
            {"/body"} if "/body" not in optional else set()
        )


@pytest.mark.parametrize("each", KINDS, ids=str)
def test_a_kind_does_not_differ_from_itself(each: Kind) -> None:
    """No mapping leads from a kind to itself."""
    found = compare(CATALOGUE, each, each)
    assert (found.changes, found.supply, found.automatic) == ([], [], None)


@pytest.mark.parametrize(("one", "other"), [("v3/moped", "v4/moped"), ("v4/camper", "v3/camper"), ("v3/car", "v4/trailer")])
def test_differences_are_printed_as_text_json_and_markdown(one: str, other: str, run: Run) -> None:
    """Text fits 80 columns, JSON matches its meta-schema, and all three list every field."""
    difference = json.loads(run("diff", one, other, "--format", "json").stdout)
    meta: Any = CATALOGUE.read("meta/difference.json")
    assert list(Draft202012Validator(meta).iter_errors(difference)) == []
    assert difference["changes"]
    text = run("diff", one, other).stdout
    assert max(map(len, text.splitlines())) <= 80
    markdown = run("diff", one, other, "--format", "markdown").stdout
    for change in difference["changes"]:
        place = change["to"] or change["at"]
        assert f"  {place}" in text
        assert f"| `{place}` |" in markdown


def test_the_command_needs_two_kinds(run: Run) -> None:
    """An edition alone or an unknown category is wrong usage."""
    assert "Name a category, as EDITION/CATEGORY, not 'v3' alone." in run("diff", "v3", "v4/moped").stderr
    assert run("diff", "v3/moped", "v4/hovercraft").exit_code == 2


def test_show_prints_a_mapping(run: Run) -> None:
    """Each rule has its place and its reason, in 80 columns; without a mapping, the documents' reason is printed."""
    text = run("show", "--mapping", "v3/moped").stdout
    assert text.startswith("v3/moped to v4/moped: ads must be migrated  [S, RC]\n")
    assert '\nfill  /category_fields/body_type  "moped"  [RC]\n      A moped always has the body type moped.\n' in text
    assert "\nmove  /price/*/amount  by in_unit price  [V3, S]\n" in text
    assert "\nkeep  /source_id\n" in text
    assert max(map(len, text.splitlines())) <= 80
    assert run("show", "--mapping", "v4/car").stdout.startswith("v4/car to v3/car: the way back")
    assert "The typed endpoints of July 2026 move it to 1060.  [S, CD7]" in " ".join(
        run("show", "--mapping", "v3/kayak").stdout.split("\n")
    )
    assert run("show", "--mapping", "v3").exit_code == 2
    assert run("show", "--mapping", "--fields", "v3/moped").exit_code == 2
