"""The caller's own folders of schemas, with few categories, because the command checks the whole folder at each start."""

import json
import shutil
from pathlib import Path


def some(schemas: Path, folder: Path, *kept: str) -> None:
    """Copy the schemas with some categories of each edition, by default with one."""
    kept = kept or ("moped",)
    shutil.copytree(schemas, folder, dirs_exist_ok=True)
    catalogue = json.loads((folder / "catalogue.json").read_text("utf-8"))
    for edition in catalogue["editions"]:
        for slug in {each["slug"] for each in edition["categories"]} - {*kept}:
            (folder / edition["name"] / f"{slug}.json").unlink(missing_ok=True)
        edition["categories"] = [each for each in edition["categories"] if each["slug"] in kept]
    for path in catalogue["mappings"]:
        path["categories"] = [each for each in path["categories"] if each["from"] in kept]
        path["unmapped"] = {}
    (folder / "catalogue.json").write_text(json.dumps(catalogue), "utf-8")
