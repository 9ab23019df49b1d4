"""What has to be reported of an ad that breaks a rule, read from the raw schemas by a reader of its own.

Nothing here asks the code under test: the rule and its place come from the library `jsonschema`, the code, the level and the
sources from the annotations around the keyword, and what a stray name means from the files beside the schemas.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

#: A finding's code, pointer, level and sources.
Expectation = tuple[str, str, str, tuple[str, ...]]


def _pattern(_: object, pattern: str, text: object, __: object) -> Iterator[ValidationError]:
    """Fail a text that a pattern does not match; to Python ``$`` is also before a last line feed, to JSON Schema it is not."""
    if isinstance(text, str) and not re.search(pattern.replace("$", r"\Z"), text):
        yield ValidationError("It does not match.")


_Reader = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]


def expected(
    schema: Mapping[str, Any], ad: object, keyword_at: Sequence[str | int], name: str | None, files: Mapping[str, Any]
) -> Iterator[Expectation]:
    """Yield what has to be reported where the keyword at a place of a flat schema fails; of `required`, for one name.

    `files` are the raw `findings.json` and `words.json`.
    """
    for error in _Reader(schema).iter_errors(ad):
        if [*error.absolute_schema_path] != [*keyword_at]:
            continue
        at, keyword, told = [*error.absolute_path], str(error.validator), around(schema, keyword_at)
        level, source = str(told.get("x-level", "error")), tuple(told["x-source"])
        if keyword == "required" and isinstance(error.instance, dict):
            if name not in error.instance:
                yield told.get("x-code", "schema.required"), pointer([*at, str(name)]), level, source
        elif keyword == "additionalProperties":
            fields = node(schema, keyword_at[:-1])["properties"]
            for stray in error.instance.keys() - fields.keys():
                meant = means(stray, at, fields, files["words"])
                code = "field.misnamed" if meant else "field.unknown"
                shown = f"…{[*error.instance].index(stray) + 1}" if told.get("x-private") and not meant else stray
                sources = tuple(fields[meant]["x-source"]) if meant else source
                yield code, pointer([*at, shown]), files["findings"]["findings"][code]["level"], sources
        else:
            yield told.get("x-code", f"schema.{keyword}"), pointer(at), level, source


def forbidden(schema: Mapping[str, Any], ad: object, files: Mapping[str, Any]) -> set[Expectation]:
    """Return what has to be reported of the fields of an ad that may not be sent at all."""
    ways = [[*error.absolute_schema_path] for error in _Reader(schema).iter_errors(ad) if error.validator == "not"]
    empty = [way for way in ways if node(schema, way) == {}]
    return {each for way in empty for each in expected(schema, ad, way, None, files)}


def around(schema: Mapping[str, Any], keyword_at: Sequence[str | int]) -> dict[str, Any]:
    """Return the annotations that go for a keyword: each from the nearest subschema around it that has it."""
    nodes = [node(schema, keyword_at[:length]) for length in range(len(keyword_at))]
    told = [{key: value for key, value in each.items() if key.startswith("x-")} for each in nodes if isinstance(each, dict)]
    return {key: value for each in told for key, value in each.items()}


def node(schema: Mapping[str, Any], way: Sequence[str | int]) -> Any:  # noqa: ANN401  (any part of a schema)
    """Return what stands in a schema at the end of a way."""
    here: Any = schema
    for token in way:
        here = here[token]
    return here


def pointer(at: Sequence[object]) -> str:
    """Write a place as RFC 6901 has it."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in at)


def means(name: str, at: Sequence[object], fields: Mapping[str, Any], words: Mapping[str, Any]) -> str | None:
    """Return the field that a stray name means: one in other letters, or that of which it is known as a wrong name."""
    meant = words["names"].get(name, "")
    around, _, field = (meant if isinstance(meant, str) else meant["at"]).rpartition("/")
    here = pointer(["*" if isinstance(token, int) else token for token in at])
    known = [name.lower(), *([field] if around == here else [])]
    return next((each for each in known if each in fields), None)
