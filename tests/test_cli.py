"""The command: what it prints, where it prints it, and how it ends."""

import gzip
import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from click.shell_completion import ShellComplete
from commands import Run, plain, terminal, without_legend
from folders import some
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from v4schema import Level, __version__, cli
from v4schema import __main__ as process
from v4schema.catalogue import Catalogue
from v4schema.cli import main
from v4schema.cli.shutdown import graceful_shutdown
from v4schema.dialect.engines import ENGINES
from v4schema.feed.result import Result, file_result
from v4schema.output.formats import FORMATS

Ad = dict[str, Any]


def test_a_clean_ad_prints_nothing_but_a_summary(run: Run, good: str) -> None:
    """Standard output is empty, and the exit code is 0."""
    result = run("validate", good)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "1 ad, 1 clean: 0 errors.\n")


def test_a_finding_is_one_line(run: Run, bad: str) -> None:
    """It contains place, level, code, pointer, message, hint and source, so that it can be searched and clicked."""
    result = run("validate", bad)
    assert result.exit_code == 1
    assert result.stdout == (
        "bad.json:5:11: warning text.angle_brackets /body The server replaces < and > by - in this text. "
        "Send plain text. [CD7] (fixable)\n"
        'bad.json:36:5: error field.misnamed /category_fields/year Unknown field "year"; did you mean "model_year"? '
        'Rename it to "model_year". [CR7, V3] (fixable)\n'
    )
    assert without_legend(result.stderr) == "1 ad, 0 clean: 1 error, 1 warning. `v4schema normalise` fixes 2 of them.\n"


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["--fail-on", "never"], 0),
        (["--fail-on", "error"], 1),
        (["--fail-on", "warning"], 1),
        (["--fail-on", "note"], 1),
        (["--fail-on", "fatal"], 2),
        (["--api", "v44"], 2),
        (["--category", "mopped"], 2),
        (["--operation", "destroy"], 2),
        (["--engine", "fast"], 2),
        (["--schemas", "nowhere"], 2),
        (["--list", "brands=nowhere.txt"], 2),
        (["--list", "brandz=bad.json"], 2),
        (["--output", "nowhere/report.txt"], 2),
        (["--format", "pdf"], 2),
        (["nowhere.json"], 3),
        (["--fail-on", "never", "nowhere.json"], 3),
    ],
)
def test_exit_codes(args: list[str], code: int, run: Run, bad: str) -> None:
    """0 nothing at or above --fail-on, 1 something, 2 usage, 3 an input could not be read or identified."""
    result = run("validate", *args, bad)
    assert result.exit_code == code
    assert code != 2 or (result.stdout == "" and "Traceback" not in result.stderr)


def test_warnings_fail_only_when_asked(run: Run, checkout: Path) -> None:
    """The guide's moped has two warnings."""
    moped = str(checkout / "examples" / "moped.json")
    assert run("validate", moped).exit_code == 0
    assert run("validate", "--fail-on", "warning", moped).exit_code == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", "json.empty"),
        (b'{"a": 1', "json.truncated"),
        ('{"å": 1}'.encode("utf-16"), "json.encoding"),
        ('{"å": 1}'.encode("latin-1"), "json.encoding"),
        (b"3", "ad.not_object"),
        (b"[" * 100_000, "json.depth"),
        (b'{"category_id": "9999"}', "category.unknown"),
        (b'{"category_id": ["1121"]}', "category.malformed"),
        (b'{"source_id": "x"}', "schema.required"),
        (b'{"catgory_id": "1121"}', "field.misnamed"),
    ],
)
def test_bad_input_is_a_finding_and_the_other_files_are_still_checked(text: bytes, code: str, run: Run, bad: str) -> None:
    """Every file is read, and the exit code is 3."""
    Path("broken.json").write_bytes(text)
    result = run("validate", "broken.json", "nowhere.json", ".", bad)
    assert result.exit_code == 3
    for found in (code, "file.missing", "file.directory", "field.misnamed"):
        assert f" {found} " in result.stdout
    assert "could not be read" in result.stderr
    assert all(len(line) < 400 for line in result.stdout.splitlines())


def registry(catalogue: Catalogue) -> Registry[Any]:
    """The meta-schema of reports."""
    report = catalogue.read("meta/report.json")
    resources: Registry[Any] = Registry().with_resource(report["$id"], Resource.from_contents(report))
    return resources


