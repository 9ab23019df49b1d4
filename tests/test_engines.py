"""The two engines give the same results for every keyword and value, and one replaces the other if that cannot be used."""

import itertools
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Hashable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from commands import Run
from hypothesis import given
from hypothesis import strategies as st

from v4schema.catalogue import Catalogue
from v4schema.dialect import engines
from v4schema.dialect.engines import ENGINES

#: Numbers near each other, and at the limits of floats, of 64 bits, and of digits.
NUMBERS: list[Any] = [0, -0.0, 1, 1.0, -1, 1.5, 0.1, 1e-7, 2**53 - 1, 2**53, float(2**53), 2**53 + 1, 2**63, 2**64, float(2**64)]
NUMBERS += [10**16, 1e16, 10**20, 1e20, 10**22, 1e22, 10**23, 1e23, int(1e23), 10**23 - 1, 10**400, 1.7e308]
#: Values that are easily confused, alone and within others.
PLAIN: list[Any] = [None, True, False, 0, 1, 1.0, -0.0, "", "1", "true", "\u00e9", "e\u0301", "\U0001f600"]
LOOKALIKES: list[Any] = [
    *PLAIN,
    *([each] for each in PLAIN[:8]),
    *({"a": each} for each in PLAIN[:8]),
    *([[1]], [[True]], {"a": [0]}, {"a": [False]}, [{"a": 1}], [{"a": True}], {}, [], {"b": 1}),
    *({"a": 1, "b": True}, {"b": True, "a": 1}, {"a": True, "b": 1}),
]


