"""Checking a folder of schemas: every file against its meta-schema, every reference, pattern, step and mapping.

It may import `feed` and packages below it.
"""

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from v4schema.catalogue import Catalogue
from v4schema.catalogue.editions import EditionPath
from v4schema.conversion import mappings
from v4schema.dialect import patterns
from v4schema.dialect.assertions import assertions
from v4schema.dialect.fields import Schema, walk
from v4schema.dialect.keywords import KEYWORDS
from v4schema.document import pointer
from v4schema.errors import InvalidSchemas
from v4schema.findings.report import Kind
from v4schema.openapi.description import described_editions, document, source

#: The files beside the schemas of ads; each has a meta-schema of the same name.
_OWN = ("catalogue", "units", "words", "findings", "samples", "plausibility")
#: The members of schemas and steps that are regular expressions.
_EXPRESSIONS = {*(name for name, keyword in KEYWORDS.items() if keyword.is_pattern), "leaving", "unless"}
#: The longest reason that is repeated from the library `jsonschema`; a longer one repeats the file.
_LONGEST_REASON = 120


def check(catalogue: Catalogue) -> None:
    """Raise `v4schema.errors.InvalidSchemas` for the first fault in the files of a catalogue.

    The meta-schemas are those of the folder itself (``meta/``), so that a folder is checked by its own rules.
    """
    from jsonschema import Draft202012Validator
    from referencing import Registry, Resource

    metas = {name: catalogue.read(f"meta/{name}.json") for name in (*_OWN, "dialect", "mapping", "openapi")}
    resources = ((meta["$id"], Resource.from_contents(meta)) for meta in metas.values())
    registry: Registry[Any] = Registry().with_resources(resources)

    def check_file(file: str, meta: str, content: object = None) -> None:
        for error in Draft202012Validator(metas[meta], registry=registry).iter_errors(content or catalogue.read(file)):
            reason = f": {error.message}" if len(error.message) <= _LONGEST_REASON else ""
            place = pointer.write(error.absolute_path) or "/"
            raise InvalidSchemas(file, f"{place} does not match meta/{meta}.json{reason}")

    for name in _OWN:
        check_file(f"{name}.json", name)
    _check_categories(catalogue)
    for kind, operation, file in _schemas(catalogue):
        _check_steps(catalogue, catalogue.schema(kind, operation), file)
        _check_codes(catalogue, catalogue.schema(kind, operation), file)
    for file in [file for file in catalogue.files if file.rpartition("/")[0] not in {"", "meta"}]:
        check_file(file, "dialect")
        _check_patterns(file, catalogue.read(file))
        _check_independence(catalogue, file)
    for version in described_editions(catalogue):
        file = str(catalogue.edition(version).openapi)
        check_file(file, "openapi", source(catalogue, file))
        _check_patterns(file, catalogue.read(file))
        document(version, catalogue=catalogue)
    for path in (path for path in catalogue.edition_paths.values() if not path.back):
        for file in _mapping_files(catalogue, [file for _, _, file in path.categories]):
            check_file(file, "mapping")
            _check_suggestions(file, catalogue.read(file))
        _check_mappings(catalogue, path)


def _check_categories(catalogue: Catalogue) -> None:
    """Raise `InvalidSchemas` for two categories of an edition with the same number or slug."""
    for edition in catalogue.read("catalogue.json")["editions"]:
        for member in ("id", "slug"):
            counted = Counter(category[member] for category in edition["categories"])
            for value in (value for value, count in counted.items() if count > 1):
                raise InvalidSchemas("catalogue.json", f"two categories of {edition['name']} have the {member} {value}")


def _schemas(catalogue: Catalogue) -> Iterator[tuple[Kind, str, str]]:
    """Yield every kind of ad with every operation, and the file of the common fields of its edition."""
    for edition in catalogue.editions.values():
        for operation in edition.operations:
            for slug in (None, *edition.categories):
                yield Kind(version=edition.name, category=slug), operation, edition.schema


def _mapping_files(catalogue: Catalogue, files: Iterable[str], around: Sequence[str] = ()) -> Iterator[str]:
    """Yield the files of mappings, and the files that they include; each is read only after it was yielded."""
    for file in files:
        if file in around:
            raise InvalidSchemas(file, "it includes itself")
        yield file
        folder = file.rpartition("/")[0]
        names = [f"{folder}/{name}" for name in catalogue.read(file).get("include", ())]
        yield from _mapping_files(catalogue, names, (*around, file))


