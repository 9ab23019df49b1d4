"""Unnamed temporary files: small ones stay in memory, and a full temporary folder has an exception of its own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Self

from v4schema.errors import TemporaryStorageFull

#: The size up to which a temporary file is kept in memory.
_IN_MEMORY = 1 << 20


@contextmanager
def storage_errors(also: type[Exception] = OSError) -> Iterator[None]:
    """Raise `v4schema.errors.TemporaryStorageFull` where a temporary file cannot be written: on `OSError`, or on `also`."""
    try:
        yield
    except (OSError, also) as error:
        raise TemporaryStorageFull(_folder(), getattr(error, "strerror", None) or str(error)) from error


class SpooledFile:
    """A file of bytes that is written, and then read from its beginning.

    Raises `v4schema.errors.TemporaryStorageFull` where there is no room.
    """

    def __init__(self) -> None:
        from tempfile import SpooledTemporaryFile

        self._file: IO[bytes] = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  (closed by `close`)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._file)

    def write(self, piece: bytes) -> int:
        """Write a piece."""
        with storage_errors():
            return self._file.write(piece)

    def seek(self, offset: int) -> int:
        """Move to an offset."""
        with storage_errors():
            return self._file.seek(offset)

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        return self._file.read(size)

    def close(self) -> None:
        """Remove the file."""
        with suppress(OSError):
            self._file.close()


def _folder() -> str:
    """Return the temporary folder."""
    from tempfile import gettempdir

    try:
        return gettempdir()
    except OSError:  # no folder can be written to
        return os.environ.get("TMPDIR", "")