def meaning(value: Any) -> Hashable:  # noqa: ANN401
    """Return what a value is to JSON Schema (core, 4.2.2): numbers by their value, members in any order."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number", Fraction(json.dumps(value) if isinstance(value, float) else value)
    if isinstance(value, list):
        return "array", tuple(map(meaning, value))
    if isinstance(value, dict):
        return "object", frozenset((name, meaning(below)) for name, below in value.items())
    return type(value).__name__, value


def compiled(schema: dict[str, Any]) -> dict[str, engines.Engine]:
    """Compile a schema in every engine."""
    return {name: make(schema) for name, make in ENGINES.items()}


def both(schema: dict[str, Any], values: list[Any]) -> list[bool]:
    """Return the verdict of both engines about values."""
    verdicts = {name: [engine.accepts(value) for value in values] for name, engine in compiled(schema).items()}
    first, *others = verdicts.values()
    differing = [value for n, value in enumerate(values) if any(other[n] != first[n] for other in others)]
    assert not differing, (schema, differing[:3])
    return first


@pytest.mark.parametrize("values", [NUMBERS, LOOKALIKES], ids=["numbers", "lookalikes"])
def test_values_are_compared_as_json_schema_defines(values: list[Any]) -> None:
    """In `const` and `enum`, at any depth, 1.0 equals 1 and true does not; 1e23 is compared by its digits."""
    for right in values:
        same = [meaning(value) == meaning(right) for value in values]
        assert both({"const": right}, values) == same
        assert both({"enum": ["other", right]}, values) == same


@pytest.mark.parametrize("values", [NUMBERS, LOOKALIKES], ids=["numbers", "lookalikes"])
def test_unique_items_are_compared_as_json_schema_defines(values: list[Any]) -> None:
    """Lists have two, three or more items, in any order."""
    several = [list(each) for each in itertools.product(values, repeat=2)]
    near = [each for each in values if isinstance(each, list | dict)] or values
    several += [list(each) for each in itertools.product(near[:16], repeat=3)]
    assert both({"uniqueItems": True}, several) == [len({*map(meaning, each)}) == len(each) for each in several]


@given(values=st.lists(st.sampled_from([*NUMBERS, *LOOKALIKES]) | st.lists(st.sampled_from(LOOKALIKES), max_size=3), max_size=9))
def test_unique_items_of_drawn_lists_are_compared_as_json_schema_defines(values: list[Any]) -> None:
    """The lists are drawn."""
    assert both({"uniqueItems": True}, [values]) == [len({*map(meaning, values)}) == len(values)]


def test_every_keyword_means_the_same_to_both_engines(catalogue: Catalogue) -> None:
    """The values are similar to one another, numbers, texts, and lists of each length."""
    exact = [each for each in NUMBERS if isinstance(each, int | float) and abs(each) < 2**53]
    texts = ["", "a", "\u00e9", "e\u0301", "\U0001f600", "a\n", "\n", "\0", "ab", "abc"]
    values = [*NUMBERS, *LOOKALIKES, *texts, [1, 2, 3], [1, 1, 1.0], [True, 1], {"a": 1, "b": 2}]
    types = ["null", "boolean", "integer", "number", "string", "array", "object"]
    small: dict[str, Any] = {"type": "integer"}
    tried: dict[str, list[Any]] = {
        "type": [*types, ["null", "integer"], ["string", "boolean"]],
        "enum": [[each] for each in LOOKALIKES],
        "const": LOOKALIKES,
        **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), exact),
        **{keyword: [0, 1, 2, 3] for keyword in ("minLength", "maxLength", "minItems", "maxItems")},
        "pattern": ["^a$", "^[a-z]*$", "^[^a]$"],
        "uniqueItems": [True],
        "required": [["a"], ["a", "b"]],
        "properties": [{"a": small}],
        "additionalProperties": [False],
        "items": [small],
        "not": [small, {}],
        "contains": [small, {"const": 1}],
        "anyOf": [[{"required": ["a"]}, {"required": ["b"]}]],
        "allOf": [[small, {"minimum": 1}]],
        "if": [small],
        "then": [small],
        "minContains": [0, 1, 2],
        "maxContains": [0, 1, 2],
        "$ref": ["#/$defs/a"],
    }
    with_it = {"minContains": {"contains": small}, "maxContains": {"contains": small}, "if": {"then": {"minimum": 1}}}
    with_it |= {"then": {"if": {"type": "number"}}, "$ref": {"$defs": {"a": small}}}
    dialect = catalogue.read("meta/dialect.json")["$defs"]
    there = {keyword for part in ("field", "rule", "bare") for keyword in dialect[part]["properties"]}
    assert {keyword for keyword in there if not keyword.startswith("x-")} - {"description", "examples", "$comment"} <= {*tried}
    for keyword, arguments in tried.items():
        for argument in arguments:
            schema = {keyword: argument, **with_it.get(keyword, {})}
            both(schema, values)
            if keyword != "$ref":  # resolved before a schema comes to an engine
                failed = {name: [{*engine.failures(value)} for value in values] for name, engine in compiled(schema).items()}
                assert failed["jsonschema-rs"] == failed["jsonschema"], schema


def test_the_dialect_refuses_inexact_bounds(catalogue: Catalogue) -> None:
    """The engines would compare numbers with them differently."""
    bound = catalogue.read("meta/dialect.json")["$defs"]["bound"]
    assert both(bound, [2**53 - 1, 1 - 2**53, 0.5, 2**53, -(2**53), 2**63 + 1, 1e23]) == [True] * 3 + [False] * 4


def broken(folder: Path, how: str, library: str = "jsonschema_rs") -> dict[str, str]:
    """Create an environment in which a library is broken in one of several ways."""
    package = folder / library
    package.mkdir()
    sources = {
        "refuses": "raise ImportError('undefined symbol: Py_Foo')",
        "missing": f"raise ModuleNotFoundError('No module named {library}')",
        "panics": "class PanicException(BaseException): pass\nraise PanicException('panic')",
        "lacks": "",
        "lies": "class Draft202012Validator:\n  def __init__(self, *_, **__): self.is_valid = lambda _: True",
    }
    (package / "__init__.py").write_text(sources.get(how, "from .binary import Draft202012Validator"), "utf-8")
    if how == "binary":
        (package / "binary.abi3.so").write_bytes(b"\x7fELF broken")
    if how == "version":
        genuine = f"import sys; sys.path.remove({str(folder)!r}); del sys.modules['jsonschema_rs']; import jsonschema_rs as own"
        keep = f"own.__file__ = {str(package / '__init__.py')!r}; sys.modules['jsonschema_rs'] = own"
        (package / "__init__.py").write_text(f"{genuine}; {keep}", "utf-8")
        (folder / "jsonschema_rs-0.99.1.dist-info").mkdir()
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])}


def command(*words: str, env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run the command and return its result."""
    return subprocess.run([sys.executable, "-m", "v4schema", *words], capture_output=True, text=True, check=False, env=env)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["refuses", "missing", "binary", "panics", "lacks", "lies", "version"])
