"""Files that are written: whole or not at all, and never over what is being read."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO


@contextmanager
def whole(path: str, *, wanted: Callable[[], bool] = lambda: True) -> Iterator[IO[bytes]]:
    """Open a file for bytes that takes the place of `path` only when all is written, and only if it is `wanted` then.

    If writing breaks off, or the machine stops, what stood there stays. A file that is replaced keeps its mode, a link leads
    to the new one, and what is no file, such as a device, is written to directly. Raises `OSError` where the folder cannot be
    written to.
    """
    path = os.path.realpath(path)
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "wb") as device:
            yield device
        return
    with tempfile.NamedTemporaryFile(dir=os.path.dirname(path), prefix=".", suffix=".v4schema", delete=False) as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            os.unlink(file.name)
            raise
    if not wanted():
        os.unlink(file.name)
        return
    if os.path.exists(path):
        mode = os.stat(path).st_mode
    else:
        os.umask(umask := os.umask(0))
        mode = 0o666 & ~umask
    os.chmod(file.name, mode)
    os.replace(file.name, path)


def overwrites(path: str, source: str | IO[str]) -> bool:
    """Tell whether writing to `path` would overwrite what is read from: a file by its name, or an open stream."""
    try:
        read = os.stat(source) if isinstance(source, str) else os.fstat(source.fileno())
        return os.path.isfile(path) and os.path.samestat(read, os.stat(path))
    except (OSError, ValueError):
        return False
