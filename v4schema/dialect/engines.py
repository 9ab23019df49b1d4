"""Two JSON Schema engines behind one function: what fails, and where.

Nothing of an engine's own wording comes out: a failure is the place in the ad and the place of the keyword in the
schema, and both engines give the same ones.
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
    """An assertion that does not hold: the place in the ad, and the way to the keyword in the flat schema."""

    at: tuple[Token, ...]
    keyword_at: tuple[Token, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A compiled schema: `accepts` tells quickly whether an ad fails nothing, `failures` tells all that it fails."""

    accepts: Callable[[object], bool]
    failures: Callable[[object], Iterator[Failure]]


def compile_schema(schema: Schema, name: str | None = None) -> Engine:
    """Compile a self-contained schema with the engine `name`, by default the fastest that can be used.

    Raises `v4schema.errors.UnknownName` for an engine that there is not, and `v4schema.errors.EngineUnavailable` for one that
    cannot be used.
    """
    return ENGINES[check_engine(name)](schema)


def check_engine(name: str | None) -> str:
    """Return the name of an engine, by default of the fastest; raises what `compiled` raises if there is none such."""
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
    """Return the name of the first engine that can be used; that it is not the first there is, is said once, as a warning.

    Raises `v4schema.errors.EngineUnavailable` if none can be used.
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
    """Return why an engine cannot be used: it is not installed, is broken, or of a version that is not tested; else None."""
    try:
        engine = ENGINES[name]({"type": "string"})
        sound = engine.accepts("") and not engine.accepts(0) and [*engine.failures(0)] == [Failure((), ("type",))]
    except BaseException as error:
        # A broken library raises anything; one that is written in Rust even what is no `Exception`, and one may end the process.
        if isinstance(error, KeyboardInterrupt | MemoryError):
            raise
        return f"{error}" or type(error).__name__
    if not sound:
        return "it finds what is not so"
    version = _version(name) if name in TESTED else None
    if version and not version.startswith(f"{TESTED[name]}."):
        return f"its version is {version}, and only {TESTED[name]} is tested"
    return None


def _version(name: str) -> str | None:
    """Return the version of a library that has been imported, by the name of the folder that tells of it.

    Python's own way of asking costs a cold start more than the engine itself does.
    """
    name = name.replace("-", "_")
    folder = os.path.dirname(os.path.dirname(str(sys.modules[name].__file__)))
    told = (entry.removesuffix(".dist-info") for entry in os.listdir(folder) if entry.endswith(".dist-info"))
    return next((version for library, _, version in (each.partition("-") for each in told) if library == name), None)


def _rust(schema: Schema) -> Engine:
    from jsonschema_rs import Draft202012Validator, RegexOptions

    linear = RegexOptions()  # of its two matchers of patterns, the one that never tries several ways
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

    strict: Any = extend
    validator = strict(Draft202012Validator, {"pattern": pattern, **_comparing()})(schema)

    def failures(ad: object) -> Iterator[Failure]:
        for error in validator.iter_errors(ad):
            yield Failure(tuple(error.absolute_path), _keyword_path(error.absolute_schema_path))

    return Engine(accepts=validator.is_valid, failures=failures)


def _comparing() -> dict[str, Callable[..., Iterator[Any]]]:
    """Return the keywords that compare values.

    The library's own compare numbers as Python does, and in some lists of lists find nothing that is there twice.
    """
    from jsonschema import ValidationError

    def const(_: object, right: object, value: object, __: object) -> Iterator[ValidationError]:
        if _sameness(value) != _sameness(right):
            yield ValidationError("const")

    def enum(_: object, choices: list[object], value: object, __: object) -> Iterator[ValidationError]:
        if value not in choices if isinstance(value, str) else _sameness(value) not in map(_sameness, choices):
            yield ValidationError("enum")

    def unique(_: object, wanted: object, value: object, __: object) -> Iterator[ValidationError]:
        if wanted and isinstance(value, list) and len({*map(_sameness, value)}) < len(value):
            yield ValidationError("uniqueItems")

    return {"const": const, "enum": enum, "uniqueItems": unique}


def _sameness(value: Any) -> Hashable:  # noqa: ANN401  (any JSON)
    """Return what is the same for just those JSON values that are equal, as JSON Schema has it (core, 4.2.2).

    true is not 1; 1.0 is, and numbers count as they are written: 1e23 is 10 to the power of 23.
    """
    if isinstance(value, bool):
        return bool, value
    if isinstance(value, float) and value.is_integer():
        from decimal import Decimal  # costs the fast engine's start otherwise

        return int(Decimal(repr(value)))
    if isinstance(value, list):
        return tuple(map(_sameness, value))
    if isinstance(value, dict):
        return frozenset((name, _sameness(below)) for name, below in value.items())
    plain: Hashable = value
    return plain


def _keyword_path(path: Any) -> tuple[Token, ...]:  # noqa: ANN401  (a list or a deque)
    """Write the path to a keyword the same for both engines: a keyword that is read with another fails as that one."""
    *around, keyword = path
    return (*around, KEYWORDS[keyword].read_with or keyword if keyword in KEYWORDS else keyword)


#: The minor versions that the tests have passed with, where ``pyproject.toml`` admits no others.
TESTED = {"jsonschema-rs": "0.60"}
#: The engines by name, the fastest first.
ENGINES: dict[str, Callable[[Schema], Engine]] = {"jsonschema-rs": _rust, "jsonschema": _python}
