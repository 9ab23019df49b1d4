"""Examples, run by the folder they lie in: `tests/examples/EDITION/CATEGORY/valid` and `…/invalid`.

Each file holds why it is there, the ad, the operation if it is not create, and, if invalid, the findings as [code, pointer].
Adding a case is adding a file.
"""

import json
from pathlib import Path

import pytest

from v4schema import Kind, Level, validate
from v4schema.engine import ENGINES

FOLDER = Path(__file__).parent / "examples"
FILES = sorted(FOLDER.glob("*/*/*/*.json"))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_an_example_is_what_its_folder_says(path: Path, engine: str) -> None:
    """Of the kind its folders name; valid without a warning, or invalid with the findings it spells out."""
    case = json.loads(path.read_text("utf-8"))
    version, category, verdict, _ = path.relative_to(FOLDER).parts
    report = validate(case["ad"], version=version, category=None, operation=case.get("operation", "create"), engine=engine)
    found = [[finding.code, finding.at] for finding in report.findings if finding.level is not Level.NOTE]
    assert report.kind == Kind(version=version, category=category)
    assert case["why"].endswith(".")
    assert found == case.get("findings", [])
    assert report.valid == (verdict == "valid")


def test_every_category_of_every_edition_has_examples(kinds: list[Kind]) -> None:
    """At least one valid and one invalid."""
    for kind in kinds:
        for verdict in ("valid", "invalid"):
            assert list((FOLDER / str(kind) / verdict).glob("*.json")), (kind, verdict)
