"""Write anew what the command says of each mistake in tests/messages, so that a change of words is seen in the diff.

`python scripts/keep_messages.py` does so for all of them, with NAMEs of .txt files for those alone.
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

#: The folder of the mistakes, each with its transcript.
FOLDER = Path(__file__).parent.parent / "tests" / "messages"
#: A terminal as wide as most are; its colours are taken off again.
_TERMINAL = {"COLUMNS": "80", "V4SCHEMA_COLOR": "always"}


def command(transcript: Path) -> str:
    """Return the line that a transcript begins with, as it is typed into a shell."""
    first, _, _ = transcript.read_text("utf-8").partition("\n")
    return first.removeprefix("$ ")


def play(line: str) -> str:
    """Return the transcript of a command line that is run beside a copy of the mistakes, as a terminal shows it.

    Standard output comes first, then standard error, and the exit code where it is not 0.
    """
    with tempfile.TemporaryDirectory() as copy:
        for mistake in FOLDER.iterdir():
            copyfile(mistake, Path(copy, mistake.name))  # not its mode: the checkout may be read-only
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
