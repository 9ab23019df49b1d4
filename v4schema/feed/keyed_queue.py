"""Things kept by name in a temporary file, and taken out again in the order that they came in."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from weakref import finalize

from v4schema.feed.temporary import storage_errors


class _Base(sqlite3.Connection):
    """A database in a temporary file. Raises `v4schema.errors.TemporaryStorageFull` where that has no room."""

    def execute(self, *told: Any) -> sqlite3.Cursor:  # noqa: ANN401  (sqlite3's own)
        with storage_errors(sqlite3.OperationalError):
            return super().execute(*told)


_FIRST = "SELECT number, thing FROM things INDEXED BY by_name WHERE name IS ? AND taken = 0 ORDER BY number LIMIT 1"
_MARKED = "SELECT number, thing FROM things INDEXED BY by_mark WHERE name IS ? AND mark = ? AND taken = 0 ORDER BY number LIMIT 1"


class KeyedQueue:
    """Holds any number of JSON values by name; what is put under one name comes out in order, or by its mark."""

    def __init__(self) -> None:
        self._base = sqlite3.connect("", factory=_Base)  # a file without a name, kept in memory as long as it is small
        finalize(self, _given_back, self._base)
        self._base.execute(
            "CREATE TABLE things (number INTEGER PRIMARY KEY, name TEXT, mark TEXT, thing TEXT, taken INTEGER DEFAULT 0)"
        )
        # Each ends with the number, so that the first of a name is found without looking at the others.
        self._base.execute("CREATE INDEX by_name ON things (name, taken)")
        self._base.execute("CREATE INDEX by_mark ON things (name, mark, taken)")

    def put(self, name: str | None, thing: object, mark: str = "") -> None:
        """Put a thing under a name."""
        self._base.execute("INSERT INTO things (name, mark, thing) VALUES (?, ?, ?)", (name, mark, json.dumps(thing)))

    def take(self, name: str | None, mark: str | None = None) -> Any:  # noqa: ANN401  (any JSON)
        """Take the first thing under a name, or the first of those with a mark; None if there is none."""
        found = self._base.execute(_FIRST if mark is None else _MARKED, (name,) if mark is None else (name, mark)).fetchone()
        if found is None:
            return None
        self._base.execute("UPDATE things SET taken = 1 WHERE number = ?", found[:1])
        return json.loads(found[1])

    def holds(self, name: str | None, *, taken: bool = False) -> bool:
        """Tell whether there is anything under a name, or whether anything has been taken."""
        query = "SELECT 1 FROM things WHERE name IS ? AND taken = ? LIMIT 1"
        return self._base.execute(query, (name, int(taken))).fetchone() is not None

    def remaining(self) -> Iterator[Any]:
        """Yield what is left, in order."""
        for (thing,) in self._base.execute("SELECT thing FROM things WHERE taken = 0 ORDER BY number"):
            yield json.loads(thing)

    def close(self) -> None:
        """Give the file back."""
        self._base.close()


def _given_back(base: sqlite3.Connection) -> None:
    """Close a database that nobody has closed; from another thread than its own that is left to Python."""
    with suppress(sqlite3.ProgrammingError):
        base.close()
