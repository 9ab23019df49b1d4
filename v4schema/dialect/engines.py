"""Two JSON Schema engines behind one function, which returns what fails and where.

A failure is a place in the ad and a path to a keyword in the schema. It has none of the engine's own text, and both engines
report the same failures.
"""

import os
import sys
import warnings
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from v4schema.dialect import patterns
from v4schema.dialect.fields import Schema
from v4schema.dialect.keywords import KEYWORDS
from v4schema.document.pointer import Token
from v4schema.errors import EngineUnavailable, SlowerEngine, UnknownName


@dataclass(frozen=True, slots=True, order=True)
class Failure:
    """An assertion that fails: the place in the ad, and the path to the keyword in the flat schema."""

    at: tuple[Token, ...]
    keyword_at: tuple[Token, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A compiled schema: `accepts` quickly returns whether a value is valid, `failures` yields every assertion that it fails."""

    accepts: Callable[[object], bool]
    failures: Callable[[object], Iterator[Failure]]


def compile_schema(schema: Schema, name: str | None = None) -> Engine:
    """Compile a self-contained schema with the engine `name`, by default the fastest that can be used.

    Raises `v4schema.errors.UnknownName` for an engine that does not exist, and `v4schema.errors.EngineUnavailable` for one that
    cannot be used.
    """
    return ENGINES[check_engine(name)](schema)


def check_engine(name: str | None) -> str:
    """Return the name of an engine, by default of the fastest. Raises the same errors as `compile_schema`."""
    if name is None:
        return fastest()
    if name not in ENGINES:
        raise UnknownName("engine", name, ENGINES)
    why = why_unusable(name)
    if why is not None:
        raise EngineUnavailable(name, why)
    return name


@cache
def fastest() -> str:
    """Return the name of the fastest engine that can be used.

    If that is not the first of `ENGINES`, it warns once with `v4schema.errors.SlowerEngine`. Raises
    `v4schema.errors.EngineUnavailable` if no engine can be used.
    """
    whys: list[str] = []
    for name in ENGINES:
        why = why_unusable(name)
        if why is None:
            if whys:
                warnings.warn(SlowerEngine(name, *whys), stacklevel=2)
            return name
        whys.append(f"{name}: {why}")
    raise EngineUnavailable(None, "; ".join(whys))


@cache
def why_unusable(name: str) -> str | None:
    """Return why an engine cannot be used (not installed, broken, or a version that is not tested); None if it can."""
    try:
        engine = ENGINES[name]({"type": "string"})
        works = engine.accepts("") and not engine.accepts(0) and [*engine.failures(0)] == [Failure((), ("type",))]
    except BaseException as error:
        # A broken library can raise anything: one written in Rust raises other things than `Exception`, another ends the process.
        if isinstance(error, KeyboardInterrupt | MemoryError):
            raise
        return f"{error}" or type(error).__name__
    if not works:
        return "it gives wrong results"
    version = _version(name) if name in TESTED_VERSIONS else None
    if version and not version.startswith(f"{TESTED_VERSIONS[name]}."):
        return f"its version is {version}, and only {TESTED_VERSIONS[name]} is tested"
    return None


def _version(name: str) -> str | None:
    """Return the version of an imported library, read from the name of its ``.dist-info`` folder.

    `importlib.metadata` would cost a cold start more than the engine itself.
    """
    name = name.replace("-", "_")
    folder = os.path.dirname(os.path.dirname(str(sys.modules[name].__file__)))
    installed = (entry.removesuffix(".dist-info") for entry in os.listdir(folder) if entry.endswith(".dist-info"))
    return next((version for library, _, version in (each.partition("-") for each in installed) if library == name), None)


def _rust(schema: Schema) -> Engine:
    from jsonschema_rs import Draft202012Validator, RegexOptions

    linear = RegexOptions()  # the one of its two regex engines that never backtracks
    validator = Draft202012Validator(schema, offline=True, validate_formats=False, pattern_options=linear)

    def failures(ad: object) -> Iterator[Failure]:
        for error in validator.iter_errors(ad):
            yield Failure(tuple(error.instance_path), _keyword_path(error.schema_path))

    return Engine(accepts=validator.is_valid, failures=failures)


def _python(schema: Schema) -> Engine:
    from jsonschema import Draft202012Validator, ValidationError
    from jsonschema.validators import extend

    def pattern(_: object, expression: str, text: object, __: object) -> Iterator[ValidationError]:
        if isinstance(text, str) and not patterns.compiled(expression).matches(text):
            yield ValidationError("pattern")

    extend_any: Any = extend  # its type stubs do not know our keywords
    validator = extend_any(Draft202012Validator, {"pattern": pattern, **_comparing_keywords()})(schema)

    def failures(ad: object) -> Iterator[Failure]:
        for error in validator.iter_errors(ad):
            yield Failure(tuple(error.absolute_path), _keyword_path(error.absolute_schema_path))

    return Engine(accepts=validator.is_valid, failures=failures)


def _comparing_keywords() -> dict[str, Callable[..., Iterator[Any]]]:
    """Return our own implementations of the keywords that compare values.

    Those of the library compare numbers as Python does, and miss duplicates in some lists of lists.
    """
    from jsonschema import ValidationError

    def const(_: object, expected: object, value: object, __: object) -> Iterator[ValidationError]:
        if _equality_key(value) != _equality_key(expected):
            yield ValidationError("const")

    def enum(_: object, choices: list[object], value: object, __: object) -> Iterator[ValidationError]:
        if value not in choices if isinstance(value, str) else _equality_key(value) not in map(_equality_key, choices):
            yield ValidationError("enum")

    def unique(_: object, required: object, value: object, __: object) -> Iterator[ValidationError]:
        if required and isinstance(value, list) and len({*map(_equality_key, value)}) < len(value):
            yield ValidationError("uniqueItems")

    return {"const": const, "enum": enum, "uniqueItems": unique}


def _equality_key(value: Any) -> Hashable:  # noqa: ANN401  (any JSON)
    """Return a key that is equal for exactly the JSON values that are equal in JSON Schema (core, 4.2.2).

    true does not equal 1, but 1.0 does. Numbers have the value that is written: 1e23 is exactly 10 to the power of 23.
    """
    if isinstance(value, bool):
        return bool, value
    if isinstance(value, float) and value.is_integer():
        from decimal import Decimal  # costs the fast engine's start otherwise

        return int(Decimal(repr(value)))
    if isinstance(value, list):
        return tuple(map(_equality_key, value))
    if isinstance(value, dict):
        return frozenset((name, _equality_key(member)) for name, member in value.items())
    scalar: Hashable = value
    return scalar


def _keyword_path(path: Any) -> tuple[Token, ...]:  # noqa: ANN401  (a list or a deque)
    """Return the path to a failed keyword, the same for both engines: one that is read with another fails as that one."""
    *parents, keyword = path
    return (*parents, KEYWORDS[keyword].read_with or keyword if keyword in KEYWORDS else keyword)


#: The tested minor versions of engines for which ``pyproject.toml`` admits no other version.
TESTED_VERSIONS = {"jsonschema-rs": "0.60"}
#: The functions that compile a schema, by the name of the engine, the fastest first.
ENGINES: dict[str, Callable[[Schema], Engine]] = {"jsonschema-rs": _rust, "jsonschema": _python}
