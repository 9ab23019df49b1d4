"""The diff of a run, applied by other tools, gives byte for byte what the run would have written."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from commands import Run
from hypothesis import given
from hypothesis import strategies as st

from v4schema.output import formats

Ad = dict[str, Any]
UPDATE = ("--operation", "update", "--category", "moped")

#: Line ends of Python that are none in a diff, and bytes that are no UTF-8, and so no JSON.
ENDS = "\u2028\u2029\u0085\x0b\x0c\x1c\x1d\x1e\r"
WITHIN = json.dumps({"title": "Fin\u2028moped\u2029\u0085 å", "visible": "ja"}, ensure_ascii=False)
TEXTS = {
    "plain": WITHIN,
    "feed": f"{WITHIN}\n" * 5,
    "feed without an end": f"{WITHIN}\n\n{WITHIN}\n{WITHIN}",
    "feed of CRLF": f"\r\n{WITHIN}\r\n" * 3,
    "feed of CRLF without an end": f"{WITHIN}\r\n{WITHIN}",
    "feed of which one ad is fixed": f'{{"visible": true}}\n{WITHIN}\n{{"visible": true}}\n{WITHIN}\n',
    "lines": WITHIN.replace(", ", ",\n"),
    "lines of CRLF": WITHIN.replace(", ", ",\r\n") + "\r\n",
    "lines of CR": WITHIN.replace(", ", ",\r") + "\r",
    "mixed": WITHIN.replace(", ", ",\r\r\n\t") + "\n\r",
    "array": f"[\n{WITHIN},\n\n{WITHIN}\r\n]\n",
    "array on a line": f"[{WITHIN},{WITHIN}]",
    "byte-order mark": f"\ufeff{WITHIN}\n",
    "byte-order mark and a feed": f"\ufeff{WITHIN}\n{WITHIN}\n",
    "a broken line": f'{WITHIN}\n{{"visible": "ja",}} \x1b[31m \x85\x0b\x0c\n{WITHIN}\n',
    "long": json.dumps([{"visible": "ja" if number in {3, 40} else True, "n": number} for number in range(60)], indent=1),
}
NAMES = ["ad.json", "an ad.json", "tab\there.json", 'quote".json', "back\\slash.json", "line\nfeed.json", "Växjö\u2028.json"]
NAMES += [
    "-x.json",
    " blank .json",
    "trailing ",
    "a/b/c.json",
    "esc\x1b\x7f.json",
    "a\u0085b\x0c.json",
    "'q'.json",
    "--- x",
    "+++ y",
]


def applied(diff: bytes, files: dict[str, bytes]) -> dict[str, bytes]:
    """Apply a unified diff by its definition: a hunk removes lines at its place and inserts others."""
    lines = re.split(b"(?<=\n)", diff)
    new = {name: [line for line in re.split(b"(?<=\n)", text) if line] for name, text in files.items()}
    name, drift, at = "", 0, 0
    while at < len(lines) and lines[at]:
        line = lines[at]
        at += 1
        if line.startswith(b"--- "):
            name = unquoted(line[4:-1].decode())
            assert lines[at] == b"+++ " + line[4:]
            at, drift = at + 1, 0
            continue
        numbers = re.fullmatch(rb"@@ -([0-9]+)(?:,([0-9]+))? [+]([0-9]+)(?:,([0-9]+))? @@\n", line)
        assert numbers, line
        start, count, new_start, new_count = (int(each) if each is not None else 1 for each in numbers.groups())
        old: list[bytes] = []
        put: list[bytes] = []
        while len(old) < count or len(put) < new_count or lines[at : at + 1] == [b"\\ No newline at end of file\n"]:
            sign, rest = lines[at][:1], lines[at][1:]
            at += 1
            if sign == b"\\":
                continue
            if lines[at : at + 1] == [b"\\ No newline at end of file\n"]:
                rest = rest.removesuffix(b"\n")
            old += [rest] * (sign in b" -")
            put += [rest] * (sign in b" +")
        begin = start - 1 + drift if count else start + drift
        assert new[name][begin : begin + count] == old, (name, old)
        assert begin == (new_start - 1 if new_count else new_start)
        new[name][begin : begin + count] = put
        drift += new_count - count
    return {name: b"".join(text) for name, text in new.items()}


def unquoted(name: str) -> str:
    """Return the name of a file in the header of a diff."""
    if name.startswith('"'):
        return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), name[1:-1])
    return name.removesuffix("\t")


@pytest.fixture
def before(in_empty_folder: Path) -> dict[str, bytes]:
    """Files with every kind of text and of name, by their names."""
    files = {f"text {number}.json": text.encode() for number, text in enumerate(TEXTS.values())}
    files |= {name: TEXTS["feed"].encode() for name in NAMES}
    for name, text in files.items():
        path = in_empty_folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    return files


def fixed(run: Run, names: list[str]) -> dict[str, bytes]:
    """Return what normalising writes for files."""
    return {name: run("normalise", *UPDATE, "--quiet", "--", name).stdout_bytes for name in names}


def test_a_diff_gives_what_normalising_writes(run: Run, before: dict[str, bytes], in_empty_folder: Path) -> None:
    """Feeds and documents are patched by the definition of a diff and by `git apply`."""
    after = fixed(run, [*before])
    assert all(before[name] != after[name] for name in before)
    diff = run("normalise", *UPDATE, "--quiet", "--diff", "--", *before).stdout_bytes
    assert applied(diff, before) == after
    words = ["git", "apply", "--unidiff-zero", "--unsafe-paths", "-p0", "-"]
    done = subprocess.run(words, input=diff, check=False, capture_output=True, env={**os.environ, "GIT_CEILING_DIRECTORIES": "/"})
    assert done.returncode == 0, done.stderr
    assert {name: (in_empty_folder / name).read_bytes() for name in before} == after


def test_patch_accepts_the_diff(run: Run, before: dict[str, bytes], in_empty_folder: Path) -> None:
    """Without the program `patch`, each diff is applied by its definition."""
    after = fixed(run, [*before])
    patch = shutil.which("patch")
    for name, text in before.items():
        diff = run("normalise", *UPDATE, "--quiet", "--diff", "--", name).stdout_bytes
        if patch:
            done = subprocess.run([patch, "--quiet", "-p0"], input=diff, check=False, capture_output=True)
            assert done.returncode == 0, (name, done.stdout, done.stderr)
            assert (in_empty_folder / name).read_bytes() == after[name], name
        assert applied(diff, {name: text}) == {name: after[name]}


def test_absolute_paths_are_written_relative(run: Run, in_empty_folder: Path) -> None:
    """Neither `patch` nor `git apply` accepts an absolute path; a path outside the current folder stays absolute."""
    (in_empty_folder / "a.json").write_text(WITHIN, "utf-8")
    diff = run("normalise", *UPDATE, "--quiet", "--diff", str(in_empty_folder / "a.json")).stdout
    assert diff.startswith("--- a.json\n+++ a.json\n")
    (in_empty_folder / "below").mkdir()
    os.chdir("below")
    diff = run("normalise", *UPDATE, "--quiet", "--diff", str(in_empty_folder / "a.json")).stdout
    assert diff.startswith(f"--- {in_empty_folder / 'a.json'}\n")


def test_line_numbers_are_right_although_ads_are_set_aside(run: Run, in_empty_folder: Path) -> None:
    """The lines of a hunk are those of the file before and after, although earlier lines were removed."""
    whole = json.dumps({"category_id": 1020, "source_id": "1"})
    feed = f'{whole}\n{{"a": 1}}\n{{"b": 1}}\n{whole}\n{whole}\n'
    (in_empty_folder / "feed.ndjson").write_text(feed, "utf-8")
    words = ("convert", "--to", "v4", "--rejects", "rejects.ndjson", "feed.ndjson", "--quiet")
    diff = run(*words, "--diff").stdout_bytes
    written = run(*words).stdout_bytes
    assert applied(diff, {"feed.ndjson": feed.encode()}) == {"feed.ndjson": written}


@given(
    st.lists(st.binary(max_size=6) | st.sampled_from([b"a\n", b"\r", b"\x85", "\u2028".encode(), b"\xff", b""]), max_size=8),
    st.data(),
)
def test_any_two_texts_have_a_diff(pieces: list[bytes], data: st.DataObject) -> None:
    """They may contain any bytes."""
    before = b"".join(pieces)
    after = b"".join(data.draw(st.permutations(pieces)))
    if before != after:
        lines = formats.diff("x", before, after, context=3, headed=True, on_terminal=False)
        diff = "".join(re.sub("\x1b\\[[0-9]*m", "", line) for line in lines).encode(errors="surrogateescape")
        assert applied(diff, {"x": before}) == {"x": after}


def test_texts_without_unique_lines_have_a_diff() -> None:
    """Without a unique line, the diff replaces all of the text."""
    before, after = b"x\ny\n" * 60, b"y\nx\n" * 60
    lines = formats.diff("x", before, after, context=3, headed=True, on_terminal=False)
    diff = "".join(re.sub("\x1b\\[[0-9]*m", "", line) for line in lines).encode()
    assert applied(diff, {"x": before}) == {"x": after}
