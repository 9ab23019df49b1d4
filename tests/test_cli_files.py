"""What the command does with files: no input is overwritten, nothing is converted twice, and no edit is lost."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kill_test
import pytest
from ads import CAR, MOPED
from commands import Run, without_legend

from v4schema.cli import clashes, placement
from v4schema.cli.shutdown import Shutdown
from v4schema.feed import Result
from v4schema.output.staging import Staging

ANSWERS = "source_id;brand\nmoped-017;Yamaha\n"
#: Converts 34 900 kr to 3 490 000 öre.
IN_KRONOR = ["normalise", "--operation", "update", "--price-unit", "kr"]
BARE = '{"price": [{"type": "list", "amount": 34900, "currency": "SEK"}]}'
ONCE, TWICE = BARE.replace("34900", "3490000"), BARE.replace("34900", "349000000")


def tree() -> dict[str, bytes]:
    """Every file below the current folder, including hidden ones, by its name."""
    return {str(path): path.read_bytes() for path in sorted(Path().rglob("*")) if path.is_file()}


@pytest.fixture
def files(in_empty_folder: Path) -> dict[str, bytes]:
    """A feed, answers, receipts, a list, settings, and other ways to get to them."""
    Path("feed.ndjson").write_text(json.dumps(CAR) + "\n", "utf-8")
    Path("ans.csv").write_text(ANSWERS, "utf-8")
    Path("rc.ndjson").write_text('{"receipt": 1}\n', "utf-8")
    Path("brands.txt").write_text("volvo\n", "utf-8")
    Path("pyproject.toml").write_text("[tool.v4schema]\n", "utf-8")
    Path("out").mkdir()
    os.link("rc.ndjson", "hard.ndjson")
    Path("soft.ndjson").symlink_to("rc.ndjson")
    Path("dangling").symlink_to("new.ndjson")
    Path("here").symlink_to(in_empty_folder)
    os.link("ans.csv", "out/feed.ndjson")
    return tree()


@pytest.mark.slow
@pytest.mark.parametrize(
    "args",
    [
        "convert feed.ndjson --back --receipts rc.ndjson -o rc.ndjson",
        "convert feed.ndjson --back --receipts rc.ndjson -o here/rc.ndjson",
        "convert feed.ndjson --back --receipts rc.ndjson -o hard.ndjson",
        "convert feed.ndjson --back --receipts rc.ndjson --rejects soft.ndjson",
        "convert feed.ndjson --back --receipts rc.ndjson --report hard.ndjson",
        "convert rc.ndjson --back --receipts rc.ndjson --in-place",
        "convert feed.ndjson --to v4 --answers ans.csv -o ans.csv",
        "convert feed.ndjson --to v4 --answers ans.csv -o out/",
        "convert feed.ndjson --to v4 --answers ans.csv --questions here/ans.csv",
        "convert feed.ndjson --to v4 -o new.ndjson --receipts dangling",
        "convert feed.ndjson --to v4 -o new/x.ndjson --receipts here/new/x.ndjson",
        "convert feed.ndjson --to v4 --rejects new.ndjson --report dangling",
        "convert feed.ndjson --to v4 --list brands=brands.txt -o brands.txt",
        "convert feed.ndjson --to v4 -o pyproject.toml",
        "normalise feed.ndjson -o here/feed.ndjson",
        "normalise feed.ndjson --list brands=brands.txt --report brands.txt",
        "normalise feed.ndjson -o new.ndjson --report dangling",
        "normalise brands.txt --list brands=brands.txt --in-place",
        "normalise feed.ndjson --schemas SCHEMAS -o SCHEMAS/findings.json",
        "validate feed.ndjson -o here/feed.ndjson",
        "validate feed.ndjson --list brands=brands.txt -o brands.txt",
        "openapi v4 --schemas SCHEMAS -o SCHEMAS/v4/openapi.json",
    ],
)
def test_no_input_is_overwritten(args: str, run: Run, files: dict[str, bytes], schemas: Path) -> None:
    """It may be named by any path, or not exist yet; two outputs in one file are refused as well, before anything is opened."""
    read = (schemas / "findings.json").read_bytes()
    result = run(*args.replace("SCHEMAS", str(schemas)).split())
    assert result.exit_code == 2
    printed = " ".join(result.stderr.split())
    assert any(
        each in printed for each in ("is one of the files that are read", "would be written twice", "is where the ads go")
    ), printed
    assert tree() == files
    assert (schemas / "findings.json").read_bytes() == read


@pytest.mark.parametrize("args", ["validate {0}", "normalise {0}", "convert {0} --to v4 --rejects new.ndjson", "normalise"])
def test_no_input_is_overwritten_by_a_shell(args: str, files: dict[str, bytes], in_empty_folder: Path) -> None:
    """`v4schema normalise feed.ndjson >> feed.ndjson` would read its own output without end."""
    command = f'"{sys.executable}" -m v4schema {args.format("feed.ndjson")} < feed.ndjson >> feed.ndjson'
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False, cwd=in_empty_folder)
    assert done.returncode == 2
    assert "Standard output goes to a file that this run reads or writes as well" in " ".join(done.stderr.split())
    assert tree() == files


@pytest.mark.parametrize("again", ["a.json", "./a.json", "link.json", "hard.json"])
def test_a_file_that_is_named_twice_is_read_once(again: str, run: Run) -> None:
    """Two paths of one file count as one."""
    Path("a.json").write_text(BARE, "utf-8")
    Path("link.json").symlink_to("a.json")
    os.link("a.json", "hard.json")
    assert without_legend(run("validate", "--operation", "update", "a.json", again).stderr).endswith(
        "is read once.\n1 ad, 1 clean: 0 errors, 1 note.\n"
    )
    result = run(*IN_KRONOR, "--in-place", "a.json", again)
    assert (result.exit_code, Path("a.json").read_text("utf-8")) == (0, ONCE)
    assert "is read once.\n1 ad, 1 changed, 1 clean: 0 errors, 1 warning, 2 notes.\n" in result.stderr


def test_a_feed_on_standard_input_is_read_once(in_empty_folder: Path) -> None:
    """It may be named as a file as well."""
    Path("f.ndjson").write_text(BARE + "\n", "utf-8")
    command = f'"{sys.executable}" -m v4schema {" ".join(IN_KRONOR)} f.ndjson - --stdin-name in.ndjson < f.ndjson'
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=True, cwd=in_empty_folder)
    assert done.stdout == ONCE + "\n"


def test_a_path_without_status_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be on a missing drive; writing to it is refused when it is opened."""

    def refuse(name: str, **_: object) -> None:
        raise FileNotFoundError(name)

    monkeypatch.setattr(os, "stat", refuse)
    assert clashes.identity("nowhere/ad.json") is None


