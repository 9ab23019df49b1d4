"""The command `v4schema normalise`: what it writes, what it reports, and how it ends."""

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from commands import Run, background, plain, terminal, without_legend
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from v4schema.catalogue import Catalogue

Ad = dict[str, Any]

MESSY = '{"category_id": "1121", "visible": "ja", "price": [{"type": "list", "amount": "34 900 kr", "currency": "SEK"}]}'
FIXED = '{"category_id": "1121", "visible": true, "price": [{"type": "list", "amount": 3490000, "currency": "SEK"}]}'
UPDATE = ["--operation", "update"]


@pytest.fixture
def messy(in_empty_folder: Path) -> Path:
    """A file with two fixable findings."""
    path = in_empty_folder / "messy.json"
    path.write_text(MESSY, "utf-8")
    return path


def test_the_ad_goes_to_standard_output_and_the_report_to_standard_error(run: Run, messy: Path) -> None:
    """The ad can be piped, byte for byte; a missing line end stays missing."""
    result = run("normalise", *UPDATE, messy.name)
    assert result.exit_code == 0
    assert result.stdout == FIXED
    assert result.stderr == (
        'messy.json:1:36: note word.translated /visible Changed from "ja" to true. [S, CD7]\n'
        "messy.json:1:79: note unit.converted /price/0/amount Converted from 34900 kr to 3490000 öre. [S]\n"
        "1 ad, 1 changed, 1 clean: 0 errors, 2 notes.\n"
        "Documents:\n"
        "  S         V4 implementation guide, Feb 2026\n"
        "  CD7       Client documentation, typed endpoints, by Jul 2026\n"
    )
    assert messy.read_text("utf-8") == MESSY


def test_standard_input_is_read_as_validate_reads_it(run: Run) -> None:
    """A feed stays a feed, and lines that cannot be read stay in their places."""
    feed = f"{MESSY}\n\n{{broken\n{FIXED}\n"
    result = run("normalise", *UPDATE, stdin=feed)
    assert result.exit_code == 3
    assert result.stdout == f"{FIXED}\n\n{{broken\n{FIXED}\n"
    assert "<stdin>:3:2: error json.syntax" in result.stderr


def test_options_set_units_of_bare_numbers_and_of_the_output(run: Run) -> None:
    """There is an option for each kind of quantity in the schemas."""
    ad = {"price": [{"type": "list", "amount": 100, "currency": "SEK"}], "mileage": 10, "power": "150"}
    args = ["--category", "car", "--price-unit", "kr", "--mileage-unit", "mil", "--power-unit", "hk", "--power", "kw"]
    result = run("normalise", *UPDATE, *args, "--mileage", "mil", stdin=json.dumps(ad))
    assert json.loads(result.stdout) == {
        "price": [{"type": "list", "amount": 10000, "currency": "SEK"}],
        "category_fields": {
            "condition": {"mileage": {"unit": "mil", "value": 10}},
            "powertrain": {"power": {"unit": "kw", "value": 110.3}},
        },
    }
    assert "Taken as 100 kr, as you said, and converted to 10000 öre." in result.stderr


def test_units_can_be_settings(run: Run, messy: Path) -> None:
    """They can be set in pyproject.toml and in variables; the output never is a setting."""
    Path("pyproject.toml").write_text('[tool.v4schema]\nmileage-unit = "mil"\noutput = "report.txt"\n', "utf-8")
    ad = '{"category_fields": {"mileage": 10}}'
    result = run("normalise", *UPDATE, "--category", "car", stdin=ad, env={"V4SCHEMA_MILEAGE": "mil"})
    assert json.loads(result.stdout)["category_fields"]["condition"]["mileage"] == {"unit": "mil", "value": 10}
    assert not Path("report.txt").exists()
    assert run("normalise", *UPDATE, messy.name).stdout == FIXED


def test_the_unit_of_bare_prices_is_no_setting_for_files(run: Run, messy: Path) -> None:
    """Each run would convert them again; on the command line, the unit applies to that run only."""
    bare = FIXED.replace("3490000", "34900")
    messy.write_text(bare, "utf-8")
    Path("pyproject.toml").write_text('[tool.v4schema]\nprice-unit = "kr"\n', "utf-8")
    result = run("normalise", *UPDATE, "-i", messy.name)
    assert result.exit_code == 2
    assert "give --price-unit on the command line" in " ".join(result.stderr.split())
    assert messy.read_text("utf-8") == bare
    assert run("normalise", *UPDATE, messy.name).stdout == FIXED
    assert run("normalise", *UPDATE, "-i", "--price-unit", "kr", messy.name).exit_code == 0
    assert messy.read_text("utf-8") == FIXED


