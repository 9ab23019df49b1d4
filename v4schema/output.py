"""Files that are written: whole or not at all, and never over what is being read."""

import errno
import os
import stat
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
    name = os.path.join(os.path.dirname(path), f".{os.urandom(6).hex()}.v4schema")
    try:
        with open(name, "xb", opener=_for_nobody_else) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if wanted():
            _dress(name, path)
            os.replace(name, path)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)


def _for_nobody_else(name: str, flags: int) -> int:
    """Open a new file that nobody else may read before it has the mode it is to have."""
    return os.open(name, flags, 0o600)


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


def identity(source: str | IO[str]) -> tuple[int, int] | None:
    """Return what tells a file from all others, by its name or as an open stream; None for what is no file."""
    try:
        told = os.stat(source) if isinstance(source, str) else os.fstat(source.fileno())
    except (OSError, ValueError):
        return None
    return (told.st_dev, told.st_ino) if stat.S_ISREG(told.st_mode) else None
