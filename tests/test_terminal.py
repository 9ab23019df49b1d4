"""Nothing in an ad, a name or a folder of schemas can control a terminal."""

import gzip
import json
import os
import re
import time
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from commands import Run, terminal, typed
from folders import some

from v4schema.catalogue import Catalogue
from v4schema.catalogue.messages import printable
from v4schema.cli import terminal as terminal_
from v4schema.cli.terminal import Terminal, with_progress
from v4schema.feed.result import file_result
from v4schema.feed.summary import Summary

Ad = dict[str, Any]

#: Characters that control terminals or the direction of text: C0, C1, DEL, bidirectional controls, line separators.
STEERING = "\x1b]0;x\x07\x1b[2J\x9b31m\x90\u202e\u2066\u200f\u061c\u2028\u2029\x7f\x85\x08\u00ad\ufeff"
#: Control sequences of the command itself: colours, and those of the line of progress.
OWN = re.compile(r"\x1b\[[0-9;]*m|\r[0-9,]+ ads|\r\x1b\[K")


def steers(printed: str) -> set[str]:
    """Return the control characters in an output, except those of our colours."""
    return {each for each in OWN.sub("", printed) if unicodedata.category(each) in {"Cc", "Cf", "Zl", "Zp", "Cs"}} - {"\n"}


@pytest.fixture
def odd(clean: Ad, in_empty_folder: Path) -> str:
    """A file whose name, and an ad whose names and values would control a terminal."""
    clean["source_id"] = STEERING + "\u2067"
    clean["visible"] = "ja"
    clean[f"name{STEERING}\t\r"] = f"value{STEERING}"
    clean["price"][0]["type"] = f"type{STEERING}\t\r\n."
    name = f"odd{STEERING}\t\r.json"
    (in_empty_folder / name).write_text(json.dumps(clean, ensure_ascii=False, indent=1), "utf-8", newline="\r\n")
    return name


WORDS = [
    ["validate", "ODD"],
    *(["validate", "--format", name, "ODD"] for name in ("json", "ndjson", "api")),
    ["validate", "ODD.missing"],
    ["validate", "--quiet", "--color", "always", "ODD"],
    ["validate", "--stdin-name", "ODD", "feed.ndjson"],
    ["validate", "-o", "ODD", "ODD"],
    ["validate", "--list", "brands=ODD.missing", "ODD"],
    ["validate", "--schemas", "ODD", "ODD"],
    ["validate", "--fail-on", "ODD"],
    ["validate", "--category", "ODD", "ODD"],
    ["validate", "--engine", "ODD", "ODD"],
    ["validate", "--ODD"],
    ["--ODD"],
    ["ODD"],
    ["normalise", "ODD"],
    ["normalise", "--diff", "ODD"],
    ["normalise", "--diff", "--color", "never", "feed.ndjson"],
    ["normalise", "feed.ndjson"],
    ["normalise", "broken.json"],
    ["normalise", "-o", "no/such/ODD", "ODD"],
    ["normalise", "--report", "no/such/ODD", "ODD"],
    ["convert", "--to", "v3", "--from", "v4", "ODD"],
    ["convert", "--to", "v3", "--from", "v4", "--diff", "ODD"],
    ["convert", "--to", "v3", "--from", "v4", "--rejects", "r.ndjson", "feed.ndjson"],
    ["convert", "--to", "v4", "--questions", "ODD.csv", "--answers", "ODD.missing", "ODD"],
    ["convert", "--back", "--receipts", "ODD.missing", "ODD"],
    ["show", "ODD"],
    ["show", "--schemas", "schemas", "v4/moped"],
    ["diff", "ODD", "v4/moped"],
    ["explain", "ODD"],
    ["openapi", "ODD"],
]


@pytest.mark.slow
def test_no_output_controls_a_terminal(odd: str, in_empty_folder: Path, schemas: Path) -> None:
    """Control characters are escaped in reports, ads, diffs, usage and texts of schemas, with or without colours."""
    ad = json.loads((in_empty_folder / odd).read_text("utf-8"))
    (in_empty_folder / "feed.ndjson").write_text(f"{json.dumps(ad, ensure_ascii=False)}\r\n" * 2, "utf-8", newline="")
    (in_empty_folder / "broken.json").write_bytes(b'{"a": "\x1b]0;x\x07\x9b\xff", }\r\r' + STEERING.encode())
    some(schemas, in_empty_folder / "schemas")
    for path in (in_empty_folder / "schemas").rglob("*.json"):
        escaped = json.dumps(STEERING)[1:-1].replace("\\", "\\\\")
        text = re.sub(r'("(description|means|why|title)": "[^"\\]{20,}?)"', rf'\1{escaped}"', path.read_text("utf-8"))
        path.write_text(text, "utf-8")
    commands = [[word.replace("ODD", odd) for word in args] for args in WORDS]
    for args, printed in zip(commands, typed(*commands, cwd=in_empty_folder), strict=True):
        assert printed, args
        assert not steers(printed), (args, printed)


@pytest.mark.slow
def test_escaped_ads_and_reports_have_the_same_value(odd: str, in_empty_folder: Path) -> None:
    """JSON has an escape for every character in a text, and only white space outside of texts."""
    given = json.loads((in_empty_folder / odd).read_text("utf-8"))
    printed = terminal("normalise", "--quiet", "--report", "report.json", odd, cwd=in_empty_folder)
    assert json.loads(printed) == {**given, "visible": True}
    report = terminal("validate", "--format", "json", "--quiet", odd, cwd=in_empty_folder)
    (result,) = json.loads(report)["results"]
    assert (result["source"], result["source_id"]) == (odd, given["source_id"])