def test_a_price_of_0_is_the_same_in_every_unit(run: Run) -> None:
    """It causes no change, no note and no diff."""
    ad = '{"price": [{"type": "call", "amount": 0, "currency": "SEK"}]}'
    result = run("normalise", *UPDATE, "--check", "--diff", "--price-unit", "kr", stdin=ad)
    assert (result.exit_code, result.stdout) == (0, "")


def test_in_place_writes_the_file_anew_and_keeps_its_mode(run: Run, messy: Path) -> None:
    """A symbolic link is followed, and the report goes to standard output."""
    messy.chmod(0o640)
    Path("link.json").symlink_to(messy.name)
    result = run("normalise", *UPDATE, "--in-place", "link.json")
    assert result.exit_code == 0
    assert messy.read_text("utf-8") == FIXED
    assert messy.stat().st_mode & 0o777 == 0o640
    assert Path("link.json").is_symlink()
    assert "note unit.converted" in result.stdout
    assert sorted(path.name for path in Path().iterdir()) == ["link.json", "messy.json"]


def test_in_place_leaves_a_clean_file_alone(run: Run, messy: Path) -> None:
    """Not even its modification time changes."""
    messy.write_text(FIXED, "utf-8")
    os.utime(messy, (1, 1))
    inode = messy.stat().st_ino
    assert run("normalise", *UPDATE, "-i", messy.name).exit_code == 0
    assert (messy.stat().st_mtime, messy.stat().st_ino) == (1, inode)


def test_in_place_keeps_a_gzipped_file_gzipped(run: Run, messy: Path) -> None:
    """Its content counts, not its name."""
    messy.write_bytes(gzip.compress(MESSY.encode()))
    assert run("normalise", *UPDATE, "-i", messy.name).exit_code == 0
    assert gzip.decompress(messy.read_bytes()).decode() == FIXED


def test_a_missing_file_is_a_finding_and_the_others_are_still_written(run: Run, messy: Path) -> None:
    """They are written in place, too."""
    result = run("normalise", *UPDATE, "-i", "nowhere.json", messy.name)
    assert result.exit_code == 3
    assert "nowhere.json: error file.missing" in result.stdout
    assert messy.read_text("utf-8") == FIXED


@pytest.mark.slow
def test_a_damaged_gzip_file_is_not_written(run: Run, messy: Path) -> None:
    """It stays as it is, and no part of it is written elsewhere."""
    damaged = gzip.compress(f"{MESSY}\n".encode() * 2000)[:-300]
    messy.write_bytes(damaged)
    for args in (["-i"], ["-o", "out.json"]):
        result = run("normalise", *UPDATE, *args, messy.name)
        assert result.exit_code == 3
        assert messy.read_bytes() == damaged
        assert [path.name for path in Path().iterdir()] == ["messy.json"]