def _check_mappings(catalogue: Catalogue, path: EditionPath) -> None:
    """Raise `InvalidSchemas` for an incomplete mapping, a rule about no field, or an unknown step."""
    for category, _, file in path.categories:
        if not {"migrate", "source"} <= catalogue.read(file).keys():
            raise InvalidSchemas(file, "it does not say how the category is converted, and by which documents")
        for mapping in mappings.mappings_for(catalogue, path, category):
            problem = next(mappings.problems(mapping, catalogue.schema(mapping.given), catalogue.schema(mapping.target)), None)
            if problem:
                raise InvalidSchemas(file, problem)
            _check_tables(catalogue, (step for rule in mapping.rules for step in rule.steps), file, "a rule")


def _check_steps(catalogue: Catalogue, schema: Schema, file: str) -> None:
    """Raise `InvalidSchemas` for a step that names an unknown table of words or kind of quantity."""
    for at, node in walk(schema):
        _check_tables(catalogue, node.get("x-normalise", ()), file, pointer.write(at))


def _check_codes(catalogue: Catalogue, schema: Schema, file: str) -> None:
    """Raise `InvalidSchemas` for an assertion whose failure has no finding code."""
    for assertion in assertions(schema):
        if assertion.code not in catalogue.finding_codes and assertion.keyword != "additionalProperties":
            place = pointer.write(assertion.at) or "/"
            raise InvalidSchemas(file, f"{place} fails with {assertion.code}, which findings.json does not have")


def _check_tables(catalogue: Catalogue, steps: Iterable[Mapping[str, Any]], file: str, what: str) -> None:
    """Raise `InvalidSchemas` for a step whose argument is not in the table that the meta-schema names for it (``x-table``)."""
    described = catalogue.read("meta/dialect.json")["$defs"]["steps"]["items"]["properties"]
    for step in steps:
        for name, argument in step.items():
            file_of_table, _, fragment = described.get(name, {}).get("x-table", "").partition("#")
            table: Any = pointer.get(catalogue.read(file_of_table), pointer.parse(fragment)) if file_of_table else [argument]
            if argument not in table:
                raise InvalidSchemas(file, f"{what} uses the {name} {argument!r}, which does not exist")


def _check_patterns(file: str, schema: object) -> None:
    """Raise `InvalidSchemas` for a regular expression that does not take linear time with every engine."""
    for expression in _expressions(schema):
        try:
            patterns.compiled(expression)
        except ValueError as error:
            raise InvalidSchemas(file, f"the pattern {expression!r} cannot be used: {error}") from None


def _check_suggestions(file: str, mapping: Mapping[str, Any]) -> None:
    """Raise `InvalidSchemas` for an expression of a mapping that may be slow, or a suggestion without exactly one group."""
    _check_patterns(file, mapping.get("move", []))
    for suggestion in (each for ask in mapping.get("ask", ()) for each in ask.get("suggest", ())):
        try:
            found = patterns.bounded(suggestion["pattern"])
        except ValueError as error:
            raise InvalidSchemas(file, f"the pattern {suggestion['pattern']!r} cannot be used: {error}") from None
        if found.groups != 1:
            raise InvalidSchemas(file, f"{suggestion['pattern']!r} must have exactly one group: the suggestion")


def _expressions(node: object) -> Iterator[str]:
    """Yield every regular expression of a schema."""
    below = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for each in below:
        yield from _expressions(each)
    yield from (node[name] for name in _EXPRESSIONS if isinstance(node, dict) and isinstance(node.get(name), str))


def _check_independence(catalogue: Catalogue, file: str) -> None:
    """Raise `InvalidSchemas` where a file of another folder refers to an edition, or names it: an edition can be deleted."""
    folder = _folder(file)
    editions = {_folder(edition.schema): edition.name for edition in catalogue.editions.values()}
    for text in _texts(catalogue.read(file)):
        there = _folder(posixpath.normpath(f"{folder}/{text.partition('#')[0]}")) if text.startswith("../") else folder
        if there in editions.keys() - {folder}:
            raise InvalidSchemas(file, f"{text} refers to the folder of an edition, which could then not be deleted")
        if folder not in editions and text in catalogue.editions:
            raise InvalidSchemas(file, f"it belongs to no edition, but names {text}")


def _folder(file: str) -> str:
    return file.rpartition("/")[0]


def _texts(node: object) -> Iterator[str]:
    """Yield every text in a schema."""
    if isinstance(node, str):
        yield node
    for below in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _texts(below)