def test_the_json_report_matches_its_schema(run: Run, good: str, bad: str, catalogue: Catalogue) -> None:
    """It is one document, and its counts add up."""
    Path("feed.ndjson").write_text('{"source_id": "x"}\n{broken\n3\n', "utf-8")
    result = run("validate", "--format", "json", good, bad, "feed.ndjson", "nowhere.json")
    report = json.loads(result.stdout)
    schema = Draft202012Validator(catalogue.read("meta/report.json"), registry=registry(catalogue))
    assert [error.message for error in schema.iter_errors(report)] == []
    assert report["v4schema"] == __version__
    findings = [finding for each in report["results"] for finding in each["findings"]]
    for level in Level:
        assert report["summary"][f"{level}s"] == sum(finding["level"] == level for finding in findings)
    assert sum(report["summary"]["by_code"].values()) == len(findings)
    assert {key: report["summary"][key] for key in ("ads", "clean", "unreadable")} == {"ads": 4, "clean": 1, "unreadable": 2}
    assert [(each["source"], each["index"], each["line"], each["kind"], each["source_id"]) for each in report["results"]] == [
        ("good.json", 0, 1, "v4/moped", "moped-001"),
        ("bad.json", 0, 1, "v4/moped", "moped-001"),
        ("feed.ndjson", 0, 1, None, "x"),
        ("feed.ndjson", 1, 2, None, None),
        ("feed.ndjson", 2, 3, None, None),
        ("nowhere.json", 0, None, None, None),
    ]
    assert result.stderr == ""
    assert result.exit_code == 3


def test_ndjson_prints_one_result_per_line(run: Run, good: str, bad: str) -> None:
    """The results are those of the JSON report."""
    lines = run("validate", "--format", "ndjson", good, bad).stdout.splitlines()
    report = json.loads(run("validate", "--format", "json", good, bad).stdout)
    assert list(map(json.loads, lines)) == report["results"]


def test_a_json_report_without_results_is_a_document(run: Run, catalogue: Catalogue) -> None:
    """A report without results is still valid JSON."""
    report = json.loads(run("validate", "--format", "json", stdin=b"[]").stdout)
    Draft202012Validator(catalogue.read("meta/report.json"), registry=registry(catalogue)).validate(report)
    assert report["summary"]["unreadable"] == 1


def test_api_prints_the_answer_of_the_guide(run: Run, clean: Ad) -> None:
    """The guide's 400 example, for an ad without a brand."""
    del clean["category_fields"]["brand"]
    result = run("validate", "--format", "api", stdin=json.dumps(clean))
    assert result.stdout == '{"category_fields": {"brand": ["This field is required."]}}\n'
    assert run("validate", "--format", "api", stdin="{").stdout == '{"detail": "The document ends too early."}\n'


def test_each_ad_of_an_array_has_its_place_in_the_file(run: Run, clean: Ad) -> None:
    """Index, line and column are those of the file; pointers are those of the ad."""
    Path("ads.json").write_text(json.dumps([clean, clean | {"visible": 1}], indent=1), "utf-8")
    first, second = json.loads(run("validate", "--format", "json", "ads.json").stdout)["results"]
    assert (first["index"], first["line"], second["index"]) == (0, 2, 1)
    (finding,) = second["findings"]
    assert finding["at"] == "/visible"
    lines = Path("ads.json").read_text("utf-8").splitlines()
    assert lines[finding["line"] - 1][finding["column"] - 1 :].startswith("1")
    assert lines[second["line"] - 1].strip() == "{"


def test_standard_input_is_read_without_a_file_and_for_a_dash(run: Run, clean: Ad, good: str) -> None:
    """It may be an ad or a feed, gzipped or not; --stdin-name gives its name and so its format."""
    text = json.dumps(clean | {"visible": 1})
    for args in (["validate"], ["validate", "-"]):
        assert run(*args, stdin=text).stdout.startswith("<stdin>:1:")
    result = run("validate", "--stdin-name", "feed.ndjson", "-", good, stdin=gzip.compress(f"{text}\n{text}\n".encode()))
    assert [line.partition(": ")[0].rpartition(":")[0] for line in result.stdout.splitlines()] == [
        "feed.ndjson:1",
        "feed.ndjson:2",
    ]
    assert "3 ads" in result.stderr


def test_quiet_shows_only_findings_that_fail_the_run(run: Run, bad: str) -> None:
    """By default it hides warnings and the summary; with --fail-on warning, warnings are shown."""
    result = run("validate", "-q", bad)
    assert (len(result.stdout.splitlines()), result.stderr) == (1, "")
    assert len(run("validate", "-q", "--fail-on", "warning", bad).stdout.splitlines()) == 2
    assert len(run("validate", "-q", "--fail-on", "never", bad).stdout.splitlines()) == 1


