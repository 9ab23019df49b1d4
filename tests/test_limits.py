"""Limits of disc space and size: a full temporary folder, and tables, receipts, lists and settings that are too large."""

import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from commands import Run

from v4schema import Limits, errors
from v4schema.feed.answer_sheet import AnswerSheet
from v4schema.feed.receipt_file import ReceiptFile
from v4schema.feed.temporary import SpooledFile

#: The maximum size of a file here; temporary files of this size stay in memory.
MOST = 1 << 20


@contextmanager
def full() -> Iterator[None]:
    """Limit the size of files, as if the disc were full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for temporary files."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("SQLITE_TMPDIR", str(folder))
    return folder


@pytest.fixture
def ads(clean: dict[str, Any], in_empty_folder: Path) -> str:
    """A feed of complete ads with twice as much text as a file can have here."""
    lines = [json.dumps(clean | {"source_id": str(number), "body": "b" * 100_000}) for number in range(20)]
    (in_empty_folder / "feed.ndjson").write_text("\n".join(lines), "utf-8")
    return "feed.ndjson"


def refused(run: Run, folder: Path, *args: str) -> None:
    """Assert that a run reports the full folder, and leaves no file."""
    before = sorted(os.listdir())
    with full():
        result = run(*args)
    assert result.exit_code == 2
    assert f"Error: Cannot write to the temporary folder {folder}: " in result.stderr
    assert result.stdout == ""
    assert sorted(os.listdir()) == before
    assert os.listdir(folder) == []


def test_a_full_temporary_folder_for_ads_is_reported(run: Run, ads: str, folder: Path) -> None:
    """Converted ads for standard output are kept there until the end."""
    refused(run, folder, "convert", "--to", "v3", "--from", "v4", "--fail-on", "never", "--quiet", ads)


def test_a_full_temporary_folder_for_receipts_is_reported(run: Run, in_empty_folder: Path, folder: Path) -> None:
    """Receipts are kept there until their ads are read."""
    receipts = "".join(json.dumps({"source_id": str(number), "became": "x", "x": "x" * 200_000}) + "\n" for number in range(60))
    (in_empty_folder / "receipts.ndjson").write_text(receipts, "utf-8")
    (in_empty_folder / "ad.json").write_text('{"source_id": "59"}', "utf-8")
    refused(run, folder, "convert", "--back", "--receipts", "receipts.ndjson", "ad.json")


def test_a_full_temporary_folder_for_answers_is_reported(run: Run, in_empty_folder: Path, folder: Path) -> None:
    """Answers are kept there until their ads are read."""
    rows = "".join(f"{number};{'x' * 100_000}\n" for number in range(100))
    (in_empty_folder / "answers.csv").write_text(f"source_id;brand\n{rows}", "utf-8")
    (in_empty_folder / "ad.json").write_text('{"source_id": "59"}', "utf-8")
    refused(run, folder, "convert", "--to", "v4", "--answers", "answers.csv", "ad.json")


def test_errors_of_temporary_files_are_reported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They may occur at once or later, also if there is no temporary folder at all."""
    with SpooledFile() as spool, full():
        spool.write(b"x" * MOST)
        with pytest.raises(errors.TemporaryStorageFull, match=str(folder)):
            spool.write(b"x" * MOST)
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("TMPDIR", "nowhere")

    def nowhere() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", nowhere)
    with (
        pytest.raises(errors.TemporaryStorageFull, match="the temporary folder nowhere: No usable temporary directory"),
        SpooledFile() as spool,
    ):
        spool.write(b"x" * 2 * MOST)


def test_tables_and_receipts_have_limits(run: Run, in_empty_folder: Path) -> None:
    """A table may be as large as a document, and so may each receipt."""
    table = b"source_id;brand\n" + b"1;Yamaha\n" * 200
    answers = AnswerSheet(table, to="v4", limits=Limits(document=1_000))
    assert answers.unusable
    assert "more than 1000 bytes" in answers.unusable.message
    assert not AnswerSheet(table, to="v4", limits=Limits(ad=10, document=10_000)).unusable
    (in_empty_folder / "answers.csv").write_bytes(table)
    args = ["convert", "--to", "v4", "--answers", "answers.csv", "-"]
    refusal = run(*args, "--max-document-size", "1kB", stdin="{}")
    assert refusal.exit_code == 2
    assert "--max-document-size" in refusal.stderr
    long = b'{"source_id": "1", "became": "%s"}\n' % (b"x" * 200)
    remarks = [finding.code for _, finding in ReceiptFile(long, name="r.ndjson", limits=Limits(ad=10, document=100)).remaining()]
    assert remarks == ["file.too_large"]
    remarks = [
        finding.code for _, finding in ReceiptFile(long, name="r.ndjson", limits=Limits(ad=10, document=1_000)).remaining()
    ]
    assert remarks == ["receipt.unused"]


