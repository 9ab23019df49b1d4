"""What the pre-commit hooks rely on: files that are no ads are skipped, and no finding is printed by both hooks."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from commands import Run, without_legend

from v4schema import feed

Ad = dict[str, Any]

#: As npm writes it: one of its names, `description`, is also a known wrong name for a field of an ad.
PACKAGE = {"name": "shop", "version": "1.0.0", "description": "A shop", "private": True, "license": "MIT"}
FOREIGN = [
    pytest.param(json.dumps(PACKAGE), id="one wrong name"),
    pytest.param('{"compilerOptions": {"price": 1, "source_id": 2}}', id="names deeper down"),
    pytest.param("{}", id="empty object"),
    pytest.param('["a", 1, null]', id="no objects"),
    pytest.param('"text"', id="no object"),
    pytest.param('{"id": 1, "created": "2026-01-01", "state": "open"}', id="names that occur in answers alone"),
]
ADS = [
    pytest.param({"source_id": "1"}, id="a field"),
    pytest.param({"Source-ID": "1", "x": 1}, id="a field in other letters"),
    pytest.param({"årsmodell": 2020, "märke": "Yamaha"}, id="two wrong names"),
    pytest.param([*[{"x": 1}] * 19, {"source_id": "1"}], id="a field in the twentieth ad"),
]


@pytest.mark.parametrize("text", FOREIGN)
@pytest.mark.parametrize("command", ["validate", "normalise"])
def test_a_file_that_is_no_ad_is_skipped_with_a_note(command: str, text: str, run: Run) -> None:
    """It is not checked and not counted as an ad; standard error names it, and the run does not fail."""
    Path("package.json").write_text(text, "utf-8")
    ran = run(command, "--ignore-unknown", "--fail-on", "note", "package.json")
    assert (ran.exit_code, ran.stdout) == (0, "")
    assert ran.stderr.splitlines() == [
        "0 ads, 0 clean: 0 errors.",
        "Skipped, because nothing in it looks like an ad: package.json.",
    ]


@pytest.mark.parametrize("ad", ADS)
def test_a_file_that_may_be_an_ad_is_checked(ad: object, run: Run) -> None:
    """One field of an ad, or two wrong names for fields, are enough."""
    Path("ad.json").write_text(json.dumps(ad), "utf-8")
    ran = run("validate", "--ignore-unknown", "ad.json")
    assert ran.exit_code != 0
    assert "schema.required" in ran.stdout
    assert "Passed over" not in ran.stderr


def test_only_the_first_items_are_searched_for_ads(run: Run) -> None:
    """A large file that contains no ads is not read to its end."""
    Path("log.json").write_text(json.dumps([*[{"x": 1}] * 20, {"source_id": "1"}]), "utf-8")
    assert run("validate", "--ignore-unknown", "log.json").exit_code == 0


@pytest.mark.parametrize(("text", "code"), [("{", "json.truncated"), ("", "json.empty"), ("{x: 1}", "json.syntax")])
def test_an_unreadable_file_is_never_skipped(text: str, code: str, run: Run) -> None:
    """Nobody can tell whether it contains ads."""
    Path("broken.json").write_text(text, "utf-8")
    ran = run("validate", "--ignore-unknown", "broken.json")
    assert ran.exit_code == 3
    assert f" {code} " in ran.stdout


def test_without_the_option_no_file_is_skipped(run: Run) -> None:
    """A file that is named on the command line is meant."""
    Path("package.json").write_text(json.dumps(PACKAGE), "utf-8")
    assert " warning field.unknown /version " in run("validate", "package.json").stdout


def test_the_summary_counts_skipped_files(run: Run, good: str) -> None:
    """A report counts them, but has results of ads only; a long list of them is cut, and --quiet leaves it out."""
    names = [f"{number}.json" for number in range(12)]
    for name in names:
        Path(name).write_text("{}", "utf-8")
    ran = run("validate", "--ignore-unknown", "--format", "json", *names, good)
    report = json.loads(ran.stdout)
    assert (report["summary"]["skipped"], report["summary"]["ads"]) == (12, 1)
    assert [result["source"] for result in report["results"]] == [good]
    assert f"{', '.join(names[:10])} and 2 others." in ran.stderr
    assert "Passed over" not in run("validate", "--ignore-unknown", "--quiet", *names).stderr


@pytest.mark.parametrize("name", ["foreign.json", "foreign.ndjson.gz"])
def test_normalise_in_place_leaves_a_skipped_file_unchanged(name: str, run: Run) -> None:
    """It stays byte for byte, although normalising would change it if it were an ad."""
    text = b'{"description":  " x "}\n{"category": " y "}\n' if name.endswith(".gz") else b'{"description":  " x "}\n'
    before = gzip.compress(text) if name.endswith(".gz") else text
    Path(name).write_bytes(before)
    assert run("normalise", "--in-place", "--ignore-unknown", name).exit_code == 0
    assert Path(name).read_bytes() == before


def test_the_library_skips_files_too() -> None:
    """A skipped source has one result, which says so and has no ad."""
    sources = [("package.json", json.dumps(PACKAGE).encode()), ("ad.json", b'{"visible": true}')]
    for work in (feed.check, feed.prepare):
        first, second = work(sources, operation="update", ignore_unknown=True)
        assert (first.skipped, first.is_side_file, first.reading.source, first.report.findings) == (
            True,
            True,
            "package.json",
            (),
        )
        assert not second.skipped


def messy(ad: Ad) -> Ad:
    """An ad with a fixable finding and one that only a person can fix."""
    return ad | {"source_id": " 1 ", "visible": "kanske", "title": 3}


def test_normalise_reports_changes_and_validate_the_rest(run: Run, clean: Ad) -> None:
    """Together, both commands print every finding of an ad once."""
    Path("ad.json").write_text(json.dumps(messy(clean)), "utf-8")
    fixed = run("normalise", "--in-place", "--fix-only", "ad.json")
    assert fixed.exit_code == 0
    assert [line.split()[2] for line in fixed.stdout.splitlines()] == ["text.respelled"]
    assert without_legend(fixed.stderr).endswith("errors, 1 note. `v4schema validate` reports what is left.\n")
    left = run("validate", "ad.json")
    assert left.exit_code == 1
    assert " schema.type /visible " in left.stdout
    assert {*fixed.stdout.splitlines()}.isdisjoint(left.stdout.splitlines())
    again = run("normalise", "--in-place", "--fix-only", "ad.json")
    assert (again.exit_code, again.stdout) == (0, "")


def test_the_summary_of_a_clean_ad_does_not_name_validate(run: Run, good: str) -> None:
    """The summary names the other command only if it would print findings."""
    assert "validate" not in run("normalise", "--in-place", "--fix-only", good).stderr


def test_removing_a_byte_order_mark_is_a_change(run: Run, clean: Ad) -> None:
    """The file differs afterwards, so the report says why."""
    Path("ad.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(clean).encode())
    assert " note json.byte_order_mark " in run("normalise", "--in-place", "--fix-only", "ad.json").stdout


@pytest.mark.parametrize(("text", "message"), [("{", "1 input could not be read"), ('{"category_id": "?"}', "1 ad, 0 clean")])
def test_unread_and_unidentified_inputs_end_the_run_with_3(text: str, message: str, run: Run) -> None:
    """The finding itself is printed by `validate`."""
    Path("ad.json").write_text(text, "utf-8")
    ran = run("normalise", "--in-place", "--fix-only", "ad.json")
    assert (ran.exit_code, ran.stdout) == (3, "")
    assert message in ran.stderr
    assert without_legend(ran.stderr).endswith(" `v4schema validate` reports what is left.\n")


def test_a_file_that_could_not_be_written_is_reported(run: Run, clean: Ad) -> None:
    """No other command reports findings about writing files."""
    Path("ad.json").write_text(json.dumps(messy(clean)), "utf-8")
    Path("other.json").hardlink_to("ad.json")
    assert " warning file.linked " in run("normalise", "--in-place", "--fix-only", "ad.json").stdout
