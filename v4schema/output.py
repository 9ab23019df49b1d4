"""Temporary files."""

from typing import IO

#: So much of a temporary file is kept in memory.
_IN_MEMORY = 1 << 20


def spooled() -> IO[bytes]:
    """Open a temporary file without a name, which is only kept in memory as long as it is small."""
    from tempfile import SpooledTemporaryFile

    return SpooledTemporaryFile(max_size=_IN_MEMORY)