@pytest.mark.slow
def test_a_long_feed_on_a_terminal_is_complete(clean: Ad, in_empty_folder: Path) -> None:
    """Characters of several bytes are not split by the buffer."""
    clean |= {"body": "å\u202e" * 40_000, "visible": "ja"}
    (in_empty_folder / "feed.ndjson").write_text(f"{json.dumps(clean, ensure_ascii=False)}\n" * 2, "utf-8")
    for args in (["normalise"], ["convert", "--from", "v4", "--to", "v3", "--rejects", "rejects.ndjson"]):
        printed = terminal(*args, "--quiet", "--report", "report.txt", "feed.ndjson", cwd=in_empty_folder)
        ads = [json.loads(line) for line in printed.splitlines() if line]
        assert [ad["body"] for ad in ads] == [clean["body"]] * 2


def test_ads_written_to_a_pipe_are_not_escaped(run: Run, odd: str, in_empty_folder: Path) -> None:
    """Only findings and messages about usage are escaped, so that each stays on one line."""
    text = (in_empty_folder / odd).read_bytes()
    done = run("normalise", "--quiet", odd)
    assert done.stdout_bytes == text.replace(b'"ja"', b"true")
    lines = run("validate", odd).stdout.split("\n")
    assert all(re.match(r"odd\\u001b", line) for line in lines if line)
    (sentence,) = [line for line in run("validate", "-o", f"{odd}/x\ny", odd).stderr.split("\n") if "Cannot write" in line]
    assert "x\\ny" in sentence


@pytest.mark.slow
def test_no_output_controls_a_terminal_of_another_encoding(odd: str, in_empty_folder: Path) -> None:
    """Bytes with another meaning in its encoding are escaped."""
    for encoding in ("latin-1", "ascii"):
        printed = terminal("normalise", "--diff", odd, cwd=in_empty_folder, PYTHONIOENCODING=encoding)
        assert not steers(printed)


@pytest.mark.slow
def test_file_names_in_another_encoding_are_printed(clean: Ad, in_empty_folder: Path) -> None:
    """One of the files is gzipped."""
    name = os.fsdecode(b"\xff\x9b\x1b.json.gz")
    (in_empty_folder / name).write_bytes(gzip.compress(json.dumps({**clean, "visible": "ja"}).encode()))
    for args in (["validate"], ["normalise", "--diff"], ["normalise", "-o", name], ["validate", "--format", "json"]):
        printed = terminal(*args, name, cwd=in_empty_folder)
        assert "xff" in printed or "udcff" in printed
        assert not steers(printed)


def test_every_invisible_character_is_escaped() -> None:
    """Unicode decides, except for the visible format characters of numbers and hieroglyphs."""
    seen = {*range(0x600, 0x606), 0x6DD, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD, *range(0x13430, 0x13440)}
    for number in range(0x110000):
        each = chr(number)
        if unicodedata.category(each) in {"Cc", "Cf", "Zl", "Zp", "Cs"} and number not in seen:
            assert printable(each).isascii(), hex(number)
            assert json.loads(f'"{printable(each)}"') == each
    assert printable("Fin moped från Växjö 😀") == "Fin moped från Växjö 😀"


def test_a_terminal_takes_bytes_and_help_keeps_its_lines(run: Run) -> None:
    """Its buffer is writable, also for libraries that ask; only messages about usage are put on one line."""
    controller, other = os.openpty()
    with open(other, "w", encoding="utf-8") as stream:
        screen = Terminal(stream)
        assert screen.buffer.writable()
        assert screen.buffer.write("\x9b\r\nå".encode()) == 6
        screen.buffer.flush()
        assert os.read(controller, 99).decode() == "\\u009b\r\nå"  # the line end of the terminal
    os.close(controller)
    assert "\n  convert" in run().output


def test_progress_is_shown_on_terminals_only(capsys: pytest.CaptureFixture[str]) -> None:
    """Other streams get no control characters."""
    assert [*with_progress(iter([]), Summary())] == []
    assert capsys.readouterr().err == ""


def test_progress_is_shown_from_time_to_time(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not shown after every ad, and is removed at the end."""
    steered: list[str] = []
    clock = iter([0.0, 0.1, 0.3, 0.3, 0.4])
    monkeypatch.setattr(terminal_, "_steer", steered.append)
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    passed = [file_result(name, "file.linked", catalogue) for name in "abc"]
    assert [*with_progress(iter(passed), Summary())] == passed
    assert steered == ["\r0 ads", "\r\x1b[K"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "args", ["normalise --check --report /dev/stdout", "normalise -o /dev/stdout", "validate -o /dev/stdout"]
)
def test_no_output_controls_a_terminal_that_is_named_as_a_file(args: str, in_empty_folder: Path) -> None:
    """It is named /dev/stdout, or by its own name."""
    (in_empty_folder / "ad.json").write_text('{"visible": "ja", "body": "\u009b2J\u202e", "x\u202e": 1}', "utf-8")
    printed = terminal(*args.split(), "--operation", "update", "ad.json", cwd=in_empty_folder)
    assert "visible" in printed
    assert not {"\u009b", "\u202e"} & {*printed}
