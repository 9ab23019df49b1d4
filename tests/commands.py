"""Helpers that run the command, in a terminal or in the background, and return what it prints."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

#: Runs the command with the given arguments, in an empty folder.
Run = Callable[..., Result]


def without_legend(printed: str) -> str:
    """What the command prints, without the list of documents at its end."""
    return printed.partition("Documents:\n")[0]


def terminal(*args: str, cwd: Path, columns: int = 80, **env: str) -> str:
    """What the command prints on a terminal."""
    return _shown([sys.executable, "-m", "v4schema", *args], cwd, {"COLUMNS": str(columns), **env})


def _shown(command: list[str], cwd: Path, env: dict[str, str]) -> str:
    """What a process prints on a terminal."""
    controller, terminal = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | {"COLUMNS": "80"} | env
    process = subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, cwd=cwd, env=environment)
    os.close(terminal)
    printed = b""
    while True:
        try:
            printed += os.read(controller, 65536)
        except OSError:
            break
    process.wait()
    os.close(controller)
    return printed.decode().replace("\r\n", "\n")


def typed(*commands: list[str], cwd: Path) -> list[str]:
    """What several commands print on one terminal, one after the other in one process."""
    mark = "\n== next ==\n"
    script = (
        "import json, sys\nfrom contextlib import suppress\nfrom v4schema.cli import main\n"
        "for words in json.loads(sys.argv.pop()):\n"
        "    with suppress(SystemExit):\n        main(words)\n"
        f"    print({mark!r}, end='', flush=True)\n"
    )
    return _shown([sys.executable, "-c", script, json.dumps(commands)], cwd, {}).split(mark)[:-1]


def background(*args: str, cwd: Path) -> subprocess.Popen[bytes]:
    """Start the command in the background, to be stopped by a signal. Its coverage is not measured.

    Coverage has a lock while it looks up a line, and an exception that a signal raises there would leave it locked.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    return subprocess.Popen([sys.executable, "-m", "v4schema", *args], cwd=cwd, env=environment)


def plain(text: str) -> str:
    """Text without colours."""
    return re.sub(r"\x1b\[[0-9;]*[mK]", "", text)