def test_other_hard_links_keep_the_old_content_with_a_message(run: Run) -> None:
    """A user does not expect the content under a second name to differ."""
    Path("a.json").write_text(BARE, "utf-8")
    os.link("a.json", "other.json")
    result = run(*IN_KRONOR, "-i", "a.json")
    assert result.exit_code == 0
    assert "a.json: warning file.linked This file has other names (hard links), which keep the old content." in result.stdout
    assert (Path("a.json").read_text("utf-8"), Path("other.json").read_text("utf-8")) == (ONCE, BARE)


@pytest.mark.parametrize("report", ["/dev/full", "nowhere/report.txt"])
@pytest.mark.parametrize("command", [IN_KRONOR, ["convert", "--to", "v4", "--price-unit", "kr"]])
def test_files_are_replaced_after_the_report(command: list[str], report: str, run: Run) -> None:
    """If the report cannot be written, no file is replaced, so the run can be repeated."""
    if report.startswith("/") and not os.path.exists(report):
        report = "nowhere/either.txt"
    for name in "ab":
        Path(f"{name}.json").write_text(json.dumps(CAR), "utf-8")
    before = tree()
    result = run(*command, "-i", "--report", report, "a.json", "b.json")
    assert (result.exit_code, f"Cannot write to {report}" in result.stderr) == (2, True)
    assert tree() == before


