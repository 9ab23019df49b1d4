"""A new category and a new edition need only data: files under schemas/, and no Python."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from folders import some

from v4schema import Kind, convert, migrate, normalise, revert, validate
from v4schema.catalogue import Catalogue
from v4schema.cli import main
from v4schema.dialect.fields import example
from v4schema.errors import InvalidSchemas
from v4schema.lint import check


@pytest.fixture
def extended(schemas: Path, tmp_path: Path) -> Path:
    """A copy of some of the schemas of V4 with one more category, and another edition that has it too."""
    folder = tmp_path / "schemas"
    some(schemas, folder)
    leaf = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://v4schema.invalid/v4/hovercraft.json",
        "title": "Hovercraft (Svävare)",
        "description": "An ad for a hovercraft.",
        "allOf": [{"$ref": "registered.json"}],
        "properties": {
            "category_fields": {
                "x-source": ["S"],
                "required": ["skirt"],
                "properties": {
                    "skirt": {
                        "description": "What the skirt is made of.",
                        "x-source": ["S"],
                        "x-normalise": [{"trim": True}],
                        "type": "string",
                        "enum": ["rubber", "nylon"],
                        "examples": ["rubber"],
                    }
                },
            },
        },
    }
    (folder / "v4" / "hovercraft.json").write_text(json.dumps(leaf), "utf-8")
    shutil.copytree(folder / "v4", folder / "v5")
    for path in (folder / "v5").glob("*.json"):
        path.write_text(
            path.read_text("utf-8").replace("v4schema.invalid/v4/", "v4schema.invalid/v5/").replace("/v4/ad", "/v5/ad"), "utf-8"
        )
    catalogue = json.loads((folder / "catalogue.json").read_text("utf-8"))
    entry = {"slug": "hovercraft", "id": 1999, "names": {"sv": "Svävare"}, "documented": "full", "source": ["S"]}
    newest = catalogue["editions"][-1]
    catalogue |= {"editions": [newest], "mappings": []}  # older editions are not needed here, and would be checked each time
    newest["categories"].append(entry | {"schema": "v4/hovercraft.json"})
    third = json.loads(json.dumps(newest).replace('"v4/', '"v5/')) | {"name": "v5", "title": "V5"}
    catalogue["editions"].append(third)
    (folder / "catalogue.json").write_text(json.dumps(catalogue), "utf-8")
    return folder


@pytest.fixture
def mapped(extended: Path) -> Path:
    """The same, with mappings from V4 to V5, in which a category splits and fields are renamed, moved, dropped, filled in."""
    split = {"sea-hovercraft": 2001, "land-hovercraft": 2002}
    leaf = json.loads((extended / "v5" / "hovercraft.json").read_text("utf-8"))
    fields = leaf["properties"]["category_fields"]
    for slug, number in split.items():
        new = json.loads(json.dumps(leaf)) | {"$id": f"https://v4schema.invalid/v5/{slug}.json"}
        new["properties"]["category_id"] = {"x-source": ["S"], "enum": [number], "examples": [number], "type": "integer"}
        new["properties"]["category_fields"] = {
            "x-source": ["S"],
            "required": ["hull", "seats"],
            "properties": {
                "hull": {
                    "description": "The hull.",
                    "x-source": ["S"],
                    "type": "object",
                    "required": ["skirt"],
                    "properties": {"skirt": fields["properties"]["skirt"]},
                },
                "seats": {
                    "description": "How many.",
                    "x-source": ["S"],
                    "x-normalise": [{"number": True}],
                    "type": "integer",
                    "minimum": 1,
                    "examples": [4],
                },
                "engine": {"description": "The engine.", "x-source": ["S"], "type": "string", "examples": ["fan"]},
            },
        }
        new["properties"]["remarks"] = {
            "description": "Remarks.",
            "x-source": ["S"],
            "type": "array",
            "items": {
                "description": "One.",
                "x-source": ["S"],
                "type": "object",
                "properties": {"text": {"description": "Its text.", "x-source": ["S"], "type": "string"}},
            },
        }
        (extended / "v5" / f"{slug}.json").write_text(json.dumps(new), "utf-8")
    leaf = json.loads((extended / "v4" / "hovercraft.json").read_text("utf-8"))
    leaf["properties"]["remarks"] = json.loads(json.dumps(new["properties"]["remarks"]).replace('"text"', '"message"'))
    (extended / "v4" / "hovercraft.json").write_text(json.dumps(leaf), "utf-8")
    catalogue = json.loads((extended / "catalogue.json").read_text("utf-8"))
    newest = catalogue["editions"][-1]
    newest["categories"] = [each for each in newest["categories"] if each["slug"] != "hovercraft"] + [
        {"slug": slug, "id": number, "names": {"en": slug}, "schema": f"v5/{slug}.json", "documented": "full", "source": ["S"]}
        for slug, number in split.items()
    ]
    catalogue["mappings"].append(
        {
            "from": "v4",
            "to": "v5",
            "source": ["S"],
            "categories": [{"from": "hovercraft", "to": slug, "mapping": f"v4-to-v5/{slug}.json"} for slug in split],
            "unmapped": {"moped": {"message": "Nobody knows.", "source": ["S"]}},
        }
    )
    (extended / "catalogue.json").write_text(json.dumps(catalogue), "utf-8")
    (extended / "v4-to-v5").mkdir()
    kept = [*json.loads((extended / "v3-to-v4" / "shared.json").read_text("utf-8"))["keep"], "/price/*/amount", "/image_urls"]
    kept += [*json.loads((extended / "v3-to-v4" / "same.json").read_text("utf-8"))["keep"]]
    kept += [*json.loads((extended / "v3-to-v4" / "vehicle.json").read_text("utf-8"))["keep"]]
    because = {"why": "It is so.", "source": ["S"]}
    for slug, number in split.items():
        mapping: dict[str, Any] = {
            "$schema": "../meta/mapping.json",
            "title": slug,
            "migrate": True,
            "source": ["S"],
            "keep": [place for place in kept if place != "/url"],
            "move": [
                {"from": "/category_fields/skirt", "to": "/category_fields/hull/skirt", **because},
                {"from": "/remarks/*/message", "to": "/remarks/*/text", **because},
            ],
            "drop": [{"from": "/category_id", **because}, {"from": "/url", **because}],
            "fill": [{"to": "/category_id", "value": number, **because}],
            "ask": [{"to": "/category_fields/seats", **because}],
        }
        if slug.startswith("land"):
            mapping["move"][1]["steps"] = [{"trim": True}]
        (extended / "v4-to-v5" / f"{slug}.json").write_text(json.dumps(mapping), "utf-8")
    return extended


@pytest.mark.slow
def test_the_caller_chooses_the_part_of_a_category_that_splits(mapped: Path, in_empty_folder: Path) -> None:
    """Fields are renamed, also in arrays, moved, dropped and filled in; and all of it is converted back."""
    catalogue = Catalogue(mapped)
    ad: dict[str, Any] = example(catalogue.schema(catalogue.kind("v4", "hovercraft")))
    ad |= {"remarks": [{"message": "Fin"}, {}, {"message": "Ny"}], "url": "https://example.com"}
    undecided = convert(ad, to="v5", catalogue=catalogue)
    assert [finding.code for finding in undecided.findings] == ["category.splits"]
    assert undecided.findings[0].message == ("The category v4/hovercraft can become v5/sea-hovercraft or v5/land-hovercraft.")
    answers = {"/category_fields/seats": "4"}
    for done in (how(ad, to="v5", category="sea-hovercraft", answers=answers, catalogue=catalogue) for how in (convert, migrate)):
        assert (done.complete, str(done.kind), done.errors) == (True, "v5/sea-hovercraft", ())
        assert done.ad["category_id"] == 2001
        assert done.ad["category_fields"]["hull"] == {"skirt": "rubber"}
        assert "skirt" not in done.ad["category_fields"]
        assert done.ad["remarks"] == [{"text": "Fin"}, {}, {"text": "Ny"}]
        assert "url" not in done.ad
        assert json.dumps(revert(done)) == json.dumps(ad)
    back = convert(done.ad, to="v4", version="v5", catalogue=catalogue)
    assert back.ad["category_fields"]["skirt"] == "rubber"
    land = convert({**done.ad, "category_id": 2002}, to="v4", version="v5", catalogue=catalogue)
    assert [finding.code for finding in land.findings if finding.code != "schema.required"] == ["category.unmapped"]
    messy = {**ad, "category_fields": {**ad["category_fields"], "skirt": " nylon ", "hull": "none"}}
    done = migrate(messy, to="v5", category="sea-hovercraft", answers=answers, catalogue=catalogue)
    assert done.ad["category_fields"]["hull"] == {"skirt": "nylon"}
    places = {(finding.code, finding.at): finding.to for finding in done.findings}
    assert places["text.respelled", "/category_fields/skirt"] == "/category_fields/hull/skirt"
    assert places["field.dropped", "/category_fields/hull"] is None
    assert json.dumps(revert(done)) == json.dumps(messy)
    runner = CliRunner()
    (in_empty_folder / "ad.json").write_text(json.dumps(ad), "utf-8")
    args = ["convert", "ad.json", "--schemas", str(mapped), "--to", "v5"]
    assert "category.splits" in runner.invoke(main, args).stderr
    asked = runner.invoke(main, [*args, "--category", "2002"])
    assert "field.asked /category_fields/seats" in asked.stderr
    shown = runner.invoke(main, ["show", "--mapping", "v4/hovercraft", "--schemas", str(mapped)]).stdout
    assert "v4/hovercraft to v5/sea-hovercraft" in shown
    assert "v4/hovercraft to v5/land-hovercraft" in shown
    assert "move  /remarks/*/message to /remarks/*/text" in shown
    printed = runner.invoke(main, ["diff", "v4/hovercraft", "v5/sea-hovercraft", "--schemas", str(mapped)]).stdout
    assert "Moved\n" in printed
    assert "was /category_fields/skirt. It is so." in printed


@pytest.mark.slow
def test_an_incomplete_mapping_is_refused(mapped: Path, in_empty_folder: Path) -> None:
    """The mappings of the caller's own folder are checked before they are used."""
    path = mapped / "v4-to-v5" / "sea-hovercraft.json"
    mapping = json.loads(path.read_text("utf-8"))
    runner = CliRunner()
    for wrong, message in (
        ({"keep": mapping["keep"][1:]}, "/source_id is neither kept, moved nor dropped"),
        (
            {"ask": [mapping["ask"][0] | {"suggest": [{"from": "/title", "pattern": "(a)(b)"}]}]},
            "'(a)(b)' must have exactly one group",
        ),
        (
            {"ask": [mapping["ask"][0] | {"suggest": [{"from": "/title", "pattern": "(a+)+"}]}]},
            "the pattern '(a+)+' cannot be used: only a character, a class or an escape may be repeated",
        ),
        (
            {"move": [mapping["move"][0] | {"steps": [{"list": {"unless": "(?=a)"}}]}, mapping["move"][1]]},
            "the pattern '(?=a)' cannot be used: '?' is not allowed here",
        ),
        ({"include": ["sea-hovercraft.json"]}, "it includes itself"),
        ({"migrate": "by air"}, "/migrate does not match meta/mapping.json"),
        ({"move": [mapping["move"][0], mapping["move"][1] | {"to": "/title"}]}, "a value stays in its array"),
        ({"move": [mapping["move"][0] | {"steps": [{"word": "lies"}]}, mapping["move"][1]]}, "uses the word 'lies'"),
    ):
        path.write_text(json.dumps(mapping | wrong), "utf-8")
        done = runner.invoke(main, ["show", "--schemas", str(mapped)])
        assert done.exit_code == 2
        assert message in " ".join(done.stderr.split())
    path.write_text(json.dumps({name: value for name, value in mapping.items() if name != "migrate"}), "utf-8")
    assert "does not say how the category is converted" in runner.invoke(main, ["show", "--schemas", str(mapped)]).stderr
    assert in_empty_folder


