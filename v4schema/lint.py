"""Whether a folder of schemas is well written: every file as its meta-schema says, every reference leading somewhere."""

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from v4schema.catalogue import Catalogue
from v4schema.catalogue.editions import EditionPath
from v4schema.conversion import mappings
from v4schema.dialect import patterns
from v4schema.dialect.fields import Schema, walk
from v4schema.dialect.keywords import KEYWORDS
from v4schema.document import pointer
from v4schema.errors import InvalidSchemas
from v4schema.findings.report import Kind
from v4schema.openapi.description import described_editions, document, source

#: The files of our own beside the schemas of ads; each is described by the meta-schema of its name.
_OWN = ("catalogue", "units", "words", "findings", "samples", "plausibility")
#: The members of schemas and steps that are regular expressions.
_EXPRESSIONS = {*(name for name, keyword in KEYWORDS.items() if keyword.is_pattern), "leaving", "unless"}


def check(catalogue: Catalogue) -> None:
    """Raise `v4schema.errors.InvalidSchemas` for the first thing that is wrong with the files of a catalogue.

    The meta-schemas are those of the folder itself (``meta/``), so that a folder is judged by the rules it came with.
    """
    from jsonschema import Draft202012Validator
    from referencing import Registry, Resource

    metas = {name: catalogue.read(f"meta/{name}.json") for name in (*_OWN, "dialect", "mapping", "openapi")}
    resources = ((meta["$id"], Resource.from_contents(meta)) for meta in metas.values())
    registry: Registry[Any] = Registry().with_resources(resources)

    def holds(file: str, meta: str, content: object = None) -> None:
        for error in Draft202012Validator(metas[meta], registry=registry).iter_errors(content or catalogue.read(file)):
            raise InvalidSchemas(file, f"{pointer.write(error.absolute_path) or '/'} is not as meta/{meta}.json says")

    for name in _OWN:
        holds(f"{name}.json", name)
    for kind, operation, file in _schemas(catalogue):
        _knows(catalogue, catalogue.schema(kind, operation), file)
    for file in [file for file in catalogue.files if file.rpartition("/")[0] not in {"", "meta"}]:
        holds(file, "dialect")
        _compiles(file, catalogue.read(file))
        _stays(catalogue, file)
    for version in described_editions(catalogue):
        file = str(catalogue.edition(version).openapi)
        holds(file, "openapi", source(catalogue, file))
        _compiles(file, catalogue.read(file))
        document(version, catalogue=catalogue)
    for path in (path for path in catalogue.edition_paths.values() if not path.back):
        for file in _mapped(catalogue, [file for _, _, file in path.categories]):
            holds(file, "mapping")
            _suggests(file, catalogue.read(file))
        _leads(catalogue, path)


def _schemas(catalogue: Catalogue) -> Iterator[tuple[Kind, str, str]]:
    """Yield every kind of ads with every operation, and the file of what its edition's categories share."""
    for edition in catalogue.editions.values():
        for operation in edition.operations:
            for slug in (None, *edition.categories):
                yield Kind(version=edition.name, category=slug), operation, edition.schema


def _mapped(catalogue: Catalogue, files: Iterable[str], around: Sequence[str] = ()) -> Iterator[str]:
    """Yield the files of mappings, and those that they name; each of which is read only after it has been yielded."""
    for file in files:
        if file in around:
            raise InvalidSchemas(file, "it is among the files that it names itself")
        yield file
        folder = file.rpartition("/")[0]
        names = [f"{folder}/{name}" for name in catalogue.read(file).get("with", ())]
        yield from _mapped(catalogue, names, (*around, file))


def _leads(catalogue: Catalogue, path: EditionPath) -> None:
    """Raise `InvalidSchemas` for a mapping that leaves something out, has a rule about nothing, or a step that there is not."""
    for category, _, file in path.categories:
        if not {"way", "source"} <= catalogue.read(file).keys():
            raise InvalidSchemas(file, "it does not say which way the category goes, and on whose word")
        for mapping in mappings.mappings_for(catalogue, path, category):
            wrong = next(mappings.problems(mapping, catalogue.schema(mapping.given), catalogue.schema(mapping.target)), None)
            if wrong:
                raise InvalidSchemas(file, wrong)
            _tables(catalogue, (step for rule in mapping.rules for step in rule.steps), file, "a rule")


def _knows(catalogue: Catalogue, schema: Schema, file: str) -> None:
    """Raise `InvalidSchemas` for a step that names a table of words or a kind of quantities that there is not."""
    for at, node in walk(schema):
        _tables(catalogue, node.get("x-normalise", ()), file, pointer.write(at))


def _tables(catalogue: Catalogue, steps: Iterable[Mapping[str, Any]], file: str, what: str) -> None:
    """Raise `InvalidSchemas` for a step that names a table of words or a kind of quantities that there is not."""
    there = {"word": catalogue.words, "quantity": catalogue.units["kinds"], "in_unit": catalogue.units["kinds"]}
    for step in steps:
        for name, argument in step.items():
            if name in there and argument not in there[name]:
                raise InvalidSchemas(file, f"{what} goes by the {name} {argument!r}, which there is not")


def _compiles(file: str, schema: object) -> None:
    """Raise `InvalidSchemas` for an expression of a schema, or of a step, that does not take linear time with every engine."""
    for expression in _expressions(schema):
        try:
            patterns.compiled(expression)
        except ValueError as error:
            raise InvalidSchemas(file, f"the pattern {expression!r} cannot be used: {error}") from None


def _suggests(file: str, mapping: Mapping[str, Any]) -> None:
    """Raise `InvalidSchemas` for an expression of a mapping that may be slow, or a suggestion without exactly one group."""
    _compiles(file, mapping.get("move", []))
    for suggestion in (each for ask in mapping.get("ask", ()) for each in ask.get("suggest", ())):
        try:
            found = patterns.bounded(suggestion["pattern"])
        except ValueError as error:
            raise InvalidSchemas(file, f"the pattern {suggestion['pattern']!r} cannot be used: {error}") from None
        if found.groups != 1:
            raise InvalidSchemas(file, f"{suggestion['pattern']!r} does not have one group, which is the suggestion")


def _expressions(node: object) -> Iterator[str]:
    """Yield every expression of a schema."""
    below = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for each in below:
        yield from _expressions(each)
    yield from (node[name] for name in _EXPRESSIONS if isinstance(node, dict) and isinstance(node.get(name), str))


def _stays(catalogue: Catalogue, file: str) -> None:
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
    """Yield every text of a schema."""
    if isinstance(node, str):
        yield node
    for below in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _texts(below)