def test_a_file_that_cannot_be_written_is_a_finding(run: Run, messy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other files are written; the old file stays, and no temporary file is left."""
    shutil.copy(messy, "other.json")
    failures = iter([OSError(28, "No space left on device")])

    def sync(_: int) -> None:
        for failure in failures:
            raise failure

    monkeypatch.setattr(os, "fsync", sync)
    result = run("normalise", *UPDATE, "-i", messy.name, "other.json")
    assert result.exit_code == 3
    assert "messy.json: error file.unwritable This could not be written: No space left on device." in result.stdout
    assert without_legend(result.stderr).endswith("; 1 file could not be written.\n")
    assert messy.read_text("utf-8") == MESSY
    assert Path("other.json").read_text("utf-8") == FIXED
    assert sorted(path.name for path in Path().iterdir()) == ["messy.json", "other.json"]


def test_a_read_only_file_is_not_replaced(run: Run, messy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its folder may be writable."""
    messy.chmod(0o444)
    monkeypatch.setattr(os, "access", lambda *_: False)
    result = run("normalise", *UPDATE, "-i", messy.name)
    assert result.exit_code == 3
    assert "Permission denied" in result.stdout
    assert messy.read_text("utf-8") == MESSY


@pytest.mark.slow
def test_a_run_killed_while_writing_leaves_a_whole_file(messy: Path) -> None:
    """At any moment, the file is the old one or the new one."""
    messy.with_suffix(".ndjson").write_text(f"{MESSY}\n" * 3000, "utf-8")
    old = messy.with_suffix(".ndjson").read_bytes()
    new = old.replace(MESSY.encode(), FIXED.encode())
    for delay in (0.2, 0.5, 0.9):
        process = background("normalise", *UPDATE, "--quiet", "-i", "messy.ndjson", cwd=messy.parent)
        try:
            process.wait(delay)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert messy.with_suffix(".ndjson").read_bytes() in {old, new}


def test_output_names_a_file_or_a_folder(run: Run, messy: Path) -> None:
    """One input is written to a file; several, or an --output that ends in a slash, to a folder under their own names."""
    shutil.copy(messy, "other.json")
    assert run("normalise", *UPDATE, "-o", "new.json", messy.name).exit_code == 0
    assert Path("new.json").read_text("utf-8") == FIXED
    assert run("normalise", *UPDATE, "-o", "out", messy.name, "other.json").exit_code == 0
    assert run("normalise", *UPDATE, "-o", "alone/", messy.name).exit_code == 0
    assert sorted(path.name for path in Path("out").iterdir()) == ["messy.json", "other.json"]
    assert Path("alone", "messy.json").read_text("utf-8") == FIXED
    assert run("normalise", *UPDATE, "-o", "new.json.gz", stdin=MESSY).exit_code == 0
    assert gzip.decompress(Path("new.json.gz").read_bytes()).decode() == FIXED


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["-i"], "--in-place wants files"),
        (["-i", "-"], "--in-place wants files"),
        (["-i", "-o", "x", "messy.json"], "exclude each other"),
        (["-o", "messy.json", "messy.json"], "use --in-place"),
        (["-o", "./messy.json", "./messy.json", "messy.json"], "is a file"),
        (["-o", "out", "messy.json", "./messy.json"], "same name"),
        (["-o", "messy.json/x/", "messy.json"], "Cannot write to"),
        (["-o", "out/", "-"], "Standard input has no name"),
        (["-i", "/dev/null"], "--in-place wants files"),
        (["messy.json", "other.json"], "would run together"),
        (["-o", "new.json", "--report", "./new.json", "messy.json"], "where the ads go"),
        (["--report", "messy.json", "messy.json"], "would overwrite it"),
        (["--price-unit", "dollar", "messy.json"], "Unknown unit"),
        (["--api", "v44", "messy.json"], "Unknown edition"),
    ],
)
def test_wrong_usage_writes_nothing(args: list[str], message: str, run: Run, messy: Path) -> None:
    """The exit code is 2, the message is one sentence, and every file stays as it was."""
    result = run("normalise", *args, stdin=MESSY)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert messy.read_text("utf-8") == MESSY
    assert result.stdout == ""


def test_check_writes_nothing_and_exits_with_1_for_changes(run: Run, messy: Path) -> None:
    """The report lists what would change, in place or not."""
    for args in ([], ["-i"], ["--diff"]):
        result = run("normalise", *UPDATE, "--check", *args, messy.name)
        assert result.exit_code == 1
        assert "note unit.converted" in result.stdout + result.stderr
        assert FIXED not in result.stdout.splitlines()
        assert messy.read_text("utf-8") == MESSY
    messy.write_text(FIXED, "utf-8")
    assert run("normalise", *UPDATE, "--check", messy.name).exit_code == 0