@pytest.mark.parametrize("version", ["v4", "v5"])
def test_a_new_category_and_a_new_edition_work_in_the_library(version: str, extended: Path) -> None:
    """Ads are identified and validated, with misspelt and missing fields, without a change to any Python file."""
    catalogue = Catalogue(extended)
    kind = catalogue.kind(version, "Svävare")
    ad: dict[str, Any] = example(catalogue.schema(kind))
    report = validate(ad, version=version, catalogue=catalogue)
    assert (str(report.kind), report.findings) == (f"{version}/hovercraft", ())
    assert normalise({"kategori": "svävare"}, version=version, catalogue=catalogue).kind == kind
    ad["category_fields"]["skrit"] = ad["category_fields"].pop("skirt")
    found = validate(ad, version=version, catalogue=catalogue).findings
    assert [(finding.code, finding.at) for finding in found] == [("field.misnamed", "/category_fields/skrit")]


@pytest.mark.no_cover
@pytest.mark.slow
@pytest.mark.parametrize("version", ["v4", "v5"])
def test_a_new_category_and_a_new_edition_work_in_the_command(version: str, extended: Path, in_empty_folder: Path) -> None:
    """--schemas names the folder; show and validate read everything else from it."""
    runner = CliRunner()
    args = ["--schemas", str(extended)]
    ad = json.loads(runner.invoke(main, ["show", f"{version}/hovercraft", "--example", *args]).stdout)
    (in_empty_folder / "ad.json").write_text(json.dumps(ad), "utf-8")
    assert runner.invoke(main, ["validate", "--api", version, *args, "ad.json"]).exit_code == 0
    ad["category_fields"]["skirt"] = "nylom"
    (in_empty_folder / "ad.json").write_text(json.dumps(ad), "utf-8")
    result = runner.invoke(main, ["validate", "--api", version, *args, "ad.json"])
    assert result.exit_code == 1
    assert 'error schema.enum /category_fields/skirt "nylom" is not a valid choice. Use "nylon". [S]' in result.stdout
    assert f"{version}/hovercraft" in runner.invoke(main, ["show", version, *args]).stdout


