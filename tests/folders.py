"""Folders of schemas of one's own, with few categories: all that is in one is checked whenever the command is given it."""

import json
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any


def some(schemas: Path, folder: Path, *kept: str) -> None:
    """Copy the schemas, with some of their categories in each edition: by default with one."""
    kept = kept or ("moped",)
    shutil.copytree(schemas, folder, dirs_exist_ok=True)
    catalogue = json.loads((folder / "catalogue.json").read_text("utf-8"))
    for edition in catalogue["editions"]:
        for slug in {each["slug"] for each in edition["categories"]} - {*kept}:
            (folder / edition["name"] / f"{slug}.json").unlink(missing_ok=True)
        edition["categories"] = [each for each in edition["categories"] if each["slug"] in kept]
        path = folder / edition["openapi"]
        described(path, *kept, instead=[branch["$ref"] for branch in choice(json.loads(path.read_text("utf-8")))])
    for way in catalogue["mappings"]:
        way["categories"] = [each for each in way["categories"] if each["from"] in kept]
        way["pathless"] = {}
    (folder / "catalogue.json").write_text(json.dumps(catalogue), "utf-8")


def choice(openapi: dict[str, Any]) -> list[dict[str, str]]:
    """The choice of the schemas of categories in an OpenAPI description."""
    branches: list[dict[str, str]] = openapi["components"]["schemas"]["Ad"]["oneOf"]
    return branches


def described(openapi: Path, *slugs: str, instead: Collection[str] = ()) -> None:
    """Add the schemas of categories to the choice in an OpenAPI description, instead of others or beside them."""
    told = json.loads(openapi.read_text("utf-8"))
    branches = [branch for branch in choice(told) if branch["$ref"] not in instead]
    choice(told)[:] = branches + [{"$ref": f"{slug}.json"} for slug in slugs]
    openapi.write_text(json.dumps(told), "utf-8")
