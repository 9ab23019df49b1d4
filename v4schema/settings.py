"""The ``[tool.v4schema]`` table of the nearest ``pyproject.toml``."""

import os
from collections.abc import Mapping
from typing import Any


def nearest(folder: str) -> str | None:
    """Return the path of the innermost ``pyproject.toml``, from `folder` upwards, that has a ``[tool.v4schema]`` table."""
    while True:
        path = os.path.join(folder, "pyproject.toml")
        if os.path.isfile(path) and load(path) is not None:
            return path
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def load(path: str) -> Mapping[str, Any] | None:
    """Return the table of a ``pyproject.toml``, or None if it has none. Raises `ValueError` where it is no such file."""
    import tomllib

    with open(path, "rb") as file:
        table: Mapping[str, Any] | None = tomllib.load(file).get("tool", {}).get("v4schema")
    if not isinstance(table, Mapping | None):
        raise ValueError(f"{path}: tool.v4schema is not a table")  # noqa: TRY004  (what the file holds, not what was given)
    return table