@pytest.mark.slow
@pytest.mark.parametrize("gone", ["v3", "v4"])
def test_an_edition_is_deleted_by_deleting_its_folder(gone: str, schemas: Path, tmp_path: Path) -> None:
    """Its entry in the catalogue and its mappings go as well; the other edition does not change."""
    folder = tmp_path / "schemas"
    shutil.copytree(schemas, folder)
    for path in (gone, "v3-to-v4"):
        shutil.rmtree(folder / path)
    content = json.loads((folder / "catalogue.json").read_text("utf-8"))
    content["editions"] = [edition for edition in content["editions"] if edition["name"] != gone]
    content |= {"default": content["editions"][0]["name"], "mappings": []}
    (folder / "catalogue.json").write_text(json.dumps(content), "utf-8")
    catalogue, whole = Catalogue(folder), Catalogue(schemas)
    check(catalogue)
    assert [*catalogue.editions] == [edition for edition in whole.editions if edition != gone]
    for edition in catalogue.editions.values():
        for slug in (None, *edition.categories):
            kind = Kind(version=edition.name, category=slug)
            assert catalogue.schema(kind) == whole.schema(kind)


def test_a_new_category_may_have_plausible_numbers(extended: Path) -> None:
    """Without a row there is no warning; with one, in kronor, both editions warn in their own units."""
    ad: dict[str, Any] = example(Catalogue(extended).schema(Catalogue(extended).kind("v4", "hovercraft")))
    ad["price"][0]["amount"] = 50
    ad["category_fields"]["physics"] = {"gross_weight": {"unit": "kg", "value": 10**6}}
    assert validate(ad, catalogue=Catalogue(extended)).findings == ()
    table = json.loads((extended / "plausibility.json").read_text("utf-8"))
    table["measures"]["price"]["categories"]["hovercraft"] = {"lowest": 9000, "typical": 90000}
    table["measures"]["weight"]["categories"]["hovercraft"] = {"highest": 4000}
    (extended / "plausibility.json").write_text(json.dumps(table), "utf-8")
    for version in ("v4", "v5"):
        catalogue = Catalogue(extended)
        codes = {finding.at: finding.code for finding in validate(ad, version=version, catalogue=catalogue).findings}
        assert codes == {
            "/price/0/amount": "price.implausible",
            "/category_fields/physics/gross_weight/value": "weight.implausible",
        }
        amount = example(catalogue.schema(catalogue.kind(version, "hovercraft")))["price"][0]["amount"]
        assert amount == 9000000


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("catalogue.json", ('"slug": "moped"', '"slug": "car"'), "two categories of v3 have the slug car"),
        (
            "findings.json",
            ('"schema.minimum"', '"schema.maximum"'),
            "fails with schema.minimum, which findings.json does not have",
        ),
        ("shared/ad.json", ('"in_unit"', '"in_units"'), "does not match meta/dialect.json"),
    ],
)
def test_a_folder_with_a_contradiction_is_invalid(
    file: str, change: tuple[str, str], message: str, schemas: Path, tmp_path: Path
) -> None:
    """Categories of an edition differ in slug and number, and each failure has a finding code."""
    some(schemas, tmp_path, "car", "moped")
    text = json.dumps(json.loads((tmp_path / file).read_text("utf-8")))
    assert change[0] in text
    (tmp_path / file).write_text(text.replace(*change), "utf-8")
    with pytest.raises(InvalidSchemas, match=re.escape(message)):
        check(Catalogue(tmp_path))
