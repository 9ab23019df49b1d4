"""Files that are written: whole or not at all, and never over what is being read."""

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO


@contextmanager
def whole(path: str, *, wanted: Callable[[], bool] = lambda: True) -> Iterator[IO[bytes]]:
    """Open a file for bytes that takes the place of `path` only when all is written, and only if it is `wanted` then.

    If writing breaks off, or the machine stops, what stood there stays. A file that is replaced keeps its mode and owner, a
    link leads to the new one, and what is no file, such as a device, is written to directly. Raises `OSError` where the file
    or its folder cannot be written to.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "wb") as device:
            yield device
        return
    path = os.path.realpath(path)
    if os.path.exists(path) and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
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
    _dress(file.name, path)
    os.replace(file.name, path)


def _dress(name: str, path: str) -> None:
    """Give a new file the mode and the owner of the one that it replaces, or the mode of any new file."""
    if os.path.exists(path):
        old, new = os.stat(path), os.stat(name)
        if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
            with suppress(PermissionError):
                os.chown(name, old.st_uid, old.st_gid)
        os.chmod(name, old.st_mode)
    else:
        os.umask(umask := os.umask(0))
        os.chmod(name, 0o666 & ~umask)


def overwrites(path: str, source: str | IO[str]) -> bool:
    """Tell whether writing to `path` would overwrite what is read from: a file by its name, or an open stream."""
    try:
        read = os.stat(source) if isinstance(source, str) else os.fstat(source.fileno())
        return os.path.isfile(path) and os.path.samestat(read, os.stat(path))
    except (OSError, ValueError):
        return False
