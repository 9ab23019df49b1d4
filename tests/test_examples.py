"""Examples, tested by their folders: `tests/examples/EDITION/CATEGORY/valid`, `invalid`, `normalised` or `converted`.

Each file contains its reason, the ad, the operation if it is not create, and, if invalid, the findings as [code, pointer]. A
normalised example contains the new ad (null if it does not change), the findings, and the settings of the caller; a converted one
also the target edition, the answers, and the open questions. To add a case, add a file. `kept.ndjson` contains near misses.
"""

import json
from pathlib import Path

import pytest

from v4schema import Kind, Level, migrate, normalise, preflight, revert, validate
from v4schema.catalogue import default
from v4schema.dialect.engines import ENGINES

FOLDER = Path(__file__).parent / "examples"
FILES = sorted(FOLDER.glob("*/*/*valid/*.json"))
CONVERTED = sorted(FOLDER.glob("*/*/converted/*.json"))
NORMALISED = sorted(FOLDER.glob("*/*/normalised/*.json"))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_an_example_is_valid_or_invalid_as_its_folder_says(path: Path, engine: str) -> None:
    """It has the kind of its folders; it is valid without a warning, or invalid with exactly its findings."""
    case = json.loads(path.read_text("utf-8"))
    version, category, verdict, _ = path.relative_to(FOLDER).parts
    report = validate(case["ad"], version=version, category=None, operation=case.get("operation", "create"), engine=engine)
    found = [[finding.code, finding.at] for finding in report.findings if finding.level is not Level.NOTE]
    assert report.kind == Kind(version=version, category=category)
    assert case["why"].endswith(".")
    assert found == case.get("findings", [])
    assert report.valid == (verdict == "valid")


@pytest.mark.parametrize("engine", ENGINES)
def test_every_kept_near_miss_gives_exactly_its_findings(engine: str) -> None:
    """Each reveals a mutant of the schemas that no other example reveals (`scripts/mutate_schemas.py`)."""
    cases = [json.loads(line) for line in (FOLDER / "kept.ndjson").read_text("utf-8").splitlines()]
    assert cases
    for case in cases:
        version, category = case["kind"].split("/")
        report = validate(case["ad"], version=version, category=category, operation=case["operation"], engine=engine)
        found = {(finding.code, finding.at) for finding in report.findings if finding.level is not Level.NOTE}
        assert found == {*map(tuple, case["findings"])}, case["why"]


@pytest.mark.parametrize("path", NORMALISED, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_an_example_is_normalised_as_expected(path: Path) -> None:
    """It becomes exactly that ad, with exactly those findings; the ad is valid, unless a finding needs a person."""
    case = json.loads(path.read_text("utf-8"))
    version, category, *_ = path.relative_to(FOLDER).parts
    settings = case.get("settings", {})
    report = preflight(case["ad"], version=version, operation=case.get("operation", "create"), **settings)
    left = [finding for finding in report.findings if finding.code != "category.open"]
    assert case["why"].endswith(".")
    assert report.kind == Kind(version=version, category=category)
    assert [[finding.code, finding.at] for finding in left] == case["findings"]
    assert report.ad == (case["becomes"] or case["ad"])
    assert report.valid == (case["becomes"] is not None)
    assert not normalise(report.ad, version=version).changed


@pytest.mark.parametrize("path", CONVERTED, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_an_example_is_converted_as_expected(path: Path) -> None:
    """It becomes exactly that ad, with exactly those findings and questions, and is converted back."""
    case = json.loads(path.read_text("utf-8"))
    version, category, *_ = path.relative_to(FOLDER).parts
    done = migrate(case["ad"], to=case["to"], version=version, answers=case.get("answers"), **case.get("settings", {}))
    findings = [[finding.code, finding.at] for finding in done.findings if finding.code != "category.open"]
    assert case["why"].endswith(".")
    assert done.origin == Kind(version=version, category=category)
    assert findings == case["findings"]
    assert [ask.at for ask in done.questions] == case.get("questions", [])
    assert done.ad == case["becomes"]
    assert json.dumps(revert(done)) == json.dumps(case["ad"])


def test_every_category_that_is_converted_has_an_example() -> None:
    """It is an example of the edition that the mapping is written for."""
    for path in default().edition_paths.values():
        for category, *_ in path.categories:
            if not path.back:
                assert list((FOLDER / path.version / category / "converted").glob("*.json")), category


def test_every_category_of_every_edition_has_examples(kinds: list[Kind]) -> None:
    """It has at least three valid and five invalid ones."""
    for kind in kinds:
        for verdict, least in {"valid": 3, "invalid": 5}.items():
            assert len([*(FOLDER / str(kind) / verdict).glob("*.json")]) >= least, (kind, verdict)