def test_output_writes_the_whole_report_to_a_file(run: Run, bad: str) -> None:
    """The file contains the report and nothing else."""
    printed = run("validate", "--format", "json", bad).stdout
    result = run("validate", "--format", "json", "--output", "report.json", bad)
    assert (result.exit_code, result.stdout) == (1, "")
    assert Path("report.json").read_text("utf-8") == printed
    assert sorted(os.listdir()) == ["bad.json", "report.json"]


@pytest.mark.slow
def test_an_interrupted_run_leaves_the_output_unchanged(run: Run, good: str, bad: str, schemas: Path) -> None:
    """A partial report never replaces a whole one; a new report keeps the mode of the old one."""
    some(schemas, Path("custom"))
    path = Path("custom/findings.json")
    path.write_text(path.read_text("utf-8").replace("The server replaces", "{nonsense} replaces"), "utf-8")
    Path("report.json").write_text("before", "utf-8")
    Path("report.json").chmod(0o640)
    result = run("validate", "--format", "json", "--schemas", "custom", "--output", "report.json", good, bad)
    assert result.exit_code == 2
    assert "text.angle_brackets cannot be filled" in " ".join(result.stderr.split())
    assert Path("report.json").read_text("utf-8") == "before"
    assert run("validate", "--format", "json", "--output", "report.json", "nowhere.json", bad).exit_code == 3
    assert json.loads(Path("report.json").read_text("utf-8"))["summary"]["ads"] == 1
    assert Path("report.json").stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir()) == ["bad.json", "custom", "good.json", "report.json"]


def test_a_dash_is_standard_output(run: Run, bad: str) -> None:
    """That is what a dash means to other commands."""
    assert run("validate", "--output", "-", bad).stdout == run("validate", bad).stdout


def test_a_report_does_not_overwrite_the_file_that_is_standard_input(bad: str, in_empty_folder: Path) -> None:
    """`validate -o ad.json < ad.json` is wrong usage."""
    command = f"{sys.executable} -m v4schema validate --output {bad} < {bad}"
    ended = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, cwd=in_empty_folder, check=False)
    assert ended.returncode == 2
    assert "would overwrite it" in ended.stderr


def test_an_output_that_is_a_device_is_not_replaced(run: Run, bad: str) -> None:
    """The report is written to the device itself."""
    assert run("validate", "--output", os.devnull, bad).exit_code == 1


def test_a_report_does_not_overwrite_an_input(run: Run, bad: str) -> None:
    """An --output that names an input by any path is wrong usage."""
    before = Path(bad).read_bytes()
    Path("link.json").symlink_to(bad)
    for name in (bad, f"./{bad}", "link.json"):
        assert run("validate", "--output", name, bad).exit_code == 2
    assert Path(bad).read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shell", "code", "message"),
    [
        ("{command} bad.json > /dev/full", 2, "Cannot write to standard output"),
        ("{command} <&-", 2, "Name a file"),
        ("{command} bad.json >&-", 2, "Cannot write to standard output"),
        ("PYTHONIOENCODING=cp1252 {command} --format json bad.json | grep -c Växjö", 1, ""),
        ("PYTHONIOENCODING=cp1252 {python} show v4/moped | grep -c '≥' ", 0, ""),
    ],
)
def test_odd_streams_give_no_traceback(shell: str, code: int, message: str, bad: str, in_empty_folder: Path) -> None:
    """They may be a full disc, closed streams, or an encoding without Swedish letters."""
    python = f"{sys.executable} -m v4schema"
    line = shell.format(command=f"{python} validate", python=python)
    ended = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, cwd=in_empty_folder, check=False)
    assert "Traceback" not in ended.stderr
    assert message in ended.stderr
    assert ended.returncode == code
    assert bad


@pytest.mark.parametrize(
    ("variable", "value", "changes"),
    [
        ("API", "v3", True),
        ("API", "v44", True),
        ("CATEGORY", "camper", True),
        ("OPERATION", "destroy", True),
        ("FORMAT", "api", True),
        ("FAIL_ON", "never", True),
        ("ENGINE", "slow", True),
        ("OUTPUT", "report.txt", True),
        ("QUIET", "1", True),
        ("COLOR", "always", True),
        ("STDIN_NAME", "x", False),
        ("LIST", f"brands=my brands.txt{os.pathsep}models=my brands.txt", True),
        ("SCHEMAS", "nowhere", True),
    ],
)
def test_every_option_can_be_set_by_a_variable(variable: str, value: str, changes: bool, run: Run, bad: str) -> None:
    """The name of the variable is V4SCHEMA_ and the long name of the option."""
    Path("my brands.txt").write_text("volvo\n", "utf-8")
    before, after = run("validate", bad), run("validate", bad, env={f"V4SCHEMA_{variable}": value})
    assert ((before.exit_code, before.output) != (after.exit_code, after.output)) == changes