@pytest.mark.parametrize(
    ("size", "bytes_"),
    [("300", 300), ("1kB", 1000), ("1KiB", 1024), ("0.5 k", 500), ("2MB", 2_000_000), ("1GiB", 1 << 30), ("1T", 10**12)],
)
def test_sizes_are_read_as_people_write_them(size: str, bytes_: int, run: Run) -> None:
    """Units are powers of 1000 or of 1024, on the command line and in settings; the limit itself is accepted."""
    ad = json.dumps({"source_id": "1", "body": ""})
    text = json.dumps({"source_id": "1", "body": "x" * (min(bytes_, 10_000) - len(ad))})
    for args, env in ((["--max-ad-size", size], {}), ([], {"V4SCHEMA_MAX_AD_SIZE": size})):
        assert "file.too_large" not in run("validate", *args, stdin=text, env=env).stdout
        assert ("file.too_large" in run("validate", *args, stdin=text + " ", env=env).stdout) == (bytes_ < 10_000)


@pytest.mark.parametrize("size", ["", "0", "-1", "x", "1 XB", "1e3", "9999999TB", "0.1"])
def test_an_invalid_size_is_wrong_usage(size: str, run: Run) -> None:
    """The message shows a valid one."""
    result = run("validate", "--max-ad-size", size, stdin="{}")
    assert result.exit_code == 2
    assert "such as 64MB" in result.stderr


def test_a_feed_with_a_line_that_is_too_large_is_not_written(run: Run, clean: dict[str, Any], in_empty_folder: Path) -> None:
    """It stays as it is, in place and elsewhere; the other lines are reported."""
    lines = [
        json.dumps(clean | {"visible": "ja"}),
        json.dumps(clean | {"body": "x" * 5000}),
        json.dumps(clean | {"visible": "nej"}),
    ]
    feed = in_empty_folder / "feed.ndjson"
    feed.write_text("\n".join(lines), "utf-8")
    for args in (["normalise", "-i"], ["normalise", "-o", "new.ndjson"], ["convert", "--to", "v4", "--rejects", "r", "-o", "n"]):
        result = run(*args, "feed.ndjson", "--max-ad-size", "4kB")
        assert result.exit_code == 3
        assert result.output.count(" file.too_large ") == 1
        assert feed.read_text("utf-8") == "\n".join(lines)
        assert not {"new.ndjson", "n"} & {*os.listdir()}


def test_lists_and_settings_have_a_limit(run: Run, in_empty_folder: Path) -> None:
    """They are read whole, so their size is limited."""
    with (in_empty_folder / "brands.txt").open("wb") as file:
        file.truncate(Limits().ad + 1)
    result = run("validate", "--list", "brands=brands.txt", stdin="{}")
    assert result.exit_code == 2
    assert "it is longer than 16 MiB" in result.stderr
    (in_empty_folder / "brands.txt").rename("pyproject.toml")
    result = run("validate", stdin="{}")
    assert result.exit_code == 2
    assert "it is longer than 16 MiB" in result.stderr


@pytest.mark.slow
@pytest.mark.no_cover
@pytest.mark.parametrize("begin", [b'{"body": "', b'["', b'{"a": 1}\n"'])
def test_a_small_archive_of_much_text_takes_little_memory(begin: bytes, in_empty_folder: Path) -> None:
    """The text may be one document, an array, or a line of a feed."""
    with gzip.open("bomb.gz", "wb", compresslevel=1) as file:
        file.write(begin)
        for _ in range(300):
            file.write(b"x" * MOST)
    args = ["validate", "--quiet", "--max-document-size", "16MiB", "bomb.gz"]
    script = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20))  # the text alone has 300 MiB, and would be in memory twice
from v4schema.cli import main
main({args!r})
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False, cwd=in_empty_folder)
    assert done.returncode == 3
    assert b" file.too_large " in done.stdout