def test_remaining_errors_fail_the_run_by_default(run: Run) -> None:
    """All fixable findings are fixed all the same."""
    ad = '{"visible": "ja", "price": [{"type": "list", "amount": "3.500", "currency": "SEK"}]}'
    result = run("normalise", *UPDATE, stdin=ad)
    assert result.exit_code == 1
    assert '"visible": true' in result.stdout
    assert 'error number.ambiguous /price/0/amount "3.500" can mean 3500 or 3.5.' in result.stderr
    assert run("normalise", *UPDATE, "--fail-on", "never", stdin=ad).exit_code == 0
    assert run("normalise", "--fail-on", "note", *UPDATE, stdin=MESSY).exit_code == 1


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_the_diff_can_be_applied(ending: str, run: Run, messy: Path) -> None:
    """`git apply` and `patch` apply it to an ad and to a feed, of which it shows only the lines that change."""
    lines = json.dumps(json.loads(MESSY) | {"body": "å\u202e"}, indent=2, ensure_ascii=False).split("\n")
    line = ending or "\n"
    messy.write_bytes((line.join(lines) + ending).encode())
    feed = messy.with_suffix(".ndjson")
    feed.write_bytes(f"{FIXED}{line}{line}{MESSY}{line}{FIXED}{line}{MESSY}{ending}".encode())
    before = messy.read_bytes(), feed.read_bytes()
    diff = run("normalise", *UPDATE, "--diff", messy.name, feed.name).stdout_bytes
    assert (messy.read_bytes(), feed.read_bytes()) == before
    git = shutil.which("git") or "git"
    args = ["apply", "--unsafe-paths", "--unidiff-zero", "-p0", "-"]
    ended = subprocess.run([git, *args], input=diff, capture_output=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert feed.read_bytes() == before[1].replace(MESSY.encode(), FIXED.encode())
    assert json.loads(messy.read_bytes()) == json.loads(FIXED) | {"body": "å\u202e"}


def test_the_diff_can_be_printed_while_files_are_written(run: Run, messy: Path) -> None:
    """It shows what has been done."""
    result = run("normalise", *UPDATE, "--diff", "-i", messy.name)
    assert result.stdout.splitlines()[-1] == "\\ No newline at end of file"
    assert messy.read_text("utf-8") == FIXED


def test_the_report_has_the_formats_of_validate(run: Run, messy: Path, catalogue: Catalogue) -> None:
    """It matches its schema, has the values before and after, and can go to a file."""
    meta = catalogue.read("meta/report.json")
    schema = Draft202012Validator(meta, registry=Registry().with_resource(meta["$id"], Resource.from_contents(meta)))
    for args in ([], ["--check"]):
        result = run("normalise", *UPDATE, *args, "--format", "json", "--report", "report.json", messy.name)
        report = json.loads(Path("report.json").read_text("utf-8"))
        assert [error.message for error in schema.iter_errors(report)] == []
        assert result.stderr == ""
        assert (report["summary"]["changed"], report["summary"]["notes"]) == (1, 2)
    changes = report["results"][0]["findings"]
    assert [(change["before"], change["after"]) for change in changes] == [("ja", True), ("34 900 kr", 3490000)]
    line = json.loads(run("normalise", *UPDATE, "--check", "--format", "ndjson", messy.name).stdout)
    assert line == report["results"][0]
    assert run("normalise", *UPDATE, "--check", "--format", "api", messy.name).stdout == "{}\n"


def test_reports_contain_nothing_private(run: Run, clean: Ad) -> None:
    """No format prints private values before or after the change."""
    clean["contact"] = {"name": " SECRET ", "phone": "070-9999 999", "email": " SECRET@x.se "}
    clean["category_fields"]["registration_number"] = "sec 99x"
    clean["category_fields"]["chassis_number"] = "secret99999999999"
    clean["body"] = " SECRET <b>"
    clean["telefon"] = "070-9999 999"
    for args in (["--color", "always"], ["--format", "json"], ["--format", "ndjson"], ["--format", "api"], []):
        printed = run("normalise", "--check", *args, stdin=json.dumps(clean)).stdout
        assert printed
        for secret in ("SECRET", "9999", "sec 99x", "SEC99X", "secret"):
            assert secret not in printed


def test_validate_marks_fixable_findings(run: Run, messy: Path) -> None:
    """They are marked in each finding, in the summary, and in the report."""
    result = run("validate", *UPDATE, messy.name)
    assert [line.endswith(" (fixable)") for line in result.stdout.splitlines()] == [True, True]
    assert without_legend(result.stderr) == "1 ad, 0 clean: 2 errors. `v4schema normalise` fixes 2 of them.\n"
    report = json.loads(run("validate", *UPDATE, "--format", "json", messy.name).stdout)
    assert report["summary"]["fixable"] == 2
    messy.write_text('{"category_id": "1121", "visible": 3}', "utf-8")
    assert "fixable" not in run("validate", *UPDATE, messy.name).stdout


@pytest.mark.slow
def test_a_terminal_shows_code_frames_and_a_coloured_diff(messy: Path, in_empty_folder: Path) -> None:
    """Both fit 80 columns."""
    printed = terminal("normalise", *UPDATE, "--check", messy.name, cwd=in_empty_folder)
    assert '\n  Changed from "ja" to true.\n  1 | "visible": "ja"\n    |            ^^^^\n' in plain(printed)
    assert max(map(len, plain(printed).splitlines())) <= 80
    printed = terminal("normalise", *UPDATE, "--diff", "--quiet", messy.name, cwd=in_empty_folder)
    assert f"\x1b[31m-{MESSY}" in printed
    assert f"\x1b[32m+{FIXED}" in printed
    assert "\x1b" not in terminal("normalise", *UPDATE, "--diff", "--quiet", messy.name, cwd=in_empty_folder, NO_COLOR="1")


def test_without_input_on_a_terminal_a_message_shows_the_usage(in_empty_folder: Path) -> None:
    """The command does not wait for somebody to type JSON."""
    assert "Name a file" in terminal("normalise", cwd=in_empty_folder)


def test_a_feed_keeps_its_order_and_is_counted(run: Run) -> None:
    """Each line is an ad."""
    Path("feed.ndjson").write_text(f"{MESSY}\n{FIXED}\n" * 500, "utf-8")
    result = run("normalise", *UPDATE, "--quiet", "feed.ndjson")
    assert result.stdout == f"{FIXED}\n" * 1000
    assert result.stderr == ""
    assert without_legend(run("normalise", *UPDATE, "feed.ndjson").stderr).endswith(
        "1,000 ads, 500 changed, 1,000 clean: 0 errors, 1,000 notes.\n"
    )


def test_a_byte_order_mark_is_not_written_again(run: Run, messy: Path) -> None:
    """RFC 8259 forbids to send one."""
    messy.write_bytes(b"\xef\xbb\xbf" + MESSY.encode())
    assert run("normalise", *UPDATE, messy.name).stdout == FIXED


def test_a_closed_standard_output_is_reported(messy: Path) -> None:
    """The message is one sentence."""
    command = f"{sys.executable} -m v4schema normalise --operation update {messy.name} >&-"
    ended = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, cwd=messy.parent, check=False)
    assert ended.returncode == 2
    assert "it is closed" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_reader_that_ends_early_causes_no_error(messy: Path) -> None:
    """`v4schema normalise … | head -1` ends quietly."""
    messy.write_text(f"{FIXED}\n" * 20_000, "utf-8")
    command = f"{sys.executable} -m v4schema normalise --operation update {messy.name} | head -n 1"
    ended = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, cwd=messy.parent, check=True)
    assert ended.stdout == FIXED + "\n"
    assert "Traceback" not in ended.stderr