def test_the_slow_engine_replaces_a_broken_fast_one(how: str, tmp_path: Path, checkout: Path, run: Run) -> None:
    """The findings are the same, with a note of one line; if the fast one is asked for by name, it is refused."""
    env = broken(tmp_path, how)
    file, other = (str(checkout / "examples" / f"{name}.json") for name in ("moped", "camper"))
    whole = run("validate", file, other)
    done = command("validate", file, other, env=env)
    assert (done.returncode, done.stdout) == (whole.exit_code, whole.stdout)
    note, *others = done.stderr.splitlines()
    assert note.startswith("Note: The slower engine jsonschema is used (jsonschema-rs: ")
    assert others == whole.stderr.splitlines()
    asked = command("validate", "--engine", "jsonschema-rs", file, env=env)
    assert (asked.returncode, asked.stdout) == (2, "")
    assert "Error: The engine jsonschema-rs cannot be used: " in asked.stderr
    assert "Traceback" not in asked.stderr + done.stderr


def test_a_broken_engine_that_is_not_used_is_not_mentioned(tmp_path: Path, checkout: Path) -> None:
    """With `--engine jsonschema`, the other engine does not matter."""
    done = command(
        "validate", "--engine", "jsonschema", str(checkout / "examples" / "moped.json"), env=broken(tmp_path, "refuses")
    )
    assert done.returncode == 0
    assert "Note" not in done.stderr


def test_an_error_says_why_no_engine_can_be_used(tmp_path: Path, checkout: Path) -> None:
    """It names both by default, and otherwise the one that was asked for."""
    broken(tmp_path, "refuses")
    env = broken(tmp_path, "refuses", "jsonschema")
    file = str(checkout / "examples" / "moped.json")
    for words, message in (
        ([], "Error: No engine can be used: jsonschema-rs: undefined symbol: Py_Foo; jsonschema: undefined symbol"),
        (["--engine", "jsonschema"], "Error: The engine jsonschema cannot be used: undefined symbol"),
    ):
        done = command("validate", *words, file, env=env)
        assert (done.returncode, done.stdout) == (2, "")
        assert message in done.stderr


def test_the_library_warns_once(tmp_path: Path) -> None:
    """The warning has its own category; other warnings are shown as usual."""
    script = """
import warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import v4schema
    v4schema.validate({}), v4schema.validate({"category_id": "1121"}), v4schema.validate([])
print([(each.category.__name__, each.message.engine) for each in caught])
from v4schema.cli.terminal import print_warnings
with print_warnings():
    warnings.warn("other")
"""
    env = broken(tmp_path, "refuses")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=env)
    assert done.stdout == "[('SlowerEngine', 'jsonschema')]\n"
    assert "UserWarning: other" in done.stderr


def test_signals_and_lack_of_memory_are_no_broken_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """They say nothing about an engine."""

    def stopped(_: object) -> engines.Engine:
        raise KeyboardInterrupt

    monkeypatch.setitem(ENGINES, "stopped", stopped)
    with pytest.raises(KeyboardInterrupt):
        engines.why_unusable("stopped")


def test_the_tested_version_is_the_accepted_one(checkout: Path) -> None:
    """`pyproject.toml` and the code that chooses an engine agree."""
    admitted = tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    major, minor = engines.TESTED_VERSIONS["jsonschema-rs"].split(".")
    assert f"jsonschema-rs>={major}.{minor},<{major}.{int(minor) + 1}" in admitted


@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
def test_other_exceptions_are_no_fault_of_an_engine(monkeypatch: pytest.MonkeyPatch, error: type[BaseException]) -> None:
    """Lack of memory and signals are raised."""

    def raises(_: object) -> engines.Engine:
        raise error

    monkeypatch.setitem(engines.ENGINES, "busy", raises)
    with pytest.raises(error):
        engines.why_unusable("busy")


def test_an_engine_with_wrong_results_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tested although it can be imported."""
    blind = engines.Engine(accepts=lambda _: True, failures=lambda _: iter(()))
    monkeypatch.setitem(engines.ENGINES, "blind", lambda _: blind)
    assert engines.why_unusable("blind") == "it gives wrong results"


def test_an_engine_that_ends_the_process_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that ends silently would look like success."""

    def ends(_: object) -> engines.Engine:
        raise SystemExit

    monkeypatch.setitem(engines.ENGINES, "ending", ends)
    assert engines.why_unusable("ending") == "SystemExit"