def test_unread_ads_have_no_receipts(in_empty_folder: Path) -> None:
    """If the reader of the converted ads has gone, no receipts are written."""
    Path("feed.ndjson").write_text((json.dumps(CAR) + "\n") * 3000, "utf-8")
    args = "convert feed.ndjson --to v4 --price-unit kr --receipts rc.ndjson --rejects rejects.ndjson -q"
    command = f'"{sys.executable}" -m v4schema {args} | head -n 1'
    subprocess.run(["/bin/sh", "-c", command], capture_output=True, check=True, cwd=in_empty_folder)
    assert os.listdir(in_empty_folder) == ["feed.ndjson"]


def meanwhile(monkeypatch: pytest.MonkeyPatch, action: Callable[[], object]) -> None:
    """Let an action happen while ads are written."""
    original = Result.text

    def text(result: Result) -> bytes:
        action()
        return original(result)

    monkeypatch.setattr(Result, "text", text)


@pytest.mark.parametrize("command", [IN_KRONOR, ["convert", "--to", "v4", "--price-unit", "kr", "--receipts", "rc.ndjson"]])
def test_an_edit_during_the_run_is_not_lost(command: list[str], run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The edited file stays and gets a finding; the other files are written, and only they have receipts."""
    for name in "ab":
        Path(f"{name}.json").write_text(json.dumps({**CAR, "source_id": name}), "utf-8")
    meanwhile(monkeypatch, lambda: Path("a.json").write_text("edited", "utf-8"))
    result = run(*command, "-i", "a.json", "b.json")
    assert result.exit_code == 3
    assert result.stdout.count("a.json: error file.changed The file has changed since it was read, so it was not replaced.") == 1
    assert "1 file could not be written" in result.stderr
    assert Path("a.json").read_text("utf-8") == "edited"
    assert json.loads(Path("b.json").read_text("utf-8"))["price"][0]["amount"] == CAR["price"][0]["amount"] * 100
    if Path("rc.ndjson").exists():
        assert [json.loads(line)["source_id"] for line in Path("rc.ndjson").read_text("utf-8").splitlines()] == ["b"]


def test_a_later_edit_during_the_run_is_not_lost(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """An edit counts up to the moment in which the files are replaced."""
    for name in "abc":
        Path(f"{name}.json").write_text(BARE, "utf-8")
    count = iter(range(3))
    meanwhile(monkeypatch, lambda: next(count) == 2 and Path("a.json").write_text("edited", "utf-8"))
    placed = placement.place

    def late(staging: Staging, shutdown: Shutdown, files: Any, **args: Any) -> int:  # noqa: ANN401  (those of `placed`)
        Path("b.json").unlink()
        return placed(staging, shutdown, files, **args)

    monkeypatch.setattr(placement, "place", late)
    result = run(*IN_KRONOR, "-i", "a.json", "b.json", "c.json")
    assert result.exit_code == 3
    assert "a.json: error file.changed" in result.stdout
    assert "Error: Cannot write to b.json: No such file or directory." in result.stderr
    assert tree() == {"a.json": b"edited", "c.json": ONCE.encode()}


def test_only_one_of_two_runs_writes_the_receipts(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other run reports it and writes nothing, because its ads could not be converted back."""
    for name in "ab":
        Path(f"{name}.json").write_text(json.dumps({**CAR, "source_id": name}), "utf-8")
    args = ["convert", "--to", "v4", "--price-unit", "kr", "--receipts", "rc.ndjson", "-i"]
    other = [sys.executable, "-m", "v4schema", *args, "b.json"]
    meanwhile(monkeypatch, lambda: subprocess.run(other, check=True, capture_output=True))
    before = Path("a.json").read_bytes()
    result = run(*args, "a.json")
    assert (result.exit_code, "Cannot write to rc.ndjson: File exists." in result.stderr) == (2, True)
    assert Path("a.json").read_bytes() == before
    assert [json.loads(line)["source_id"] for line in Path("rc.ndjson").read_text("utf-8").splitlines()] == ["b"]
    assert sorted(os.listdir()) == ["a.json", "b.json", "rc.ndjson"]


def test_answers_given_during_the_run_are_not_lost(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sheet was empty when the run began."""
    Path("feed.ndjson").write_text(json.dumps(CAR) + "\n" + json.dumps(MOPED) + "\n", "utf-8")
    args = ["convert", "feed.ndjson", "--to", "v4", "--questions", "questions.csv", "-o", "v4.ndjson"]
    assert run(*args).exit_code == 1
    meanwhile(monkeypatch, lambda: Path("questions.csv").write_text(ANSWERS, "utf-8"))
    result = run(*args)
    assert (result.exit_code, "Cannot write to questions.csv: it has changed since it was read." in result.stderr) == (2, True)
    assert tree().keys() == {"feed.ndjson", "questions.csv"}
    assert Path("questions.csv").read_text("utf-8") == ANSWERS


#: Runs the command, and is killed when the file with a name is about to be replaced.
KILLED = """
import os, sys
from v4schema.__main__ import main
replace, gone = os.replace, sys.argv.pop(1)
os.replace = lambda new, name: os._exit(9) if name.endswith(gone) else replace(new, name)
main()
"""


def killed_at(name: str, *args: str) -> None:
    """Run the command in a process that is killed when a file is about to be replaced."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run([sys.executable, "-c", KILLED, name, *args], capture_output=True, check=False, env=environment)
    assert done.returncode == 9, done.stderr


def test_repeating_a_killed_run_completes_it(run: Run) -> None:
    """The second run does only what was left to do, even if the folder has moved; a third run is a new one."""
    Path("ads").mkdir()
    for name in "abc":
        Path(f"ads/{name}.json").write_text(BARE, "utf-8")
    killed_at("b.json", *IN_KRONOR, "-i", "ads/a.json", "ads/b.json", "ads/c.json")
    assert sorted(Path(f"ads/{name}.json").read_text("utf-8") == ONCE for name in "abc") == [False, False, True]
    Path("ads").rename("moved")
    Path("moved/d.json").write_text(BARE, "utf-8")
    args = [*IN_KRONOR, "-i", *(f"moved/{name}.json" for name in "abcd")]
    assert run(*args[:4], "nonsense", *args[5:]).exit_code == 2
    result = run(*args)
    assert result.exit_code == 0
    assert "Completed a run that was killed while its files took their places" in result.stderr
    assert result.stderr.count("was converted by the killed run, and is not converted again.") == 3
    assert tree() == {f"moved/{name}.json": ONCE.encode() for name in "abcd"}
    assert run(*args).exit_code == 0
    assert tree() == {f"moved/{name}.json": TWICE.encode() for name in "abcd"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "args",
    [
        [*IN_KRONOR, "-o", "out/", "a.json", "b.json"],
        [*IN_KRONOR, "--check", "-i", "a.json", "b.json"],
        [*IN_KRONOR, "--diff", "a.json"],
        ["normalise", "--operation", "update", "-i", "b.json"],
    ],
)
def test_other_commands_refuse_files_of_a_killed_run(args: list[str], run: Run) -> None:
    """They would remove the records that prevent a second conversion: the killed run must be repeated first."""
    for name in "ab":
        Path(f"{name}.json").write_text(BARE, "utf-8")
    again = [*IN_KRONOR, "-i", "a.json", "b.json"]
    killed_at("b.json", *again)
    before = tree()
    result = run(*args)
    assert (result.exit_code, "Repeat that run first" in " ".join(result.stderr.split())) == (2, True)
    assert tree() == before
    assert run("validate", "--operation", "update", "a.json", "-o", "r.txt").exit_code == 0
    assert run(*again).exit_code == 0
    assert tree() == {"a.json": ONCE.encode(), "b.json": ONCE.encode(), "r.txt": Path("r.txt").read_bytes()}


def test_a_killed_conversion_is_completed(run: Run) -> None:
    """The same command completes it with its receipts; a third run has nothing to do."""
    for name in "ab":
        Path(f"{name}.json").write_text(json.dumps({**CAR, "source_id": name}), "utf-8")
    args = ["convert", "--to", "v4", "--price-unit", "kr", "--receipts", "rc.ndjson", "-i", "a.json", "b.json"]
    killed_at("b.json", *args)
    assert run(*args).exit_code == 0
    for name in "ab":
        assert json.loads(Path(f"{name}.json").read_text("utf-8"))["price"][0]["amount"] == CAR["price"][0]["amount"] * 100
    assert len(Path("rc.ndjson").read_text("utf-8").splitlines()) == 2
    assert sorted(os.listdir()) == ["a.json", "b.json", "rc.ndjson"]


def test_a_killed_run_that_may_be_repeated_is_completed(run: Run) -> None:
    """Without a unit for bare prices, normalising twice gives the same as once."""
    for name in "ab":
        Path(f"{name}.json").write_text('{"visible": "ja"}', "utf-8")
    args = ["normalise", "--operation", "update", "-i", "a.json", "b.json"]
    killed_at("b.json", *args)
    result = run(*args)
    assert (result.exit_code, "Completed a run that was killed" in result.stderr) == (0, True)
    assert tree() == {f"{name}.json": b'{"visible": true}' for name in "ab"}


def test_an_edit_after_the_run_was_killed_is_kept(run: Run) -> None:
    """The edited file is not replaced; a message says so and names what was removed."""
    for name in "ab":
        Path(f"{name}.json").write_text(BARE, "utf-8")
    killed_at("b.json", *IN_KRONOR, "-i", "a.json", "b.json")
    Path("b.json").write_text(BARE.replace("34900", "5"), "utf-8")
    result = run(*IN_KRONOR, "-i", "b.json")
    assert (result.exit_code, "the file has changed since, and stays as it is" in result.stderr) == (0, True)
    assert tree() == {"a.json": ONCE.encode(), "b.json": BARE.replace("34900", "500").encode()}
    killed_at("r.txt", "validate", "--operation", "update", "a.json", "-o", "r.txt")
    result = run("validate", "--operation", "update", "a.json", "-o", "r.txt")
    assert "Removed the files that a killed run left in" in result.stderr
    assert tree().keys() == {"a.json", "b.json", "r.txt"}


def test_a_run_that_cannot_be_completed_stops_the_next(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message is one sentence, and the killed run is not forgotten."""
    for name in "ab":
        Path(f"{name}.json").write_text(BARE, "utf-8")
    args = [*IN_KRONOR, "-i", "a.json", "b.json"]
    killed_at("b.json", *args)

    def refuse(_: str, name: str) -> None:
        raise PermissionError(13, "Permission denied", name)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", refuse)
        result = run(*args)
    assert (result.exit_code, "A killed run cannot be completed" in result.stderr) == (2, True)
    assert run(*args).exit_code == 0
    assert tree() == {f"{name}.json": ONCE.encode() for name in "ab"}


def test_signals_wait_while_files_are_replaced() -> None:
    """An earlier signal ends the run, also if an engine has swallowed it; a later one has no effect."""
    staging, shutdown = Staging(), Shutdown()
    shutdown.deferred = True
    shutdown.request(signal.SIGTERM)
    shutdown.deferred = False
    with pytest.raises(SystemExit) as left:
        placement.place(staging, shutdown, [])
    assert left.value.code == 128 + signal.SIGTERM
    other = Shutdown()
    assert placement.place(staging, other, []) == 0
    other.request(signal.SIGTERM)


@pytest.mark.no_cover
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_run_killed_anywhere_loses_and_repeats_nothing(seed: int, tmp_path: Path) -> None:
    """A short form of `scripts/kill_test.py`."""
    draw = random.Random(seed)  # noqa: S311  (nothing secret)
    chosen = kill_test.scenario(draw)
    assert kill_test.attempt(chosen, draw, tmp_path)[1] == ""
