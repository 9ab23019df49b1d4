"""JSON values in a temporary file, taken out by name in the order in which they came in."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from weakref import finalize

from v4schema.feed.temporary import storage_errors


class _Database(sqlite3.Connection):
    """A database in a temporary file. Raises `v4schema.errors.TemporaryStorageFull` where that has no room."""

    def execute(self, *arguments: Any) -> sqlite3.Cursor:  # noqa: ANN401  (sqlite3's own)
        with storage_errors(sqlite3.OperationalError):
            return super().execute(*arguments)


_FIRST = "SELECT number, value FROM entries INDEXED BY by_name WHERE name IS ? AND taken = 0 ORDER BY number LIMIT 1"
_MARKED = (
    "SELECT number, value FROM entries INDEXED BY by_mark WHERE name IS ? AND mark = ? AND taken = 0 ORDER BY number LIMIT 1"
)


class KeyedQueue:
    """Holds any number of JSON values by name; the values of one name come out in order, or by their mark."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", factory=_Database)  # an unnamed file, kept in memory while it is small
        finalize(self, _closed, self._database)
        self._database.execute(
            "CREATE TABLE entries (number INTEGER PRIMARY KEY, name TEXT, mark TEXT, value TEXT, taken INTEGER DEFAULT 0)"
        )
        # Each index ends with the number, so that the first value of a name is found without scanning the others.
        self._database.execute("CREATE INDEX by_name ON entries (name, taken)")
        self._database.execute("CREATE INDEX by_mark ON entries (name, mark, taken)")

    def put(self, name: str | None, value: object, mark: str = "") -> None:
        """Put a value under a name, with a mark that identifies it."""
        self._database.execute("INSERT INTO entries (name, mark, value) VALUES (?, ?, ?)", (name, mark, json.dumps(value)))

    def take(self, name: str | None, mark: str | None = None) -> Any:  # noqa: ANN401  (any JSON)
        """Take the first value under a name, or the first with a mark; None if there is none."""
        found = self._database.execute(_FIRST if mark is None else _MARKED, (name,) if mark is None else (name, mark)).fetchone()
        if found is None:
            return None
        self._database.execute("UPDATE entries SET taken = 1 WHERE number = ?", found[:1])
        return json.loads(found[1])

    def holds(self, name: str | None, *, taken: bool = False) -> bool:
        """Return whether a value is under a name, or, with `taken`, whether one was taken."""
        query = "SELECT 1 FROM entries WHERE name IS ? AND taken = ? LIMIT 1"
        return self._database.execute(query, (name, int(taken))).fetchone() is not None

    def remaining(self) -> Iterator[Any]:
        """Yield the values that were not taken, in order."""
        for (value,) in self._database.execute("SELECT value FROM entries WHERE taken = 0 ORDER BY number"):
            yield json.loads(value)

    def close(self) -> None:
        """Remove the temporary file."""
        self._database.close()


def _closed(database: sqlite3.Connection) -> None:
    """Close a database that was not closed. In another thread than its own, Python does that."""
    with suppress(sqlite3.ProgrammingError):
        database.close()
