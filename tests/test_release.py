"""What prevents a release, and what a wheel must contain."""

import zipfile
from pathlib import Path
from typing import Any

import pytest
from release import metadata, obstacles

READY = "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-01-31\n\n- New.\n\n## [1.1.0] - 2025-01-31\n"


def test_nothing_prevents_a_release_that_is_ready() -> None:
    """It has a clean tree, a dated heading and a new tag."""
    assert [*obstacles(version="1.2.0", changelog=READY, changed="", tags=["v1.1.0"])] == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"changed": " M README.md"}, "The work tree is not clean:\n M README.md"),
        ({"tags": ["v1.2.0"]}, "The tag v1.2.0 exists already: raise the version."),
        ({"changelog": "# Changelog\n"}, "CHANGELOG.md does not begin with the heading [Unreleased]."),
        ({"changelog": "## [1.2.0] - 2026-01-31\n"}, "CHANGELOG.md does not begin with the heading [Unreleased]."),
        (
            {"changelog": READY.replace("## [1.2.0] - 2026-01-31\n", "")},
            "CHANGELOG.md has changes under [Unreleased]: move them below ## [1.2.0] - YYYY-MM-DD.",
        ),
        ({"version": "1.3.0"}, "Below [Unreleased], CHANGELOG.md does not go on with ## [1.3.0] - YYYY-MM-DD."),
        (
            {"changelog": READY.replace(" - 2026-01-31", "")},
            "Below [Unreleased], CHANGELOG.md does not go on with ## [1.2.0] - YYYY-MM-DD.",
        ),
        ({"changelog": "## [Unreleased]\n"}, "Below [Unreleased], CHANGELOG.md does not go on with ## [1.2.0] - YYYY-MM-DD."),
    ],
)
def test_everything_that_prevents_a_release_is_reported(change: dict[str, str], message: str) -> None:
    """Each reason is one sentence."""
    ready: dict[str, Any] = {"version": "1.2.0", "changelog": READY, "changed": "", "tags": []}
    assert [*obstacles(**{**ready, **change})] == [message]


METADATA = """\
Metadata-Version: 2.4
Name: v4schema
Version: 1.2.0
Summary: Checks ads
License-Expression: MIT
Requires-Python: >=3.11
Description-Content-Type: text/markdown
"""
WHOLE = {
    "v4schema-1.2.0.dist-info/METADATA": METADATA,
    "v4schema-1.2.0.dist-info/licenses/LICENSE": "MIT",
    "v4schema/py.typed": "",
    "v4schema/schemas/catalogue.json": "{}",
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, []),
        ({"v4schema/py.typed": None}, ["The wheel has no v4schema/py.typed."]),
        ({"v4schema/schemas/catalogue.json": None}, ["The wheel has no v4schema/schemas/catalogue.json."]),
        ({"v4schema-1.2.0.dist-info/METADATA": METADATA.replace("Summary: Checks ads\n", "")}, ["The wheel has no Summary."]),
        ({"tests/ads.py": ""}, ["The wheel holds more than the package: tests, v4schema-1.2.0.dist-info."]),
    ],
)
def test_a_wheel_without_its_data_is_refused(change: dict[str, str | None], message: list[str], tmp_path: Path) -> None:
    """An index requires its metadata, and the package needs its schemas."""
    with zipfile.ZipFile(tmp_path / "a.whl", "w") as wheel:
        for name, text in {**WHOLE, **change}.items():
            if text is not None:
                wheel.writestr(name, text)
    assert [*metadata(tmp_path / "a.whl")] == message
