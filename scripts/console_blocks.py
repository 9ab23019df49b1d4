"""Run the commands that the documents show, and compare their output with the documents.

A block of the language `console` contains commands after `$ `, each followed by its output: standard output, then standard
error. A line `…` stands for any number of lines. The commands of a page run in order, in a new folder with a copy of
`examples/`. `python scripts/console_blocks.py` updates every page with the current output, to be read in the diff.
"""

import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

#: The folder of the README.
ROOT = Path(__file__).parent.parent
#: Stands for any number of lines.
ELLIPSIS = "…"
_BLOCK = re.compile(r"(?<=^```console\n)(.*?)(?=^```$)", re.DOTALL | re.MULTILINE)
#: A command, which may go on behind a backslash, and what it prints.
_COMMAND = re.compile(r"^[$] ((?:.*\\\n)*.*)\n((?:(?![$] ).*\n)*)", re.MULTILINE)
#: Runs the command with this Python.
_SHELL = f'set -o pipefail; v4schema() {{ "{sys.executable}" -m v4schema "$@"; }}\n'


def documents() -> Sequence[Path]:
    """Return the README and the pages of the documentation that are written by hand."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def played(page: str) -> str:
    """Return the text of a page with what its commands print today."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "examples", Path(folder, "examples"), copy_function=shutil.copyfile)

        def command(found: re.Match[str]) -> str:
            printed = _printed(found[1], folder)
            return f"$ {found[1]}\n" + (found[2] if agrees(found[2], printed) else _shortened(found[2], printed))

        return _BLOCK.sub(lambda block: _COMMAND.sub(command, block[0]), page)


def agrees(shown: str, printed: str) -> bool:
    r"""Return whether what a page shows is what was printed.

    >>> agrees("a\n…\n", "a\nb\nc\n"), agrees("a\n…\nc\n", "a\nb\n")
    (True, False)
    """
    pattern = "".join("(?:.*\n)*?" if line == ELLIPSIS else re.escape(line) + "\n" for line in shown.splitlines())
    return re.fullmatch(pattern, printed) is not None


def _printed(command: str, folder: str) -> str:
    """Return what a command prints in a folder: standard output first, then standard error."""
    hidden = {name for name in os.environ if name.startswith("V4SCHEMA_")}
    environment = {name: value for name, value in os.environ.items() if name not in hidden} | {"COLUMNS": "100"}
    command_line = ["bash", "-c", _SHELL + command]
    done = subprocess.run(command_line, cwd=folder, env=environment, capture_output=True, check=False, timeout=100)
    return (done.stdout + done.stderr).decode().replace("\r\n", "\n")


def _shortened(shown: str, printed: str) -> str:
    """Shorten an output as the page did: of the lines that it showed, keep those that are most similar."""
    if ELLIPSIS not in shown.splitlines():
        return printed
    return "".join(f"{line}\n" for line in _alike(shown.splitlines(), printed.splitlines()))


def _alike(shown: Sequence[str], printed: Sequence[str]) -> Iterator[str]:
    left = list(printed)
    for line in shown:
        if line == ELLIPSIS:
            yield line
        elif near := difflib.get_close_matches(line, left, n=1, cutoff=0.3):
            yield near[0]
            del left[: left.index(near[0]) + 1]


if __name__ == "__main__":
    for path in documents():
        path.write_text(played(path.read_text("utf-8")), "utf-8")
