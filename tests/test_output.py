"""Files that are written: whole or not at all."""

import os
from pathlib import Path

import pytest

from v4schema import output


@pytest.mark.parametrize("function", ["open", "fsync", "chmod", "replace"])
@pytest.mark.parametrize("error", [OSError("full"), SystemExit(143)])
def test_wherever_writing_breaks_off_nothing_is_left(
    in_empty_folder: Path, monkeypatch: pytest.MonkeyPatch, function: str, error: BaseException
) -> None:
    """Whether the disk is full or somebody asks to stop: before, while and after the new file is written."""
    (in_empty_folder / "ad.json").write_bytes(b"old")

    done = getattr(os, function)

    def fail(*args: object) -> None:
        if function == "open":
            os.close(done(*args))
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(os, function, fail)
        with pytest.raises(type(error)), output.whole("ad.json") as file:
            file.write(b"new")
    assert [(path.name, path.read_bytes()) for path in in_empty_folder.iterdir()] == [("ad.json", b"old")]


def test_nobody_else_reads_a_file_before_it_has_its_mode(in_empty_folder: Path) -> None:
    """Ads hold addresses and plates."""
    os.umask(before := os.umask(0o022))
    with output.whole("ad.json"):
        (hidden,) = in_empty_folder.iterdir()
        assert hidden.stat().st_mode & 0o777 == 0o600
    assert (in_empty_folder / "ad.json").stat().st_mode & 0o777 == 0o666 & ~before
