"""Write the transcripts of all mistakes in tests/messages again, so that changed messages show in the diff.

`python scripts/write_messages.py` writes all of them; with NAMEs of .txt files, only those.
"""

import contextlib
import shlex
import sys
import tempfile
from pathlib import Path
from shutil import copyfile

import click
from click.testing import CliRunner

from v4schema.cli import main

#: The folder of the mistakes and their transcripts.
FOLDER = Path(__file__).parent.parent / "tests" / "messages"
#: A terminal of the usual width; its colours are removed again.
_TERMINAL = {"COLUMNS": "80", "V4SCHEMA_COLOR": "always"}


def command(transcript: Path) -> str:
    """Return the command line at the beginning of a transcript."""
    first, _, _ = transcript.read_text("utf-8").partition("\n")
    return first.removeprefix("$ ")


def play(line: str) -> str:
    """Run a command line in a copy of the folder, and return the transcript as a terminal shows it.

    Standard output comes first, then standard error, then the exit code if it is not 0.
    """
    with tempfile.TemporaryDirectory() as copy:
        for mistake in FOLDER.iterdir():
            copyfile(mistake, Path(copy, mistake.name))  # without its mode, because the checkout may be read-only
        with contextlib.chdir(copy):
            ran = CliRunner().invoke(main, shlex.split(line)[1:], env=_TERMINAL)
    if ran.exception and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    code = f"exit code {ran.exit_code}\n" if ran.exit_code else ""
    return f"$ {line}\n{click.unstyle(ran.stdout + ran.stderr)}{code}"


if __name__ == "__main__":
    for transcript in sorted(FOLDER.glob("*.txt")):
        if transcript.stem in sys.argv[1:] or not sys.argv[1:]:
            transcript.write_text(play(command(transcript)), "utf-8")
