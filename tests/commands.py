"""Running the command: in a terminal of its own, and what it prints there."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

#: Runs the command with the given words, in an empty folder.
Run = Callable[..., Result]


def terminal(*words: str, cwd: Path, columns: int = 80, **env: str) -> str:
    """What the command prints on a terminal."""
    controller, terminal = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | {"COLUMNS": str(columns)} | env
    command = [sys.executable, "-m", "v4schema", *words]
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


def plain(text: str) -> str:
    """Text without colours."""
    return re.sub(r"\x1b\[[0-9;]*[mK]", "", text)