@pytest.mark.parametrize("engine", ENGINES)
def test_engines_report_alike(engine: str, run: Run, bad: str) -> None:
    """--engine changes nothing that is printed."""
    assert run("validate", "--engine", engine, bad).stdout == run("validate", bad).stdout


def test_the_callers_own_list_of_brands(run: Run, good: str) -> None:
    """--list checks values against a file; empty lines and comments do not count."""
    Path("brands.txt").write_text("# mine\n\nvolvo\n", "utf-8")
    result = run("validate", "--list", "brands=brands.txt", good)
    assert " error value.unlisted /category_fields/brand " in result.stdout
    Path("brands.txt").write_text("yamaha\n", "utf-8")
    assert run("validate", "--list", "brands=brands.txt", good).exit_code == 0


def test_settings_come_from_the_nearest_pyproject_then_the_environment_then_the_command_line(
    run: Run, bad: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command line wins over V4SCHEMA_… variables, and they over [tool.v4schema]."""
    Path("pyproject.toml").write_text('[tool.v4schema]\nformat = "ndjson"\nfail-on = "never"\n', "utf-8")
    Path("inner/most").mkdir(parents=True)
    Path("inner/pyproject.toml").write_text("[tool.other]\n", "utf-8")
    monkeypatch.chdir("inner/most")
    path = f"../../{bad}"
    assert run("validate", path).exit_code == 0
    assert run("validate", path).stdout.startswith("{")
    assert run("validate", path, env={"V4SCHEMA_FAIL_ON": "error"}).exit_code == 1
    assert run("validate", path, env={"V4SCHEMA_FORMAT": "text"}).stdout.startswith("../../bad.json:")
    assert run("validate", "--format", "api", path, env={"V4SCHEMA_FORMAT": "text"}).stdout.startswith('{"category_fields"')


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ('[tool.v4schema]\nfial-on = "error"\n', "Unknown setting 'fial-on'. Did you mean fail-on?"),
        ("[tool.v4schema\n", "Cannot read"),
        ('[tool.v4schema]\nfail-on = "fatal"\n', "--fail-on"),
        ('[tool]\nv4schema = "x"\n', "is not a table"),
        ("[tool.v4schema]\nlist = ['brands']\n", "Cannot read the list"),
        ("[tool.v4schema]\nlist = 'brands=x'\n", "list must be a table of names and files"),
        ("[tool.v4schema]\noutput = true\n", "output must be text"),
        ("[tool.v4schema]\nquiet = 'yes'\n", "quiet must be true or false"),
        ("[tool.v4schema]\napi = ['v4']\n", "api must be text"),
    ],
)
def test_unknown_settings_are_wrong_usage(toml: str, message: str, run: Run, bad: str) -> None:
    """A typing error in a setting is not ignored."""
    Path("pyproject.toml").write_text(toml, "utf-8")
    result = run("validate", bad)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())


@pytest.mark.slow
def test_paths_in_settings_are_relative_to_their_file(
    run: Run, good: str, schemas: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists and schemas are found from any current folder."""
    Path("brands.txt").write_text("volvo\n", "utf-8")
    some(schemas, Path("custom"))
    Path("pyproject.toml").write_text('[tool.v4schema]\nschemas = "custom"\nlist = { brands = "brands.txt" }\n', "utf-8")
    Path("inner").mkdir()
    monkeypatch.chdir("inner")
    assert " value.unlisted " in run("validate", f"../{good}").stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("catalogue.json", None, "catalogue.json: No such file or directory"),
        ("catalogue.json", "{", "catalogue.json: "),
        ("catalogue.json", "{}", "catalogue.json: / does not match meta/catalogue.json"),
        ("words.json", "[]", "words.json: / does not match meta/words.json"),
        ("units.json", '{"kinds": 3}', "units.json: / does not match meta/units.json"),
        ("findings.json", "{}", "findings.json: / does not match meta/findings.json"),
        ("v4/ad.json", "[]", "v4/ad.json: "),
        ("v4/moped.json", "{}", "v4/moped.json: / does not match meta/dialect.json"),
        ("samples.json", "{}", "samples.json: / does not match meta/samples.json"),
        ("plausibility.json", "{}", "plausibility.json: / does not match meta/plausibility.json"),
        ("plausibility.json", ('"model_year": {', '"model_years": {'), "plausibility.json: there is no measure 'model_year'"),
        ("plausibility.json", ('"unit": "kr"', '"unit": "kg"'), "plausibility.json: price cannot be converted to kr"),
        (
            "shared/ad.json",
            ("parts.json#/$defs/blank", "../v4/registered.json#/$defs/unwanted"),
            "refers to the folder of an edition",
        ),
        ("v3/ad.json", ("../shared/parts.json#/$defs/absolute_url", "../v4/moped.json"), "refers to the folder of an edition"),
        ("shared/ad.json", ('"title": "Ad"', '"title": "v4"'), "shared/ad.json: it belongs to no edition, but names v4"),
        ("v4/moped.json", ("../shared/moped.json", "../../shared/moped.json"), "the file is outside the folder"),
        ("shared/parts.json", ("^([0-9a-z]+(-", "^([0-9a-z]+(-(("), "cannot be used: a bracket is not closed"),
        ("v4/moped.json", '{"$ref": "ad.json#/$defs/gone"}', "ad.json#/$defs/gone refers to nothing"),
        ("shared/ad.json", ('"word": "truth"', '"word": "lies"'), "/visible uses the word 'lies', which does not exist"),
        ("units.json", ('"length": {', '"lengths": {'), "uses the quantity 'length', which does not exist"),
    ],
)
def test_damaged_schemas_are_wrong_usage(file: str, text: str | None, message: str, run: Run, good: str, schemas: Path) -> None:
    """A file may be missing, be no JSON, not match its meta-schema, or contain a reference to nothing."""
    some(schemas, Path("custom"))
    path = Path("custom", file)
    before = path.read_text("utf-8")
    path.unlink()
    if text is not None:
        path.write_text(before.replace(*text) if isinstance(text, tuple) else text, "utf-8")
    result = run("validate", "--schemas", "custom", good)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())


