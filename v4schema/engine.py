"""Two JSON Schema engines behind one function: what fails, and where.

Nothing of an engine's own wording comes out: a failure is the place in the ad and the place of the keyword in the
schema, and both engines give the same ones.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

from v4schema import patterns
from v4schema.errors import UnknownName
from v4schema.pointer import Token
from v4schema.schema import Schema


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


def compiled(schema: Schema, name: str | None = None) -> Engine:
    """Compile a self-contained schema with the engine `name`, by default the fastest that is installed.

    Raises `v4schema.errors.UnknownName` for an engine that there is not.
    """
    return ENGINES[known(name)](schema)


def known(name: str | None) -> str:
    """Return the name of an engine, by default of the fastest; raises `v4schema.errors.UnknownName` if there is none such."""
    name = fastest() if name is None else name
    if name not in ENGINES:
        raise UnknownName("engine", name, ENGINES)
    return name


@cache
def fastest() -> str:
    """Return the name of the first engine that is installed."""
    return next(name for name in ENGINES if find_spec(name.replace("-", "_")))


def _rust(schema: Schema) -> Engine:
    from jsonschema_rs import Draft202012Validator, RegexOptions

    linear = RegexOptions()  # of its two matchers of patterns, the one that never tries several ways
    validator = Draft202012Validator(schema, offline=True, validate_formats=False, pattern_options=linear)

    def failures(ad: object) -> Iterator[Failure]:
        for error in validator.iter_errors(ad):
            yield Failure(tuple(error.instance_path), _one_way(error.schema_path))

    return Engine(accepts=validator.is_valid, failures=failures)


def _python(schema: Schema) -> Engine:
    from jsonschema import Draft202012Validator, ValidationError
    from jsonschema.validators import extend

    def pattern(_: object, expression: str, text: object, __: object) -> Iterator[ValidationError]:
        if isinstance(text, str) and not patterns.compiled(expression).matches(text):
            yield ValidationError("pattern")

    def unique(_: object, wanted: bool, items: object, __: object) -> Iterator[ValidationError]:  # noqa: FBT001  (jsonschema's)
        # The library compares each item with every other one where they cannot be sorted.
        if wanted and isinstance(items, list) and len({*map(_hashable, items)}) < len(items):
            yield ValidationError("uniqueItems")

    strict: Any = extend
    validator = strict(Draft202012Validator, {"pattern": pattern, "uniqueItems": unique})(schema)

    def failures(ad: object) -> Iterator[Failure]:
        for error in validator.iter_errors(ad):
            yield Failure(tuple(error.absolute_path), _one_way(error.absolute_schema_path))

    return Engine(accepts=validator.is_valid, failures=failures)


def _hashable(value: object) -> object:
    """Return what is the same for JSON values that are: 1 is 1.0, but not true; the order of names does not count."""
    if isinstance(value, dict):
        return dict, frozenset((name, _hashable(below)) for name, below in value.items())
    return (list, tuple(map(_hashable, value))) if isinstance(value, list) else (isinstance(value, bool), value)


def _one_way(keyword_at: Any) -> tuple[Token, ...]:  # noqa: ANN401  (a list or a deque)
    """Write both engines' ways to a keyword alike: ``minContains`` and ``maxContains`` belong to ``contains``."""
    *way, keyword = keyword_at
    return (*way, "contains" if keyword in {"minContains", "maxContains"} else keyword)


#: The engines by name, the fastest first.
ENGINES: dict[str, Callable[[Schema], Engine]] = {"jsonschema-rs": _rust, "jsonschema": _python}