def test_each_feed_begins_on_a_new_line(run: Run) -> None:
    """The feed before it may not end its last line."""
    Path("a.ndjson").write_text(FIXED, "utf-8")
    Path("b.jsonl").write_text(MESSY, "utf-8")
    assert run("normalise", *UPDATE, "a.ndjson", "b.jsonl").stdout == f"{FIXED}\n{FIXED}"


@pytest.mark.slow
def test_files_are_written_although_nobody_reads_the_report(messy: Path) -> None:
    """`v4schema normalise -i … | head -1` writes all of them."""
    for number in range(300):
        shutil.copy(messy, messy.with_name(f"{number}.json"))
    command = f"{sys.executable} -m v4schema normalise --operation update -i ?.json ??.json ???.json | head -n 1"
    subprocess.run(["/bin/sh", "-c", command], capture_output=True, cwd=messy.parent, check=True)
    assert {path.read_text("utf-8") for path in messy.parent.glob("[0-9]*.json")} == {FIXED}


def test_a_signal_leaves_no_temporary_file(messy: Path) -> None:
    """Neither a half-written file nor a hidden one is left."""
    feed = messy.with_name("feed.ndjson")
    feed.write_text(f"{MESSY}\n" * 20_000, "utf-8")
    process = background("normalise", *UPDATE, "--quiet", "-i", feed.name, cwd=messy.parent)
    while process.poll() is None and not list(messy.parent.glob(".*.v4schema")):
        time.sleep(0.01)
    process.terminate()
    assert process.wait(60) == 128 + signal.SIGTERM
    assert sorted(path.name for path in messy.parent.iterdir()) == ["feed.ndjson", "messy.json"]
    assert feed.read_text("utf-8") == f"{MESSY}\n" * 20_000


def test_an_array_goes_to_standard_output_byte_for_byte(run: Run) -> None:
    """Only the fixed ads change, whether the array is on one line or on many."""
    for text in (f"[{MESSY}, {FIXED},{MESSY}]", f"[\n  {MESSY},\n  {FIXED}\n]\n"):
        assert run("normalise", *UPDATE, stdin=text).stdout == text.replace(MESSY, FIXED)


def test_the_diff_of_an_array_has_line_numbers_of_its_file(run: Run) -> None:
    """An array is one document, so it has one diff."""
    text = f"[\n  {FIXED},\n\n  {MESSY}\n]\n"
    diff = run("normalise", *UPDATE, "--diff", "--stdin-name", "a file.json", stdin=text).stdout
    assert diff == (f"--- a file.json\t\n+++ a file.json\t\n@@ -1,5 +1,5 @@\n [\n   {FIXED},\n \n-  {MESSY}\n+  {FIXED}\n ]\n")


def test_a_terminal_gets_a_line_end_after_the_ad(messy: Path, in_empty_folder: Path) -> None:
    """The file may lack one."""
    assert terminal("normalise", *UPDATE, "--quiet", messy.name, cwd=in_empty_folder) == f"{FIXED}\n"