def test_on_a_terminal_a_finding_has_a_code_frame_with_a_caret(bad: str, in_empty_folder: Path) -> None:
    """The line at fault, with a caret under what is wrong, in 80 columns."""
    printed = terminal("validate", bad, cwd=in_empty_folder)
    assert "\x1b[31m" in printed
    assert (
        "bad.json:36:5 error field.misnamed [CR7, V3] fixable\n  /category_fields/year\n"
        '  Unknown field "year"; did you mean "model_year"?\n'
        '  36 | "year": …\n     | ^^^^^^\n  = Rename it to "model_year".\n'
    ) in plain(printed)
    assert max(map(len, plain(printed).splitlines())) <= 80
    assert without_legend(plain(printed)).endswith("1 ad, 0 clean: 1 error, 1 warning. `v4schema normalise` fixes 2 of them.\n")


@pytest.mark.no_cover
@pytest.mark.slow
def test_no_color_and_never_print_the_same_without_colours(bad: str, in_empty_folder: Path) -> None:
    """NO_COLOR and `--color never` remove the colours but not the code frames."""
    coloured = terminal("validate", bad, cwd=in_empty_folder)
    assert terminal("validate", bad, cwd=in_empty_folder, NO_COLOR="1") == plain(coloured)
    assert terminal("validate", "--color", "never", bad, cwd=in_empty_folder) == plain(coloured)
    assert terminal("validate", "--color", "always", bad, cwd=in_empty_folder, NO_COLOR="1") == coloured


def test_without_input_on_a_terminal_a_message_shows_the_usage(in_empty_folder: Path) -> None:
    """The command does not wait for somebody to type JSON."""
    assert "Name a file" in terminal("validate", cwd=in_empty_folder)


