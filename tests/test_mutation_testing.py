"""The tables of `scripts/mutate_code.py` name every module of the package, and tests that exist."""

import ast
from itertools import chain
from pathlib import Path
from typing import Any

import v4schema

PACKAGE = Path(v4schema.__file__).parent
SCRIPT = Path(__file__).parent.parent / "scripts" / "mutate_code.py"


def tables() -> dict[str, Any]:
    """The tables at the beginning of the script. It is not imported, because it needs libraries of the extra `dev`."""
    body = ast.parse(SCRIPT.read_text("utf-8")).body
    assignments = [node for node in body if isinstance(node, ast.Assign)]
    names = [ast.unparse(node.targets[0]) for node in assignments]
    needed = ast.Module(body=[*assignments[: names.index("IDLE") + 1]], type_ignores=[])
    found: dict[str, Any] = {"Path": Path, "__file__": str(SCRIPT)}
    exec(compile(needed, str(SCRIPT), "exec"), found)  # noqa: S102  (our own code)
    return found


def test_every_module_of_the_package_is_in_one_of_the_tables() -> None:
    """A module has either tests for its mutants or a place among those without mutants."""
    modules = {".".join(path.relative_to(PACKAGE).with_suffix("").parts) for path in PACKAGE.rglob("*.py")}
    found = tables()
    assert found["MODULES"].keys() | found["IDLE"] == modules
    assert not found["MODULES"].keys() & found["IDLE"]


def test_the_tests_in_the_table_exist() -> None:
    """The table names a test file without its suffix, or one test of a file."""
    for name in {*chain.from_iterable(tables()["MODULES"].values())}:
        file, _, function = name.partition("::")
        path = Path(__file__).with_name(file if function else f"{file}.py")
        assert path.is_file(), name
        assert not function or f"\ndef {function}(" in path.read_text("utf-8"), name
