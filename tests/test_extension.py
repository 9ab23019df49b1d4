"""A new category and a new edition are data: files under schemas/, and no Python."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from v4schema import validate
from v4schema.catalogue import Catalogue
from v4schema.cli import main
from v4schema.schema import example


@pytest.fixture
def own(schemas: Path, tmp_path: Path) -> Path:
    """A copy of the schemas with a thirteenth category in V4, and a third edition that has it too."""
    folder = tmp_path / "schemas"
    shutil.copytree(schemas, folder)
    leaf = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://v4schema.invalid/v4/hovercraft.json",
        "title": "Hovercraft (Svävare)",
        "description": "An ad for a hovercraft.",
        "allOf": [{"$ref": "registered.json"}],
        "properties": {
            "category_id": {"x-source": ["S"], "enum": ["1999", 1999], "examples": ["1999"]},
            "category_fields": {
                "x-source": ["S"],
                "required": ["skirt"],
                "properties": {
                    "skirt": {
                        "description": "What the skirt is made of.",
                        "x-source": ["S"],
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
        path.write_text(path.read_text("utf-8").replace("v4schema.invalid/v4/", "v4schema.invalid/v5/"), "utf-8")
    catalogue = json.loads((folder / "catalogue.json").read_text("utf-8"))
    entry = {"slug": "hovercraft", "id": 1999, "names": {"sv": "Svävare"}, "documented": "full", "source": ["S"]}
    newest = catalogue["editions"][-1]
    newest["categories"].append(entry | {"schema": "v4/hovercraft.json"})
    third = json.loads(json.dumps(newest).replace('"v4/', '"v5/')) | {"name": "v5", "title": "V5"}
    catalogue["editions"].append(third)
    (folder / "catalogue.json").write_text(json.dumps(catalogue), "utf-8")
    return folder


@pytest.mark.parametrize("version", ["v4", "v5"])
def test_a_new_category_and_a_new_edition_work_in_the_library(version: str, own: Path) -> None:
    """Identified, validated, misspellings and missing fields found, and nothing of it known to any Python file."""
    held = Catalogue(own)
    kind = held.kind(version, "Svävare")
    ad: dict[str, Any] = example(held.schema(kind))
    report = validate(ad, version=version, catalogue=held)
    assert (str(report.kind), report.findings) == (f"{version}/hovercraft", ())
    ad["category_fields"]["skrit"] = ad["category_fields"].pop("skirt")
    found = validate(ad, version=version, catalogue=held).findings
    assert [(finding.code, finding.at) for finding in found] == [("field.misnamed", "/category_fields/skrit")]


@pytest.mark.parametrize("version", ["v4", "v5"])
def test_a_new_category_and_a_new_edition_work_in_the_command(version: str, own: Path, in_empty_folder: Path) -> None:
    """--schemas names the folder; show and validate know the rest from it."""
    runner = CliRunner()
    words = ["--schemas", str(own)]
    ad = json.loads(runner.invoke(main, ["show", f"{version}/hovercraft", "--example", *words]).stdout)
    (in_empty_folder / "ad.json").write_text(json.dumps(ad), "utf-8")
    assert runner.invoke(main, ["validate", "--api", version, *words, "ad.json"]).exit_code == 0
    ad["category_fields"]["skirt"] = "nylom"
    (in_empty_folder / "ad.json").write_text(json.dumps(ad), "utf-8")
    result = runner.invoke(main, ["validate", "--api", version, *words, "ad.json"])
    assert result.exit_code == 1
    assert 'error schema.enum /category_fields/skirt "nylom" is not a valid choice. Use "nylon". [S]' in result.stdout
    assert f"{version}/hovercraft" in runner.invoke(main, ["show", version, *words]).stdout