@pytest.mark.slow
@pytest.mark.no_cover
def test_long_runs_show_progress(clean: Ad, in_empty_folder: Path) -> None:
    """Progress is shown on standard error if that is a terminal, while the report goes elsewhere."""
    (in_empty_folder / "feed.ndjson").write_text(f"{json.dumps(clean)}\n" * 30_000, "utf-8")
    printed = terminal("validate", "--output", "report.txt", "feed.ndjson", cwd=in_empty_folder)
    assert re.search(r"\r[0-9,]+ ads", printed)
    assert plain(printed).endswith("30,000 ads, 30,000 clean: 0 errors.\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_the_run_although_an_engine_swallows_it(catalogue: Catalogue, number: signal.Signals) -> None:
    """The command ends before the next ad, with the exit code that a shell expects."""

    def deaf() -> Iterator[Result]:
        with suppress(SystemExit):
            signal.raise_signal(number)
        yield file_result("out", "file.linked", catalogue)

    passed: list[Result] = []
    outside = signal.signal(number, signal.SIG_DFL)  # whatever this run was started with
    try:
        with pytest.raises(SystemExit) as left, graceful_shutdown() as shutdown:
            passed.extend(shutdown.through(deaf()))
        assert left.value.code == 128 + number
        assert not passed
        assert signal.getsignal(number) == signal.SIG_DFL
    finally:
        signal.signal(number, outside)


@pytest.mark.parametrize(
    ("before", "then"),
    [(signal.default_int_handler, signal.SIG_DFL), (signal.SIG_IGN, signal.SIG_IGN)],
    ids=["default", "ignored"],
)
def test_a_signal_while_loading_ends_the_run(
    monkeypatch: pytest.MonkeyPatch, before: signal.Handlers, then: signal.Handlers
) -> None:
    """There is no traceback, and no exit code that means something else."""
    at_start = []
    monkeypatch.setattr(cli, "main", lambda: at_start.append(signal.getsignal(signal.SIGINT)))
    outside = signal.signal(signal.SIGINT, before)
    try:
        process.main()
    finally:
        signal.signal(signal.SIGINT, outside)
    assert at_start == [then]


@pytest.mark.parametrize("code", [3, "not a number"])
def test_python_reports_output_that_cannot_be_flushed(monkeypatch: pytest.MonkeyPatch, code: object) -> None:
    """The command exits at once, but only after it has tried to flush all of its output."""

    def ends() -> None:
        raise SystemExit(code)

    class Full(io.StringIO):
        def flush(self) -> None:
            raise OSError(28, "No space left on device")

    left: list[int] = []
    monkeypatch.setattr(cli, "main", ends)
    monkeypatch.setattr(os, "_exit", left.append)
    outside = signal.getsignal(signal.SIGINT)
    try:
        process.main()
        assert left == [3 if code == 3 else 1]
        monkeypatch.setattr(sys, "stdout", Full())
        with pytest.raises(SystemExit):
            process.main()
        monkeypatch.setattr(sys, "stdout", None)
        process.main()
        assert len(left) == 2
    finally:
        signal.signal(signal.SIGINT, outside)


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    """`nohup` relies on this."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with graceful_shutdown() as shutdown:
            signal.raise_signal(signal.SIGHUP)
            assert [*shutdown.through([])] == []
    finally:
        signal.signal(signal.SIGHUP, before)


def test_frames_and_reports_show_no_neighbour_and_nothing_private(run: Run, clean: Ad) -> None:
    """Only the member of the finding is shown, also in one long line, and nothing private or unknown."""
    clean["contact"] = {"name": 3, "phone": "SECRET-PHONE", "email": "SECRET-MAIL"}
    clean["contcat"] = "SECRET"
    clean["category_fields"] |= {"registration_number": "SECRET-PLATE", "vin": "SECRET"}
    clean["visible"] = "ja"
    clean["body"] = "SECRET <b>"
    clean["whoknows"] = {"deep": "SECRET"}
    clean["phone number"] = 4670999999
    clean["contact"]["phone"] = 4670999999
    clean["price"][0]["telephone"] = 4670999999
    for text in (json.dumps(clean), json.dumps(clean, indent=2), json.dumps(clean)[:-1]):
        for args in (["--color", "always"], ["--format", "json"], ["--format", "api"], []):
            printed = run("validate", *args, stdin=text).stdout
            assert printed
            assert "SECRET" not in printed
            assert "4670999999" not in printed
    assert '"visible": "ja"' in plain(run("validate", "--color", "always", stdin=json.dumps(clean)).stdout)


def test_a_frame_of_an_ad_that_cannot_be_identified_shows_no_text(run: Run) -> None:
    """If the kind is unknown, only strings that every category describes are known to be harmless."""
    printed = plain(run("validate", "--color", "always", stdin=b'{"category_id": "9999", "contact": {"phone": "SECRET"}}').stdout)
    assert '"category_id": "9999"' in printed
    assert "SECRET" not in printed


def test_a_frame_of_a_long_value_fits_the_terminal(run: Run, clean: Ad) -> None:
    """A long value is cut, a long name is left out, and the caret stays visible."""
    clean["image_urls"] = ["http://example.com/" + "x" * 500]
    clean["y" * 300] = 1
    printed = plain(run("validate", "--color", "always", stdin=json.dumps(clean)).stdout)
    frames = [line for line in printed.splitlines() if re.match(r" +([0-9]+)? \| ", line)]
    assert len(frames) == 4
    assert max(map(len, frames)) <= 80


def test_a_frame_on_a_narrow_terminal_leaves_out_the_name(clean: Ad, in_empty_folder: Path) -> None:
    """The caret stays visible on 40 columns."""
    clean["dont_publish_on_failed_images"] = 5
    (in_empty_folder / "ad.json").write_text(json.dumps(clean), "utf-8")
    printed = plain(terminal("validate", "ad.json", cwd=in_empty_folder, columns=40))
    assert "  1 | …5\n    |  ^\n" in printed


def test_a_text_that_cannot_be_read_has_no_frame(run: Run) -> None:
    """It has no member that a frame could show."""
    printed = plain(run("validate", "--color", "always", stdin=b'{"a": 1,}').stdout)
    assert printed.startswith("<stdin>:1:9 error json.syntax\n  This is not JSON.\n  = Remove the comma")


def test_control_characters_of_an_ad_do_not_reach_the_terminal(run: Run, clean: Ad) -> None:
    """They are printed as escapes."""
    clean["category_fields"]["powertrain"]["transmission"] = "\x1b[2J\x07\u009b"
    clean["na\nme\u202e"] = 1
    printed = run("validate", "--stdin-name", "\x1b]0;", stdin=json.dumps(clean)).stdout
    assert len(printed.splitlines()) == 2
    printed += plain(run("validate", "--color", "always", "--stdin-name", "\x1b]0;", stdin=json.dumps(clean)).stdout)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", printed)


def test_a_reader_that_ends_early_causes_no_error(bad: str, in_empty_folder: Path) -> None:
    """`v4schema validate … | head -1` ends quietly."""
    files = " ".join([bad] * 3000)
    command = f"{sys.executable} -m v4schema validate {files} | head -n 1"
    ended = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, cwd=in_empty_folder, check=True)
    assert len(ended.stdout.splitlines()) == 1
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("args", [[], ["validate"], ["normalise"], ["show"], ["explain"]])
def test_help_has_examples(args: list[str], run: Run) -> None:
    """Each page of help shows how to use the command, in lines that fit."""
    result = run(*args, "--help")
    assert result.exit_code == 0
    assert "Example" in result.stdout
    assert "\n    v4schema " in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_version(run: Run) -> None:
    """The version is the package's."""
    assert run("--version").stdout == f"v4schema {__version__}\n"


def test_show_lists_editions_categories_and_fields(run: Run, catalogue: Catalogue) -> None:
    """`show` lists editions, then the categories of an edition, then the fields of a category."""
    editions = run("show").stdout
    assert "the default" in editions
    for edition in catalogue.editions.values():
        assert edition.name in editions
        for category in edition.categories.values():
            listed = run("show", edition.name).stdout
            assert f"{edition.name}/{category.slug} " in listed
            assert str(category.id) in listed
    fields = run("show", "v4/moped", env={"COLUMNS": "80"}).stdout
    assert max(map(len, fields.splitlines())) <= 80
    assert "/category_fields/brand  string, list brands, length ≤ 32, required  [S, V3]\n    The make, as a slug" in fields
    assert "/price/*/amount  integer, in öre, ≥ 0, required  [S]" in fields
    assert "/state" not in fields
    assert "required" not in run("show", "v4/moped", "--operation", "update").stdout.replace("unit", "").split("/price/*/type")[0]
    assert "expected" in run("show", "v4/trailer").stdout


def test_show_prints_a_closed_schema_and_an_example_that_it_accepts(run: Run) -> None:
    """--bundle needs nothing else; --errors-only leaves out what only warns; --example is valid."""
    bundle = json.loads(run("show", "v4/moped", "--bundle").stdout)
    strict = Draft202012Validator(bundle)
    example = json.loads(run("show", "v4/moped", "--example").stdout)
    assert strict.is_valid(example)
    assert '"$ref"' not in json.dumps(bundle)
    graver = Draft202012Validator(json.loads(run("show", "v4/moped", "--bundle", "--errors-only").stdout))
    assert graver.is_valid(example | {"category_id": 1121})
    assert not strict.is_valid(example | {"category_id": 1121})
    assert not graver.is_valid(example | {"visible": 1})
    assert run("validate", stdin=json.dumps(example)).stdout == ""


@pytest.mark.parametrize("args", [["v4", "--example"], ["--bundle"], ["v4/moped", "--errors-only"], ["v3/kayak", "--example"]])
def test_show_refuses_options_that_do_not_apply(args: list[str], run: Run) -> None:
    """No option is ignored, and no example is made up."""
    assert run("show", *args).exit_code == 2


def test_show_prints_one_form_at_a_time(run: Run) -> None:
    """Two forms at once are wrong usage; a variable can choose one as well."""
    assert run("show", "v4/moped", "--bundle", "--example").exit_code == 2
    assert run("show", "v4/moped", env={"V4SCHEMA_EXAMPLE": "1"}).stdout == run("show", "v4/moped", "--example").stdout
    assert run("show", "v4/moped", "--fields").stdout == run("show", "v4/moped").stdout
    assert (
        run("show", "v4/moped", "--example", env={"V4SCHEMA_BUNDLE": "1"}).stdout == run("show", "v4/moped", "--example").stdout
    )
    assert run("show", "v4", env={"V4SCHEMA_BUNDLE": "1", "V4SCHEMA_ERRORS_ONLY": "1"}).stdout == run("show", "v4").stdout


@pytest.mark.parametrize(
    ("what", "message"),
    [("v44", "Known: v3, v4."), ("v4/mopped", "Did you mean moped?"), ("moped", "Unknown edition 'moped'")],
)
def test_show_suggests_the_right_name(what: str, message: str, run: Run) -> None:
    """A misspelt name is answered with the right one."""
    result = run("show", what)
    assert result.exit_code == 2
    assert message in result.stderr


def test_explain_explains_every_code(run: Run, catalogue: Catalogue) -> None:
    """Without a code, all codes are listed; a misspelt code is answered with the right one."""
    listed = run("explain").stdout
    for code, entry in catalogue.finding_codes.items():
        assert code in listed
        assert entry["level"] in listed
        explained = run("explain", code).stdout
        assert " ".join(explained.split()).count(" ".join(entry["explanation"].split())) == 1
        assert max(map(len, explained.splitlines())) <= 100
    result = run("explain", "price.implausibel")
    assert result.exit_code == 2
    assert "Did you mean price.implausible?" in result.stderr


def test_explain_lists_the_codes_of_a_family_and_explains_documents(run: Run, catalogue: Catalogue) -> None:
    """The first part of a code names the family; the codes of documents are those in square brackets."""
    listed = [line.split()[0] for line in run("explain", "price").stdout.splitlines() if not line.startswith(" ")]
    assert listed == [code for code in catalogue.finding_codes if code.startswith("price.")]
    assert run("explain", "price.*").stdout == run("explain", "price").stdout
    for code, document in catalogue.documents.items():
        explained = " ".join(run("explain", code).stdout.split())
        assert explained.startswith(f"{code}: {document['title']}")
        assert document["scope"] in explained
    assert run("explain", "[cr7]").stdout == run("explain", "CR7").stdout
    result = run("explain", "CR8")
    assert result.exit_code == 2
    assert "Unknown code 'CR8'. `v4schema explain` lists all codes." in result.stderr


def test_text_output_ends_with_the_documents_of_its_findings(run: Run, bad: str) -> None:
    """Each document is listed once, in text output only, and not with --quiet."""
    _, legend = run("validate", bad).stderr.split("Documents:\n")
    assert [line.split()[0] for line in legend.splitlines()] == ["CD7", "CR7", "V3"]
    for options in (["--quiet"], ["--format", "json"]):
        assert "Documents:" not in run("validate", *options, bad).stderr


def test_summaries_of_commands_are_complete(run: Run) -> None:
    """The list of commands shortens no summary."""
    assert "..." not in run("--help").stdout.replace("[ARGS]...", "")


@pytest.mark.parametrize(
    ("args", "incomplete", "found"),
    [
        (["validate", "--api"], "", ["v3", "v4"]),
        (["validate", "--category"], "mo", ["motorcycle", "moped", "motor-boat"]),
        (["validate", "--api", "v3", "--category"], "truck", ["truck-and-bus"]),
        (["validate", "--operation"], "m", ["migrate"]),
        (["convert", "--to"], "v4", ["v4"]),
        (["normalise", "--price-unit"], "k", ["kr"]),
        (["show"], "v", ["v3", "v4"]),
        (["show"], "v4/mop", ["v4/moped"]),
        (["show", "v4/moped", "--where"], "/price/*/a", ["/price/*/amount"]),
        (["show", "v4/nothing", "--where"], "/", []),
        (["explain"], "price.", ["price.implausible", "price.repeated"]),
        (["explain"], "CR", ["CR7"]),
        (["validate"], "--fail", ["--fail-on"]),
        (["validate", "--engine"], "jsonschema-", ["jsonschema-rs"]),
    ],
)
def test_shell_completion(args: list[str], incomplete: str, found: list[str]) -> None:
    """It completes options, editions, categories, operations, units, codes, documents and fields."""
    items = ShellComplete(main, {}, "v4schema", "_V4SCHEMA_COMPLETE").get_completions(args, incomplete)
    assert [item.value for item in items] == found


def test_formats_are_chosen_from_one_table(run: Run, good: str) -> None:
    """Every format of the table can be named."""
    for name in FORMATS:
        assert run("validate", "--format", name, good).exit_code == 0
