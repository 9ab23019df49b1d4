"""The findings that an ad must get if it fails an assertion, found without the code under test.

The failed keyword and its place come from the library `jsonschema`; code, level and sources from the annotations around the
keyword; the meaning of an unknown name from `words.json`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

#: A finding's code, pointer, level and sources.
Expectation = tuple[str, str, str, tuple[str, ...]]


def _pattern(_: object, pattern: str, text: object, __: object) -> Iterator[ValidationError]:
    """Fail a text that a pattern does not match. In Python, ``$`` also matches before a final line feed; here it does not."""
    if isinstance(text, str) and not re.search(pattern.replace("$", r"\Z"), text):
        yield ValidationError("It does not match.")


_Reader = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]


def failures(schema: Mapping[str, Any], ad: object) -> list[ValidationError]:
    """Return all failures of a flat schema that the library finds."""
    return [*_Reader(schema).iter_errors(ad)]


def expected(
    schema: Mapping[str, Any],
    failed: Iterable[ValidationError],
    keyword_at: Sequence[str | int],
    name: str | None,
    files: Mapping[str, Any],
) -> Iterator[Expectation]:
    """Yield the expected findings if the keyword at a place of a flat schema fails; for `required`, those about one name.

    `files` are the raw `findings.json` and `words.json`.
    """
    for error in failed:
        if [*error.absolute_schema_path] != [*keyword_at]:
            continue
        at, keyword, annotations = [*error.absolute_path], str(error.validator), around(schema, keyword_at)
        level, source = str(annotations.get("x-level", "error")), tuple(annotations["x-source"])
        instance: Any = error.instance
        if keyword == "required" and isinstance(instance, dict):
            if name not in instance:
                yield annotations.get("x-code", "schema.required"), pointer([*at, str(name)]), level, source
        elif keyword == "additionalProperties":
            fields = node(schema, keyword_at[:-1])["properties"]
            for unknown in instance.keys() - fields.keys():
                meant = means(unknown, at, fields, files["words"])
                code = "field.misnamed" if meant else "field.unknown"
                shown = f"…{[*instance].index(unknown) + 1}" if annotations.get("x-private") and not meant else unknown
                sources = tuple(fields[meant]["x-source"]) if meant else source
                yield code, pointer([*at, shown]), files["findings"]["findings"][code]["level"], sources
        else:
            yield annotations.get("x-code", f"schema.{keyword}"), pointer(at), level, source


def forbidden(schema: Mapping[str, Any], failed: Iterable[ValidationError], files: Mapping[str, Any]) -> set[Expectation]:
    """Return the expected findings about fields of an ad that must not be sent."""
    paths = [[*error.absolute_schema_path] for error in failed if error.validator == "not"]
    empty = [path for path in paths if node(schema, path) == {}]
    return {each for path in empty for each in expected(schema, failed, path, None, files)}


def around(schema: Mapping[str, Any], keyword_at: Sequence[str | int]) -> dict[str, Any]:
    """Return the annotations that apply to a keyword, each from the nearest subschema around it that has it."""
    nodes = [node(schema, keyword_at[:length]) for length in range(len(keyword_at))]
    annotations = [
        {key: value for key, value in each.items() if key.startswith("x-")} for each in nodes if isinstance(each, dict)
    ]
    return {key: value for each in annotations for key, value in each.items()}


def node(schema: Mapping[str, Any], path: Sequence[str | int]) -> Any:  # noqa: ANN401  (any part of a schema)
    """Return the part of a schema at the end of a path."""
    here: Any = schema
    for token in path:
        here = here[token]
    return here


def pointer(at: Sequence[object]) -> str:
    """Write a place as a JSON Pointer (RFC 6901)."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in at)


def means(name: str, at: Sequence[object], fields: Mapping[str, Any], words: Mapping[str, Any]) -> str | None:
    """Return the field that an unknown name means: one that differs in case only, or the one that it is a known wrong name of."""
    meant = {_letters(known): meaning for known, meaning in words["names"].items()}.get(_letters(name), "")
    around, _, field = (meant if isinstance(meant, str) else meant["at"]).rpartition("/")
    here = pointer(["*" if isinstance(token, int) else token for token in at])
    known = [name.lower(), *([field] if around == here else [])]
    return next((each for each in known if each in fields), None)


def _letters(name: str) -> str:
    """Return the letters and digits of a name, without case."""
    return "".join(filter(str.isalnum, name.casefold()))
